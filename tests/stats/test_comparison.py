"""Any number of AUCs on the same cases."""

import numpy as np
import pandas as pd
import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, clustered_delong, compare_aucs, delong_test


def test_joint_test_equals_clinfun(asah):
    """Oracle: clinfun 1.1.5, roc.area.test on aSAH with three and four markers."""
    three = compare_aucs(asah.y, asah[["wfns", "s100b", "ndka"]]).joint
    assert (three.statistic, three.df) == (pytest.approx(12.512728282423575, abs=1e-10), 2)
    assert three.p_value == pytest.approx(0.0019182074646104663, abs=1e-13)
    four = compare_aucs(asah.y, asah[["wfns", "s100b", "ndka", "age"]]).joint
    assert four.statistic == pytest.approx(15.979489750856882, abs=1e-10)
    assert four.p_value == pytest.approx(0.0011450168026688745, abs=1e-13)


def test_two_models_are_the_paired_test(asah):
    """Oracle: DeLong's z squared."""
    found = compare_aucs(asah.y, asah[["wfns", "s100b"]])
    assert found.joint.statistic == pytest.approx(2.2089835914409077**2, abs=1e-10)
    assert found.pairs[0].p_value == pytest.approx(found.joint.p_value)
    assert found.adjusted[0] == found.pairs[0].p_value


def test_pairs_are_adjusted_by_holm(asah, reference):
    """Oracle: R's p.adjust(method = "holm") by hand on pROC's six p-values."""
    proc = pd.read_csv(reference / "asah_delong_pairs.csv")
    found = compare_aucs(asah.y, asah[["age", "wfns", "s100b", "ndka"]])
    p = proc.p_paired.to_numpy()
    assert [pair.p_value for pair in found.pairs] == pytest.approx(p, abs=1e-12)
    order, wanted, largest = np.argsort(p), np.empty(6), 0.0
    for rank, k in enumerate(order):
        largest = max(largest, (6 - rank) * p[k])
        wanted[k] = min(largest, 1)
    assert found.adjusted == pytest.approx(wanted)
    assert found.to_frame().p_adjusted.notna().sum() == 6
    assert "wfns" in found._repr_html_() and "after holm adjustment" in found.summary()


def test_patients_change_the_variance(asah):
    """Oracle: Obuchowski's paired test."""
    patient = np.arange(113) % 40
    found = compare_aucs(asah.y, asah[["wfns", "s100b"]], cluster=patient)
    z = clustered_delong(asah.y, asah.wfns, asah.s100b, patient).difference.statistic
    assert found.joint.statistic == pytest.approx(z**2, abs=1e-9)
    assert "Obuchowski" in found.joint.method


def test_model_given_twice_lowers_the_degrees_of_freedom(asah):
    """Oracle: the joint test without the copy."""
    scores = {"a": asah.wfns, "copy": 2 * asah.wfns, "b": asah.ndka}
    found = compare_aucs(asah.y, scores)
    z = delong_test(asah.y, asah.wfns, asah.ndka).difference.statistic
    assert (found.joint.df, found.joint.statistic) == (1, pytest.approx(z**2))
    assert found.pairs[0].p_value == 1
    same = compare_aucs(asah.y, {"a": asah.wfns, "copy": asah.wfns})
    assert (same.joint.statistic, same.joint.p_value) == (0, 1)


def test_one_positive_case_has_no_test():
    with pytest.warns(StatisticsWarning):
        found = compare_aucs([1, 0, 0, 0], {"a": [4, 1, 2, 3], "b": [1, 2, 3, 4], "c": [2, 1, 3, 4]})
    assert np.isnan(found.joint.p_value) and np.isnan(found.adjusted).all()


def test_perfect_against_constant_is_told():
    with pytest.warns(StatisticsWarning):
        found = compare_aucs([1, 1, 0, 0], {"a": [4, 3, 2, 1], "b": [1, 1, 1, 1]})
    assert found.joint.statistic == np.inf and "see the pairs" in found.joint.note
    assert found.pairs[0].p_value == pytest.approx(2 / 16)


def test_bad_input_is_refused(asah):
    with pytest.raises(StatisticsError, match="at least two models"):
        compare_aucs(asah.y, {"a": asah.wfns})
    with pytest.raises(StatisticsError, match="b must have one value per case"):
        compare_aucs(asah.y, {"a": asah.wfns, "b": [1, 2]})
