"""The maximum-likelihood binormal ROC curve, for ratings and for continuous scores."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from fxstudy.errors import StatisticsError
from fxstudy.stats.bands import RocBand
from fxstudy.stats.checks import as_scores, as_truth, check_level, warn
from fxstudy.stats.normal import quantile
from fxstudy.stats.resampling import rank_table
from fxstudy.stats.result import Result

METZ = (
    "Dorfman DD, Alf E. J Math Psychol 1969;6:487-496; "
    "Metz CE, Herman BA, Shen JH. Stat Med 1998;17:1033-1053"
)
_CATEGORIES = 60


@dataclass(frozen=True)
class BinormalFit:
    """The curve sensitivity = Φ(a + b Φ⁻¹(false positive rate)).

    Attributes
    ----------
    a, b : float
        Distance of the two latent normal distributions in units of the positives' SD, and the ratio of SDs
        (negative over positive).
    covariance : numpy.ndarray of shape (2, 2)
        Of (a, b), from the observed information.
    auc : Result
        Φ(a / √(1 + b²)) with the delta-method interval on the probit scale.
    log_likelihood : float
    categories : int
        Number of score categories that carry information.
    """

    a: float
    b: float
    covariance: np.ndarray
    auc: Result
    log_likelihood: float
    categories: int

    def sensitivity(self, fpr: Any) -> np.ndarray:
        """Fitted sensitivity at false positive rates of shape (g,)."""
        return ndtr(self.a + self.b * ndtri(np.asarray(fpr, dtype=float)))

    def band(self, fpr: Any = None, *, level: float | None = None) -> RocBand:
        """Pointwise band of the fitted curve (default grid: 101 equal steps), by the delta method."""
        grid = np.linspace(0, 1, 101) if fpr is None else np.asarray(fpr, dtype=float)
        level = check_level(self.auc.level if level is None else level)
        with np.errstate(invalid="ignore"):
            deviate = ndtri(grid)
            centre = self.a + self.b * deviate
            (var_a, cov), (_, var_b) = self.covariance
            half = quantile(level) * np.sqrt(np.maximum(var_a + 2 * cov * deviate + var_b * deviate**2, 0))
            low, high = ndtr(centre - half), ndtr(centre + half)
        edge = np.isinf(deviate)
        low[edge] = high[edge] = grid[edge]
        return RocBand(grid, low, high, level, "maximum-likelihood binormal curve, delta method")

    def to_frame(self) -> pd.DataFrame:
        """One row: a, b, their standard errors and the area."""
        errors = np.sqrt(np.diag(self.covariance))
        row = {"a": self.a, "b": self.b, "a_se": errors[0], "b_se": errors[1]}
        row |= {"auc": self.auc.estimate, "low": self.auc.low, "high": self.auc.high, "level": self.auc.level}
        return pd.DataFrame([row | {"log_likelihood": self.log_likelihood, "categories": self.categories}])

    def _repr_html_(self) -> str:
        return (
            f"<p>A smooth ROC curve with a = {self.a:.3f} and b = {self.b:.3f} fits these cases best; the "
            "area "
            f"under it was {self.auc.text()}. Assumes that some monotone rescaling makes the scores of both "
            "classes normal; compare it with the empirical curve.</p>"
        )


def binormal_roc(truth: Any, score: Any, *, level: float = 0.95) -> BinormalFit:
    """Fit the binormal ROC curve by maximum likelihood.

    The likelihood of the ordered categories is maximised over a, b and all category boundaries. Continuous
    scores are reduced to runs of cases of the same class, which loses no information about the curve (Metz's
    LABROC4), and to at most 60 categories of nearly equal size beyond that (LABROC5).

    Parameters
    ----------
    truth, score : array-like of shape (n,)
        Labels 0/1, and ratings or continuous scores, higher for positive.

    Raises
    ------
    StatisticsError
        The data are degenerate: too few categories hold both classes for a curve to be determined, as with
        perfect separation. Use the empirical curve then.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    check_level(level)
    negative, positive = _categories(truth, score)
    if negative.size < 3:
        raise StatisticsError(
            f"the binormal curve is not determined by {negative.size} score categories; "
            "it needs at least three, so use the empirical curve"
        )
    parameters, likelihood = _maximise(negative, positive)
    a, b = float(parameters[0]), float(parameters[1])
    covariance = _inverse(_information(parameters, negative, positive))[:2, :2]
    if b < 0.2 or b > 5:
        warn(f"the fitted curve is hooked (b = {b:.2f}) and crosses the chance line; look at both curves")
    fit = _auc(a, b, covariance, level, truth.size)
    return BinormalFit(a, b, covariance, fit, likelihood, negative.size)


