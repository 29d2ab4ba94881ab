"""Panels of radiographs: saliency, misses, contact sheets."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from fxstudy.report.errors import ReportError
from fxstudy.report.figures._grid import picture_grid, picture_width_mm
from fxstudy.report.figures._text import wrap
from fxstudy.report.figures.case import NOTE_POINT, Case, draw_boxes, draw_radiograph, note
from fxstudy.report.style import DOUBLE_MM, HEAT, INK, themed
from fxstudy.report.text import number_text

_OPACITY = 0.65


@themed
def plot_saliency(
    cases: Sequence[Case], *, models: Sequence[str], width_mm: float | None = None, box_on_maps: bool = True
) -> np.ndarray:
    """Saliency of several models side by side: rows are cases, columns the radiograph and each model.

    Parameters
    ----------
    cases : sequence of Case
        With `maps` and `scores` of every model.
    models : sequence of str
        Columns, from left to right.
    width_mm : float, optional
        Default: 45 mm a picture, 170 mm at most.
    box_on_maps : bool
        Draw the annotated box on the maps too.

    Returns
    -------
    ndarray of Axes, shape (cases, 1 + models)

    Raises
    ------
    ReportError
        No case, or a case without a map of one of the models.
    """
    _check_cases(cases)
    for number, case in enumerate(cases, start=1):
        missing = [model for model in models if model not in case.maps]
        if missing:
            raise ReportError(f"case {number} ({case.caption}) has no saliency map of {', '.join(missing)}")
    columns = 1 + len(models)
    width = width_mm or min(DOUBLE_MM, 45.0 * columns)
    notes = [_lines(_facts(case), picture_width_mm(width, columns)) for case in cases]
    axes = picture_grid(
        cases,
        columns=columns,
        width_mm=width,
        note_lines=[max(len(lines), 1) for lines in notes],
        headings=[True] + [False] * (len(cases) - 1),
    )
    for row, case, lines in zip(axes, cases, notes, strict=True):
        draw_radiograph(row[0], case)
        note(row[0], "\n".join(lines))
        for ax, model in zip(row[1:], models, strict=True):
            _draw_map(ax, case, model, box_on_maps)
    for ax, heading in zip(axes[0], ("Radiograph", *models), strict=True):
        ax.set_title(heading)
    return axes


@themed
def plot_gallery(
    cases: Sequence[Case], *, columns: int = 4, width_mm: float = DOUBLE_MM, title: str = ""
) -> np.ndarray:
    """Gallery of single cases, such as the missed fractures, with caption, score and annotated box.

    Parameters
    ----------
    cases : sequence of Case
    columns : int
        Pictures in a row.
    width_mm : float
    title : str

    Returns
    -------
    ndarray of Axes, shape (rows, columns); places without a case are empty.
    """
    _check_cases(cases)
    each = picture_width_mm(width_mm, columns)
    notes = [_lines([case.caption, *_scores(case)], each) for case in cases]
    starts = range(0, len(cases), columns)
    axes = picture_grid(
        cases,
        columns=columns,
        width_mm=width_mm,
        note_lines=[max(map(len, notes[start : start + columns])) for start in starts],
        headings=[False] * len(starts),
        top_mm=6.0 if title else 0.0,
    )
    for ax, case, lines in zip(axes.flat, cases, notes, strict=False):
        draw_radiograph(ax, case)
        note(ax, "\n".join(lines), colour=INK)
    _empty(axes, len(cases))
    if title:
        figure = axes.flat[0].figure
        figure.text(
            1 / width_mm,
            1 - 0.03 / figure.get_figheight(),
            title,
            ha="left",
            va="top",
            fontsize=8.5,
            fontweight="bold",
        )
    return axes


@themed
def plot_contact_sheet(
    cases: Sequence[Case], *, columns: int = 8, rows_per_class: int = 2, width_mm: float = DOUBLE_MM
) -> np.ndarray:
    """Contact sheet: small pictures, sorted into one block of rows per class (`Case.truth`).

    Parameters
    ----------
    cases : sequence of Case
        The first `columns * rows_per_class` of each class are shown.
    columns, rows_per_class : int
    width_mm : float

    Returns
    -------
    ndarray of Axes, shape (rows, columns)
    """
    _check_cases(cases)
    blocks: dict[str, list[Case]] = {}
    for case in cases:
        blocks.setdefault(case.truth, []).append(case)
    rows: list[tuple[str, list[Case]]] = []
    for truth, members in blocks.items():
        shown = members[: columns * rows_per_class]
        heading = f"{truth or 'Radiographs'} ({len(shown):,} of {len(members):,})"
        for start in range(0, len(shown), columns):
            rows.append((heading if start == 0 else "", shown[start : start + columns]))
    each = picture_width_mm(width_mm, columns)
    notes = {id(case): _lines([case.caption], each)[:2] for case in cases}
    axes = picture_grid(
        cases,
        columns=columns,
        width_mm=width_mm,
        note_lines=[max(len(notes[id(case)]) for case in members) for _, members in rows],
        headings=[bool(heading) for heading, _ in rows],
    )
    for row, (heading, members) in zip(axes, rows, strict=True):
        row[0].set_title(heading[:1].upper() + heading[1:])
        for ax, case in zip(row, members, strict=False):
            draw_radiograph(ax, case, boxes=False)
            note(ax, "\n".join(notes[id(case)]))
        _empty(row, len(members))
    return axes


def _draw_map(ax: Axes, case: Case, model: str, box: bool) -> None:
    """Lay a saliency map over the radiograph: the higher the value, the more opaque."""
    draw_radiograph(ax, case, boxes=False)
    heat = np.nan_to_num(np.asarray(case.maps[model], dtype=float)).clip(min=0)
    if heat.max(initial=0) > 0:
        heat = heat / heat.max()
        rows, columns = np.shape(case.image)[:2]
        extent = (0, columns, rows, 0)
        ax.imshow(
            heat, cmap=HEAT, vmin=0, vmax=1, alpha=_OPACITY * heat, extent=extent, interpolation="bicubic"
        )
    else:
        ax.text(
            0.5, 0.5, "empty map", transform=ax.transAxes, ha="center", color="white", fontsize=NOTE_POINT
        )
    if box:
        draw_boxes(ax, case)
    if model in case.scores:
        note(ax, f"probability {number_text(case.scores[model], digits=1, percent=True)}%", colour=INK)


def _facts(case: Case) -> list[str]:
    return [case.caption, f"reference: {case.truth}" if case.truth else ""]


def _scores(case: Case) -> list[str]:
    return [f"{model}: {number_text(score, digits=2)}".strip(": ") for model, score in case.scores.items()]


def _lines(texts: Sequence[str], available_mm: float) -> list[str]:
    return [line for text in texts if text for line in wrap(text, available_mm, size=NOTE_POINT)]


def _empty(axes: np.ndarray, used: int) -> None:
    for ax in axes.flat[used:]:
        ax.axis("off")


def _check_cases(cases: Sequence[Case]) -> None:
    if not cases:
        raise ReportError("there is no case to show")
    for number, case in enumerate(cases, start=1):
        shape = np.shape(case.image)
        if len(shape) != 2:
            raise ReportError(f"the image of case {number} must have 2 dimensions, not {len(shape)}")
