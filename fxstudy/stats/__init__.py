"""How good it is: diagnostic-accuracy statistics, usable on any table of scores, without torch."""

from fxstudy.stats.accuracy import AccuracyTable, accuracy_from_counts, accuracy_table
from fxstudy.stats.agreement import agreement_table, cohen_kappa, fleiss_kappa, icc, krippendorff_alpha
from fxstudy.stats.bands import RocBand, roc_band
from fxstudy.stats.binormal import BinormalFit, binormal_roc
from fxstudy.stats.bootstrap import bootstrap_auc, bootstrap_difference, bootstrap_statistic
from fxstudy.stats.boxes import box_dice, box_iou, match_images
from fxstudy.stats.calibration import Calibration, calibration, reliability_curve
from fxstudy.stats.checked import checked_against
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
from fxstudy.stats.decision import DecisionCurve, decision_curve
from fxstudy.stats.delong import DeLongTest, delong_test, delong_unpaired
from fxstudy.stats.detection import DetectionScores, average_precision, image_scores
from fxstudy.stats.froc import FrocCurve, Marks, froc_curve, jafroc, match_marks
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
from fxstudy.stats.multiclass import MulticlassAuc, multiclass_auc, ordinal_auc
from fxstudy.stats.multiclass_accuracy import MulticlassAccuracy, multiclass_accuracy
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
from fxstudy.stats.planning import (
    Plan,
    needed_cases,
    plan_auc,
    plan_mcnemar,
    plan_paired_aucs,
    plan_proportion,
    plan_reader_study,
)
from fxstudy.stats.predictive_values import (
    likelihood_ratio_ratio,
    predictive_difference,
    relative_predictive_value,
)
from fxstudy.stats.prevalence import PredictiveCurve, post_test_probability, predictive_curve
from fxstudy.stats.printed import Printed, read_printed
from fxstudy.stats.published import TwoByTwoAudit, audit_two_by_two, interval_origin
from fxstudy.stats.published_multiclass import MulticlassAudit, audit_average, audit_multiclass
from fxstudy.stats.published_tests import (
    Recomputed,
    auc_bounds,
    hanley_error,
    implied_correlation,
    p_from_counts,
    p_from_means,
    paired_p_range,
)
from fxstudy.stats.reader_anova import Components
from fxstudy.stats.reader_data import Readings, read_readings
from fxstudy.stats.readers import ReaderStudy, reader_study
from fxstudy.stats.result import Composite, Result, number, p_text
from fxstudy.stats.roc import RocCurve, auc, roc_curve
from fxstudy.stats.score_tables import common_scores, score_table
from fxstudy.stats.subgroups import by_patient, subgroup_aucs
from fxstudy.stats.tables import summarise
from fxstudy.stats.threshold_tables import ThresholdOptimism, threshold_optimism, threshold_table
from fxstudy.stats.thresholds import Threshold, choose_threshold, youden_threshold
from fxstudy.stats.triage import GreyZone, TriageCurve, choose_grey_zone, grey_zone, triage_curve

__all__ = [
    "AccuracyTable",
    "AucComparison",
    "BinormalFit",
    "Calibration",
    "Components",
    "Composite",
    "DeLongTest",
    "DecisionCurve",
    "DetectionScores",
    "FrocCurve",
    "GreyZone",
    "GroupTest",
    "MarginTest",
    "Marks",
    "ModelVersusReaders",
    "MulticlassAccuracy",
    "MulticlassAuc",
    "MulticlassAudit",
    "PairedAccuracy",
    "PairedCounts",
    "Plan",
    "PredictiveCurve",
    "Printed",
    "ReaderStudy",
    "Readings",
    "Recomputed",
    "Result",
    "RocBand",
    "RocCurve",
    "StatisticsWarning",
    "Switches",
    "Threshold",
    "ThresholdOptimism",
    "TriageCurve",
    "TwoByTwoAudit",
    "accuracy_from_counts",
    "accuracy_table",
    "adjust_p",
    "agreement_table",
    "auc",
    "auc_bounds",
    "audit_average",
    "audit_multiclass",
    "audit_two_by_two",
    "average_precision",
    "binormal_roc",
    "bootstrap_auc",
    "bootstrap_difference",
    "bootstrap_statistic",
    "box_dice",
    "box_iou",
    "by_patient",
    "calibration",
    "checked_against",
    "choose_grey_zone",
    "choose_threshold",
    "clustered_auc",
    "clustered_delong",
    "clustered_proportion",
    "cohen_kappa",
    "common_scores",
    "compare_aucs",
    "compare_categorical",
    "compare_continuous",
    "compare_counts",
    "decision_curve",
    "delong_test",
    "delong_unpaired",
    "design_effect",
    "equivalence",
    "fleiss_kappa",
    "froc_curve",
    "generalised_mcnemar",
    "grey_zone",
    "hanley_error",
    "icc",
    "image_scores",
    "implied_correlation",
    "interval_origin",
    "jafroc",
    "krippendorff_alpha",
    "likelihood_ratio_ratio",
    "match_images",
    "match_marks",
    "mcnemar_test",
    "model_vs_readers",
    "multiclass_accuracy",
    "multiclass_auc",
    "needed_cases",
    "noninferiority",
    "number",
    "operating_point",
    "operating_point_test",
    "ordinal_auc",
    "p_from_counts",
    "p_from_means",
    "p_text",
    "paired_accuracy",
    "paired_counts",
    "paired_p_range",
    "paired_proportions",
    "partial_auc",
    "partial_auc_test",
    "permutation_auc",
    "permutation_test",
    "plan_auc",
    "plan_mcnemar",
    "plan_paired_aucs",
    "plan_proportion",
    "plan_reader_study",
    "post_test_probability",
    "predictive_curve",
    "predictive_difference",
    "proportion",
    "read_printed",
    "read_readings",
    "reader_study",
    "reader_switches",
    "relative_predictive_value",
    "relative_rate",
    "reliability_curve",
    "repeated_patients",
    "roc_band",
    "roc_curve",
    "score_table",
    "standardised_difference",
    "subgroup_aucs",
    "summarise",
    "tango_interval",
    "threshold_optimism",
    "threshold_table",
    "triage_curve",
    "venkatraman_test",
    "warn_if_clustered",
    "youden_threshold",
]
