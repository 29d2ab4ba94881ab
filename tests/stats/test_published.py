"""Audit of printed numbers."""

import math

import numpy as np
import pytest
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    accuracy_from_counts,
    auc_bounds,
    audit_average,
    audit_multiclass,
    audit_two_by_two,
    cohen_kappa,
    hanley_error,
    implied_correlation,
    interval_origin,
    mcnemar_test,
    p_from_counts,
    p_from_means,
    paired_p_range,
    read_printed,
)
from fxstudy.stats.published import MEASURES
from fxstudy.stats.published_multiclass import _matrices

GARDEN = {
    "normal": {
        "accuracy": "0.92",
        "sensitivity": "0.91",
        "specificity": "0.93",
        "ppv": "0.86",
        "npv": "0.96",
    },
    "I/II": {"accuracy": "0.80", "sensitivity": "0.54", "specificity": "0.93", "ppv": "0.79", "npv": "0.80"},
    "III/IV": {
        "accuracy": "0.86",
        "sensitivity": "0.91",
        "specificity": "0.83",
        "ppv": "0.73",
        "npv": "0.95",
    },
}


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.91", 0.905, 0.915),
        ("0.90", 0.895, 0.905),
        ("0.9", 0.85, 0.95),
        ("96.1 %", 0.9605, 0.9615),
        ("90.3", 0.9025, 0.9035),
        ("1.0", 0.95, 1.05),
        ("< 0.05", 0.0, 0.05),
        (".95", 0.945, 0.955),
    ],
)
def test_printed_figures_are_ranges(text, low, high):
    """Oracle: rounding by hand."""
    figure = read_printed(text)
    assert (figure.low, figure.high) == pytest.approx((low, high))


def test_cut_figures_reach_further():
    assert read_printed("0.91", cut=True).fits(0.919)
    assert not read_printed("0.91").fits(0.919)
    with pytest.raises(StatisticsError, match="must look like"):
        read_printed("about 0.9")


@pytest.mark.parametrize(
    ("positive", "negative", "accuracy", "sensitivity", "specificity", "ppv", "consistent"),
    [
        (51, 40, "0.41", "0.51", "0.28", "0.47", True),
        (7, 9, "0.06", "0.00", "0.11", "0.02", False),
        (55, 32, "0.75", "0.60", "1.00", "1.00", True),
        (39, 34, "0.74", "0.58", "0.94", "0.92", False),
        (41, 5, "0.46", "0.39", "1.00", "1.00", True),
        (6, 47, "0.83", "0.83", "0.85", "0.42", False),
        (31, 28, "0.18", "0.39", "0.00", "0.30", False),
        (5, 41, "0.65", "0.60", "0.66", "0.18", True),
        (51, 42, "0.56", "0.71", "0.38", "0.56", False),
    ],
)
def test_verdict_equals_mlscorecheck(positive, negative, accuracy, sensitivity, specificity, ppv, consistent):
    """Oracle: mlscorecheck 1.0.3, check_1_testset_no_kfold with eps = 0.005 (60 of 60 random tables
    agree).
    """
    printed = {"accuracy": accuracy, "sensitivity": sensitivity, "specificity": specificity, "ppv": ppv}
    assert audit_two_by_two(printed, positive=positive, negative=negative).consistent == consistent


def test_every_solution_is_found(rng):
    """Oracle: the definition. The true table is always among the solutions, and each solution rounds back."""
    for _ in range(30):
        m, n = rng.integers(3, 40, 2)
        tp, tn = rng.integers(0, m + 1), rng.integers(0, n + 1)
        printed = {"sensitivity": f"{tp / m:.2f}", "accuracy": f"{(tp + tn) / (m + n):.2f}"}
        found = audit_two_by_two(printed, positive=int(m), negative=int(n)).solutions
        assert ((found.tp == tp) & (found.tn == tn)).any()
        assert all(abs(found.sensitivity - tp / m) <= 0.0101)


