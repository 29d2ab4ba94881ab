"""Partial areas and fixed operating points."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    auc,
    operating_point,
    operating_point_test,
    partial_auc,
    partial_auc_test,
)

FEW = {"replicates": 100}


@pytest.mark.parametrize("marker", ["age", "wfns", "s100b", "ndka"])
def test_partial_area_equals_proc(asah, reference, marker):
    """Oracle: pROC 1.19.0.1, auc(partial.auc = c(1, 0.9)) by specificity and sensitivity."""
    wanted = pd.read_csv(reference / "asah_delong_single.csv").set_index("marker").loc[marker]
    for focus, short in (("specificity", "spec"), ("sensitivity", "sens")):
        found = partial_auc(asah.y, asah[marker], focus=focus, **FEW)
        assert found.estimate == pytest.approx(wanted[f"pauc_{short}_1_0.9"], abs=1e-12)


@pytest.mark.filterwarnings("ignore:fewer than 100 replicates")
@pytest.mark.parametrize("marker", ["age", "wfns", "s100b"])
def test_corrected_partial_area_equals_proc(asah, reference, marker):
    """Oracle: pROC 1.19.0.1, auc(partial.auc.correct = TRUE)."""
    wanted = pd.read_csv(reference / "asah_delong_single.csv").set_index("marker").loc[marker]
    for focus, short in (("specificity", "spec"), ("sensitivity", "sens")):
        found = partial_auc(asah.y, asah[marker], focus=focus, corrected=True, **FEW)
        assert found.estimate == pytest.approx(wanted[f"pauc_{short}_1_0.9_mcclish"], abs=1e-12)


def test_correction_below_chance_is_not_defined(asah):
    """Oracle: pROC 1.19.0.1 gives NA for ndka at sensitivity 0.9 to 1."""
    with pytest.warns(StatisticsWarning, match="below chance"):
        found = partial_auc(asah.y, asah.ndka, focus="sensitivity", corrected=True, **FEW)
    assert math.isnan(found.estimate)


def test_corrected_partial_area_equals_scikit_learn(rng):
    """Oracle: scikit-learn 1.9, roc_auc_score(max_fpr = 0.2), with ties."""
    truth = rng.random(300) < 0.4
    score = np.round(rng.normal(size=300) + truth, 1)
    found = partial_auc(truth, score, between=(0.8, 1), corrected=True, **FEW)
    assert found.estimate == pytest.approx(roc_auc_score(truth, score, max_fpr=0.2), abs=1e-12)


def test_whole_range_is_the_whole_area(asah):
    """Oracle: the full AUC, by either axis."""
    for focus in ("specificity", "sensitivity"):
        found = partial_auc(asah.y, asah.wfns, between=(0, 1), focus=focus, **FEW)
        assert found.estimate == pytest.approx(auc(asah.y, asah.wfns).estimate, abs=1e-12)


def test_sensitivity_at_specificity_equals_proc(asah):
    """Oracle: pROC 1.19, ci.se(specificities = 0.9): intervals 0.329–0.708 and 0.220–0.628 (±0.03)."""
    for marker, low, high in (("wfns", 0.329, 0.708), ("s100b", 0.220, 0.628)):
        found = operating_point(asah.y, asah[marker], at=0.9, replicates=4000, seed=1)
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)


def test_fixed_points_by_hand():
    """Oracle: counting on five positives and five negatives, steps joined by straight lines."""
    truth, score = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], [1, 2, 3, 4, 6, 3.5, 5, 7, 8, 9]
    assert operating_point(truth, score, at=1.0, **FEW).estimate == pytest.approx(0.6)
    assert operating_point(truth, score, at=0.8, **FEW).estimate == pytest.approx(0.8)
    assert operating_point(truth, score, at=0.8, fixed="sensitivity", **FEW).estimate == pytest.approx(0.8)
    assert operating_point(truth, score, at=1.0, fixed="sensitivity", **FEW).estimate == pytest.approx(0.6)


def test_intervals_cover_the_truth():
    """Oracle: simulation, sensitivity at specificity 0.8 of N(1.5, 1) against N(0, 1) is Φ(1.5 − z(0.8))."""
    true, hits = stats.norm.cdf(1.5 - stats.norm.ppf(0.8)), 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth = np.repeat([0, 1], 70)
        found = operating_point(truth, rng.normal(size=140) + 1.5 * truth, at=0.8, replicates=200, seed=seed)
        hits += found.low <= true <= found.high
    assert hits >= 87


def test_difference_tests(asah):
    """Oracle: pROC's rule z = difference / SD of replicates; equal models differ by nothing."""
    found = partial_auc_test(asah.y, asah.wfns, asah.ndka, between=(0.8, 1), seed=0)
    single = [partial_auc(asah.y, asah[m], between=(0.8, 1), **FEW).estimate for m in ("wfns", "ndka")]
    assert found.estimate == pytest.approx(single[0] - single[1])
    assert 0 < found.p_value < 0.05 and found.low > 0
    point = operating_point_test(asah.y, asah.wfns, asah.ndka, at=0.9, seed=0)
    assert point.estimate > 0 and 0 < point.p_value < 1
    with pytest.warns(StatisticsWarning):
        same = partial_auc_test(asah.y, asah.wfns, asah.wfns, **FEW)
    assert (same.estimate, same.p_value) == (0, 1)


def test_patients_are_drawn_whole(asah):
    found = operating_point(asah.y, asah.s100b, at=0.9, cluster=np.arange(113) % 40, **FEW)
    assert "whole patients" in found.method and found.low < found.estimate < found.high


def test_bad_ranges_are_refused(asah):
    with pytest.raises(StatisticsError, match="range within 0 to 1"):
        partial_auc(asah.y, asah.wfns, between=(1, 0.9))
    with pytest.raises(StatisticsError, match="between 0 and 1, not 90"):
        operating_point(asah.y, asah.wfns, at=90)
