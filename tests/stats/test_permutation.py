"""Permutation tests."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats import permutation_auc, permutation_test, venkatraman_test
from fxstudy.stats.permutation import _errors


def test_label_permutation_equals_the_exact_rank_test():
    """Oracle: scipy 1.17, mannwhitneyu(method = "exact") without ties."""
    truth, score = [1, 1, 1, 0, 0, 0, 0], [7, 5, 4, 6, 3, 2, 1]
    wanted = stats.mannwhitneyu([7, 5, 4], [6, 3, 2, 1], alternative="two-sided", method="exact").pvalue
    assert permutation_auc(truth, score, seed=0).p_value == pytest.approx(wanted, abs=0.015)
    one = stats.mannwhitneyu([7, 5, 4], [6, 3, 2, 1], alternative="greater", method="exact").pvalue
    assert permutation_auc(truth, score, alternative="greater", seed=0).p_value == pytest.approx(
        one, abs=0.01
    )


def test_exchange_equals_the_full_enumeration():
    """Oracle: all 2^8 exchanges of eight cases, counted."""
    truth = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    a, b = np.array([8, 7, 6, 3, 5, 4, 2, 1.0]), np.array([6, 2, 8, 5, 7, 3, 1, 4.0])

    def difference(first, second):
        return sum(
            np.sign(x[truth][:, None] - x[~truth][None]).sum() * s for x, s in ((first, 1), (second, -1))
        )

    observed = abs(difference(a, b))
    extreme = [
        abs(difference(np.where(s, b, a), np.where(s, a, b))) >= observed
        for s in (np.array(swap, bool) for swap in product((0, 1), repeat=8))
    ]
    found = permutation_test(truth, a, b, permutations=4000, seed=1)
    assert found.p_value == pytest.approx(np.mean(extreme), abs=0.03)


def test_p_is_never_zero_nor_above_one(asah):
    """Known defect: MLstatkit 0.1.91 prints p = 0 after 2,000 permutations."""
    perfect = asah.y + 0.001 * np.arange(113)
    assert permutation_auc(asah.y, perfect, permutations=199).p_value == pytest.approx(1 / 200)
    assert permutation_test(asah.y, perfect, -perfect, permutations=199).p_value >= 1 / 200
    assert permutation_test(asah.y, asah.ndka, asah.ndka, permutations=199).p_value == 1
    assert venkatraman_test(asah.y, perfect, perfect, permutations=199).p_value == 1


def test_paired_permutation_is_near_delong(asah):
    """Oracle: DeLong's p of 0.0272 for wfns against s100b; the exchange test gave 0.033 at 2,000."""
    assert permutation_test(asah.y, asah.wfns, asah.s100b, seed=0).p_value == pytest.approx(0.0272, abs=0.015)


def test_curve_test_equals_procs(asah):
    """Oracle: pROC 1.18, roc.test(method = "venkatraman") of wfns and s100b: E = 578, p about 0.0225."""
    found = venkatraman_test(asah.y, asah.wfns, asah.s100b, ties="first", permutations=4000, seed=0)
    assert found.statistic == 578
    assert found.p_value == pytest.approx(0.0225, abs=0.01)


def test_errors_by_hand():
    """Oracle: counting. Cases at ranks 2 and 4 of four: errors missed minus rejected at k = 1…4."""
    truth = np.array([False, True, False, True])
    assert _errors(truth, np.array([1.0, 2, 3, 4])).tolist() == [-1, 0, -1, 0]


@pytest.mark.parametrize("test", [permutation_test, venkatraman_test])
def test_level_is_kept(test):
    """Oracle: under exchangeable models p is uniform: 5 % of p-values lie below 0.05 (binomial bounds)."""
    rng, below = np.random.default_rng(11), 0
    for k in range(200):
        truth = np.repeat([0, 1], 20)
        common = rng.normal(size=40) + truth
        a, b = (np.round(common + rng.normal(size=40), 0) for _ in range(2))
        below += test(truth, a, b, permutations=99, seed=k).p_value <= 0.05
    assert below <= 20


def test_bad_options_are_refused(asah):
    with pytest.raises(StatisticsError, match="at least 99"):
        permutation_test(asah.y, asah.ndka, asah.age, permutations=10)
    with pytest.raises(StatisticsError, match="ties must be one of"):
        venkatraman_test(asah.y, asah.ndka, asah.age, ties="average")
