"""The empirical ROC curve and the area under it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from fxstudy.stats.checks import as_scores, as_truth, check_choice, check_level, warn
from fxstudy.stats.normal import quantile
from fxstudy.stats.placements import area, delong_covariance, placements
from fxstudy.stats.result import Result

DELONG = "DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845"
INTERVALS = {
    "delong": "empirical AUC, DeLong interval",
    "logit": "empirical AUC, DeLong variance, interval on the logit scale",
}
_MEANING = "It is the chance that a randomly drawn positive case scores higher than a negative one."
_ASSUMES = "Cases are independent (one image per patient, else use clustered_auc)."


@dataclass(frozen=True)
class RocCurve:
    """Points of the empirical ROC curve, from (0, 0) to (1, 1).

    Attributes
    ----------
    fpr, tpr : numpy.ndarray
        False and true positive rates, shape (k + 1,) for k distinct scores.
    thresholds : numpy.ndarray
        A case is positive when ``score >= threshold``; the first is infinite (nothing is positive).
    n_positive, n_negative : int
        Class sizes.
    """

    fpr: np.ndarray
    tpr: np.ndarray
    thresholds: np.ndarray
    n_positive: int
    n_negative: int

    @property
    def auc(self) -> float:
        """Area by the trapezoid rule, which is the empirical AUC."""
        return float(np.trapezoid(self.tpr, self.fpr))

    def to_frame(self) -> pd.DataFrame:
        """One row per point: threshold, sensitivity, specificity, fpr."""
        return pd.DataFrame(
            {
                "threshold": self.thresholds,
                "sensitivity": self.tpr,
                "specificity": 1 - self.fpr,
                "fpr": self.fpr,
            }
        )

    def _repr_html_(self) -> str:
        return (
            f"<p>Empirical ROC curve of {self.n_positive} positive and {self.n_negative} negative cases, "
            f"{self.thresholds.size - 1} distinct scores, area {self.auc:.3f}. "
            "A case counts as positive when its score is at or above the threshold.</p>"
        )


def roc_curve(truth: Any, score: Any) -> RocCurve:
    """Empirical ROC curve with a point for every distinct score.

    Parameters
    ----------
    truth : array-like of shape (n,)
        1 for positive (fracture), 0 for negative.
    score : array-like of shape (n,)
        Higher means more likely positive; the direction is never guessed from the data.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    order = np.argsort(-score, kind="stable")
    ordered, positive = score[order], truth[order]
    last = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), score.size - 1)
    hits, alarms = np.cumsum(positive)[last], np.cumsum(~positive)[last]
    return RocCurve(
        fpr=np.concatenate(([0.0], alarms / alarms[-1])),
        tpr=np.concatenate(([0.0], hits / hits[-1])),
        thresholds=np.concatenate(([np.inf], ordered[last])),
        n_positive=int(hits[-1]),
        n_negative=int(alarms[-1]),
    )


def auc(
    truth: Any, score: Any, *, level: float = 0.95, interval: str = "delong", name: str = "AUC"
) -> Result:
    """Area under the empirical ROC curve with a confidence interval.

    Ties between classes count half. The variance is DeLong's: var(V10)/m + var(V01)/n of the placement
    values. The plain interval is cut at 0 and 1, as in pROC; ``interval="logit"`` stays inside by
    itself and covers better when the AUC is near 1.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
        Labels 0/1 and finite scores, higher for positive.
    level : float
        Confidence level.
    interval : {"delong", "logit"}
        Scale of the interval.

    Notes
    -----
    A perfect or inverse score has DeLong variance 0, which would pretend certainty: the interval then is the
    exact binomial one on min(m, n) disjoint pairs, conservative, with a warning. With one case in a class
    there is no interval (nan, with a warning).

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    .. [2] Sun X, Xu W. IEEE Signal Process Lett 2014;21:1389-1393.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    check_level(level)
    check_choice(interval, tuple(INTERVALS), "interval")
    estimate = area(truth, score)
    variance = float(delong_covariance(truth, placements(truth, score)[None])[0, 0])
    low, high, note = auc_interval(
        estimate, variance, level=level, interval=interval, pairs=int(min(truth.sum(), (~truth).sum()))
    )
    return Result(
        name=name,
        estimate=estimate,
        low=low,
        high=high,
        level=level,
        n=truth.size,
        method=INTERVALS[interval],
        reference=DELONG,
        note=note,
        meaning=_MEANING,
        assumes=_ASSUMES,
    )


def auc_interval(
    estimate: float, variance: float, *, level: float, interval: str, pairs: int
) -> tuple[float, float, str]:
    """Limits of an AUC from its variance, and a note where the variance says nothing.

    ``pairs`` is the number of disjoint positive–negative pairs (the smaller class), used at AUC 0 and 1.
    """
    if math.isnan(variance):
        note = warn("one class has a single case: the AUC has no variance estimate and no interval")
        return math.nan, math.nan, note
    if estimate in (0.0, 1.0):
        bound = ((1 - level) / 2) ** (1 / pairs)
        note = warn(
            "the classes are separated without error, so DeLong's variance is 0; "
            f"the interval is the exact binomial one on {pairs} disjoint pairs"
        )
        return (bound, 1.0, note) if estimate == 1 else (0.0, 1 - bound, note)
    if variance <= 0:
        note = warn("the score does not vary within the classes, so the interval has no width")
        return estimate, estimate, note
    half = quantile(level) * math.sqrt(variance)
    if interval == "logit":
        half /= estimate * (1 - estimate)
        return float(expit(logit(estimate) - half)), float(expit(logit(estimate) + half)), ""
    return max(estimate - half, 0.0), min(estimate + half, 1.0), ""
