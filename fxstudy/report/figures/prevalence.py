"""Predictive values over prevalence: what a positive or negative call is worth elsewhere."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fxstudy.report.style import COLOURS, GREY, axes_or_new, themed


@themed
def plot_predictive_values(curve: Any, *, at: float | None = None, ax: Axes | None = None) -> Axes:
    """PPV and NPV with their bands over the share of positives among those examined.

    Parameters
    ----------
    curve : PredictiveCurve
        As made by :func:`fxstudy.stats.predictive_curve`.
    at : float, optional
        Prevalence to mark, between 0 and 1.
    ax : Axes, optional
    """
    ax = axes_or_new(ax, width_mm=110, height_mm=72)
    x = np.asarray(curve.prevalence) * 100
    for name, colour, style in (("ppv", COLOURS[0], "-"), ("npv", COLOURS[1], "--")):
        middle, low, high = (
            np.asarray(getattr(curve, part)) * 100 for part in (name, f"{name}_low", f"{name}_high")
        )
        ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
        ax.plot(x, middle, color=colour, linestyle=style, label=name.upper())
    if at is not None:
        ax.axvline(at * 100, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    ax.set(xlim=(0, 100), ylim=(0, 101), xlabel="Prevalence (%)", ylabel="Predictive value (%)")
    ax.legend(loc="lower center")
    return ax
