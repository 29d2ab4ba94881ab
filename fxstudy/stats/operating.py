"""Parts of the ROC curve: partial areas and fixed operating points, each with interval and paired test."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fxstudy.errors import StatisticsError
from fxstudy.stats.bands import ROUNDING, sensitivity_at
from fxstudy.stats.bootstrap import Replicates, replicates_result
from fxstudy.stats.checks import as_groups, as_scores, as_truth, check_choice, warn
from fxstudy.stats.resampling import observed_counts, rank_table, replicate_counts
from fxstudy.stats.result import Result

Functional = Callable[[np.ndarray, np.ndarray], float]
MCCLISH = "McClish DK. Med Decis Making 1989;9:190-195"
_FOCUS = ("specificity", "sensitivity")


def partial_auc(
    truth: Any,
    score: Any,
    *,
    between: tuple[float, float] = (0.9, 1.0),
    focus: str = "specificity",
    corrected: bool = False,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
) -> Result:
    """Area under the part of the ROC curve where specificity (or sensitivity) lies in a range.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
    between : tuple of float
        Range of specificity or sensitivity.
    focus : {"specificity", "sensitivity"}
    corrected : bool
        McClish's scale, on which 0.5 is chance and 1 perfect whatever the range; nan below chance.
    level, replicates, seed, cluster
        Percentile interval of the stratified bootstrap (of whole patients with ``cluster``).
    """
    functional = _partial(between, focus, corrected)
    found, n = _replicates(truth, (score,), functional, replicates=replicates, seed=seed, cluster=cluster)
    name = f"partial AUC, {focus} {between[0]:g} to {between[1]:g}{', corrected' if corrected else ''}"
    if math.isnan(found.estimate):
        note = warn(f"{name}: the curve runs below chance there, where the correction is not defined")
        return Result(name, math.nan, level=level, n=n, note=note, reference=MCCLISH)
    return replicates_result(name, found, n, level=level, interval="percentile", reference=MCCLISH)


def partial_auc_test(
    truth: Any,
    score_a: Any,
    score_b: Any,
    *,
    between: tuple[float, float] = (0.9, 1.0),
    focus: str = "specificity",
    level: float = 0.95,
    alternative: str = "two-sided",
    replicates: int = 2000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
) -> Result:
    """Difference a − b of two partial AUCs on the same cases, with bootstrap interval and test."""
    functional = _partial(between, focus, False)
    options = {"replicates": replicates, "seed": seed, "cluster": cluster}
    found, n = _replicates(truth, (score_a, score_b), functional, **options)
    name = f"difference of partial AUC, {focus} {between[0]:g} to {between[1]:g}"
    return replicates_result(
        name, found, n, level=level, interval="percentile", test=alternative, reference=MCCLISH
    )


def operating_point(
    truth: Any,
    score: Any,
    *,
    at: float,
    fixed: str = "specificity",
    level: float = 0.95,
    replicates: int = 2000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
) -> Result:
    """Sensitivity at a fixed specificity, or the reverse, on the empirical curve.

    Parameters
    ----------
    at : float
        The fixed value, 0 to 1; points of the curve are joined by straight lines.
    fixed : {"specificity", "sensitivity"}
        Which of the two is fixed; the other is estimated.
    """
    functional = _point(at, fixed)
    found, n = _replicates(truth, (score,), functional, replicates=replicates, seed=seed, cluster=cluster)
    return replicates_result(_point_name(at, fixed), found, n, level=level, interval="percentile")


def operating_point_test(
    truth: Any,
    score_a: Any,
    score_b: Any,
    *,
    at: float,
    fixed: str = "specificity",
    level: float = 0.95,
    alternative: str = "two-sided",
    replicates: int = 2000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
) -> Result:
    """Difference a − b of two sensitivities at the same specificity (or the reverse), bootstrap test."""
    options = {"replicates": replicates, "seed": seed, "cluster": cluster}
    found, n = _replicates(truth, (score_a, score_b), _point(at, fixed), **options)
    name = f"difference of {_point_name(at, fixed)}"
    return replicates_result(name, found, n, level=level, interval="percentile", test=alternative)


def _replicates(
    truth: Any,
    scores: tuple[Any, ...],
    functional: Functional,
    *,
    replicates: int,
    seed: int | np.random.Generator,
    cluster: Any,
) -> tuple[Replicates, int]:
    """Replicates of a functional of one curve, or of its difference between two."""
    truth = as_truth(truth)
    tables = [rank_table(truth, as_scores(score, n=truth.size)) for score in scores]
    codes = None if cluster is None else as_groups(cluster, n=truth.size)
    signs = (1.0, -1.0)[: len(tables)]
    rng = np.random.default_rng(seed)
    values = []
    for block in replicate_counts(tables, replicates, rng, truth=truth, cluster=codes):
        parts = [
            sign * np.array([functional(p, n) for p, n in zip(*counts, strict=True)])
            for sign, counts in zip(signs, block, strict=True)
        ]
        values.append(np.sum(parts, axis=0))
    estimate = sum(
        sign * functional(*(counts[0] for counts in observed_counts(table)))
        for sign, table in zip(signs, tables, strict=True)
    )
    unit = "stratified by class" if codes is None else "of whole patients"
    return Replicates(float(estimate), np.concatenate(values)[:replicates], math.nan, unit), truth.size


def _partial(between: tuple[float, float], focus: str, corrected: bool) -> Functional:
    check_choice(focus, _FOCUS, "focus")
    low, high = between
    if not 0 <= low < high <= 1:
        raise StatisticsError(f"between must be a range within 0 to 1, not {between}")
    chance = ((1 - low) ** 2 - (1 - high) ** 2) / 2
    width = high - low

    def functional(positive: np.ndarray, negative: np.ndarray) -> float:
        hits, alarms = _curve(positive, negative)
        if focus == "specificity":
            value = _area(alarms, hits, 1 - high, 1 - low)
        else:
            value = _area(hits, 1 - alarms, low, high)
        if not corrected:
            return value
        return (1 + (value - chance) / (width - chance)) / 2 if value >= chance else math.nan

    return functional


def _point(at: float, fixed: str) -> Functional:
    check_choice(fixed, _FOCUS, "fixed")
    if not 0 <= at <= 1:
        raise StatisticsError(f"the fixed {fixed} must lie between 0 and 1, not {at}")

    def functional(positive: np.ndarray, negative: np.ndarray) -> float:
        if fixed == "specificity":
            return float(sensitivity_at(positive, negative, np.array([1 - at]))[0])
        hits, alarms = _curve(positive, negative)
        return float(np.interp(-at + ROUNDING, -hits[::-1], 1 - alarms[::-1]))

    return functional


def _point_name(at: float, fixed: str) -> str:
    other = "sensitivity" if fixed == "specificity" else "specificity"
    return f"{other} at a {fixed} of {at:g}"


def _curve(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sensitivity and false positive rate from (0, 0) to (1, 1)."""
    hits = np.concatenate(([0], np.cumsum(positive[::-1]))) / positive.sum()
    return hits, np.concatenate(([0], np.cumsum(negative[::-1]))) / negative.sum()


def _area(x: np.ndarray, y: np.ndarray, low: float, high: float) -> float:
    """Trapezoid area of y over x between two values of x, steps at the ends not counted."""
    inside = (x > low) & (x < high)
    first = np.interp(low, x, y)
    last = np.interp(-high, -x[::-1], y[::-1])
    return float(np.trapezoid([first, *y[inside], last], [low, *x[inside], high]))
