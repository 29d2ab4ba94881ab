"""How good it is: diagnostic-accuracy statistics, usable on any table of scores, without torch."""

from fxstudy.stats.accuracy import AccuracyTable, accuracy_from_counts, accuracy_table
from fxstudy.stats.bands import RocBand, roc_band
from fxstudy.stats.binormal import BinormalFit, binormal_roc
from fxstudy.stats.bootstrap import bootstrap_auc, bootstrap_difference, bootstrap_statistic
from fxstudy.stats.checks import StatisticsWarning
from fxstudy.stats.clustered import (
    clustered_auc,
    clustered_delong,
    clustered_proportion,
    design_effect,
    repeated_patients,
    warn_if_clustered,
)
from fxstudy.stats.comparison import AucComparison, compare_aucs
from fxstudy.stats.delong import DeLongTest, delong_test, delong_unpaired
from fxstudy.stats.group_tests import (
    GroupTest,
    adjust_p,
    compare_categorical,
    compare_continuous,
    standardised_difference,
)
from fxstudy.stats.intervals import proportion
from fxstudy.stats.margins import MarginTest, equivalence, noninferiority
from fxstudy.stats.model_vs_readers import (
    ModelVersusReaders,
    Switches,
    model_vs_readers,
    reader_switches,
)
from fxstudy.stats.operating import operating_point, operating_point_test, partial_auc, partial_auc_test
from fxstudy.stats.paired_accuracy import PairedAccuracy, compare_counts, paired_accuracy
from fxstudy.stats.paired_binary import (
    PairedCounts,
    generalised_mcnemar,
    mcnemar_test,
    paired_counts,
    paired_proportions,
    relative_rate,
    tango_interval,
)
from fxstudy.stats.permutation import permutation_auc, permutation_test, venkatraman_test
from fxstudy.stats.predictive_values import (
    likelihood_ratio_ratio,
    predictive_difference,
    relative_predictive_value,
)
from fxstudy.stats.prevalence import PredictiveCurve, post_test_probability, predictive_curve
from fxstudy.stats.reader_anova import Components
from fxstudy.stats.reader_data import Readings, read_readings
from fxstudy.stats.readers import ReaderStudy, reader_study
from fxstudy.stats.result import Composite, Result, number, p_text
from fxstudy.stats.roc import RocCurve, auc, roc_curve
from fxstudy.stats.subgroups import by_patient, subgroup_aucs
from fxstudy.stats.tables import summarise
from fxstudy.stats.thresholds import Threshold, choose_threshold, youden_threshold
from fxstudy.stats.triage import GreyZone, TriageCurve, choose_grey_zone, grey_zone, triage_curve

__all__ = [
    "AccuracyTable",
    "AucComparison",
    "BinormalFit",
    "Components",
    "Composite",
    "DeLongTest",
    "GreyZone",
    "GroupTest",
    "MarginTest",
    "ModelVersusReaders",
    "PairedAccuracy",
    "PairedCounts",
    "PredictiveCurve",
    "ReaderStudy",
    "Readings",
    "Result",
    "RocBand",
    "RocCurve",
    "StatisticsWarning",
    "Switches",
    "Threshold",
    "TriageCurve",
    "accuracy_from_counts",
    "accuracy_table",
    "adjust_p",
    "auc",
    "binormal_roc",
    "bootstrap_auc",
    "bootstrap_difference",
    "bootstrap_statistic",
    "by_patient",
    "choose_grey_zone",
    "choose_threshold",
    "clustered_auc",
    "clustered_delong",
    "clustered_proportion",
    "compare_aucs",
    "compare_categorical",
    "compare_continuous",
    "compare_counts",
    "delong_test",
    "delong_unpaired",
    "design_effect",
    "equivalence",
    "generalised_mcnemar",
    "grey_zone",
    "likelihood_ratio_ratio",
    "mcnemar_test",
    "model_vs_readers",
    "noninferiority",
    "number",
    "operating_point",
    "operating_point_test",
    "p_text",
    "paired_accuracy",
    "paired_counts",
    "paired_proportions",
    "partial_auc",
    "partial_auc_test",
    "permutation_auc",
    "permutation_test",
    "post_test_probability",
    "predictive_curve",
    "predictive_difference",
    "proportion",
    "read_readings",
    "reader_study",
    "reader_switches",
    "relative_predictive_value",
    "relative_rate",
    "repeated_patients",
    "roc_band",
    "roc_curve",
    "standardised_difference",
    "subgroup_aucs",
    "summarise",
    "tango_interval",
    "triage_curve",
    "venkatraman_test",
    "warn_if_clustered",
    "youden_threshold",
]
