"""Decisions among more than two classes: confusion matrix, measures per class, macro and micro averages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.accuracy import AccuracyTable, accuracy_from_counts
from fxstudy.stats.checks import warn
from fxstudy.stats.intervals import proportion
from fxstudy.stats.normal import quantile
from fxstudy.stats.result import Composite, Result


@dataclass(frozen=True)
class MulticlassAccuracy(Composite):
    """Decisions among several classes.

    Attributes
    ----------
    confusion : pandas.DataFrame
        Truth in rows, decision in columns.
    by_class : dict
        Label to the AccuracyTable of that class against the rest.
    accuracy : Result
        Share of cases with the right class, which is also the micro-averaged sensitivity.
    macro : dict
        "sensitivity", "specificity", "ppv", "npv" to the Result of the mean over classes.
    micro_specificity : Result
    """

    confusion: pd.DataFrame
    by_class: dict[Any, AccuracyTable]
    accuracy: Result
    macro: dict[str, Result]
    micro_specificity: Result

    @property
    def results(self) -> tuple[Result, ...]:
        return self.accuracy, self.micro_specificity, *self.macro.values()

    def summary(self) -> str:
        return (
            f"{self.accuracy.sentence()} Averaged over classes, sensitivity was "
            f"{self.macro['sensitivity'].text()} and specificity {self.macro['specificity'].text()}."
        )


def multiclass_accuracy(
    truth: Any, decision: Any, *, labels: Sequence | None = None, level: float = 0.95
) -> MulticlassAccuracy:
    """Confusion matrix, one-vs-rest measures per class and their averages.

    Macro averages have delta-method intervals from the influence of each case (predictive values included).

    Parameters
    ----------
    truth, decision : array-like of shape (n,)
        Classes of any kind.
    labels : sequence, optional
        All classes in the order wanted; default sorted.
    """
    truth, decision = np.asarray(truth, dtype=object), np.asarray(decision, dtype=object)
    if truth.shape != decision.shape or truth.ndim != 1 or not truth.size:
        raise StatisticsError("truth and decision must be lists of equal length")
    found = set(truth) | set(decision)
    labels = sorted(found, key=str) if labels is None else list(labels)
    if found - set(labels):
        raise StatisticsError(
            f"labels must name every class; {sorted(found - set(labels), key=str)} is missing"
        )
    matrix = pd.crosstab(pd.Series(truth), pd.Series(decision)).reindex(
        index=labels, columns=labels, fill_value=0
    )
    counts, n = matrix.to_numpy(), truth.size
    tables = {}
    for k, label in enumerate(labels):
        tp, row, column = int(counts[k, k]), int(counts[k].sum()), int(counts[:, k].sum())
        tables[label] = accuracy_from_counts(
            tp=tp, fn=row - tp, fp=column - tp, tn=n - row - column + tp, level=level
        )
    return MulticlassAccuracy(matrix, tables, *_averages(truth, decision, labels, n, level))


def _averages(
    truth: np.ndarray, decision: np.ndarray, labels: list, n: int, level: float
) -> tuple[Result, dict[str, Result], Result]:
    is_class = np.stack([truth == label for label in labels])
    said = np.stack([decision == label for label in labels])
    right = is_class == said
    accuracy = proportion(int((is_class & said).sum()), n, level=level, name="accuracy")
    inside = {"sensitivity": is_class, "specificity": ~is_class, "ppv": said, "npv": ~said}
    macro = {name: _ratio_mean(f"macro {name}", right, mask, n, level) for name, mask in inside.items()}
    pooled = (right & ~is_class).sum(axis=0), (~is_class).sum(axis=0)
    share = pooled[0].sum() / pooled[1].sum()
    half = quantile(level) * math.sqrt(
        float((((pooled[0] - share * pooled[1]) / pooled[1].sum()) ** 2).sum())
    )
    micro = Result(
        "micro specificity",
        float(share),
        max(float(share) - half, 0.0),
        min(float(share) + half, 1.0),
        level,
        n=n,
        method="all classes pooled, each case a cluster",
    )
    return accuracy, macro, micro


def _ratio_mean(name: str, right: np.ndarray, mask: np.ndarray, n: int, level: float) -> Result:
    """Mean over classes of right / all within a mask, with the influence of each case."""
    sizes = mask.sum(axis=1)
    if (sizes == 0).any():
        return Result(name, math.nan, level=level, n=n, note=warn(f"{name}: a class is empty"))
    values = (right & mask).sum(axis=1) / sizes
    influence = (mask * (right - values[:, None]) / sizes[:, None]).mean(axis=0)
    estimate, half = float(values.mean()), quantile(level) * math.sqrt(float((influence**2).sum()))
    return Result(
        name,
        estimate,
        max(estimate - half, 0.0),
        min(estimate + half, 1.0),
        level,
        n=n,
        method="mean over classes, delta method",
        assumes="Cases are independent.",
    )
