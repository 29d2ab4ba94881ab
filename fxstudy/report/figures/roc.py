"""Receiver operating characteristic curves."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from fxstudy.report.errors import ReportError
from fxstudy.report.style import GREY, INK, RULE, axes_or_new, line_styles, palette, themed
from fxstudy.report.text import estimate_text, number_text


@themed
def plot_roc(
    curves: Mapping[str, Any],
    *,
    aucs: Mapping[str, Any] | None = None,
    bands: Mapping[str, Any] | None = None,
    points: Mapping[str, Any] | None = None,
    colours: Mapping[str, str] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """ROC curves of one or several models in one square.

    Parameters
    ----------
    curves : mapping of model name to RocCurve
        Anything with `fpr` and `tpr`, 1-D arrays in 0…1.
    aucs : mapping of model name to Result, optional
        Area under each curve, printed with its interval in the legend.
    bands : mapping of model name to RocBand, optional
        Confidence bands (`fpr`, `low`, `high`), drawn behind the curves.
    points : mapping of model name to Threshold or AccuracyTable, optional
        Operating points: anything with `sensitivity` and `specificity`, as numbers or as Results.
    colours : mapping of model name to colour, optional
        Default: `style.palette` of the models.
    title : str
    ax : Axes, optional
        Default: a new figure of one column's width.

    Raises
    ------
    ReportError
        No curve, or an area, band or point of a model without a curve.
    """
    _check_names(curves, aucs=aucs, bands=bands, points=points)
    ax = axes_or_new(ax, height_mm=82)
    colours = colours or palette(curves)
    styles = line_styles(curves)
    ax.plot([0, 1], [0, 1], color=RULE, linewidth=0.8, zorder=1)
    for name, band in (bands or {}).items():
        ax.fill_between(band.fpr, band.low, band.high, color=colours[name], alpha=0.16, linewidth=0, zorder=2)
    for name, curve in curves.items():
        ax.plot(
            curve.fpr,
            curve.tpr,
            color=colours[name],
            linestyle=styles[name],
            label=_label(name, aucs),
            zorder=3,
        )
    for name, point in (points or {}).items():
        _draw_point(ax, point, colours[name])
    _dress(ax, title, legend_title=_legend_title(aucs))
    return ax


def _label(name: str, aucs: Mapping[str, Any] | None) -> str:
    return f"{name}  {estimate_text(aucs[name])}" if aucs and name in aucs else name


def _legend_title(aucs: Mapping[str, Any] | None) -> str | None:
    if not aucs:
        return None
    level = getattr(next(iter(aucs.values())), "level", 0.95)
    return f"AUC ({number_text(level, digits=0, percent=True)}% CI)"


def _draw_point(ax: Axes, point: Any, colour: str) -> None:
    sensitivity, specificity = _number(point.sensitivity), _number(point.specificity)
    ax.plot(
        1 - specificity,
        sensitivity,
        marker="o",
        markersize=5.5,
        markerfacecolor="white",
        markeredgecolor=colour,
        markeredgewidth=1.4,
        zorder=5,
        linestyle="none",
    )


def _number(value: Any) -> float:
    return float(getattr(value, "estimate", value))


def _dress(ax: Axes, title: str, *, legend_title: str | None) -> None:
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    ax.set(
        xlabel="1 − specificity",
        ylabel="Sensitivity",
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
        xticks=ticks,
        yticks=ticks,
        aspect="equal",
        title=title,
    )
    ax.grid(color=RULE, linewidth=0.3, alpha=0.6)
    ax.set_axisbelow(True)
    legend = ax.legend(loc="lower right", title=legend_title, handlelength=2.2, borderaxespad=0.8)
    legend.set_alignment("left")
    legend.get_title().set_color(GREY)
    for text in legend.get_texts():
        text.set_color(INK)


def _check_names(curves: Mapping[str, Any], **others: Mapping[str, Any] | None) -> None:
    if not curves:
        raise ReportError("a ROC figure needs at least one curve, none was given")
    for what, values in others.items():
        unknown = sorted(set(values or {}) - set(curves))
        if unknown:
            raise ReportError(
                f"{what}: no curve for {', '.join(unknown)}; the curves are {', '.join(curves)}"
            )
