"""A grid of pictures with text above and below, placed to the millimetre."""

from collections.abc import Sequence

import numpy as np

from fxstudy.report.figures._text import line_mm
from fxstudy.report.figures.case import NOTE_POINT, Case, bare
from fxstudy.report.style import new_figure

_MARGIN = 1.0
_GAP = 3.0
_HEADING = 5.0


def picture_width_mm(width_mm: float, columns: int) -> float:
    """Width of one picture in a figure of this width."""
    return (width_mm - 2 * _MARGIN - _GAP * (columns - 1)) / columns


def picture_grid(
    cases: Sequence[Case],
    *,
    columns: int,
    width_mm: float,
    note_lines: Sequence[int],
    headings: Sequence[bool],
    top_mm: float = 0.0,
) -> np.ndarray:
    """Axes for pictures in rows, every picture at its left upper corner.

    Parameters
    ----------
    cases : sequence of Case
        Pictures to come; the highest one decides how high the rows are.
    columns : int
    width_mm : float
        Width of the figure.
    note_lines : sequence of int, one per row
        Lines of text below the pictures.
    headings : sequence of bool, one per row
        Whether a heading stands above the row.
    top_mm : float
        Room for the title of the figure.

    Returns
    -------
    ndarray of Axes, shape (rows, columns)
    """
    ratio = max(np.shape(case.image)[0] / np.shape(case.image)[1] for case in cases)
    each = picture_width_mm(width_mm, columns)
    picture = each * ratio
    above = [_HEADING if heading else 0.0 for heading in headings]
    below = [lines * line_mm(NOTE_POINT) + _GAP for lines in note_lines]
    total = _MARGIN + top_mm + sum(above) + sum(below) + picture * len(note_lines)
    _, axes = new_figure(len(note_lines), columns, width_mm=width_mm, height_mm=total, layout="none")
    y = _MARGIN + top_mm
    for row, room_above, room_below in zip(axes, above, below, strict=True):
        y += room_above
        for index, ax in enumerate(row):
            left = _MARGIN + index * (each + _GAP)
            ax.set_position((left / width_mm, 1 - (y + picture) / total, each / width_mm, picture / total))
            ax.set_anchor("NW")
            bare(ax)
        y += picture + room_below
    return axes
