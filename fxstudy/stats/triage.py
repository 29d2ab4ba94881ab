"""A model beside a human: reading a worklist by score, and leaving a grey zone undecided."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_scores, as_truth, check_level
from fxstudy.stats.intervals import proportion
from fxstudy.stats.resampling import observed_counts, rank_table, replicate_counts
from fxstudy.stats.result import Composite, Result
from fxstudy.stats.thresholds import choose_threshold


@dataclass(frozen=True)
class TriageCurve:
    """How many fractures are found when a worklist is read from the highest score down.

    Attributes
    ----------
    read, found : numpy.ndarray
        Shares of the worklist read and of the fractures found, from 0 to 1.
    needed : pandas.DataFrame
        Columns ``found``, ``read``, ``low``, ``high``: the share to be read for each target.
    prevalence : float
    """

    read: np.ndarray
    found: np.ndarray
    needed: pd.DataFrame
    prevalence: float
    level: float = 0.95

    def to_frame(self) -> pd.DataFrame:
        """One row per target."""
        return self.needed.copy()

    def _repr_html_(self) -> str:
        said = "; ".join(
            f"{100 * row.found:g} % of the fractures lie in the first {100 * row.read:.0f} % "
            f"({100 * row.low:.0f} to {100 * row.high:.0f})"
            for row in self.needed.itertuples()
        )
        return (
            f"<p>Reading from the highest score down, {said} of the worklist (fractures are "
            f"{100 * self.prevalence:.0f} % of it; {100 * self.level:g} % bootstrap interval).</p>"
        )


def triage_curve(
    truth: Any,
    score: Any,
    *,
    targets: tuple[float, ...] = (0.9, 0.95, 0.99),
    prevalence: float | None = None,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int | np.random.Generator = 0,
) -> TriageCurve:
    """Share of the worklist that must be read to find a share of the fractures.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
    targets : tuple of float
        Shares of fractures to find, above 0 and at most 1.
    prevalence : float, optional
        Share of fractures in the worklist; default that of the data.
    replicates, seed
        Stratified bootstrap for the intervals.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    check_level(level)
    share = float(truth.mean()) if prevalence is None else float(prevalence)
    if not 0 < share < 1 or not all(0 < target <= 1 for target in targets):
        raise StatisticsError(f"prevalence and targets must lie between 0 and 1, not {share} and {targets}")
    table = rank_table(truth, score)
    read, found = _worklist(*observed_counts(table), share)
    drawn = [
        _needed(*_worklist(p, n, share), targets)
        for [(p, n)] in replicate_counts([table], replicates, np.random.default_rng(seed))
    ]
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail], axis=0)
    needed = pd.DataFrame(
        {"found": targets, "read": _needed(read, found, targets)[0], "low": low, "high": high}
    )
    return TriageCurve(
        np.concatenate(([0.0], read[0])), np.concatenate(([0.0], found[0])), needed, share, level
    )


def _worklist(positive: np.ndarray, negative: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Shares read and found after each tie group from the top, shape (block, groups)."""
    hits = np.cumsum(positive[:, ::-1], axis=1) / positive.sum(axis=1, keepdims=True)
    alarms = np.cumsum(negative[:, ::-1], axis=1) / negative.sum(axis=1, keepdims=True)
    return share * hits + (1 - share) * alarms, hits


def _needed(read: np.ndarray, found: np.ndarray, targets: tuple[float, ...]) -> np.ndarray:
    """Share read when each target is first reached, shape (block, targets)."""
    first = np.stack([np.argmax(found >= target - 1e-12, axis=1) for target in targets], axis=1)
    return np.take_along_axis(read, first, axis=1)


@dataclass(frozen=True)
class GreyZone(Composite):
    """A band of scores in which the model does not decide.

    Attributes
    ----------
    low_threshold, high_threshold : float
        Scores from ``low_threshold`` up to below ``high_threshold`` go to a human.
    coverage : Result
        Share of cases that the model decides.
    sensitivity, specificity, accuracy : Result
        Among the decided cases.
    referred_positive : Result
        Share of all positive cases that go to a human.
    """

    low_threshold: float
    high_threshold: float
    coverage: Result
    sensitivity: Result
    specificity: Result
    accuracy: Result
    referred_positive: Result

    @property
    def results(self) -> tuple[Result, ...]:
        return self.coverage, self.sensitivity, self.specificity, self.accuracy, self.referred_positive

    def summary(self) -> str:
        return (
            f"The model decides {self.coverage.text()} of the cases and leaves scores from "
            f"{self.low_threshold:.4g} to below {self.high_threshold:.4g} to a human; among those it "
            "decides, "
            f"accuracy is {self.accuracy.text()}."
        )


def grey_zone(
    truth: Any,
    score: Any,
    low: float,
    high: float,
    *,
    level: float = 0.95,
    method: str = "wilson",
) -> GreyZone:
    """Coverage, and accuracy outside, of an inconclusive band of scores.

    Below ``low`` a case is called negative, at or above ``high`` positive, between them inconclusive. Choose
    the band on tuning data (``choose_grey_zone``).
    """
    truth = as_truth(truth, both=False)
    score = as_scores(score, n=truth.size)
    if not low <= high:
        raise StatisticsError(f"low must not lie above high, but {low} and {high} were given")
    called, decided = score >= high, (score < low) | (score >= high)
    right = decided & (called == truth)

    def share(name: str, hits: np.ndarray, among: np.ndarray) -> Result:
        return proportion(int((hits & among).sum()), int(among.sum()), level=level, method=method, name=name)

    return GreyZone(
        low_threshold=float(low),
        high_threshold=float(high),
        coverage=share("share of cases decided", decided, np.ones_like(truth)),
        sensitivity=share("sensitivity among decided cases", right, decided & truth),
        specificity=share("specificity among decided cases", right, decided & ~truth),
        accuracy=share("accuracy among decided cases", right, decided),
        referred_positive=share("share of positive cases left to a human", ~decided, truth),
    )


def choose_grey_zone(
    truth: Any, score: Any, *, sensitivity: float = 0.95, specificity: float = 0.95
) -> tuple[float, float]:
    """Smallest band that keeps both error rates; returns (low, high), equal when one threshold does.

    Below ``low`` lie at most 1 − ``sensitivity`` of the positives, from ``high`` on at most 1 −
    ``specificity`` of the negatives, on these (tuning) data.
    """
    low = choose_threshold(truth, score, rule="sensitivity", target=sensitivity).value
    high = choose_threshold(truth, score, rule="specificity", target=specificity).value
    if low >= high:
        middle = (low + high) / 2
        return middle, middle
    return low, high
