"""DeLong's test, paired and unpaired."""

import math

import numpy as np
import pandas as pd
import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, auc, delong_test, delong_unpaired

PAIRS = [
    ("age", "wfns"),
    ("age", "s100b"),
    ("age", "ndka"),
    ("wfns", "s100b"),
    ("wfns", "ndka"),
    ("s100b", "ndka"),
]
TEN = {"abs": 1e-10, "rel": 1e-10}


@pytest.fixture(scope="session")
def proc_pairs(reference):
    return pd.read_csv(reference / "asah_delong_pairs.csv").set_index(["marker1", "marker2"])


@pytest.mark.parametrize("pair", PAIRS)
def test_paired_test_equals_proc(asah, proc_pairs, pair):
    """Oracle: pROC 1.19.0.1, roc.test(paired = TRUE) on aSAH: z, p and interval."""
    wanted = proc_pairs.loc[pair]
    test = delong_test(asah.y, asah[pair[0]], asah[pair[1]], names=pair)
    difference = test.difference
    assert test.auc_a.estimate == pytest.approx(wanted.auc1, abs=1e-12)
    assert test.auc_b.estimate == pytest.approx(wanted.auc2, abs=1e-12)
    assert difference.statistic == pytest.approx(wanted.z_paired, **TEN)
    assert difference.p_value == pytest.approx(wanted.p_paired, **TEN)
    assert (difference.low, difference.high) == pytest.approx(
        (wanted.diff_ci95_low, wanted.diff_ci95_high), **TEN
    )
    for alternative in ("greater", "less"):
        one = delong_test(asah.y, asah[pair[0]], asah[pair[1]], alternative=alternative)
        assert one.difference.p_value == pytest.approx(wanted[f"p_{alternative}"], **TEN)


@pytest.mark.parametrize("pair", PAIRS)
def test_covariance_equals_proc(asah, proc_pairs, reference, pair):
    """Oracle: pROC 1.19.0.1, cov() and var() on aSAH."""
    variances = pd.read_csv(reference / "asah_delong_single.csv").set_index("marker").var_delong
    test = delong_test(asah.y, asah[pair[0]], asah[pair[1]])
    product = math.sqrt(variances[pair[0]] * variances[pair[1]])
    assert test.correlation * product == pytest.approx(proc_pairs.loc[pair].cov_delong, abs=1e-14)


@pytest.mark.parametrize("pair", PAIRS)
def test_unpaired_test_equals_proc(asah, proc_pairs, pair):
    """Oracle: pROC 1.19.0.1, roc.test(paired = FALSE) on aSAH: D, df and p."""
    wanted = proc_pairs.loc[pair]
    difference = delong_unpaired(asah.y, asah[pair[0]], asah.y, asah[pair[1]]).difference
    assert difference.statistic == pytest.approx(wanted.d_unpaired, **TEN)
    assert difference.df == pytest.approx(wanted.df_unpaired, **TEN)
    assert difference.p_value == pytest.approx(wanted.p_unpaired, **TEN)


def test_interval_of_the_unpaired_difference(asah):
    """Oracle: the aSAH values in pROC's issue 73 (−0.2191 to 0.0345 for s100b − wfns)."""
    difference = delong_unpaired(asah.y, asah.s100b, asah.y, asah.wfns).difference
    assert (difference.low, difference.high) == pytest.approx((-0.2191, 0.0345), abs=5e-5)


def test_small_paired_table_by_hand():
    """Oracle: by hand. Placements of a: (1, 1/2, 1) and (1, 2/3), of b: (1/2, 1, 1/2) and (1/3, 1).

    Differences (1/2, −1/2, 1/2) with variance 1/3 and (2/3, −1/3) with variance 1/2: 1/9 + 1/4.
    """
    truth = [1, 1, 1, 0, 0]
    a, b = [5, 2, 4, 1, 3], [2, 4, 2.5, 3, 1]
    test = delong_test(truth, a, b)
    assert test.difference.estimate == pytest.approx(5 / 6 - 4 / 6)
    assert test.standard_error == pytest.approx(math.sqrt(1 / 9 + 1 / 4))
    assert test.difference.statistic == pytest.approx((1 / 6) / math.sqrt(1 / 9 + 1 / 4))


def test_swapping_the_models_swaps_the_sign(rng):
    truth = rng.random(80) < 0.4
    a, b = rng.normal(size=(2, 80)) + truth
    one, other = delong_test(truth, a, b).difference, delong_test(truth, b, a).difference
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-15)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-15)
    assert one.p_value == pytest.approx(other.p_value)


