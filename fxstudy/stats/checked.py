"""Against which reference each method was checked, for the methods paragraph of a report."""

import pandas as pd

# Method, functions, reference and version, agreement, test module.
_ROWS = (
    (
        "AUC, DeLong variance and tests",
        "auc delong_test delong_unpaired",
        "pROC 1.19.0.1 (aSAH)",
        "1e-10",
        "delong",
    ),
    ("joint test of several AUCs", "compare_aucs", "clinfun 1.1.5 (aSAH)", "1e-10", "comparison"),
    ("clustered AUC", "clustered_auc clustered_delong", "Obuchowski's R functions", "1e-10", "clustered"),
    ("partial AUC", "partial_auc", "pROC 1.19.0.1 (aSAH), scikit-learn 1.9", "1e-12", "operating"),
    ("bootstrap", "bootstrap_auc bootstrap_difference", "pROC 1.19, scipy 1.17", "0.012", "bootstrap"),
    ("comparison of curves", "venkatraman_test", "pROC 1.18 (aSAH), E = 578", "exact", "permutation"),
    ("binormal curve", "binormal_roc", "Stata rocfit (Hanley and McNeil's data)", "5e-6", "binormal"),
    ("thresholds", "youden_threshold choose_threshold", "pROC 1.18, coords (aSAH)", "1e-7", "thresholds"),
    ("proportions", "proportion accuracy_table", "DTComPair 1.2.6, Newcombe 1998", "1e-12", "intervals"),
    (
        "paired sensitivity and specificity",
        "mcnemar_test tango_interval",
        "DTComPair 1.2.6",
        "2e-7",
        "paired_binary",
    ),
    ("paired predictive values", "predictive_difference", "DTComPair 1.2.6", "1e-9", "paired_binary"),
    ("reader studies", "reader_study", "MRMCaov 0.3.0, OR-DBM MRMC 2.51", "1e-10", "readers"),
    (
        "agreement",
        "cohen_kappa icc krippendorff_alpha",
        "psych 2.2.9, Krippendorff 2011",
        "1e-9",
        "agreement",
    ),
    ("average precision", "average_precision", "pycocotools 2.0", "1e-12", "detection"),
    ("several classes", "multiclass_auc", "scikit-learn 1.9, pROC 1.19", "1e-9", "multiclass"),
    ("calibration", "calibration", "R 4.2 glm, scikit-learn 1.9", "1e-7", "calibration"),
    ("sample size", "plan_auc plan_reader_study", "pROC 1.18, RJafroc 2.1", "5e-8", "planning"),
    ("printed numbers", "audit_two_by_two", "mlscorecheck 1.0.3", "same verdicts", "published"),
    ("baseline tables", "summarise", "R 4.2", "1e-10", "tables"),
)


def checked_against() -> pd.DataFrame:
    """One row per group of methods: method, functions, reference, agreement, and the test that shows it."""
    rows = [
        {"method": method, "functions": names, "checked against": reference, "agreement": agreement}
        | {"test": f"tests/stats/test_{test}.py"}
        for method, names, reference, agreement, test in _ROWS
    ]
    return pd.DataFrame(rows)
