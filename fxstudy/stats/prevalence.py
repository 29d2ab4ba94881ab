"""What a result means where the model will work: predictive values over prevalence."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.accuracy import AccuracyTable
from fxstudy.stats.checks import check_level
from fxstudy.stats.normal import quantile


def post_test_probability(pre_test: Any, likelihood_ratio: Any) -> np.ndarray:
    """Bayes' rule in odds: probability of fracture after a result with this likelihood ratio.

    Examples
    --------
    >>> float(post_test_probability(0.25, 9.0))
    0.75
    """
    pre_test, ratio = np.asarray(pre_test, dtype=float), np.asarray(likelihood_ratio, dtype=float)
    if ((pre_test < 0) | (pre_test > 1)).any() or (ratio < 0).any():
        raise StatisticsError("pre_test must lie between 0 and 1 and likelihood_ratio must not be negative")
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = pre_test / (1 - pre_test) * ratio
        after = np.where(np.isinf(odds), 1.0, odds / (1 + odds))
    return np.where(pre_test == 0, 0.0, np.where(pre_test == 1, 1.0, after))


@dataclass(frozen=True)
class PredictiveCurve:
    """Predictive values over prevalence with their intervals.

    Attributes
    ----------
    prevalence, ppv, ppv_low, ppv_high, npv, npv_low, npv_high : numpy.ndarray of shape (g,)
    study_prevalence : float
        Where the study's own predictive values hold.
    level : float
    """

    prevalence: np.ndarray
    ppv: np.ndarray
    ppv_low: np.ndarray
    ppv_high: np.ndarray
    npv: np.ndarray
    npv_low: np.ndarray
    npv_high: np.ndarray
    study_prevalence: float
    level: float = 0.95

    def to_frame(self) -> pd.DataFrame:
        """One row per prevalence."""
        names = ("prevalence", "ppv", "ppv_low", "ppv_high", "npv", "npv_low", "npv_high")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        at = [int(np.argmin(np.abs(self.prevalence - share))) for share in (0.05, 0.2)]
        said = "; ".join(
            f"at {100 * self.prevalence[i]:.0f} % PPV {self.ppv[i]:.2f} ({self.ppv_low[i]:.2f} to "
            f"{self.ppv_high[i]:.2f}) and NPV {self.npv[i]:.3f}"
            for i in at
        )
        return (
            f"<p>Predictive values where fractures are rarer or more common than here "
            f"({100 * self.study_prevalence:.0f} %): {said}. Assumes that sensitivity and specificity do not "
            "change with prevalence.</p>"
        )


def predictive_curve(table: AccuracyTable, *, prevalence: Any = None, level: float = 0.95) -> PredictiveCurve:
    """PPV and NPV over a prevalence axis, by Bayes' rule from sensitivity and specificity.

    Intervals on the logit scale by the delta method (Mercaldo, Lau and Zhou 2007); with an empty cell half a
    case is added to each for the interval.

    Parameters
    ----------
    table : AccuracyTable
    prevalence : array-like, optional
        Values strictly between 0 and 1; default 0.01 to 0.99.
    """
    check_level(level)
    grid = np.linspace(0.01, 0.99, 99) if prevalence is None else np.atleast_1d(np.asarray(prevalence, float))
    if not ((grid > 0) & (grid < 1)).all():
        raise StatisticsError("prevalence must lie strictly between 0 and 1")
    m, n = table.tp + table.fn, table.tn + table.fp
    if min(m, n) == 0:
        raise StatisticsError("predictive values over prevalence need both classes in the table")
    odds = np.log(grid / (1 - grid))
    se, sp = table.tp / m, table.tn / n
    ppv = post_test_probability(grid, se / (1 - sp) if sp < 1 else math.inf)
    npv = 1 - post_test_probability(grid, (1 - se) / sp if sp > 0 else math.inf)
    limits = _limits(odds, (table.tp, table.fp, table.fn, table.tn), quantile(level))
    return PredictiveCurve(grid, ppv, *limits[:2], npv, *limits[2:], m / (m + n), level)


def _limits(odds: np.ndarray, counts: tuple[int, int, int, int], z: float) -> list[np.ndarray]:
    """Low and high of PPV, low and high of NPV, on the logit scale."""
    add = 0.5 if 0 in counts else 0.0
    tp, fp, fn, tn = (count + add for count in counts)
    found = []
    for sign, hits, misses, alarms, rejected in ((1, tp, fn, fp, tn), (-1, tn, fp, fn, tp)):
        centre = sign * odds + math.log(hits / (hits + misses) / (alarms / (alarms + rejected)))
        spread = math.sqrt(misses / (hits * (hits + misses)) + rejected / (alarms * (alarms + rejected)))
        found += [_expit(centre - z * spread), _expit(centre + z * spread)]
    return found


def _expit(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))