@pytest.mark.parametrize("transform", [lambda s: s, lambda s: 3 * s + 1, np.exp])
def test_models_that_rank_alike_differ_by_nothing(transform):
    """Known defects: MLstatkit 0.1.91 gives p = 0, yandex's roc_comparison nan; right is 1."""
    truth, score = np.array([1, 0, 1, 0, 1, 0]), np.array([3.0, 1, 2, 2.5, 0.5, 0])
    difference = delong_test(truth, score, transform(score)).difference
    assert (difference.estimate, difference.low, difference.high) == (0, 0, 0)
    assert (difference.statistic, difference.p_value, difference.log10_p) == (0, 1, 0)


@pytest.mark.filterwarnings("ignore:the classes are separated")
def test_two_perfect_models_differ_by_nothing():
    difference = delong_test([1, 1, 1, 0, 0], [9, 8, 7, 2, 1], [5, 6, 7, 3, 4]).difference
    assert (difference.estimate, difference.p_value) == (0, 1)


@pytest.mark.filterwarnings("ignore:the classes are separated", "ignore:the score does not vary")
@pytest.mark.parametrize(("other", "shift"), [([1, 2, 3, 4, 5, 6], 1.0), ([0] * 6, 0.5)])
def test_perfect_against_inverse_or_constant_never_has_p_zero(other, shift):
    """Oracle: of 2^6 sign patterns of six equal shifts two are as extreme, p = 2/64. pROC prints p = 0."""
    truth, perfect = [1, 1, 1, 0, 0, 0], [6, 5, 4, 3, 2, 1]
    with pytest.warns(StatisticsWarning, match="every case shifts"):
        difference = delong_test(truth, perfect, other).difference
    assert difference.estimate == pytest.approx(shift)
    assert difference.statistic == math.inf
    assert difference.p_value == pytest.approx(2 / 64)
    assert difference.log10_p == pytest.approx(math.log10(2 / 64))


def test_one_positive_case_gives_no_test():
    with pytest.warns(StatisticsWarning, match="single case"):
        test = delong_test([1, 0, 0], [2, 1, 3], [3, 1, 2])
    assert test.difference.estimate == pytest.approx(-0.5)
    assert math.isnan(test.difference.p_value) and math.isnan(test.difference.low)
    assert "cannot tell" in test._repr_html_()


def test_p_that_underflows_has_a_logarithm():
    """Oracle: the normal tail's expansion, log10 p ≈ log10(2 φ(z) / z) at large z."""
    rng = np.random.default_rng(1)
    truth = rng.random(60_000) < 0.5
    good, noise = truth + 0.3 * rng.normal(size=truth.size), rng.normal(size=truth.size)
    difference = delong_test(truth, good, noise).difference
    z = difference.statistic
    assert z > 40 and difference.p_value < 1e-300
    wanted = (math.log(2) - z * z / 2 - math.log(z * math.sqrt(2 * math.pi)) - 1 / z**2) / math.log(10)
    assert difference.log10_p == pytest.approx(wanted, abs=1e-5)
    assert "10^-" in delong_test(truth, good, noise)._repr_html_()


def test_single_areas_are_those_of_auc(asah):
    test = delong_test(asah.y, asah.wfns, asah.s100b, interval="logit", level=0.9, names=("WFNS", "S100b"))
    alone = auc(asah.y, asah.s100b, interval="logit", level=0.9)
    assert (test.auc_b.estimate, test.auc_b.low, test.auc_b.high) == pytest.approx(
        (alone.estimate, alone.low, alone.high), abs=1e-12
    )
    frame = test.to_frame()
    assert frame.name.tolist() == ["AUC of WFNS", "AUC of S100b", "AUC difference WFNS − S100b"]


def test_unpaired_groups_without_variance_are_not_tested():
    with pytest.warns(StatisticsWarning):
        test = delong_unpaired([1, 0, 0], [2, 1, 3], [1, 0, 0, 1], [1, 2, 3, 4])
    assert math.isnan(test.difference.p_value)


def test_bad_input_names_the_model():
    with pytest.raises(StatisticsError, match="score_b must have one value per case"):
        delong_test([1, 0], [1, 2], [1, 2, 3])
    with pytest.raises(StatisticsError, match="two-sided, greater, less"):
        delong_test([1, 0], [1, 2], [1, 2], alternative="two.sided")
