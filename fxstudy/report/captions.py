"""Figures and tables with their caption, the same in a notebook and in its report."""

import base64
import html
import io

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


class CaptionedFigure:
    """A drawn figure with caption and alternative text; a notebook shows it as output.

    Attributes
    ----------
    png : bytes
    caption : str
        Printed below the picture.
    alt : str
        Read out in place of the picture.
    width_px : int
        Width on the screen, at 96 pixels to the inch of the printed size times `zoom`.
    """

    def __init__(self, png: bytes, caption: str, alt: str, width_px: int):
        self.png, self.caption, self.alt, self.width_px = png, caption, alt, width_px

    def __repr__(self) -> str:
        return f"<figure: {self.caption}>"

    def _repr_html_(self) -> str:
        encoded = base64.b64encode(self.png).decode("ascii")
        return (
            f'<figure class="fx-figure"><img width="{self.width_px}" alt="{html.escape(self.alt)}" '
            f'src="data:image/png;base64,{encoded}">'
            f"<figcaption>{html.escape(self.caption)}</figcaption></figure>"
        )


def captioned(
    drawn: Axes | np.ndarray | Figure, caption: str, *, alt: str = "", dpi: int = 200, zoom: float = 1.25
) -> CaptionedFigure:
    """Close a figure and show it with its caption.

    Parameters
    ----------
    drawn : Axes, array of Axes, or Figure
        What a `plot_…` function returned.
    caption : str
        Complete sentences that make the figure understandable on its own.
    alt : str
        Alternative text for readers who do not see the picture; default: the caption.
    dpi : int
        Resolution of the picture.
    zoom : float
        Size on the screen relative to the printed size.
    """
    first = drawn.flat[0] if isinstance(drawn, np.ndarray) else drawn
    figure = first if isinstance(first, Figure) else first.figure
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    plt.close(figure)
    width = round(figure.get_size_inches()[0] * 96 * zoom)
    return CaptionedFigure(buffer.getvalue(), caption, alt or caption, width)