def _categories(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts of negatives and positives per informative category, scores ascending."""
    table = rank_table(truth, score)
    negative = np.bincount(table.negative, minlength=table.groups)
    positive = np.bincount(table.positive, minlength=table.groups)
    kind = np.where(positive == 0, -1, np.where(negative == 0, 1, 0))
    new = np.concatenate(([True], (kind[1:] != kind[:-1]) | (kind[1:] == 0)))
    starts = np.flatnonzero(new)
    negative, positive = np.add.reduceat(negative, starts), np.add.reduceat(positive, starts)
    if starts.size > _CATEGORIES:
        total = np.cumsum(negative + positive)
        block = np.minimum((total - 1) * _CATEGORIES // total[-1], _CATEGORIES - 1)
        starts = np.flatnonzero(np.concatenate(([True], block[1:] != block[:-1])))
        negative, positive = np.add.reduceat(negative, starts), np.add.reduceat(positive, starts)
    return negative.astype(float), positive.astype(float)


def _start(negative: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Boundaries from the pooled shares, a and b from a line through the empirical probits."""
    below = [(np.cumsum(c)[:-1] + 0.5) / (c.sum() + 1) for c in (negative, positive)]
    cuts, hits = ndtri(below[0]), ndtri(below[1])
    weights = np.sqrt(below[0] * (1 - below[0]) * below[1] * (1 - below[1]))
    spread = np.ptp(cuts)
    slope = float(np.polyfit(cuts, hits, 1, w=weights)[0]) if spread > 1e-6 else 1.0
    slope = min(max(slope, 0.3), 3.0)
    a = float(np.average(slope * cuts - hits, weights=weights))
    cuts = (cuts + (hits + a) / slope) / 2
    return np.concatenate(([a, slope], _ordered(cuts)))


def _ordered(cuts: np.ndarray) -> np.ndarray:
    """Boundaries with a small gap where they touch."""
    return np.maximum.accumulate(cuts + 1e-4 * np.arange(cuts.size))


def _cells(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Category probabilities of negatives and positives, and their derivatives by all parameters."""
    a, b, cuts = parameters[0], parameters[1], parameters[2:]
    size, found = cuts.size, []
    for scale, shift in ((1.0, 0.0), (b, a)):
        z = scale * cuts - shift
        density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        edges = np.concatenate(([-np.inf], z, [np.inf]))
        flip = edges[:-1] > 0
        p = np.where(flip, ndtr(-edges[:-1]) - ndtr(-edges[1:]), ndtr(edges[1:]) - ndtr(edges[:-1]))
        by_edge = np.zeros((size, size + 2))
        by_edge[np.arange(size), 2 + np.arange(size)] = scale * density
        if shift or scale != 1.0:
            by_edge[:, 0], by_edge[:, 1] = -density, cuts * density
        steps = np.vstack([by_edge, np.zeros(size + 2)]) - np.vstack([np.zeros(size + 2), by_edge])
        found += [p, steps]
    return found[0], found[2], found[1], found[3]


def _likelihood(parameters: np.ndarray, negative: np.ndarray, positive: np.ndarray) -> float:
    if parameters[1] <= 0 or (np.diff(parameters[2:]) <= 0).any():
        return -math.inf
    p, q, _, _ = _cells(parameters)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(negative > 0, negative * np.log(p), 0) + np.where(
            positive > 0, positive * np.log(q), 0
        )
    value = float(terms.sum())
    return value if math.isfinite(value) else -math.inf


def _gradient(parameters: np.ndarray, negative: np.ndarray, positive: np.ndarray) -> np.ndarray:
    p, q, by_p, by_q = _cells(parameters)
    return (negative / np.maximum(p, 1e-300)) @ by_p + (positive / np.maximum(q, 1e-300)) @ by_q


def _maximise(negative: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, float]:
    """Fisher scoring with halved steps."""
    parameters = _start(negative, positive)
    value = _likelihood(parameters, negative, positive)
    for _ in range(500):
        p, q, by_p, by_q = _cells(parameters)
        expected = negative.sum() * (by_p / np.maximum(p, 1e-12)[:, None]).T @ by_p
        expected += positive.sum() * (by_q / np.maximum(q, 1e-12)[:, None]).T @ by_q
        slope = _gradient(parameters, negative, positive)
        step = np.linalg.lstsq(expected, slope, rcond=None)[0]
        size = 1.0
        while size > 1e-10 and _likelihood(parameters + size * step, negative, positive) < value:
            size /= 2
        parameters = parameters + (size * step if size > 1e-10 else 0)
        gain, value = value, _likelihood(parameters, negative, positive)
        if abs(value - gain) < 1e-10 and np.abs(slope).max() < 1e-5 * negative.size or size <= 1e-10:
            break
    if not math.isfinite(value) or abs(parameters[0]) > 30 or not 1e-3 < parameters[1] < 1e3:
        raise StatisticsError(
            "the binormal curve is not determined by these scores (the classes hardly overlap, or a hook "
            "fits "
            "best); use the empirical curve"
        )
    return parameters, value


def _information(parameters: np.ndarray, negative: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Observed information: minus the derivative of the gradient, by central differences."""
    steps = 1e-5 * np.maximum(np.abs(parameters), 0.1) * np.eye(parameters.size)
    rows = [
        (_gradient(parameters - step, negative, positive) - _gradient(parameters + step, negative, positive))
        / (2 * step.sum())
        for step in steps
    ]
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2


def _inverse(information: np.ndarray) -> np.ndarray:
    values = np.linalg.eigvalsh(information)
    if values[0] <= 0 or not np.isfinite(values).all():
        raise StatisticsError(
            "the likelihood of the binormal curve has no peak here; use the empirical curve"
        )
    return np.linalg.inv(information)


def _auc(a: float, b: float, covariance: np.ndarray, level: float, n: int) -> Result:
    root = math.sqrt(1 + b * b)
    deviate = a / root
    gradient = np.array([1 / root, -a * b / root**3])
    error = math.sqrt(float(gradient @ covariance @ gradient))
    half = quantile(level) * error
    return Result(
        name="AUC of the binormal curve",
        estimate=float(ndtr(deviate)),
        low=float(ndtr(deviate - half)),
        high=float(ndtr(deviate + half)),
        level=level,
        n=n,
        method="maximum-likelihood binormal curve, delta method on the probit scale",
        reference=METZ,
        assumes="Some monotone rescaling makes the scores of both classes normal; cases are independent.",
    )
