"""Several images per patient."""

import math

import numpy as np
import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    auc,
    clustered_auc,
    clustered_delong,
    clustered_proportion,
    delong_test,
    design_effect,
    proportion,
    repeated_patients,
    warn_if_clustered,
)


def test_paired_test_equals_obuchowskis_program(asah):
    """Oracle: the formulas of Obuchowski's R functions (Cleveland Clinic, funcs_clusteredROC) run in R 4.2 on
    aSAH with row number modulo 40 as the patient."""
    patient = np.arange(113) % 40
    test = clustered_delong(asah.y, asah.wfns, asah.s100b, patient)
    assert test.auc_a.estimate == pytest.approx(0.82367886178861793, abs=1e-14)
    half = 1.959963984540054 * math.sqrt(0.0014643956066085957)
    assert test.auc_a.low == pytest.approx(0.82367886178861793 - half, abs=1e-12)
    half = 1.959963984540054 * math.sqrt(0.0021305491810901952)
    assert test.auc_b.high == pytest.approx(0.73136856368563685 + half, abs=1e-12)
    assert test.difference.statistic == pytest.approx(2.6861508164130021, abs=1e-10)
    assert test.difference.p_value == pytest.approx(0.0072280454755792763, abs=1e-12)
    product = math.sqrt(0.0014643956066085957 * 0.0021305491810901952)
    assert test.correlation == pytest.approx(0.0012069865022994646 / product, abs=1e-10)


def test_one_image_per_patient_is_delong(rng):
    """Oracle: DeLong's formulas, which Obuchowski's become when every cluster has one member."""
    truth = rng.random(60) < 0.4
    a, b = np.round(rng.normal(size=(2, 60)) + truth, 1)
    plain, clustered = delong_test(truth, a, b), clustered_delong(truth, a, b, np.arange(60))
    assert clustered.difference.statistic == pytest.approx(plain.difference.statistic, abs=1e-12)
    one, other = auc(truth, a), clustered_auc(truth, a, np.arange(60))
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)
    assert "design effect 1.00" in other.note


def test_copied_images_add_nothing(rng):
    """Oracle: three copies of every image hold the information of one, so the design effect is 3."""
    truth = rng.random(200) < 0.5
    score = truth + rng.normal(size=200)
    patient = np.arange(200)
    once = auc(truth, score)
    thrice = clustered_auc(np.tile(truth, 3), np.tile(score, 3), np.tile(patient, 3))
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high), abs=1e-12)
    assert design_effect(np.tile(truth, 3), np.tile(score, 3), np.tile(patient, 3)) == pytest.approx(
        3, rel=0.02
    )


def test_interval_covers_the_truth_when_patients_repeat(rng):
    """Oracle: simulation with a known AUC, Φ(1.2/√2): only the clustered interval covers."""
    true = 0.5 * (1 + math.erf(1.2 / 2))
    covered = {"plain": 0, "clustered": 0}
    for _ in range(300):
        patient = np.repeat(np.arange(60), 3)
        truth = np.repeat(rng.random(60) < 0.5, 3)
        score = 1.2 * truth + np.repeat(rng.normal(size=60), 3) * 0.9**0.5 + rng.normal(size=180) * 0.1**0.5
        plain, clustered = auc(truth, score), clustered_auc(truth, score, patient)
        covered["plain"] += plain.low <= true <= plain.high
        covered["clustered"] += clustered.low <= true <= clustered.high
    assert covered["clustered"] > 0.9 * 300
    assert covered["plain"] < 0.85 * 300


def test_class_from_a_single_patient_has_no_interval():
    with pytest.warns(StatisticsWarning, match="single patient"):
        result = clustered_auc([1, 1, 0, 0], [3, 1, 2, 0], ["p1", "p1", "p2", "p3"])
    assert result.estimate == 0.75 and math.isnan(result.low)


def test_perfect_score_counts_patients_not_images():
    """Oracle: (α/2)^(1/m) with m disjoint pairs of patients."""
    patient = np.repeat(np.arange(8), 3)
    truth = patient < 4
    with pytest.warns(StatisticsWarning, match="4 disjoint pairs"):
        result = clustered_auc(truth, truth + np.arange(24) / 100, patient)
    assert result.low == pytest.approx(0.025**0.25)


def test_missing_patient_is_refused():
    with pytest.raises(StatisticsError, match="cluster must not be missing"):
        clustered_auc([1, 0], [1, 0], ["a", None])
    with pytest.raises(StatisticsError, match="one value per case"):
        clustered_auc([1, 0], [1, 0], ["a"])


def test_repeated_patients_are_counted_and_warned_of():
    assert repeated_patients(["a", "b", "a", "c", "c"]) == 2
    with pytest.warns(StatisticsWarning, match="DeLong's test assumes one case per patient, but 2 patients"):
        assert warn_if_clustered(["a", "b", "a", "c", "c"], method="DeLong's test")
    assert not warn_if_clustered(["a", "b"], method="DeLong's test")


def test_clustered_proportion_of_copies_is_that_of_patients():
    """Oracle: Wilson's interval of 30 of 40 patients; three equal images each, the variance with n − 1."""
    success = np.repeat([1] * 30 + [0] * 10, 3)
    result = clustered_proportion(success, np.repeat(np.arange(40), 3))
    plain = proportion(30, 40)
    assert result.estimate == 0.75
    assert (result.low, result.high) == pytest.approx((plain.low, plain.high), abs=0.005)
    assert "120 images of 40 patients" in result.note


def test_clustered_proportion_by_the_ratio_estimator():
    """Oracle: by hand. Patients with 2/2, 0/1, 1/2: share 0.6, residuals 0.8, −0.6, −0.2.

    Variance 3/2 · 1.04 / 25 = 0.0624, binomial 0.048, design effect 1.3.
    """
    result = clustered_proportion([1, 1, 0, 1, 0], ["a", "a", "b", "c", "c"])
    assert "design effect 1.30" in result.note
