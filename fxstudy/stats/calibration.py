"""Whether probabilities mean what they say: reliability, slope and intercept, Brier score, ECE."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import logit

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_scores, as_truth, check_choice, check_level, warn
from fxstudy.stats.intervals import limits
from fxstudy.stats.normal import quantile
from fxstudy.stats.result import Composite, Result

_COX = "Cox DR. Biometrika 1958;45:562-565; Van Calster B et al. BMC Med 2019;17:230"
_BRIER = "Brier GW. Mon Weather Rev 1950;78:1-3; Murphy AH. J Appl Meteorol 1973;12:595-600"
_EDGE = 1e-6


@dataclass(frozen=True)
class Calibration(Composite):
    """How predicted probabilities compare with what happened.

    Attributes
    ----------
    curve : pandas.DataFrame
        Reliability curve: predicted (mean), observed, low, high, n per bin.
    slope : Result
        1 is right; below 1 the probabilities are too extreme.
    intercept : Result
        Calibration in the large on the logit scale with slope 1; 0 is right, below 0 they are too high.
    brier : Result
        Mean squared error of the probabilities.
    reliability, resolution, uncertainty, within : float
        Parts: brier = reliability − resolution + uncertainty + within (spread inside the bins).
    ece : float
        Expected calibration error over the bins.
    """

    curve: pd.DataFrame
    slope: Result
    intercept: Result
    brier: Result
    reliability: float
    resolution: float
    uncertainty: float
    within: float
    ece: float

    @property
    def results(self) -> tuple[Result, ...]:
        return self.slope, self.intercept, self.brier

    def summary(self) -> str:
        slope = self.slope
        if math.isnan(slope.estimate):
            verdict = "The calibration slope is not defined for these cases."
        elif slope.high < 1:
            verdict = "The probabilities are too extreme, a sign of overfitting."
        elif slope.low > 1:
            verdict = "The probabilities are too timid."
        else:
            verdict = "The slope is compatible with 1, the right value."
        return (
            f"Calibration slope {slope.text()}, intercept {self.intercept.text()}, Brier score "
            f"{self.brier.text()}. {verdict} On average a probability was off by {self.ece:.3f}."
        )


def calibration(
    truth: Any, probability: Any, *, bins: int = 10, strategy: str = "quantile", level: float = 0.95
) -> Calibration:
    """Assess predicted probabilities.

    Slope and intercept come from logistic regressions of the truth on logit(p) (Cox 1958): the slope with a
    free intercept, the intercept with the slope held at 1. Intervals are Wald's; those of the reliability
    curve Wilson's.

    Parameters
    ----------
    truth : array-like of shape (n,)
    probability : array-like of shape (n,)
        Between 0 and 1; 0 and 1 are moved inwards by 1e-6 for the logit only.
    bins : int
        Number of bins of the reliability curve.
    strategy : {"quantile", "uniform"}
        Equally filled bins or bins of equal width.
    """
    truth = as_truth(truth)
    p = as_probabilities(probability, truth.size)
    check_level(level)
    curve = reliability_curve(truth, p, bins=bins, strategy=strategy, level=level)
    share, base = curve.n.to_numpy() / truth.size, float(truth.mean())
    gap = curve.predicted.to_numpy() - curve.observed.to_numpy()
    reliability = float(share @ gap**2)
    resolution = float(share @ (curve.observed.to_numpy() - base) ** 2)
    squared = (p - truth) ** 2
    brier = float(squared.mean())
    half = quantile(level) * float(squared.std(ddof=1)) / math.sqrt(truth.size)
    uncertainty = base * (1 - base)
    slope, intercept = _recalibration(truth, p, level)
    return Calibration(
        curve=curve,
        slope=slope,
        intercept=intercept,
        brier=Result(
            "Brier score",
            brier,
            max(brier - half, 0.0),
            min(brier + half, 1.0),
            level,
            n=truth.size,
            method="mean of squared errors, normal interval",
            reference=_BRIER,
            note=f"a constant prediction of {base:.3f} would score {uncertainty:.3f}",
        ),
        reliability=reliability,
        resolution=resolution,
        uncertainty=uncertainty,
        within=brier - (reliability - resolution + uncertainty),
        ece=float(share @ np.abs(gap)),
    )


def reliability_curve(
    truth: Any, probability: Any, *, bins: int = 10, strategy: str = "quantile", level: float = 0.95
) -> pd.DataFrame:
    """Predicted against observed share per bin, with Wilson limits: predicted, observed, low, high, n."""
    truth = as_truth(truth, both=False)
    p = as_probabilities(probability, truth.size)
    check_choice(strategy, ("quantile", "uniform"), "strategy")
    if bins < 1:
        raise StatisticsError(f"bins must be at least 1, not {bins}")
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    edges = np.unique(np.quantile(p, inner)) if strategy == "quantile" else inner
    index = np.searchsorted(edges, p, side="right")
    rows = []
    for k in np.unique(index):
        inside = index == k
        n, hits = int(inside.sum()), int(truth[inside].sum())
        low, high = limits(hits, n, level)
        rows.append({"predicted": p[inside].mean(), "observed": hits / n, "low": low, "high": high, "n": n})
    return pd.DataFrame(rows)


def _recalibration(truth: np.ndarray, p: np.ndarray, level: float) -> tuple[Result, Result]:
    x, outcome = logit(np.clip(p, _EDGE, 1 - _EDGE)), truth.astype(float)
    facts = {"level": level, "n": truth.size, "method": "logistic recalibration, Wald interval"}
    facts |= {"reference": _COX, "assumes": "Cases are independent."}
    family, half = sm.families.Binomial(), quantile(level)
    large = sm.GLM(outcome, np.ones((x.size, 1)), family=family, offset=x).fit()
    intercept = Result(
        "calibration intercept",
        float(large.params[0]),
        float(large.params[0] - half * large.bse[0]),
        float(large.params[0] + half * large.bse[0]),
        **facts,
    )
    overlap = x[truth].min() < x[~truth].max() and x[~truth].min() < x[truth].max()
    if np.ptp(x) == 0 or not overlap:
        reason = "all probabilities are equal" if np.ptp(x) == 0 else "the classes do not overlap"
        note = warn(f"the calibration slope is not defined: {reason}")
        return Result("calibration slope", math.nan, note=note, **facts), intercept
    fit = sm.GLM(outcome, sm.add_constant(x), family=family).fit()
    estimate, error = float(fit.params[1]), float(fit.bse[1])
    slope = Result("calibration slope", estimate, estimate - half * error, estimate + half * error, **facts)
    return slope, intercept


def as_probabilities(probability: Any, n: int) -> np.ndarray:
    """Finite numbers between 0 and 1 of shape (n,)."""
    p = as_scores(probability, n=n, name="probability")
    if ((p < 0) | (p > 1)).any():
        worst = p[(p < 0) | (p > 1)][0]
        raise StatisticsError(
            f"probability must lie between 0 and 1, not {worst}; scores need calibration first"
        )
    return p
