"""Bootstrap intervals and tests: AUC, difference of AUCs, and any statistic of the cases."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from fxstudy.stats.checks import as_groups, as_scores, as_truth, check_choice, check_level, warn
from fxstudy.stats.normal import PValue, z_p_value
from fxstudy.stats.placements import area, placements
from fxstudy.stats.resampling import area_replicates, areas, rank_table, replicate_counts
from fxstudy.stats.result import Result

INTERVALS = ("bca", "percentile")
EFRON = "Efron B. J Am Stat Assoc 1987;82:171-185"
TIBSHIRANI = "Efron B, Tibshirani RJ. An Introduction to the Bootstrap, 1993"


@dataclass(frozen=True)
class Replicates:
    """Bootstrap replicates of one number.

    Attributes
    ----------
    estimate : float
        On the data themselves.
    values : numpy.ndarray of shape (B,)
    acceleration : float
        BCa acceleration from the influence of single cases (or patients).
    unit : str
        What was drawn, in words.
    """

    estimate: float
    values: np.ndarray
    acceleration: float
    unit: str

    def limits(self, level: float, interval: str) -> tuple[float, float, str]:
        """Interval and a note where BCa is not defined."""
        tail = np.array([(1 - level) / 2, (1 + level) / 2])
        values = self.values[np.isfinite(self.values)]
        if values.size < 100:
            return math.nan, math.nan, warn("fewer than 100 replicates are defined: no bootstrap interval")
        if np.ptp(values) == 0:
            return (
                self.estimate,
                self.estimate,
                warn("all replicates are equal, so the interval has no width"),
            )
        note = ""
        if interval == "bca":
            share = ((values < self.estimate).sum() + 0.5 * (values == self.estimate).sum()) / values.size
            if 0 < share < 1 and math.isfinite(self.acceleration):
                bias = stats.norm.ppf(share)
                z = bias + stats.norm.ppf(tail)
                tail = stats.norm.cdf(bias + z / (1 - self.acceleration * z))
            else:
                note = warn("BCa is not defined here (the estimate is an extreme): percentile limits instead")
        low, high = np.quantile(values, tail)
        return float(low), float(high), note


def bootstrap_auc(
    truth: Any,
    score: Any,
    *,
    level: float = 0.95,
    interval: str = "bca",
    replicates: int = 2000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
) -> Result:
    """AUC with a bootstrap interval, cases drawn within each class or whole patients with ``cluster``.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
    interval : {"bca", "percentile"}
        Bias-corrected and accelerated [1]_, or plain percentiles.
    replicates : int
        2,000 take a few hundredths of a second at n = 1,000: replicates are counted on tie groups, never
        sorted.
    seed : int or numpy.random.Generator
        Same seed, same interval.

    References
    ----------
    .. [1] Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171-185.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    found = auc_replicates(truth, [score], np.array([1.0]), replicates=replicates, seed=seed, cluster=cluster)
    return replicates_result("AUC", found, truth.size, level=level, interval=interval)


def bootstrap_difference(
    truth: Any,
    score_a: Any,
    score_b: Any,
    *,
    level: float = 0.95,
    interval: str = "bca",
    replicates: int = 2000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
    alternative: str = "two-sided",
    names: tuple[str, str] = ("A", "B"),
) -> Result:
    """Difference of two AUCs on the same cases with a bootstrap interval and test.

    The test divides the difference by the standard deviation of its replicates, as pROC's roc.test does.
    """
    truth = as_truth(truth)
    scores = [as_scores(s, n=truth.size, name=f"score_{k}") for s, k in ((score_a, "a"), (score_b, "b"))]
    weights = np.array([1.0, -1.0])
    found = auc_replicates(truth, scores, weights, replicates=replicates, seed=seed, cluster=cluster)
    name = f"AUC difference {names[0]} − {names[1]}"
    return replicates_result(name, found, truth.size, level=level, interval=interval, test=alternative)


