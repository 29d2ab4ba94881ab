"""One radiograph with what is drawn on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from fxstudy.report.style import BOX, GREY

NOTE_POINT = 7.0


@dataclass(frozen=True)
class Case:
    """A radiograph as the panels, galleries and contact sheets show it.

    Attributes
    ----------
    image : ndarray, shape (rows, columns)
        Grey values, bone bright; uint8, or float in 0…1.
    caption : str
        Short text, such as a pseudonym and the view. Not a name, not a hospital number.
    truth : str
        Class by the reference, such as "fracture".
    scores : mapping of model name to float
        Probability of a fracture, 0 to 1.
    boxes : array-like, shape (n, 4)
        Annotated boxes in pixels of `image`: x_min, y_min, x_max, y_max, half-open.
    maps : mapping of model name to ndarray, shape (r, c)
        Saliency map, 0 and up; it is stretched over the image.
    """

    image: np.ndarray
    caption: str = ""
    truth: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    boxes: Sequence[Sequence[float]] | np.ndarray = ()
    maps: Mapping[str, np.ndarray] = field(default_factory=dict)


def draw_radiograph(ax: Axes, case: Case, *, boxes: bool = True) -> None:
    """Draw a radiograph, without axes, and its annotated boxes."""
    rows, columns = np.shape(case.image)[:2]
    top = 255 if np.asarray(case.image).dtype == np.uint8 else 1.0
    ax.imshow(
        case.image, cmap="gray", vmin=0, vmax=top, extent=(0, columns, rows, 0), interpolation="antialiased"
    )
    if boxes:
        draw_boxes(ax, case)
    bare(ax)


def draw_boxes(ax: Axes, case: Case) -> None:
    """Draw the annotated boxes."""
    for x_min, y_min, x_max, y_max in case.boxes:
        ax.add_patch(
            Rectangle((x_min, y_min), x_max - x_min, y_max - y_min, fill=False, edgecolor=BOX, linewidth=1.1)
        )


def bare(ax: Axes) -> None:
    """Take ticks and frame away."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def note(ax: Axes, text: str, *, colour: str = GREY) -> None:
    """Print a text under a picture."""
    ax.annotate(
        text, (0, 0), xycoords="axes fraction", xytext=(0, -2.5), textcoords="offset points",
        ha="left", va="top", fontsize=NOTE_POINT, color=colour, linespacing=1.25,
    )  # fmt: skip
