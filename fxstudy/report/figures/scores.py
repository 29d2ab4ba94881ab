"""Distribution of scores by true class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fxstudy.report.errors import ReportError
from fxstudy.report.style import GREY, INK, NEGATIVE, POSITIVE, axes_or_new, themed
from fxstudy.report.text import number_text


@themed
def plot_scores(
    truth: Any,
    score: Any,
    *,
    threshold: float | None = None,
    names: Sequence[str] = ("No fracture", "Fracture"),
    bins: int = 25,
    scale: str = "linear",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Histogram of scores, the positive class upwards and the negative one downwards.

    With a threshold, images on its wrong side stand out in full colour and their numbers are printed;
    an image is called positive when its score is at or above the threshold.

    Parameters
    ----------
    truth : array-like of 0 and 1, shape (n,)
    score : array-like of float, shape (n,)
        Probabilities, 0 to 1.
    threshold : float, optional
    names : (negative, positive)
    bins : int
        Bins between 0 and 1; one edge lies on the threshold when there is one.
    scale : {"linear", "sqrt"}
        "sqrt" draws the square root of the counts, so that few images in the middle stay visible beside
        hundreds at the ends (Tukey's rootogram).
    title : str
    ax : Axes, optional

    Raises
    ------
    ReportError
        Unequal lengths, or scores outside 0…1.
    """
    truth, score = np.asarray(truth), np.asarray(score, dtype=float)
    _check(truth, score, scale)
    ax = axes_or_new(ax, height_mm=66)
    edges = _edges(bins, threshold)
    for positive, colour, sign in ((True, POSITIVE, 1), (False, NEGATIVE, -1)):
        _draw_class(ax, score[truth == positive], edges, threshold, colour, sign, positive)
    if scale == "sqrt":
        ax.set_yscale("function", functions=(_signed_root, _signed_square))
    _dress(ax, scale, title)
    for positive, colour in ((True, POSITIVE), (False, NEGATIVE)):
        label = _class_label(names[positive], score[truth == positive], threshold, positive)
        ax.text(
            0.02 if positive else 0.98, 0.98 if positive else 0.02, label, color=colour,
            transform=ax.transAxes, ha="left" if positive else "right", va="top" if positive else "bottom",
            fontweight="bold", fontsize=7.5,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1},
        )  # fmt: skip
    if threshold is not None:
        _draw_threshold(ax, threshold)
    return ax


def _draw_class(
    ax: Axes,
    scores: np.ndarray,
    edges: np.ndarray,
    threshold: float | None,
    colour: str,
    sign: int,
    positive: bool,
) -> None:
    counts, _ = np.histogram(scores, bins=edges)
    wrong = np.zeros(len(counts), dtype=bool)
    if threshold is not None:
        called_positive = edges[:-1] >= threshold
        wrong = ~called_positive if positive else called_positive
    for part, alpha in ((~wrong, 0.38), (wrong, 1.0)):
        ax.bar(
            edges[:-1][part], sign * counts[part], np.diff(edges)[part], align="edge",
            color=colour, alpha=alpha, linewidth=0.4, edgecolor="white",
        )  # fmt: skip


def _edges(bins: int, threshold: float | None) -> np.ndarray:
    if threshold is None or not 0 < threshold < 1:
        return np.linspace(0, 1, bins + 1)
    below = min(max(round(bins * threshold), 1), bins - 1)
    lower, upper = np.linspace(0, threshold, below + 1), np.linspace(threshold, 1, bins - below + 1)
    return np.concatenate([lower, upper[1:]])


def _class_label(name: str, scores: np.ndarray, threshold: float | None, positive: bool) -> str:
    label = f"{name} (n = {len(scores):,})"
    if threshold is None:
        return label
    if positive:
        return f"{label}, {int((scores < threshold).sum()):,} missed"
    alarms = int((scores >= threshold).sum())
    return f"{label}, {alarms:,} false alarm{'' if alarms == 1 else 's'}"


def _draw_threshold(ax: Axes, threshold: float) -> None:
    ax.axvline(threshold, color=INK, linestyle=(0, (4, 2)), linewidth=0.9)
    right = threshold < 0.5
    ax.annotate(
        f"threshold {number_text(threshold, digits=3)}",
        (threshold, 0.74),
        xycoords=("data", "axes fraction"),
        xytext=(4 if right else -4, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=7,
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )


def _dress(ax: Axes, scale: str, title: str) -> None:
    low, high = ax.get_ylim()
    limit = max(abs(low), abs(high), 1)
    room = 1.45 if scale == "sqrt" else 1.22
    ax.set(xlim=(-0.005, 1.005), ylim=(min(low, -0.25 * limit) * room, max(high, 0.25 * limit) * room))
    ax.set(xlabel="Score of the model", ylabel="Radiographs", title=title)
    ax.axhline(0, color=INK, linewidth=0.6)
    if scale == "linear":
        ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    else:
        ticks = _root_ticks(limit)
        ax.set_yticks([-count for count in reversed(ticks[1:])] + ticks)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    ax.spines["bottom"].set_color(GREY)


def _root_ticks(limit: float) -> list[int]:
    """Round counts that stand well apart on a square-root axis of this length to either side."""
    ticks = [0]
    for count in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000):
        if count <= limit and np.sqrt(count) - np.sqrt(ticks[-1]) > 0.2 * np.sqrt(limit):
            ticks.append(count)
    return ticks


def _signed_root(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.sqrt(np.abs(values))


def _signed_square(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.square(values)


def _check(truth: np.ndarray, score: np.ndarray, scale: str) -> None:
    if truth.shape != score.shape or truth.ndim != 1:
        raise ReportError(f"truth and score must be equally long lists, not {truth.shape} and {score.shape}")
    if not np.isfinite(score).all() or score.min(initial=0) < 0 or score.max(initial=0) > 1:
        raise ReportError("scores must lie between 0 and 1 to be drawn on one axis")
    if scale not in ("linear", "sqrt"):
        raise ReportError(f"scale must be 'linear' or 'sqrt', not {scale!r}")