def test_measures_equal_the_accuracy_table():
    """Oracle: AccuracyTable and Cohen's kappa of the same counts."""
    cells = [np.array([float(x)]) for x in (26, 15, 14, 58)]
    table = accuracy_from_counts(tp=26, fn=15, fp=14, tn=58)
    for name in ("sensitivity", "specificity", "ppv", "npv", "accuracy", "f1", "mcc", "youden", "dor"):
        assert MEASURES[name](*cells)[0] == pytest.approx(getattr(table, name).estimate)
    a, b = [1] * 41 + [0] * 72, [1] * 26 + [0] * 15 + [1] * 14 + [0] * 58
    assert MEASURES["kappa"](*cells)[0] == pytest.approx(cohen_kappa(a, b).estimate)


def test_class_sizes_may_be_unknown():
    """Oracle: the aSAH table of s100b at 0.205 is the only one of 113 patients with these three figures."""
    audit = audit_two_by_two({"sensitivity": "0.634", "specificity": "0.806", "ppv": "0.650"}, total=113)
    assert audit.solutions[["tp", "fn", "fp", "tn"]].to_numpy().tolist() == [[26, 15, 14, 58]]
    assert "exactly one table" in audit.verdict()
    chance = (41 * 40 + 72 * 73) / 113**2
    wanted = (84 / 113 - chance) / (1 - chance)
    ranges = audit.ranges().set_index("measure")
    assert ranges.low["kappa"] == ranges.high["kappa"] == pytest.approx(wanted)


def test_impossible_accuracy_of_the_detection_paper():
    """Oracle: by hand.

    Sensitivity below 0.795 of 155 leaves 32 misses: accuracy is at most 462/494 = 0.935.
    """
    audit = audit_two_by_two(
        {"accuracy": "1.0", "sensitivity": "0.79", "specificity": "1.0"}, positive=155, negative=339
    )
    assert not audit.consistent
    assert audit.repairs == (("accuracy",), ("sensitivity",))
    assert (
        audit_two_by_two({"sensitivity": "0.79"}, positive=155, negative=339).solutions.accuracy.max() < 0.936
    )


def test_specificity_that_no_table_has():
    """Oracle: by hand. Of 500 negatives 484 are 96.8 % and 485 are 97.0 %: none is printed 96.9 %."""
    printed = {"accuracy": "96.1 %", "sensitivity": "95.2 %", "specificity": "96.9 %", "errors": "39"}
    audit = audit_two_by_two(printed, positive=500, negative=500)
    assert audit.impossible == ("specificity",) and audit.repairs == (("specificity",),)
    assert "Impossible by itself: specificity" in audit._repr_html_()


def test_interval_betrays_its_denominator():
    """Oracle: Wald's formula. 95.2 % (93.9–96.5) is the interval of 1,000 images, not of 500 fractures."""
    found = interval_origin("95.2 %", "93.9 %", "96.5 %", sizes={"fractures": 500, "all": 1000})
    assert found.to_dict("records") == [{"counted": "all", "n": 1000, "method": "wald", "count": 952}]
    half = 1.959963984540054 * math.sqrt(0.952 * 0.048 / 1000)
    assert (round(0.952 - half, 3), round(0.952 + half, 3)) == (0.939, 0.965)


def test_exchanged_labels_are_recognised():
    """Oracle: a table printed with the classes exchanged."""
    table = accuracy_from_counts(tp=45, fn=5, fp=30, tn=120)
    right = {
        name: f"{getattr(table, name).estimate:.3f}" for name in ("sensitivity", "specificity", "ppv", "npv")
    }
    wrong = {"sensitivity": right["specificity"], "specificity": right["sensitivity"]}
    wrong |= {"ppv": right["npv"], "npv": right["ppv"]}
    assert audit_two_by_two(right, positive=50, negative=150).consistent
    audit = audit_two_by_two(wrong, positive=50, negative=150)
    assert not audit.consistent and audit.swaps == ("both classes",)
    assert "taken as exchanged" in audit.verdict()


