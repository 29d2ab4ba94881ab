"""Figures: `plot_x(data, *, ax=None) -> Axes`, from arrays and tables, never from files.

Figures of one picture draw in the axes they are given and return them; figures of several pictures
return an array of axes, whose figure is `axes.flat[0].figure`.
"""

from fxstudy.report.figures.case import Case
from fxstudy.report.figures.confusion import plot_confusion
from fxstudy.report.figures.flow import plot_flow
from fxstudy.report.figures.forest import plot_forest
from fxstudy.report.figures.panels import plot_contact_sheet, plot_gallery, plot_saliency
from fxstudy.report.figures.roc import plot_roc
from fxstudy.report.figures.scores import plot_scores
from fxstudy.report.figures.training import plot_learning_rate, plot_losses, plot_training, plot_tuning_auc

__all__ = [
    "Case",
    "plot_confusion",
    "plot_contact_sheet",
    "plot_flow",
    "plot_forest",
    "plot_gallery",
    "plot_learning_rate",
    "plot_losses",
    "plot_roc",
    "plot_saliency",
    "plot_scores",
    "plot_training",
    "plot_tuning_auc",
]
