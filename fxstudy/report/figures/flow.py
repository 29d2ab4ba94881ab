"""Participant flow, as STARD asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from fxstudy.report.errors import ReportError
from fxstudy.report.figures._text import line_mm, wrap
from fxstudy.report.style import DOUBLE_MM, GREY, INK, MM_PER_INCH, new_figure, themed

_KINDS = ("box", "out", "arm")
_UNITS = {"patients": "patients", "images": "radiographs"}
_SIZE = 7.5
_PAD = 2.2
_GAP = 6.0
_SIDE_GAP = 9.0
_ARM_GAP = 4.0
_MARGIN = 1.0


@dataclass
class _Box:
    """A box on the page: millimetres from the left and from the top."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0

    @property
    def height(self) -> float:
        return len(self.lines) * line_mm(_SIZE) + 2 * _PAD

    @property
    def centre(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass
class _Page:
    boxes: list[_Box] = field(default_factory=list)
    arrows: list[list[tuple[float, float]]] = field(default_factory=list)
    height: float = 0.0


@themed
def plot_flow(
    steps: pd.DataFrame,
    *,
    units: Mapping[str, str] | None = None,
    width_mm: float = DOUBLE_MM,
    ax: Axes | None = None,
) -> Axes:
    """Flow of participants from a table of steps, from top to bottom.

    Parameters
    ----------
    steps : DataFrame
        Column `step` (text), `kind` ("box": on the trunk; "out": excluded after the box above, neighbours
        share a box; "arm": end of the flow, neighbours stand side by side), one or more columns of
        counts, and optionally `detail` (more lines of text).
    units : mapping of column to word, optional
        Columns of counts in the order of printing; default `patients` and `images` (as radiographs),
        and `n`, printed as "n = 14".
    width_mm : float
        Width of the figure when no axes are given; its height follows from the text.
    ax : Axes, optional
        Axes to draw in, which have to be high enough.

    Raises
    ------
    ReportError
        A column is missing, the first step is no box, something follows the arms, or the axes are too low.
    """
    _check(steps)
    if ax is None:
        page = _lay_out(steps, units or _UNITS, width_mm)
        figure, axes = new_figure(width_mm=width_mm, height_mm=page.height, layout="none")
        ax = axes[0, 0]
        ax.set_position((0, 0, 1, 1))
    else:
        ax.axis("off")
        width_mm, height = _size_mm(ax)
        page = _lay_out(steps, units or _UNITS, width_mm)
        if page.height > height + 0.5:
            raise ReportError(
                f"the flow diagram needs axes at least {page.height:.0f} mm high, not {height:.0f} mm"
            )
        page.height = max(page.height, height)
    ax.axis("off")
    ax.set(xlim=(0, width_mm), ylim=(page.height, 0))
    for box in page.boxes:
        _draw_box(ax, box)
    for arrow in page.arrows:
        _draw_arrow(ax, arrow)
    return ax


def _size_mm(ax: Axes) -> tuple[float, float]:
    ax.figure.draw_without_rendering()
    extent = ax.get_window_extent()
    dots = ax.figure.dpi / MM_PER_INCH
    return extent.width / dots, extent.height / dots


def _lay_out(steps: pd.DataFrame, units: Mapping[str, str], width: float) -> _Page:
    """Place all boxes; the trunk stands left of the excluded, or in the middle where nobody is excluded."""
    inner = width - 2 * _MARGIN
    any_out = (steps["kind"] == "out").any()
    trunk_width = inner * (0.5 if any_out else 0.62)
    trunk_x = _MARGIN if any_out else _MARGIN + (inner - trunk_width) / 2
    page, last, cursor = _Page(), None, _MARGIN
    for kind, group in groupby(steps.to_dict("records"), key=lambda step: step["kind"]):
        rows = list(group)
        if kind == "box":
            for row in rows:
                box = _Box(_lines([row], units, trunk_width), trunk_x, cursor, trunk_width)
                if last is not None:
                    page.arrows.append([(last.centre, last.bottom), (box.centre, box.y)])
                page.boxes.append(box)
                last, cursor = box, box.bottom + _GAP
        elif kind == "out":
            x = trunk_x + trunk_width / 2 + _SIDE_GAP
            box = _Box(
                _lines(rows, units, width - _MARGIN - x), x, last.bottom + _GAP / 2, width - _MARGIN - x
            )
            middle = box.y + box.height / 2
            page.arrows.append([(last.centre, middle), (box.x, middle)])
            page.boxes.append(box)
            cursor = box.bottom + _GAP / 2
        else:
            cursor = _lay_out_arms(page, rows, units, last, cursor, width)
    page.height = max(box.bottom for box in page.boxes) + _MARGIN
    return page


def _lay_out_arms(
    page: _Page, rows: list[dict], units: Mapping[str, str], parent: _Box, cursor: float, width: float
) -> float:
    """Place boxes side by side under their parent, and the fork that leads to them."""
    each = (width - 2 * _MARGIN - _ARM_GAP * (len(rows) - 1)) / len(rows)
    fork = cursor if cursor > parent.bottom + _GAP else parent.bottom + _GAP / 2
    top = fork + _GAP * 0.75
    for index, row in enumerate(rows):
        box = _Box(_lines([row], units, each), _MARGIN + index * (each + _ARM_GAP), top, each)
        page.boxes.append(box)
        page.arrows.append(
            [(parent.centre, parent.bottom), (parent.centre, fork), (box.centre, fork), (box.centre, top)]
        )
    return max(box.bottom for box in page.boxes)


def _lines(rows: list[dict], units: Mapping[str, str], width: float) -> list[tuple[str, str]]:
    """Lines of a box as (text, weight); several excluded groups become a list under one heading."""
    available = width - 2 * _PAD
    lines: list[tuple[str, str]] = []
    if len(rows) > 1:
        total = pd.DataFrame(rows).reindex(columns=[*units, "n"]).sum(min_count=1).to_dict()
        heading = f"Excluded: {_counts(total, units)}"
        lines += [(text, "bold") for text in wrap(heading, available, size=_SIZE, weight="bold")]
    for row in rows:
        counts = _counts(row, units)
        if len(rows) > 1:
            lines += [(text, "normal") for text in wrap(f"{row['step']}: {counts}", available, size=_SIZE)]
        else:
            lines += [(t, "bold") for t in wrap(str(row["step"]), available, size=_SIZE, weight="bold")]
            lines += [(text, "normal") for text in wrap(counts, available, size=_SIZE) if counts]
        detail = row.get("detail")
        if isinstance(detail, str) and detail:
            lines += [(text, "normal") for text in wrap(detail, available, size=_SIZE)]
    return lines


def _counts(row: dict, units: Mapping[str, str]) -> str:
    parts = [f"{int(row[c]):,} {word}" for c, word in units.items() if c in row and not pd.isna(row[c])]
    if "n" in row and "n" not in units and not pd.isna(row["n"]):
        parts.append(f"n = {int(row['n']):,}")
    return ", ".join(parts)


def _draw_box(ax: Axes, box: _Box) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (box.x, box.y),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.8",
            facecolor="white",
            edgecolor=INK,
            linewidth=0.7,
            gid="flow-box",
        )  # fmt: skip
    )
    for index, (text, weight) in enumerate(box.lines):
        y = box.y + _PAD + (index + 0.5) * line_mm(_SIZE)
        ax.text(box.x + _PAD, y, text, fontsize=_SIZE, fontweight=weight, va="center", ha="left")


def _draw_arrow(ax: Axes, points: list[tuple[float, float]]) -> None:
    if len(points) > 2:
        ax.plot(*zip(*points[:-1], strict=True), color=GREY, linewidth=0.8, solid_joinstyle="miter")
    style = {"arrowstyle": "-|>,head_width=0.18,head_length=0.36", "color": GREY, "linewidth": 0.8}
    ax.annotate("", points[-1], points[-2], arrowprops={**style, "shrinkA": 0, "shrinkB": 0})


def _check(steps: pd.DataFrame) -> None:
    missing = [name for name in ("step", "kind") if name not in steps]
    if missing:
        raise ReportError(
            f"the table of steps must have the columns step and kind; missing: {', '.join(missing)}"
        )
    kinds = list(steps["kind"])
    unknown = sorted(set(map(str, kinds)) - set(_KINDS))
    if unknown:
        raise ReportError(f"kind must be one of {', '.join(_KINDS)}, not {', '.join(unknown)}")
    if not kinds or kinds[0] != "box":
        raise ReportError("the first step must be a box: those who were screened")
    if "arm" in kinds and any(kind != "arm" for kind in kinds[kinds.index("arm") :]):
        raise ReportError("nothing can follow the arms: they must be the last steps")
