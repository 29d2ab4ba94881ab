"""Forest plots: estimates with intervals, one row per subgroup."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fxstudy.report.errors import ReportError
from fxstudy.report.figures._text import width_mm
from fxstudy.report.style import GREY, INK, MM_PER_INCH, NEGATIVE, RULE, axes_or_new, themed
from fxstudy.report.text import MISSING, estimate_text

_ROW_MM = 5.2


@themed
def plot_forest(
    table: pd.DataFrame | Sequence[Any],
    *,
    xlabel: str = "AUC",
    reference: float | None = None,
    percent: bool = False,
    limits: tuple[float, float] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Forest plot with the numbers printed beside the intervals.

    Parameters
    ----------
    table : DataFrame or sequence of Result
        One row per estimate, from top to bottom. Columns `label`, `estimate`, `low`, `high`; optional
        `group` (consecutive rows of a group stand under its heading) and `n` (printed as a column).
        An undefined estimate (NaN) keeps its row and says so. Of a Result the `name` is the label.
    xlabel : str
        What is estimated.
    reference : float, optional
        Where a dashed line stands, such as the estimate in all patients.
    percent : bool
        The estimates are proportions to be shown as percentages.
    limits : (low, high), optional
        Ends of the axis, in the unit of the estimates.
    title : str
    ax : Axes, optional

    Raises
    ------
    ReportError
        No rows, or a column is missing.
    """
    rows = _rows(table)
    lines = _lines(rows)
    ax = axes_or_new(ax, width_mm=140, height_mm=_ROW_MM * (len(lines) + 1) + 14)
    factor = 100 if percent else 1
    if reference is not None:
        ax.axvline(reference * factor, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    for position, line in enumerate(lines):
        if isinstance(line, str):
            continue
        _draw_row(ax, position, line, factor)
        ax.text(
            1.03, position, estimate_text(line, percent=percent), transform=ax.get_yaxis_transform(),
            va="center", fontsize=7.5,
        )  # fmt: skip
    _label_rows(ax, lines, has_n=rows["n"].notna().any())
    ax.text(
        1.03,
        -1,
        f"{xlabel} (95% CI)",
        transform=ax.get_yaxis_transform(),
        va="center",
        fontsize=7.5,
        color=GREY,
    )
    ax.set(ylim=(len(lines) - 0.4, -1.5), xlabel=xlabel, title=title)
    if limits is not None:
        ax.set_xlim(limits[0] * factor, limits[1] * factor)
    ax.grid(axis="x", color=RULE, linewidth=0.3)
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    return ax


def _draw_row(ax: Axes, position: int, row: Any, factor: int) -> None:
    if np.isnan(row.estimate):
        return
    if not (np.isnan(row.low) or np.isnan(row.high)):
        ax.plot([row.low * factor, row.high * factor], [position, position], color=INK, linewidth=1, zorder=2)
    ax.plot(row.estimate * factor, position, marker="s", markersize=4.5, color=NEGATIVE, zorder=3)


def _label_rows(ax: Axes, lines: list[Any], *, has_n: bool) -> None:
    indented = any(isinstance(line, str) for line in lines)
    texts = []
    for position, line in enumerate(lines):
        heading = isinstance(line, str)
        texts.append(line if heading else ("   " if indented and line.group else "") + line.label)
        if has_n and not heading:
            text = MISSING if pd.isna(line.n) else f"{int(line.n):,}"
            ax.text(
                -0.03,
                position,
                text,
                transform=ax.get_yaxis_transform(),
                ha="right",
                va="center",
                fontsize=7.5,
            )
    if has_n:
        ax.text(
            -0.03,
            -1,
            "n",
            transform=ax.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=7.5,
            color=GREY,
        )
    ax.set_yticks(range(len(lines)), texts, ha="left")
    ax.tick_params(axis="y", length=0, pad=_label_pad(texts, has_n))
    for label, line in zip(ax.get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if isinstance(line, str) else "normal")


def _label_pad(texts: list[str], has_n: bool) -> float:
    """Distance in points from the axis to the left edge of the labels, so that the longest one fits."""
    widest = max(width_mm(text, size=7.5, weight="bold") for text in texts) * 72 / MM_PER_INCH
    return widest + (34 if has_n else 8)


def _lines(rows: pd.DataFrame) -> list[Any]:
    """Rows with the headings of their groups between them."""
    lines: list[Any] = []
    group = ""
    for row in rows.itertuples():
        if row.group and row.group != group:
            lines.append(row.group)
        group = row.group
        lines.append(row)
    return lines


def _rows(table: pd.DataFrame | Sequence[Any]) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        names = ("estimate", "low", "high")
        table = pd.DataFrame(
            [
                {"label": r.name, "n": getattr(r, "n", None), **{k: getattr(r, k) for k in names}}
                for r in table
            ]
        )
    if table.empty:
        raise ReportError("a forest plot needs at least one row")
    missing = [name for name in ("label", "estimate", "low", "high") if name not in table]
    if missing:
        raise ReportError(
            f"a forest plot needs the columns {', '.join(missing)}; found {', '.join(map(str, table))}"
        )
    rows = table.reset_index(drop=True).copy()
    rows["group"] = rows["group"].fillna("") if "group" in rows else ""
    rows["n"] = rows.get("n", np.nan)
    return rows
