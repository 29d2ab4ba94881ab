"""Decision curves: is acting on the model worth it, at the threshold probability a clinician would act on?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.calibration import as_probabilities
from fxstudy.stats.checks import as_truth, check_level
from fxstudy.stats.normal import quantile


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit over threshold probabilities.

    Attributes
    ----------
    threshold, model, low, high, treat_all : numpy.ndarray of shape (g,)
        Net benefit in true positives per case; acting on nobody has 0.
    prevalence : float
    level : float
    """

    threshold: np.ndarray
    model: np.ndarray
    low: np.ndarray
    high: np.ndarray
    treat_all: np.ndarray
    prevalence: float
    level: float = 0.95

    def to_frame(self) -> pd.DataFrame:
        """One row per threshold probability."""
        names = ("threshold", "model", "low", "high", "treat_all")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    @property
    def useful(self) -> np.ndarray:
        """Where the model beats both acting on everybody and on nobody, bool of shape (g,)."""
        return self.model > np.maximum(self.treat_all, 0) + 1e-12

    def _repr_html_(self) -> str:
        inside = self.threshold[self.useful]
        said = (
            "acting on the model did better than acting on everybody or nobody at threshold probabilities "
            "from "
            f"{inside.min():.2f} to {inside.max():.2f}"
            if inside.size
            else "acting on the model was nowhere better than acting on everybody or nobody"
        )
        return (
            f"<p>By net benefit {said}. A threshold of 0.1 means that one missed fracture weighs as much as "
            "nine "
            "needless work-ups. Assumes calibrated probabilities.</p>"
        )


def decision_curve(
    truth: Any,
    probability: Any,
    *,
    thresholds: Any = None,
    prevalence: float | None = None,
    level: float = 0.95,
) -> DecisionCurve:
    """Net benefit of acting when the probability reaches a threshold (Vickers and Elkin 2006).

    Net benefit = π·sensitivity − (1 − π)·(1 − specificity)·t/(1 − t), with the delta-method interval for
    fixed class sizes.

    Parameters
    ----------
    truth, probability : array-like of shape (n,)
    thresholds : array-like, optional
        Threshold probabilities t strictly between 0 and 1; default 0.01 to 0.99.
    prevalence : float, optional
        π where the model will work; default that of the data.

    References
    ----------
    .. [1] Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574.
    """
    truth = as_truth(truth)
    p = as_probabilities(probability, truth.size)
    check_level(level)
    grid = np.linspace(0.01, 0.99, 99) if thresholds is None else np.atleast_1d(np.asarray(thresholds, float))
    share = float(truth.mean()) if prevalence is None else float(prevalence)
    if not ((grid > 0) & (grid < 1)).all() or not 0 < share < 1:
        raise StatisticsError("thresholds and prevalence must lie strictly between 0 and 1")
    m, n = truth.sum(), (~truth).sum()
    hits = 1 - np.searchsorted(np.sort(p[truth]), grid, side="left") / m
    alarms = 1 - np.searchsorted(np.sort(p[~truth]), grid, side="left") / n
    odds = grid / (1 - grid)
    benefit = share * hits - (1 - share) * alarms * odds
    variance = share**2 * hits * (1 - hits) / m + ((1 - share) * odds) ** 2 * alarms * (1 - alarms) / n
    half = quantile(level) * np.sqrt(variance)
    everybody = share - (1 - share) * odds
    return DecisionCurve(grid, benefit, benefit - half, benefit + half, everybody, share, level)
