"""Readings of several readers under several treatments: the crossed table and its figures of merit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_scores, as_truth, check_choice
from fxstudy.stats.placements import delong_covariance, placements

MEASURES = ("auc", "sensitivity", "specificity")
COVARIANCES = ("delong", "jackknife", "unbiased")


@dataclass(frozen=True)
class Readings:
    """A fully crossed reader study.

    Attributes
    ----------
    truth : bool array of shape (n,)
    scores : float array of shape (t, r, n)
        By treatment (AI or not, phase), reader and case.
    treatments, readers, cases : tuple of str
    """

    truth: np.ndarray
    scores: np.ndarray
    treatments: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]


def read_readings(
    table: pd.DataFrame,
    *,
    reader: str = "reader",
    treatment: str | None = "treatment",
    case: str = "case",
    truth: str = "truth",
    score: str = "rating",
) -> Readings:
    """Crossed scores from a table with one row per reading.

    Parameters
    ----------
    table : pandas.DataFrame
    reader, treatment, case, truth, score : str
        Its columns; ``treatment=None`` for readings under one condition.

    Raises
    ------
    StatisticsError
        A reading is missing or doubled, or a case has two truths.
    """
    columns = [name for name in (reader, treatment, case, truth, score) if name is not None]
    absent = [name for name in columns if name not in table.columns]
    if absent:
        raise StatisticsError(
            f"no column {', '.join(absent)} in the table; it has {', '.join(table.columns)}"
        )
    names = {reader: "reader", case: "case", truth: "truth", score: "score"}
    frame = table[columns].rename(columns=names | ({treatment: "treatment"} if treatment else {}))
    if treatment is None:
        frame["treatment"] = "readers"
    for name in ("reader", "treatment", "case"):
        frame[name] = frame[name].astype(str)
    _check_once(frame)
    cube = frame.set_index(["treatment", "reader", "case"]).score
    levels = [tuple(frame[name].unique()) for name in ("treatment", "reader", "case")]
    full = pd.MultiIndex.from_product(levels, names=["treatment", "reader", "case"])
    gaps = full.difference(cube.dropna().index)
    if len(gaps):
        first = dict(zip(full.names, gaps[0], strict=True))
        raise StatisticsError(
            f"every reader must read every case under every treatment: {len(gaps)} readings are missing, "
            f"the first is {_place(first)}"
        )
    values = as_scores(cube.reindex(full).to_numpy(), name=score)
    labels = frame.drop_duplicates("case").set_index("case").truth.reindex(levels[2])
    return Readings(
        as_truth(labels.to_numpy(), name=truth), values.reshape([len(level) for level in levels]), *levels
    )


def _check_once(frame: pd.DataFrame) -> None:
    """Every case has one truth and every reading stands once."""
    truths = frame.groupby("case", sort=False).truth.nunique(dropna=False)
    if (truths > 1).any():
        raise StatisticsError(f"case {truths[truths > 1].index[0]} must have one truth, two were found")
    doubled = frame.duplicated(["reader", "treatment", "case"])
    if doubled.any():
        raise StatisticsError(
            f"every reading must stand once, but {_place(frame[doubled].iloc[0])} is doubled"
        )


def figures_of_merit(
    readings: Readings, *, measure: str, threshold: float | None, covariance: str
) -> tuple[np.ndarray, np.ndarray]:
    """Figure of merit of every treatment and reader, shape (t, r), and its covariance, shape (t·r, t·r).

    Parameters
    ----------
    measure : {"auc", "sensitivity", "specificity"}
    threshold : float or None
        For sensitivity and specificity: positive when ``score >= threshold``.
    covariance : {"delong", "jackknife", "unbiased"}
        Placement values, leaving one case out, or U-statistics. For sensitivity and specificity all three are
        the sample covariance of the decisions on the cases of that class.
    """
    check_choice(measure, MEASURES, "measure")
    check_choice(covariance, COVARIANCES, "covariance")
    if (threshold is None) != (measure == "auc"):
        raise StatisticsError("sensitivity and specificity need a threshold, the AUC has none")
    truth, flat = readings.truth, readings.scores.reshape(-1, readings.truth.size)
    if measure == "auc":
        placed = np.stack([placements(truth, row) for row in flat])
        values = placed[:, truth].mean(axis=1)
    else:
        placed = (
            (flat >= threshold).astype(float)
            if measure == "sensitivity"
            else (flat < threshold).astype(float)
        )
        kept = truth if measure == "sensitivity" else ~truth
        placed = placed[:, kept]
        values = placed.mean(axis=1)
    if measure != "auc":
        matrix = np.atleast_2d(np.cov(placed)) / kept.sum()
    elif covariance == "jackknife":
        matrix = _jackknife(truth, placed, values)
    elif covariance == "unbiased":
        matrix = _unbiased(truth, flat)
    else:
        matrix = delong_covariance(truth, placed)
    return values.reshape(readings.scores.shape[:2]), matrix


def _jackknife(truth: np.ndarray, placed: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(K − 1)²/K times the sample covariance of the values without one of the K cases each."""
    sizes = np.where(truth, truth.sum(), (~truth).sum())
    without = (sizes * values[:, None] - placed) / (sizes - 1)
    k = truth.size
    return (k - 1) ** 2 / k * np.atleast_2d(np.cov(without))


def _unbiased(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Unbiased covariance of U-statistics (Gallas 2006; Hillis 2018) from sums over pairs of pairs."""
    kernels = []
    for row in scores:
        gap = row[truth][:, None] - row[~truth][None]
        kernels.append((gap > 0) + 0.5 * (gap == 0))
    kernel = np.stack(kernels)
    _, m, n = kernel.shape
    both = np.einsum("aij,bij->ab", kernel, kernel)
    by_case, by_control = kernel.sum(axis=2), kernel.sum(axis=1)
    rows, columns = by_case @ by_case.T, by_control @ by_control.T
    total = np.outer(by_case.sum(axis=1), by_case.sum(axis=1))
    same = both / (m * n)
    same_case = (rows - both) / (m * n * (n - 1))
    same_control = (columns - both) / (m * n * (m - 1))
    neither = (total - rows - columns + both) / (m * (m - 1) * n * (n - 1))
    return (same + (n - 1) * same_case + (m - 1) * same_control + (1 - m - n) * neither) / (m * n)


def _place(row: Any) -> str:
    return f"reader {row['reader']}, treatment {row['treatment']}, case {row['case']}"


def check_readers(readers: Sequence[str], treatments: Sequence[str]) -> None:
    """Enough readers and treatments for an analysis of variance."""
    if len(readers) < 2 or len(treatments) < 2:
        raise StatisticsError(
            f"a reader study needs at least two readers and two treatments, not {len(readers)} and "
            f"{len(treatments)}; with one reader compare the treatments with delong_test or paired_accuracy"
        )
