"""Non-inferiority and equivalence."""

import math

import pytest
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, delong_test, equivalence, noninferiority
from fxstudy.stats.paired_binary import paired_proportions
from fxstudy.stats.result import Result


def test_noninferiority_of_an_auc_by_its_formula(asah):
    """Oracle: z = (difference + margin) / se with pROC's difference and z on aSAH."""
    difference = delong_test(asah.y, asah.s100b, asah.wfns).difference
    se = 0.09231029810298103 / 2.2089835914409077
    found = noninferiority(difference, 0.2)
    assert found.test.statistic == pytest.approx((0.2 - 0.09231029810298103) / se, abs=1e-9)
    assert found.test.p_value == pytest.approx(stats.norm.sf(found.test.statistic))
    assert found.shown and found.test.p_value < 0.025
    assert not noninferiority(difference, 0.15).shown


def test_interval_and_p_agree_at_the_margin(asah):
    """Oracle: the duality of interval and test, p = 0.025 where the lower 95 % limit is the margin."""
    difference = delong_test(asah.y, asah.s100b, asah.wfns).difference
    assert noninferiority(difference, -difference.low).test.p_value == pytest.approx(0.025)
    tango = paired_proportions(5, 9, 100)
    assert noninferiority(tango, -tango.low).test.p_value == pytest.approx(0.025)
    student = Result("difference", -0.0438, -0.0879, 0.0003, df=15.066, level=0.95)
    assert noninferiority(student, 0.0879).test.p_value == pytest.approx(0.025, abs=1e-12)


def test_equivalence_needs_both_sides():
    """Oracle: two one-sided tests; the larger p is Φ(−(margin − |d|)/se)."""
    se = 0.1 / 1.959963984540054
    close = Result("difference", 0.02, -0.08, 0.12)
    found = equivalence(close, 0.15)
    assert found.shown and found.test.p_value == pytest.approx(stats.norm.sf(0.13 / se))
    assert not equivalence(close, 0.1).shown
    assert noninferiority(close, 0.1).shown
    assert "is not shown" in equivalence(close, 0.1).summary()


def test_undefined_and_collapsed_intervals():
    with pytest.warns(StatisticsWarning, match="no interval"):
        found = noninferiority(Result("difference", 0.1), 0.05)
    assert not found.shown and math.isnan(found.test.p_value)
    with pytest.warns(StatisticsWarning, match="no width"):
        assert noninferiority(Result("difference", 0.0, 0.0, 0.0), 0.05).shown


def test_margin_must_be_positive():
    with pytest.raises(StatisticsError, match="margin must be positive"):
        noninferiority(Result("difference", 0.1, 0.0, 0.2), -0.05)