def test_macro_averages_are_recognised():
    """Oracle: figures made as averages over both classes."""
    table = accuracy_from_counts(tp=45, fn=5, fp=60, tn=90)
    macro = f"{table.balanced_accuracy.estimate:.3f}"
    ppv = f"{(table.ppv.estimate + table.npv.estimate) / 2:.3f}"
    printed = {"sensitivity": macro, "ppv": ppv, "accuracy": f"{table.accuracy.estimate:.3f}"}
    audit = audit_two_by_two(printed, positive=50, negative=150)
    assert not audit.consistent and audit.macro


def test_rows_of_the_garden_paper_share_one_matrix_but_not_its_accuracy():
    """Oracle: by hand.

    The rows allow 32, 19 and 32 right of 35 each: 83/105 = 0.790, not the printed 0.86.
    """
    audit = audit_multiclass(GARDEN, dict.fromkeys(GARDEN, 35))
    assert audit.combinations == 1 and audit.consistent
    assert audit.accuracies == pytest.approx((83 / 105, 83 / 105))
    assert {tuple(np.diag(m)) for m in audit.matrices} == {(32, 19, 32)}
    for matrix in audit.matrices:
        assert matrix.sum(axis=1).tolist() == [35, 35, 35]
        assert matrix.sum(axis=0).tolist() == [37, 24, 44]
    clash = audit_multiclass(GARDEN, dict.fromkeys(GARDEN, 35), accuracy="0.86")
    assert not clash.consistent and "but 0.86 is printed" in clash.verdict()


def test_rows_without_a_common_matrix():
    rows = {"a": {"tp": "5", "fp": "0"}, "b": {"tp": "5", "fp": "2"}, "c": {"tp": "4", "fp": "0"}}
    audit = audit_multiclass(rows, {"a": 5, "b": 5, "c": 5})
    assert audit.combinations == 0 and "no confusion matrix has all" in audit.verdict()


def test_matrix_of_many_classes_has_its_margins(rng):
    """Oracle: random 5 × 5 matrices; the one that is rebuilt has the same margins and diagonal."""
    for _ in range(40):
        made = rng.integers(0, 6, (5, 5))
        right = np.diag(made)
        choice = tuple(
            (int(right[k]), int(made[k].sum() - right[k]), int(made[:, k].sum() - right[k])) for k in range(5)
        )
        found = _matrices(choice)[0]
        assert (found >= 0).all() and np.diag(found).tolist() == right.tolist()
        assert found.sum(axis=0).tolist() == made.sum(axis=0).tolist()
        assert found.sum(axis=1).tolist() == made.sum(axis=1).tolist()


def test_averages_of_the_garden_paper():
    """Oracle: by hand. (0.91 + 0.54 + 0.91) / 3 = 0.787 prints as 0.79; the accuracies average 0.86 too."""
    assert audit_average("0.79", ["0.91", "0.54", "0.91"])[0]
    assert audit_average("0.86", ["0.92", "0.80", "0.86"])[0]
    assert not audit_average("0.85", ["0.91", "0.54", "0.91"])[0]
    assert audit_average("0.6", ["0.5", "0.7"], weights=[1, 1])[1] == pytest.approx(0.55)


def test_auc_bounds_by_hand():
    """Oracle: areas of the lowest and highest curves through (0.12, 0.90), drawn by hand."""
    found = auc_bounds("0.900", "0.880", auc="0.954")
    assert found.low == pytest.approx(0.8995 * 0.8795) and found.high == pytest.approx(1 - 0.0995 * 0.1195)
    assert found.consistent
    concave = auc_bounds("0.900", "0.880", shape="concave")
    assert concave.low == pytest.approx((0.8995 + 0.8795) / 2)
    assert concave.high <= found.high
    best = auc_bounds("0.900", "0.880", auc="0.99", youden=True)
    j = 0.9005 + 0.8805 - 1
    assert best.high == pytest.approx(0.5 + j - j * j / 2) and not best.consistent