def auc_replicates(
    truth: np.ndarray,
    scores: list[np.ndarray],
    weights: np.ndarray,
    *,
    replicates: int,
    seed: int | np.random.Generator,
    cluster: Any = None,
) -> Replicates:
    """Replicates of a weighted sum of AUCs on the same cases."""
    codes = None if cluster is None else as_groups(cluster, n=truth.size)
    tables = [rank_table(truth, score) for score in scores]
    rng = np.random.default_rng(seed)
    if codes is None:
        drawn = area_replicates(tables, replicates, rng)
    else:
        counts = replicate_counts(tables, replicates, rng, truth=truth, cluster=codes)
        drawn = ([areas(*pair) for pair in block] for block in counts)
    values = np.concatenate([weights @ np.stack(block) for block in drawn])
    estimate = float(weights @ [area(truth, score) for score in scores])
    if abs(estimate) < 1e-15 and np.abs(values).max() < 1e-12:
        values = np.zeros_like(values)
    placed = weights @ np.stack([placements(truth, score) for score in scores])
    acceleration = _acceleration(placed, truth, codes)
    unit = "stratified by class" if codes is None else "of whole patients"
    return Replicates(estimate, values[:replicates], acceleration, unit)


def bootstrap_statistic(
    statistic: Callable[[np.ndarray], float],
    truth: Any,
    *,
    name: str = "statistic",
    level: float = 0.95,
    interval: str = "percentile",
    replicates: int = 1000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
) -> Result:
    """Bootstrap interval of any number that can be computed from a list of case numbers.

    Parameters
    ----------
    statistic : callable
        Gets an int array of case numbers (with repeats) and returns a float; called with 0 … n − 1 first.
    truth : array-like of shape (n,)
        Cases are drawn within its classes (any labels), unless ``cluster`` asks for whole patients.
    """
    labels = np.asarray(truth)
    everyone = np.arange(labels.size)
    estimate = float(statistic(everyone))
    codes = None if cluster is None else as_groups(cluster, n=labels.size)
    rng = np.random.default_rng(seed)
    strata = [np.flatnonzero(labels == value) for value in np.unique(labels)]
    members = None if codes is None else [np.flatnonzero(codes == k) for k in range(codes.max() + 1)]

    def draw() -> np.ndarray:
        if members is None:
            return np.concatenate([rng.choice(stratum, stratum.size) for stratum in strata])
        return np.concatenate([members[k] for k in rng.integers(0, len(members), len(members))])

    values = np.array([float(statistic(draw())) for _ in range(replicates)])
    left_out = members if members is not None else [np.array([k]) for k in everyone]
    acceleration = math.nan
    if interval == "bca":
        jackknife = np.array([float(statistic(np.delete(everyone, gone))) for gone in left_out])
        gaps = jackknife.mean() - jackknife
        acceleration = float((gaps**3).sum() / (6 * (gaps**2).sum() ** 1.5)) if gaps.any() else 0.0
    unit = "stratified by class" if codes is None else "of whole patients"
    found = Replicates(estimate, values, acceleration, unit)
    return replicates_result(name, found, labels.size, level=level, interval=interval)


def _acceleration(placed: np.ndarray, truth: np.ndarray, codes: np.ndarray | None) -> float:
    """BCa acceleration from the influence values of the cases of both classes, or of the patients."""
    influence = np.where(truth, placed - placed[truth].mean(), placed - placed[~truth].mean())
    influence = influence / np.where(truth, truth.sum(), (~truth).sum())
    if codes is not None:
        influence = np.bincount(codes, influence)
    squares = (influence**2).sum()
    return float((influence**3).sum() / (6 * squares**1.5)) if squares > 1e-30 else 0.0


def replicates_result(
    name: str,
    found: Replicates,
    n: int,
    *,
    level: float,
    interval: str,
    test: str | None = None,
    reference: str = "",
) -> Result:
    """Estimate, interval and, with ``test`` (an alternative), z test of bootstrap replicates."""
    check_level(level)
    check_choice(interval, INTERVALS, "interval")
    low, high, note = found.limits(level, interval)
    facts = {}
    if test is not None:
        spread = float(np.std(found.values, ddof=1))
        if spread > 0:
            z = found.estimate / spread
            p = z_p_value(z, test)
        else:
            z, p = (0.0, PValue(1.0, 0.0)) if found.estimate == 0 else (math.nan, PValue(math.nan, math.nan))
        facts = {"statistic": z, "p_value": p.value, "log10_p": p.log10}
    return Result(
        name=name,
        estimate=found.estimate,
        low=low,
        high=high,
        level=level,
        n=n,
        method=f"bootstrap {found.unit}, {found.values.size} replicates, {interval} interval",
        reference="; ".join(text for text in (reference, EFRON if interval == "bca" else TIBSHIRANI) if text),
        note=note,
        assumes="Cases are independent." if "class" in found.unit else "Patients are independent.",
        **facts,
    )
