"""Accuracy at many thresholds, and what choosing the threshold on the test data would have pretended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.stats.accuracy import AccuracyTable, accuracy_table
from fxstudy.stats.checks import as_scores, as_truth
from fxstudy.stats.roc import roc_curve
from fxstudy.stats.thresholds import Threshold, choose_threshold

_SHOWN = (
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "lr_positive",
    "lr_negative",
    "youden",
    "f1",
    "accuracy",
)


def threshold_table(
    truth: Any,
    score: Any,
    *,
    thresholds: Sequence[float] | None = None,
    level: float = 0.95,
    method: str = "wilson",
) -> pd.DataFrame:
    """Measures with intervals at every cut-off.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
    thresholds : sequence of float, optional
        Default: every distinct score.

    Returns
    -------
    pandas.DataFrame
        One row per threshold: counts, and estimate, low and high of each measure.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    cuts = (
        roc_curve(truth, score).thresholds[1:] if thresholds is None else np.asarray(thresholds, dtype=float)
    )
    rows = []
    for cut in cuts:
        table = accuracy_table(truth, score, cut, level=level, method=method)
        row = {"threshold": float(cut), "tp": table.tp, "fp": table.fp, "fn": table.fn, "tn": table.tn}
        for name in _SHOWN:
            result = getattr(table, name)
            row |= {name: result.estimate, f"{name}_low": result.low, f"{name}_high": result.high}
        rows.append(row)
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class ThresholdOptimism:
    """The test accuracy at a threshold from tuning data, beside that at a threshold chosen on the test data.

    Attributes
    ----------
    honest, chosen_on_test : AccuracyTable
    tuned, test_threshold : Threshold
    """

    honest: AccuracyTable
    chosen_on_test: AccuracyTable
    tuned: Threshold
    test_threshold: Threshold

    def to_frame(self) -> pd.DataFrame:
        """Both tables side by side with the optimism, one row per measure."""
        names = [result.name for result in self.honest.results]
        pairs = zip(self.honest.results, self.chosen_on_test.results, strict=True)
        rows = [(a.text(), b.text(), b.estimate - a.estimate) for a, b in pairs]
        frame = pd.DataFrame(rows, columns=["threshold from tuning data", "chosen on test data", "optimism"])
        return frame.set_index(pd.Index(names, name="measure")).reset_index()

    def _repr_html_(self) -> str:
        gain = self.chosen_on_test.youden.estimate - self.honest.youden.estimate
        return (
            f"<p>Choosing the threshold on the test data would have shown a Youden index {gain:.3f} higher "
            f"({self.chosen_on_test.youden.estimate:.3f} instead of {self.honest.youden.estimate:.3f}); "
            "report the "
            "one from tuning data.</p>" + self.to_frame().to_html(index=False)
        )


def threshold_optimism(
    tune_truth: Any,
    tune_score: Any,
    test_truth: Any,
    test_score: Any,
    *,
    rule: str = "youden",
    target: float | None = None,
    level: float = 0.95,
) -> ThresholdOptimism:
    """Apply a threshold from tuning data to test data, and show what choosing it on the test data would
    claim.

    Parameters
    ----------
    rule, target
        As in ``choose_threshold``.
    """
    tuned = choose_threshold(tune_truth, tune_score, rule=rule, target=target, chosen_on="tuning data")
    own = choose_threshold(test_truth, test_score, rule=rule, target=target, chosen_on="test data")
    tables = [accuracy_table(test_truth, test_score, cut, level=level) for cut in (tuned, own)]
    return ThresholdOptimism(*tables, tuned, own)