def test_concave_bound_holds_for_binormal_curves():
    """Oracle: proper binormal curves through their own points."""
    for d in (0.5, 1.0, 2.0):
        area = stats.norm.cdf(d / math.sqrt(2))
        for cut in (-0.5, 0.3, 1.2):
            se, sp = stats.norm.sf(cut - d), stats.norm.cdf(cut)
            found = auc_bounds(f"{se:.6f}", f"{sp:.6f}", auc=f"{area:.6f}", shape="concave")
            assert found.consistent


def test_range_of_paired_p_by_enumeration():
    """Oracle: all discordant counts that two margins allow, and the p at both ends."""
    found = paired_p_range(268, 260, 300)
    assert found.low == pytest.approx(mcnemar_test(8, 0)[1].value)
    assert found.high == pytest.approx(mcnemar_test(40, 32)[1].value)
    assert paired_p_range(260, 268, 300).high == found.high
    assert not paired_p_range(268, 260, 300, p="0.9").consistent
    with pytest.raises(StatisticsError, match="lie within 0 to 300"):
        paired_p_range(301, 260, 300)


def test_p_values_of_the_wrist_paper():
    """Oracle: Kim MW 2021, Table 1: age 41.5 ± 22.8 against 44.1 ± 23.2 printed p = 0.004, age group
    0.936.
    """
    age = p_from_means(("41.5", "22.8", 1711), ("44.1", "23.2", 898), p="0.004")
    assert age.low == pytest.approx(0.004234, abs=1e-6) and age.consistent
    assert not p_from_means(("41.5", "22.8", 1711), ("44.1", "23.2", 898), p="0.04").consistent
    groups = p_from_counts(np.array([[259, 137], [1452, 761]]), p="0.936")
    assert groups[groups.fits].test.tolist() == ["chi-square"]
    exact = stats.ttest_ind_from_stats(41.5, 22.8, 1711, 44.1, 23.2, 898).pvalue
    assert age.low < exact < age.high


def test_equal_means_allow_any_p():
    assert p_from_means(("5.0", "1.0", 10), ("5.0", "1.0", 10)).high == 1


def test_hanley_error_and_implied_correlation():
    """Oracle: Hanley and McNeil's formula by hand at 0.8 with 50 and 50 cases; r by solving for it."""
    by_hand = (0.16 + 49 * (0.8 / 1.2 - 0.64) + 49 * (1.28 / 1.8 - 0.64)) / 2500
    assert hanley_error(0.8, 50, 50) == pytest.approx(math.sqrt(by_hand))
    found = implied_correlation("0.962", "0.947", positive=300, negative=690, p="< 0.05")
    assert found.consistent and 0.5 < found.low < 0.6
    errors = (0.01, 0.01)
    z = stats.norm.isf(0.005 / 2)
    exact = implied_correlation("0.9600", "0.9500", positive=100, negative=100, p="0.00500", errors=errors)
    assert exact.low < 1 - (0.01 / z) ** 2 / (2 * 0.01**2) < exact.high
    impossible = implied_correlation("0.9000", "0.7000", positive=100, negative=100, p="0.500", errors=errors)
    assert not impossible.consistent


def test_bad_audits_are_refused():
    with pytest.raises(StatisticsError, match="'recall' is not a measure"):
        audit_two_by_two({"recall": "0.9"}, total=10)
    with pytest.raises(StatisticsError, match="give positive and negative, or total"):
        audit_two_by_two({"sensitivity": "0.9"}, positive=10)
    with pytest.raises(StatisticsError, match="do not make 30"):
        audit_two_by_two({"sensitivity": "0.9"}, positive=10, negative=10, total=30)
    with pytest.raises(StatisticsError, match="must name the same classes"):
        audit_multiclass({"a": {}}, {"b": 3})
    with pytest.raises(StatisticsError, match="shape must be"):
        auc_bounds("0.9", "0.9", shape="convex")
