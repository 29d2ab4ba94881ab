"""Audit of printed one-vs-rest rows: is there one confusion matrix behind them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.printed import Printed, read_printed
from fxstudy.stats.published import TwoByTwoAudit, audit_two_by_two

_LISTED = 2000


@dataclass(frozen=True)
class MulticlassAudit:
    """Whether one-vs-rest rows share one confusion matrix.

    Attributes
    ----------
    labels : tuple of str
    rows : dict of label to TwoByTwoAudit
    combinations : int
        Choices of one table per class that fit together.
    matrices : tuple of numpy.ndarray of shape (c, c)
        Confusion matrices (truth in rows), at most 2,000; all of them for three classes or fewer.
    accuracies : tuple of float
        Smallest and largest overall accuracy over the choices, empty without one.
    accuracy : Printed or None
        The printed overall accuracy.
    """

    labels: tuple[str, ...]
    rows: dict[str, TwoByTwoAudit]
    combinations: int
    matrices: tuple[np.ndarray, ...]
    accuracies: tuple[float, ...]
    accuracy: Printed | None

    @property
    def consistent(self) -> bool:
        """Whether one matrix fits all rows and the overall accuracy."""
        return self.combinations > 0 and self._accuracy_fits()

    def _accuracy_fits(self) -> bool:
        if self.accuracy is None:
            return True
        return (
            self.accuracy.high >= self.accuracies[0] - 1e-9 and self.accuracy.low <= self.accuracies[1] + 1e-9
        )

    def verdict(self) -> str:
        """The audit in words."""
        alone = [label for label, row in self.rows.items() if not row.consistent]
        if alone:
            return " ".join(f"{label}: {self.rows[label].verdict()}" for label in alone)
        if not self.combinations:
            return "Inconsistent: each row has its table, but no confusion matrix has all of them."
        low, high = self.accuracies
        said = f"{self.combinations} choices of tables fit together, overall accuracy {low:.3f} to {high:.3f}"
        if not self._accuracy_fits():
            return f"Inconsistent: {said}, but {self.accuracy.text} is printed."
        return f"Consistent: {said}."

    def to_frame(self) -> pd.DataFrame:
        """The first matrix that fits, truth in rows; empty without one."""
        if not self.matrices:
            return pd.DataFrame(index=list(self.labels), columns=list(self.labels))
        return pd.DataFrame(self.matrices[0], index=list(self.labels), columns=list(self.labels))

    def _repr_html_(self) -> str:
        return f"<p>{self.verdict()}</p>" + (self.to_frame().to_html() if self.matrices else "")


def audit_multiclass(
    rows: Mapping[str, Mapping[str, str]], sizes: Mapping[str, int], *, accuracy: str | None = None
) -> MulticlassAudit:
    """Look for the confusion matrix behind printed one-vs-rest rows.

    Parameters
    ----------
    rows : mapping of class to mapping of measure to printed text
        Each class against the rest.
    sizes : mapping of class to number of cases
    accuracy : str, optional
        Printed overall accuracy (right classes / all).

    Notes
    -----
    Classes fit together when all calls add up to all cases and no class needs more confusions than there are:
    fn_k + fp_k ≤ total misses for every k, which suffices for a matrix with an empty diagonal of confusions.
    """
    labels = tuple(rows)
    if set(labels) != set(sizes) or len(labels) < 2:
        raise StatisticsError(f"rows and sizes must name the same classes, not {labels} and {tuple(sizes)}")
    total = sum(sizes.values())
    audits = {
        label: audit_two_by_two(rows[label], positive=sizes[label], negative=total - sizes[label])
        for label in labels
    }
    figure = None if accuracy is None else read_printed(accuracy)
    choices = [
        [(int(r.tp), int(r.fn), int(r.fp)) for r in audits[label].solutions.itertuples()] for label in labels
    ]
    fitting = [choice for choice in product(*choices) if _together(choice)] if _few(choices) else []
    shares = sorted({sum(tp for tp, _, _ in choice) / total for choice in fitting})
    matrices: list[np.ndarray] = []
    for choice in fitting:
        if len(matrices) >= _LISTED:
            break
        matrices += _matrices(choice)
    ends = (shares[0], shares[-1]) if shares else ()
    return MulticlassAudit(labels, audits, len(fitting), tuple(matrices[:_LISTED]), ends, figure)


def audit_average(
    average: str, parts: Sequence[str], *, weights: Sequence[float] | None = None
) -> tuple[bool, float, float]:
    """Whether a printed average can be the (weighted) mean of printed parts: verdict and range of the
    mean.
    """
    figures, whole = [read_printed(part) for part in parts], read_printed(average)
    shares = np.ones(len(figures)) if weights is None else np.asarray(weights, dtype=float)
    shares = shares / shares.sum()
    low = float(shares @ [figure.low for figure in figures])
    high = float(shares @ [figure.high for figure in figures])
    return whole.high >= low - 1e-9 and whole.low <= high + 1e-9, low, high


def _few(choices: list[list[tuple[int, int, int]]]) -> bool:
    size = float(np.prod([len(choice) for choice in choices]))
    if size > 3e6:
        raise StatisticsError(f"{size:.2g} combinations of tables are too many; give more figures per class")
    return size > 0


def _together(choice: tuple[tuple[int, int, int], ...]) -> bool:
    misses = sum(fn for _, fn, _ in choice)
    return misses == sum(fp for _, _, fp in choice) and all(fn + fp <= misses for _, fn, fp in choice)


def _matrices(choice: tuple[tuple[int, int, int], ...]) -> list[np.ndarray]:
    """All matrices of up to three classes; one by a flow of confusions for more."""
    right, missed, false = (np.array(column) for column in zip(*choice, strict=True))
    if right.size > 3:
        return [_one_matrix(right, missed, false)]
    if right.size == 2:
        return [np.array([[right[0], missed[0]], [missed[1], right[1]]])]
    found = []
    for x in range(min(missed[0], false[1]) + 1):
        off = np.zeros((3, 3), dtype=int)
        off[0, 1], off[0, 2] = x, missed[0] - x
        off[2, 1] = false[1] - x
        off[2, 0] = missed[2] - off[2, 1]
        off[1, 0] = false[0] - off[2, 0]
        off[1, 2] = missed[1] - off[1, 0]
        if (off >= 0).all() and (off.sum(axis=0) == false).all():
            found.append(off + np.diag(right))
    return found


def _one_matrix(right: np.ndarray, missed: np.ndarray, false: np.ndarray) -> np.ndarray:
    """A matrix with these margins: the class most in need is served first."""
    rows, columns, matrix = missed.copy(), false.copy(), np.diag(right)
    while rows.sum():
        tightest = int(np.argmax(rows + columns))
        if rows[tightest] >= columns[tightest]:
            source = tightest
            target = max((k for k in range(rows.size) if k != source), key=lambda k: (columns[k], rows[k]))
        else:
            target = tightest
            source = max((k for k in range(rows.size) if k != target), key=lambda k: (rows[k], columns[k]))
        matrix[source, target] += 1
        rows[source] -= 1
        columns[target] -= 1
    return matrix
