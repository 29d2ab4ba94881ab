"""Choosing an operating point on tuning data, to be applied unchanged to test data."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_scores, as_truth, check_choice, warn
from fxstudy.stats.roc import roc_curve

RULES = ("youden", "closest", "sensitivity", "specificity", "cost")


@dataclass(frozen=True)
class Threshold:
    """An operating point and where it comes from.

    Attributes
    ----------
    value : float
        A case is positive when ``score >= value``.
    rule : str
        In words, how it was chosen.
    sensitivity, specificity : float
        On the data it was chosen on; optimistic there.
    n : int
        Number of cases it was chosen on.
    chosen_on : str
        Name of that data ("tune").
    """

    value: float
    rule: str
    sensitivity: float
    specificity: float
    n: int
    chosen_on: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame([asdict(self)])

    def _repr_html_(self) -> str:
        where = f" on {self.chosen_on}" if self.chosen_on else ""
        return (
            f"<p>Positive when the score is at least {self.value:.4g} ({self.rule}), chosen{where} "
            f"({self.n} cases) with sensitivity {self.sensitivity:.3f} and specificity "
            f"{self.specificity:.3f} there; on new cases expect less.</p>"
        )


def youden_threshold(truth: Any, score: Any, *, chosen_on: str = "") -> Threshold:
    """Threshold with the largest sensitivity + specificity − 1 (Youden 1950).

    Lies halfway between two neighbouring scores. Of equally good ones the most sensitive is taken. Choose it
    on tuning data and apply it unchanged to the test data.
    """
    return choose_threshold(truth, score, rule="youden", chosen_on=chosen_on)


def choose_threshold(
    truth: Any,
    score: Any,
    *,
    rule: str = "youden",
    target: float | None = None,
    prevalence: float | None = None,
    cost_ratio: float = 1.0,
    chosen_on: str = "",
) -> Threshold:
    """Threshold by a stated rule.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
        Labels 0/1 and scores of the tuning data.
    rule : {"youden", "closest", "sensitivity", "specificity", "cost"}
        "closest" to the corner (0, 1); "sensitivity": the most specific point that reaches ``target``;
        "specificity": the most sensitive one that reaches ``target``; "cost": the smallest expected cost.
    target : float
        For the rules "sensitivity" and "specificity".
    prevalence : float, optional
        For "cost": share of positives where the model will work; default that of the data.
    cost_ratio : float
        For "cost": cost of a missed positive over the cost of a false alarm.
    chosen_on : str
        Name of the data, for the record.
    """
    check_choice(rule, RULES, "rule")
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    curve = roc_curve(truth, score)
    goodness, words = _goodness(rule, curve.tpr, 1 - curve.fpr, target, prevalence, cost_ratio, truth)
    best = int(np.flatnonzero(goodness >= goodness.max() - 1e-12)[-1])
    if rule == "youden" and goodness[best] <= 1e-12:
        warn("no threshold does better than chance on these data")
    return Threshold(
        value=_between(curve.thresholds, best),
        rule=words,
        sensitivity=float(curve.tpr[best]),
        specificity=float(1 - curve.fpr[best]),
        n=truth.size,
        chosen_on=chosen_on,
    )


def _goodness(
    rule: str,
    sensitivity: np.ndarray,
    specificity: np.ndarray,
    target: float | None,
    prevalence: float | None,
    cost_ratio: float,
    truth: np.ndarray,
) -> tuple[np.ndarray, str]:
    """What the rule maximises, at every point, and the rule in words."""
    if rule == "youden":
        return sensitivity + specificity - 1, "largest Youden index"
    if rule == "closest":
        return -np.hypot(1 - sensitivity, 1 - specificity), "closest to sensitivity 1 and specificity 1"
    if rule == "cost":
        share = float(truth.mean()) if prevalence is None else prevalence
        if not 0 < share < 1 or not 0 < cost_ratio < math.inf:
            raise StatisticsError(
                f"prevalence must be between 0 and 1 and cost_ratio positive, not {share} and {cost_ratio}"
            )
        cost = cost_ratio * share * (1 - sensitivity) + (1 - share) * (1 - specificity)
        return -cost, f"smallest cost, a miss costing {cost_ratio:g} false alarms at prevalence {share:.3g}"
    if target is None or not 0 <= target <= 1:
        raise StatisticsError(f"the rule {rule!r} needs a target between 0 and 1, not {target}")
    kept, other = (sensitivity, specificity) if rule == "sensitivity" else (specificity, sensitivity)
    reached = kept >= target - 1e-12
    return np.where(reached, other, -1.0), f"{rule} of at least {target:g}"


def _between(thresholds: np.ndarray, index: int) -> float:
    """Halfway to the next score below, so that rounding cannot move a case across."""
    value = float(thresholds[index])
    if math.isinf(value):
        return float(np.nextafter(thresholds[1], np.inf))
    if index + 1 == thresholds.size:
        return value
    middle = (value + float(thresholds[index + 1])) / 2
    return middle if middle > thresholds[index + 1] else value
