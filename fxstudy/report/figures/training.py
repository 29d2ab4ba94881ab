"""Training curves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fxstudy.report.errors import ReportError
from fxstudy.report.style import (
    DOUBLE_MM,
    GREY,
    RULE,
    axes_or_new,
    line_styles,
    new_figure,
    palette,
    themed,
)

_TUNING = (0, (4, 1.6))


@themed
def plot_losses(
    histories: Mapping[str, pd.DataFrame], *, colours: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Loss on the training and the tuning images by epoch.

    Parameters
    ----------
    histories : mapping of model name to DataFrame
        Columns `epoch`, `train_loss`, `tune_loss`; a `best` column of true and false, where there is
        one, marks the epoch that was kept.
    colours : mapping of model name to colour, optional
    ax : Axes, optional
    """
    ax, colours = _start(histories, ("epoch", "train_loss", "tune_loss"), colours, ax)
    for name, history in histories.items():
        ax.plot(history["epoch"], history["train_loss"], color=colours[name], linestyle="-")
        ax.plot(history["epoch"], history["tune_loss"], color=colours[name], linestyle=_TUNING)
        _mark_best(ax, history, "tune_loss", colours[name])
    ax.plot([], [], color=GREY, linestyle="-", label="training")
    ax.plot([], [], color=GREY, linestyle=_TUNING, label="tuning")
    return _finish(ax, "Loss", legend=True)


@themed
def plot_tuning_auc(
    histories: Mapping[str, pd.DataFrame], *, colours: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """AUC on the tuning images by epoch (column `tune_auc`); otherwise as `plot_losses`."""
    ax, colours = _start(histories, ("epoch", "tune_auc"), colours, ax)
    styles = line_styles(histories)
    for name, history in histories.items():
        ax.plot(
            history["epoch"], history["tune_auc"], color=colours[name], linestyle=styles[name], label=name
        )
        _mark_best(ax, history, "tune_auc", colours[name])
    return _finish(ax, "AUC (tuning)", legend=True)


@themed
def plot_learning_rate(
    histories: Mapping[str, pd.DataFrame], *, colours: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Learning rate by epoch on a logarithmic axis (column `learning_rate`); otherwise as `plot_losses`."""
    ax, colours = _start(histories, ("epoch", "learning_rate"), colours, ax)
    styles = line_styles(histories)
    for name, history in histories.items():
        ax.plot(
            history["epoch"],
            history["learning_rate"],
            color=colours[name],
            linestyle=styles[name],
            label=name,
        )
    ax.set_yscale("log")
    return _finish(ax, "Learning rate", legend=False)


def plot_training(
    histories: Mapping[str, pd.DataFrame],
    *,
    colours: Mapping[str, str] | None = None,
    width_mm: float = DOUBLE_MM,
) -> np.ndarray:
    """Losses, tuning AUC and learning rate side by side: one figure, its axes in an array of shape (3,)."""
    _, axes = new_figure(1, 3, width_mm=width_mm, height_mm=54)
    colours = colours or palette(histories)
    for plot, ax in zip((plot_losses, plot_tuning_auc, plot_learning_rate), axes[0], strict=True):
        plot(histories, colours=colours, ax=ax)
    return axes[0]


def _start(
    histories: Mapping[str, pd.DataFrame],
    columns: tuple[str, ...],
    colours: Mapping[str, str] | None,
    ax: Axes | None,
) -> tuple[Axes, Mapping[str, str]]:
    if not histories:
        raise ReportError("training curves need at least one history, none was given")
    for name, history in histories.items():
        missing = [column for column in columns if column not in history]
        if missing:
            raise ReportError(f"the history of {name} must have the columns {', '.join(missing)}")
    return axes_or_new(ax, height_mm=60), colours or palette(histories)


def _mark_best(ax: Axes, history: pd.DataFrame, column: str, colour: str) -> None:
    if "best" in history and history["best"].any():
        best = history[history["best"].astype(bool)].iloc[-1]
        ax.plot(
            best["epoch"],
            best[column],
            marker="o",
            markersize=5,
            color=colour,
            markerfacecolor="white",
            zorder=4,
        )


def _finish(ax: Axes, ylabel: str, *, legend: bool) -> Axes:
    ax.set(xlabel="Epoch", ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.grid(color=RULE, linewidth=0.3)
    ax.set_axisbelow(True)
    if legend:
        ax.legend(loc="best", handlelength=2.2)
    return ax
