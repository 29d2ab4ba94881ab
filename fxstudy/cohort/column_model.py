"""Predict a label from columns of a table: indicators for words, standardised numbers, a logistic fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_WORDS = 20
_PENALTY, _STEPS, _CLOSE = 1.0, 30, 1e-6


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table as numbers.

    Attributes
    ----------
    values : ndarray of float
        Measurements, NaN where missing, or the number of each word.
    words : int
        How many different words there are; 0 for measurements.
    """

    values: np.ndarray
    words: int


def code_column(values: pd.Series) -> Column:
    """Words, yes or no, and numbers of at most two values become words; other numbers are measurements.

    A missing word is a word of its own. Dates (ISO) are counted in days.
    """
    if values.name == "study_date":
        dates = pd.to_datetime(values, format="%Y-%m-%d", errors="coerce")
        values = (dates - pd.Timestamp("2000-01-01")).dt.days
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if numeric and values.nunique() > 2:
        return Column(values.to_numpy(dtype=float, na_value=np.nan), 0)
    codes, words = pd.factorize(values.astype("str").fillna("missing"))
    return Column(codes.astype(float), len(words))


def predict_without_image(
    columns: Sequence[Column], truth: np.ndarray, *, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Probability of the label in the ``test`` rows; everything is learned on the ``train`` rows.

    Parameters
    ----------
    columns : sequence of Column
    truth : ndarray of 0 and 1, shape (n,)
    train, test : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of float, one per test row
    """
    if len(columns) == 1 and columns[0].words:
        return _rates(columns[0], truth, train, test)
    coded = np.hstack([_coded(column, train) for column in columns])
    weights = fit_logistic(coded[train], truth[train])
    return 1 / (1 + np.exp(-np.clip(coded[test] @ weights[1:] + weights[0], -500, 500)))


def _rates(column: Column, truth: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Share of positives per word, drawn towards the overall share where a word is rare."""
    codes = column.values.astype(int)
    counts = np.bincount(codes[train], minlength=column.words)
    sums = np.bincount(codes[train], weights=truth[train], minlength=column.words)
    return ((sums + 2 * truth[train].mean()) / (counts + 2))[codes[test]]


def _coded(column: Column, train: np.ndarray) -> np.ndarray:
    if column.words:
        counts = np.bincount(column.values[train].astype(int), minlength=column.words)
        common = np.argsort(-counts, kind="stable")[:MOST_WORDS]
        return (column.values[:, None] == common[None, :]).astype(float)
    known = column.values[train][~np.isnan(column.values[train])]
    mean, deviation = (known.mean(), known.std()) if known.size else (0.0, 1.0)
    scaled = (column.values - mean) / (deviation if deviation > 0 else 1.0)
    missing = np.isnan(scaled)
    return np.column_stack([np.where(missing, 0.0, scaled), missing.astype(float)])


def fit_logistic(features: np.ndarray, truth: np.ndarray, *, penalty: float = _PENALTY) -> np.ndarray:
    """Logistic regression with a ridge penalty, fitted by Newton's method.

    Parameters
    ----------
    features : ndarray of float, shape (n, k)
    truth : ndarray of 0 and 1, shape (n,)
    penalty : float
        Weight of half the squared coefficients; the intercept is not penalised.

    Returns
    -------
    ndarray of float, shape (k + 1,)
        Intercept, then one coefficient per feature.
    """
    design = np.column_stack([np.ones(len(features)), features])
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 1e-9
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -500, 500)))
        slope = design.T @ (truth - chance) - ridge * weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < _CLOSE:
            break
    return weights
