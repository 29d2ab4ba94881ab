"""The same plot for several models, side by side."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fxstudy.report.style import DOUBLE_MM, new_figure, themed


@themed
def plot_side_by_side(
    plot: Callable[..., Axes], models: Mapping[str, Mapping[str, Any]], *, panel_mm: float = 80.0
) -> np.ndarray:
    """Draw ``plot(**arguments, ax=…)`` for each model in a row of panels.

    Parameters
    ----------
    plot : callable
        One of the ``plot_…`` functions that take ``ax``.
    models : mapping of model to arguments
    panel_mm : float
        Width of a panel, made smaller where the page is full.

    Returns
    -------
    ndarray of Axes, shape (1, models)
    """
    width = min(panel_mm * len(models), DOUBLE_MM)
    height = min(panel_mm, width / len(models)) * 0.85
    _, axes = new_figure(1, len(models), width_mm=width, height_mm=height, layout="constrained")
    for ax, arguments in zip(axes[0], models.values(), strict=True):
        plot(**arguments, ax=ax)
    return axes
