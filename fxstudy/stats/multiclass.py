"""More than two classes: one-vs-rest and Hand-Till areas with their intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import check_level, warn
from fxstudy.stats.clustered import clustered_auc
from fxstudy.stats.normal import quantile
from fxstudy.stats.placements import placements
from fxstudy.stats.result import Composite, Result
from fxstudy.stats.roc import auc

HAND_TILL = "Hand DJ, Till RJ. Mach Learn 2001;45:171-186"


@dataclass(frozen=True)
class MulticlassAuc(Composite):
    """Areas of a model with a score per class.

    Attributes
    ----------
    by_class : tuple of Result
        One-vs-rest AUC of each class.
    macro, weighted, micro : Result
        Mean over classes, mean weighted by class size, and all class decisions pooled.
    hand_till : Result
        Mean over pairs of classes, insensitive to class sizes.
    """

    by_class: tuple[Result, ...]
    macro: Result
    weighted: Result
    micro: Result
    hand_till: Result

    @property
    def results(self) -> tuple[Result, ...]:
        return *self.by_class, self.macro, self.weighted, self.micro, self.hand_till

    def summary(self) -> str:
        worst = min(self.by_class, key=lambda result: result.estimate)
        return (
            f"Averaged over classes the AUC was {self.macro.text()} (one class against the rest) and "
            f"{self.hand_till.text()} (pairs of classes); lowest {worst.name} {worst.text()}."
        )


def multiclass_auc(
    truth: Any, scores: Any, *, labels: Sequence | None = None, level: float = 0.95
) -> MulticlassAuc:
    """One-vs-rest and Hand–Till areas with intervals.

    Parameters
    ----------
    truth : array-like of shape (n,)
        Class of each case.
    scores : array-like of shape (n, c) or DataFrame
        One score per class; column names are the labels of a DataFrame.
    labels : sequence, optional
        Class of each column; default the sorted classes.

    Notes
    -----
    Averages are U-statistics of the same cases: their variance is the sum of squared influence values of the
    cases, which for two classes is DeLong's. The micro average pools c decisions per case, so each case is a
    cluster (Obuchowski).
    """
    truth, matrix, labels = _check(truth, scores, labels)
    check_level(level)
    n, c = matrix.shape
    single = tuple(
        auc(truth == k, matrix[:, k], level=level, name=f"AUC of {label} against the rest")
        for k, label in enumerate(labels)
    )
    influence = np.stack([_influence(truth == k, matrix[:, k]) for k in range(c)])
    areas = np.array([result.estimate for result in single])
    sizes = np.bincount(truth, minlength=c) / n
    macro = _mean("macro AUC", areas, influence, np.full(c, 1 / c), n, level)
    weighted = _mean("weighted AUC", areas, influence, sizes, n, level)
    pooled = (truth[:, None] == np.arange(c)).ravel()
    micro = clustered_auc(pooled, matrix.ravel(), np.repeat(np.arange(n), c), level=level, name="micro AUC")
    values, parts = [], []
    for i, j in combinations(range(c), 2):
        inside = np.flatnonzero((truth == i) | (truth == j))
        for k in (i, j):
            values.append(auc_of(truth[inside] == k, matrix[inside, k]))
            part = np.zeros(n)
            part[inside] = _influence(truth[inside] == k, matrix[inside, k])
            parts.append(part)
    weights = np.full(len(values), 1 / len(values))
    pairs = _mean("Hand-Till AUC", np.array(values), np.stack(parts), weights, n, level, HAND_TILL)
    return MulticlassAuc(single, macro, weighted, micro, pairs)


def ordinal_auc(truth: Any, score: Any, *, level: float = 0.95) -> Result:
    """Mean AUC over all pairs of ordered classes of one score that should rise with the class (Garden I to
    IV).

    Parameters
    ----------
    truth : array-like of shape (n,)
        Ordered classes as numbers.
    score : array-like of shape (n,)
    """
    truth, score = np.asarray(truth), np.asarray(score, dtype=float)
    classes = np.unique(truth)
    if classes.size < 2:
        raise StatisticsError("truth must hold at least two classes")
    values, parts = [], []
    for low, high in combinations(classes, 2):
        inside = np.flatnonzero((truth == low) | (truth == high))
        values.append(auc_of(truth[inside] == high, score[inside]))
        part = np.zeros(truth.size)
        part[inside] = _influence(truth[inside] == high, score[inside])
        parts.append(part)
    weights = np.full(len(values), 1 / len(values))
    name = "mean AUC over pairs of ordered classes"
    return _mean(name, np.array(values), np.stack(parts), weights, truth.size, check_level(level), HAND_TILL)


def auc_of(truth: np.ndarray, score: np.ndarray) -> float:
    """Empirical AUC as a number."""
    return float(placements(truth, score)[truth].mean())


def _influence(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Influence of every case on the AUC, scaled so that the sum of squares is DeLong's variance."""
    placed = placements(truth, score)
    m, n = int(truth.sum()), int((~truth).sum())
    if min(m, n) < 2:
        return np.full(truth.size, np.nan)
    centred = np.where(truth, placed - placed[truth].mean(), placed - placed[~truth].mean())
    return centred / np.where(truth, math.sqrt(m * (m - 1)), math.sqrt(n * (n - 1)))


def _mean(
    name: str,
    values: np.ndarray,
    influence: np.ndarray,
    weights: np.ndarray,
    n: int,
    level: float,
    reference: str = "",
) -> Result:
    estimate, variance = float(weights @ values), float(((weights @ influence) ** 2).sum())
    note, half = "", quantile(level) * math.sqrt(variance)
    if math.isnan(variance):
        note = warn(f"{name}: a class has a single case, so there is no interval")
    elif variance < 1e-24:
        note = warn(f"{name}: the classes are separated without error, so the interval has no width")
    return Result(
        name=name,
        estimate=estimate,
        low=max(estimate - half, 0.0),
        high=min(estimate + half, 1.0),
        level=level,
        n=n,
        method="average of AUCs, variance from the influence of each case",
        reference=reference,
        note=note,
        assumes="Cases are independent.",
    )


def _check(truth: Any, scores: Any, labels: Sequence | None) -> tuple[np.ndarray, np.ndarray, list]:
    if labels is None and isinstance(scores, pd.DataFrame):
        labels = list(scores.columns)
    matrix, classes = np.asarray(scores, dtype=float), np.asarray(truth, dtype=object)
    labels = sorted(set(classes), key=str) if labels is None else list(labels)
    if matrix.ndim != 2 or matrix.shape != (classes.size, len(labels)) or len(labels) < 2:
        raise StatisticsError(
            f"scores must have one row per case and one column per class ({classes.size} × {len(labels)}), "
            f"not shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        raise StatisticsError("scores must be finite")
    unknown = set(classes) - set(labels)
    gone = [label for label in labels if label not in set(classes)]
    if unknown or gone:
        raise StatisticsError(
            f"classes and labels must match: without a column {unknown or '-'}, no case {gone}"
        )
    return np.array([labels.index(value) for value in classes]), matrix, labels
