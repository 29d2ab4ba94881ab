"""Confidence bands of the empirical ROC curve."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_groups, as_scores, as_truth, check_level
from fxstudy.stats.resampling import rank_table, replicate_counts

# 1 − 0.8 is a hair below 2/10: without it a rate asked for in decimals misses the step that it names.
ROUNDING = 1e-12


@dataclass(frozen=True)
class RocBand:
    """Pointwise confidence band of the sensitivity along the false positive rate.

    Attributes
    ----------
    fpr, low, high : numpy.ndarray
        Grid and limits of the sensitivity, shape (g,).
    level : float
    method : str
    """

    fpr: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float = 0.95
    method: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One row per grid point."""
        return pd.DataFrame({"fpr": self.fpr, "low": self.low, "high": self.high})

    def _repr_html_(self) -> str:
        return (
            "<p>At each false positive rate the true sensitivity lies within the band in "
            f"{100 * self.level:g} % of studies like this one; the whole curve lies within it less "
            f"often. Method: {self.method}.</p>"
        )


def roc_band(
    truth: Any,
    score: Any,
    *,
    fpr: Any = None,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
) -> RocBand:
    """Pointwise bootstrap band of the sensitivity at given false positive rates.

    Cases are drawn with replacement within each class; with ``cluster`` whole patients are drawn.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
    fpr : array-like, optional
        Grid within 0 to 1; default 101 equal steps.
    replicates : int
        Number of bootstrap replicates.
    seed : int or numpy.random.Generator
        Same seed, same band.
    cluster : array-like of shape (n,), optional
        Patient of each case.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    check_level(level)
    grid = np.linspace(0, 1, 101) if fpr is None else np.asarray(fpr, dtype=float)
    if grid.ndim != 1 or grid.size == 0 or not ((grid >= 0) & (grid <= 1)).all():
        raise StatisticsError("fpr must be a list of rates between 0 and 1")
    codes = None if cluster is None else as_groups(cluster, n=truth.size)
    curves = np.concatenate(
        list(sensitivity_replicates(truth, score, grid, replicates=replicates, seed=seed, cluster=codes))
    )
    tail = (1 - level) / 2
    low, high = np.quantile(curves, [tail, 1 - tail], axis=0)
    unit = "stratified by class" if codes is None else "of whole patients"
    return RocBand(grid, low, high, level, f"bootstrap {unit}, {replicates} replicates, percentile limits")


def sensitivity_replicates(
    truth: np.ndarray,
    score: np.ndarray,
    fpr: np.ndarray,
    *,
    replicates: int,
    seed: int | np.random.Generator,
    cluster: np.ndarray | None = None,
):
    """Sensitivity at each false positive rate for every replicate, in blocks of shape (block, g)."""
    rng = np.random.default_rng(seed)
    table = rank_table(truth, score)
    for [(positive, negative)] in replicate_counts([table], replicates, rng, truth=truth, cluster=cluster):
        yield np.stack([sensitivity_at(p, n, fpr) for p, n in zip(positive, negative, strict=True)])


def sensitivity_at(positive: np.ndarray, negative: np.ndarray, fpr: np.ndarray) -> np.ndarray:
    """Sensitivity on the trapezoidal curve at ``fpr``, the upper end of vertical steps."""
    hits = np.concatenate(([0], np.cumsum(positive[::-1]))) / positive.sum()
    alarms = np.concatenate(([0], np.cumsum(negative[::-1]))) / negative.sum()
    return np.interp(fpr + ROUNDING, alarms, hits)
