"""How good it is: diagnostic-accuracy statistics, usable on any table of scores, without torch."""

from fxstudy.stats.accuracy import AccuracyTable, accuracy_from_counts, accuracy_table
from fxstudy.stats.bands import RocBand, roc_band
from fxstudy.stats.checks import StatisticsWarning
from fxstudy.stats.clustered import (
    clustered_auc,
    clustered_delong,
    clustered_proportion,
    design_effect,
    repeated_patients,
    warn_if_clustered,
)
from fxstudy.stats.delong import DeLongTest, delong_test, delong_unpaired
from fxstudy.stats.group_tests import (
    GroupTest,
    adjust_p,
    compare_categorical,
    compare_continuous,
    standardised_difference,
)
from fxstudy.stats.intervals import proportion
from fxstudy.stats.result import Composite, Result, number, p_text
from fxstudy.stats.roc import RocCurve, auc, roc_curve
from fxstudy.stats.tables import summarise
from fxstudy.stats.thresholds import Threshold, choose_threshold, youden_threshold

__all__ = [
    "AccuracyTable",
    "Composite",
    "DeLongTest",
    "GroupTest",
    "Result",
    "RocBand",
    "RocCurve",
    "StatisticsWarning",
    "Threshold",
    "accuracy_from_counts",
    "accuracy_table",
    "adjust_p",
    "auc",
    "choose_threshold",
    "clustered_auc",
    "clustered_delong",
    "clustered_proportion",
    "compare_categorical",
    "compare_continuous",
    "delong_test",
    "delong_unpaired",
    "design_effect",
    "number",
    "p_text",
    "proportion",
    "repeated_patients",
    "roc_band",
    "roc_curve",
    "standardised_difference",
    "summarise",
    "warn_if_clustered",
    "youden_threshold",
]
