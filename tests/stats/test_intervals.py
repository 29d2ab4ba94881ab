"""Intervals of proportions."""

import math

import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, proportion
from fxstudy.stats.intervals import METHODS, mover


def test_wilson_interval_by_its_formula():
    """Oracle: Wilson's closed form at 12 of 99."""
    z2, p, n = 1.959963984540054**2, 12 / 99, 99
    centre, half = (p + z2 / (2 * n)) / (1 + z2 / n), math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    wanted = centre - half / (1 + z2 / n), centre + half / (1 + z2 / n)
    assert (proportion(12, 99).low, proportion(12, 99).high) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("method", "limits"),
    [
        ("wilson", (0.2553, 0.3662)),
        ("clopper-pearson", (0.2527, 0.3676)),
        ("wald", (0.2522, 0.3638)),
    ],
)
def test_interval_of_81_in_263(method, limits):
    """Oracle: Newcombe, Stat Med 1998;17:857-872, Table I, first column (81/263)."""
    result = proportion(81, 263, method=method)
    assert (result.low, result.high) == pytest.approx(limits, abs=5.1e-5)


def test_exact_interval_of_the_dtcompair_table():
    """Oracle: DTComPair 1.2.6, acc.paired (exact): sensitivity 397/451."""
    result = proportion(397, 451, method="clopper-pearson")
    assert (result.low, result.high) == pytest.approx((0.84667451773168, 0.908759233549536), abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_limits_stay_inside_and_hold_the_estimate(method):
    for count, n in ((0, 1), (1, 1), (0, 30), (30, 30), (1, 30), (29, 30)):
        result = proportion(count, n, method=method)
        assert 0 <= result.low <= result.estimate <= result.high <= 1


def test_none_of_none_is_not_defined():
    with pytest.warns(StatisticsWarning, match="no cases in the denominator"):
        result = proportion(0, 0, name="PPV")
    assert math.isnan(result.estimate) and math.isnan(result.low)
    assert "PPV is not defined" in result._repr_html_()


@pytest.mark.parametrize(("count", "n"), [(-1, 5), (6, 5), (2.5, 5), (float("nan"), 5), (True, 5)])
def test_impossible_counts_are_refused(count, n):
    with pytest.raises(StatisticsError, match="count must"):
        proportion(count, n)


def test_unknown_method_is_refused():
    with pytest.raises(StatisticsError, match="wilson, clopper-pearson"):
        proportion(1, 2, method="exact")


def test_mover_difference_is_newcombes():
    """Oracle: Newcombe, Stat Med 1998;17:873-890, Table II (a), method 10, 56/70 − 48/80."""
    low, high = mover(proportion(56, 70), proportion(48, 80), sign=-1)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5.1e-5)
