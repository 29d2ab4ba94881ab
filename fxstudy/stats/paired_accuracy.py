"""Two tests at their thresholds on the same cases: every measure compared, in one table."""

from dataclasses import dataclass
from typing import Any

from fxstudy.stats.paired_binary import (
    PairedCounts,
    generalised_mcnemar,
    paired_counts,
    paired_proportions,
)
from fxstudy.stats.predictive_values import (
    likelihood_ratio_ratio,
    predictive_difference,
    relative_predictive_value,
)
from fxstudy.stats.result import Composite, Result, p_text


@dataclass(frozen=True)
class PairedAccuracy(Composite):
    """Differences a − b and ratios a / b of two tests on the same cases.

    Attributes
    ----------
    counts : PairedCounts
    names : tuple of str
    sensitivity, specificity, accuracy, ppv, npv : Result
        Differences a − b.
    joint : Result
        Sensitivity and specificity together.
    ppv_ratio, npv_ratio, lr_positive_ratio, lr_negative_ratio : Result
        Ratios a / b.
    """

    counts: PairedCounts
    names: tuple[str, str]
    sensitivity: Result
    specificity: Result
    joint: Result
    accuracy: Result
    ppv: Result
    npv: Result
    ppv_ratio: Result
    npv_ratio: Result
    lr_positive_ratio: Result
    lr_negative_ratio: Result

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(value for value in vars(self).values() if isinstance(value, Result))

    def summary(self) -> str:
        a, b = self.names
        _, only_a, only_b, _ = self.counts.positive
        _, false_a, false_b, _ = self.counts.negative
        return (
            f"{a} found {only_a} positive cases that {b} missed and missed {only_b} that {b} found "
            f"(difference of sensitivity {self.sensitivity.text()}, {_p(self.sensitivity)}); it raised "
            f"{false_a} false alarms of its own against {false_b} of {b} (difference of specificity "
            f"{self.specificity.text()}, {_p(self.specificity)})."
        )


def paired_accuracy(
    truth: Any,
    decision_a: Any,
    decision_b: Any,
    *,
    level: float = 0.95,
    method: str = "mid-p",
    names: tuple[str, str] = ("A", "B"),
) -> PairedAccuracy:
    """Compare two decisions on the same cases in every measure of a two-by-two table.

    Parameters
    ----------
    truth, decision_a, decision_b : array-like of shape (n,)
        0/1 each, same cases in the same order; the thresholds chosen on other data.
    method : {"mid-p", "exact", "asymptotic", "corrected"}
        Of McNemar's test.
    names : tuple of str
        What to call the tests.
    """
    counts = paired_counts(truth, decision_a, decision_b)
    return compare_counts(counts, level=level, method=method, names=names)


def compare_counts(
    counts: PairedCounts,
    *,
    level: float = 0.95,
    method: str = "mid-p",
    names: tuple[str, str] = ("A", "B"),
) -> PairedAccuracy:
    """As ``paired_accuracy``, from the eight counts."""
    options = {"level": level, "method": method}
    positive, negative = counts.positive, counts.negative
    right = (positive[1] + negative[2], positive[2] + negative[1], sum(positive) + sum(negative))
    return PairedAccuracy(
        counts=counts,
        names=names,
        sensitivity=paired_proportions(
            positive[1], positive[2], sum(positive), name="difference of sensitivity", **options
        ),
        specificity=paired_proportions(
            negative[2], negative[1], sum(negative), name="difference of specificity", **options
        ),
        joint=generalised_mcnemar(counts),
        accuracy=paired_proportions(*right, name="difference of accuracy", **options),
        ppv=predictive_difference(counts, of="ppv", level=level),
        npv=predictive_difference(counts, of="npv", level=level),
        ppv_ratio=relative_predictive_value(counts, of="ppv", level=level),
        npv_ratio=relative_predictive_value(counts, of="npv", level=level),
        lr_positive_ratio=likelihood_ratio_ratio(counts, of="positive", level=level),
        lr_negative_ratio=likelihood_ratio_ratio(counts, of="negative", level=level),
    )


def _p(result: Result) -> str:
    return p_text(result.p_value, result.log10_p)
