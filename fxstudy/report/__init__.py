"""How it is told: figures, tables, printed numbers, methods, reports."""

from importlib import import_module

from fxstudy.report.beside_paper import contradictions_table, literature_table, published_table
from fxstudy.report.captions import CaptionedFigure, captioned
from fxstudy.report.errors import ReportError
from fxstudy.report.figures import (
    Case,
    plot_confusion,
    plot_contact_sheet,
    plot_flow,
    plot_forest,
    plot_gallery,
    plot_learning_rate,
    plot_losses,
    plot_roc,
    plot_saliency,
    plot_scores,
    plot_training,
    plot_tuning_auc,
)
from fxstudy.report.figures.layout import plot_side_by_side
from fxstudy.report.figures.prevalence import plot_predictive_values
from fxstudy.report.html import write_report
from fxstudy.report.index import write_index
from fxstudy.report.methods import MethodsText, methods_text
from fxstudy.report.published import Citation, Published, published, published_studies
from fxstudy.report.style import new_figure, palette, theme, use_theme
from fxstudy.report.tables import ReportTable, estimates_table, models_table, table_one
from fxstudy.report.text import estimate_text, interval_text, p_text

# These see networks: they are imported when they are used, so that a page can be written without torch.
_LATER = {
    "predictions_notice": "notices",
    "pairs_table": "comparison",
    "literature_rows": "comparison",
    "counts_table": "counts",
    "boxes_of": "from_cohort",
    "cases": "from_cohort",
    "flow_steps": "from_cohort",
    "delong_table": "comparison",
    "localisation_report": "comparison",
    "plot_subgroups": "comparison",
    "subgroup_columns": "comparison",
    "gallery": "misses",
    "miss_table": "misses",
    "misses_by": "misses",
    "spread_cases": "misses",
    "synthetic_notice": "notices",
    "network_table": "training_tables",
    "repeat_table": "training_tables",
}

__all__ = [
    "CaptionedFigure",
    "Case",
    "Citation",
    "MethodsText",
    "Published",
    "ReportError",
    "ReportTable",
    "boxes_of",
    "captioned",
    "cases",
    "contradictions_table",
    "counts_table",
    "delong_table",
    "estimate_text",
    "estimates_table",
    "flow_steps",
    "gallery",
    "interval_text",
    "literature_rows",
    "literature_table",
    "localisation_report",
    "methods_text",
    "miss_table",
    "misses_by",
    "models_table",
    "network_table",
    "new_figure",
    "p_text",
    "pairs_table",
    "palette",
    "plot_confusion",
    "plot_contact_sheet",
    "plot_flow",
    "plot_forest",
    "plot_gallery",
    "plot_learning_rate",
    "plot_losses",
    "plot_predictive_values",
    "plot_roc",
    "plot_saliency",
    "plot_scores",
    "plot_side_by_side",
    "plot_subgroups",
    "plot_training",
    "plot_tuning_auc",
    "predictions_notice",
    "published",
    "published_studies",
    "published_table",
    "repeat_table",
    "spread_cases",
    "subgroup_columns",
    "synthetic_notice",
    "table_one",
    "theme",
    "use_theme",
    "write_index",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
