"""Confusion matrices."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from fxstudy.report.errors import ReportError
from fxstudy.report.style import axes_or_new, themed

_MAP = "Blues"


@themed
def plot_confusion(
    table: Any,
    *,
    labels: Sequence[str] = ("Fracture", "No fracture"),
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Heat map of a confusion matrix: counts, with the share of the true class below.

    Parameters
    ----------
    table : AccuracyTable or array of int, shape (k, k)
        Rows are the true classes, columns the predicted ones. Of an AccuracyTable (anything with `tp`,
        `fn`, `fp`, `tn`) the fractures come first.
    labels : sequence of str, length k
        Classes, in the order of the rows.
    title : str
    ax : Axes, optional

    Raises
    ------
    ReportError
        The matrix is not square, holds something else than counts, or does not fit the labels.
    """
    counts = _counts(table, labels)
    ax = axes_or_new(ax, width_mm=34 + 18 * len(labels), height_mm=26 + 18 * len(labels))
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    ax.imshow(shares, cmap=_MAP, vmin=0, vmax=1, aspect="equal")
    for row, column in np.ndindex(counts.shape):
        _write(ax, row, column, int(counts[row, column]), float(shares[row, column]), bool(totals[row]))
    _name_classes(ax, labels, totals[:, 0])
    ax.set(xlabel="Model", ylabel="Reference", title=title)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    return ax


def _name_classes(ax: Axes, labels: Sequence[str], totals: np.ndarray) -> None:
    """Write the classes along both sides; with three or more, each word of a name on its own line."""
    positions = range(len(labels))
    columns = labels if len(labels) < 3 else [name.replace(" ", "\n") for name in labels]
    ax.set_xticks(positions, columns)
    rows = [f"{name}\n(n = {total:,})" for name, total in zip(labels, totals, strict=True)]
    ax.set_yticks(positions, rows)
    ax.set_xticks(np.arange(0.5, len(labels) - 1), minor=True)
    ax.set_yticks(np.arange(0.5, len(labels) - 1), minor=True)


def _write(ax: Axes, row: int, column: int, count: int, share: float, defined: bool) -> None:
    red, green, blue, _ = colormaps[_MAP](share)
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
    colour = "white" if dark else "#1a1a1a"
    ax.text(column, row - 0.07, f"{count:,}", ha="center", va="center", fontsize=12, color=colour)
    if defined:
        ax.text(column, row + 0.2, f"{share * 100:.1f}%", ha="center", va="center", fontsize=8, color=colour)


def _counts(table: Any, labels: Sequence[str]) -> np.ndarray:
    if all(hasattr(table, name) for name in ("tp", "fn", "fp", "tn")):
        table = [[table.tp, table.fn], [table.fp, table.tn]]
    counts = np.asarray(table)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.shape[0] != len(labels):
        raise ReportError(
            f"a confusion matrix for {len(labels)} classes must be {len(labels)} × {len(labels)}, "
            f"not {' × '.join(map(str, counts.shape))}"
        )
    if not np.issubdtype(counts.dtype, np.number) or (counts < 0).any() or (counts != np.rint(counts)).any():
        raise ReportError("a confusion matrix must hold counts, that is whole numbers from 0 up")
    return counts.astype(int)
