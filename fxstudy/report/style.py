"""One look for all figures: sizes in millimetres, fonts, and colours by model.

Sizes follow the column widths that most medical journals ask for: 85 mm for one column, 170 mm for
two. No text is smaller than 7 pt at that size. Vector output keeps its text as text.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fxstudy.report.errors import ReportError

P = ParamSpec("P")
R = TypeVar("R")

SINGLE_MM = 85.0
DOUBLE_MM = 170.0
MM_PER_INCH = 25.4
SMALLEST_POINT = 7.0

INK = "#1a1a1a"
GREY = "#6b6b6b"
RULE = "#c9c9c9"
POSITIVE = "#D55E00"
NEGATIVE = "#0072B2"
BOX = "#56B4E9"
HEAT = "inferno"

# Okabe & Ito (2008), ordered so that the first colours differ in lightness as well as in hue.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (5, 1.6, 1, 1.6)), (0, (1, 1.2)), (0, (8, 2)))

# matplotlib resolves a generic family only when it draws, which may be outside of the theme, so that
# the fonts are named: the first one on this machine, and for rare signs the one matplotlib brings.
_INSTALLED = {font.name for font in font_manager.fontManager.ttflist}
FONTS = [
    *[name for name in ("Arial", "Helvetica", "Liberation Sans") if name in _INSTALLED][:1],
    "DejaVu Sans",
]

_THEME: Mapping[str, Any] = {
    "font.family": FONTS,
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.title_fontsize": 7.5,
    "legend.frameon": True,
    "legend.fancybox": False,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "patch.linewidth": 0.6,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "image.cmap": "gray",
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}


@contextmanager
def theme() -> Iterator[None]:
    """Context in which everything matplotlib draws follows the house style.

    Only the settings of the style are put back. `matplotlib.rc_context` would put back all, also what a
    notebook's backend sets when the first figure wakes it, and no later figure would be shown.
    """
    before = {name: mpl.rcParams[name] for name in _THEME}
    mpl.rcParams.update(_THEME)
    try:
        yield
    finally:
        mpl.rcParams.update(before)


def use_theme() -> None:
    """Set the house style for the rest of the session, so that saved files follow it too."""
    mpl.rcParams.update(_THEME)


def themed(plot: Callable[P, R]) -> Callable[P, R]:
    """Make a plotting function draw in the house style, whatever the notebook's own settings are."""

    @functools.wraps(plot)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with theme():
            return plot(*args, **kwargs)

    return wrapper


def new_figure(
    rows: int = 1,
    columns: int = 1,
    *,
    width_mm: float = SINGLE_MM,
    height_mm: float | None = None,
    **subplots: Any,
) -> tuple[Figure, np.ndarray]:
    """Empty figure in the house style.

    Parameters
    ----------
    rows, columns : int
        Grid of axes.
    width_mm, height_mm : float
        Size on the printed page; without a height each panel is about as high as it is wide.
    **subplots
        Passed on to `matplotlib.pyplot.subplots`.

    Returns
    -------
    figure : Figure
    axes : ndarray of Axes, shape (rows, columns)
    """
    height = height_mm if height_mm is not None else width_mm / columns * rows * 0.92
    with theme():
        return plt.subplots(rows, columns, figsize=inches(width_mm, height), squeeze=False, **subplots)


def axes_or_new(ax: Axes | None, *, width_mm: float = SINGLE_MM, height_mm: float | None = None) -> Axes:
    """The axes that were given, or those of a new figure of this size."""
    return ax if ax is not None else new_figure(width_mm=width_mm, height_mm=height_mm)[1][0, 0]


def inches(width_mm: float, height_mm: float) -> tuple[float, float]:
    """Millimetres to matplotlib's inches."""
    return width_mm / MM_PER_INCH, height_mm / MM_PER_INCH


def palette(models: Iterable[str]) -> dict[str, str]:
    """Colour for each model, in the order given.

    Pass the same list to every figure of a report, so that a model keeps its colour. The colours of
    Okabe and Ito stay apart for the common forms of colour blindness.

    Raises
    ------
    ReportError
        More models than colours.
    """
    names = list(dict.fromkeys(models))
    if len(names) > len(COLOURS):
        raise ReportError(
            f"one figure can tell apart at most {len(COLOURS)} models, not {len(names)}: split the figure"
        )
    return dict(zip(names, COLOURS, strict=False))


def line_styles(models: Iterable[str]) -> dict[str, Any]:
    """Line pattern for each model, so that a grey print still tells them apart."""
    names = list(dict.fromkeys(models))
    return {name: LINES[index % len(LINES)] for index, name in enumerate(names)}
