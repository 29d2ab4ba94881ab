"""The empirical ROC curve and its area."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, auc, roc_curve
from fxstudy.stats.placements import area, placements

MARKERS = ("age", "wfns", "s100b", "ndka")


@pytest.mark.parametrize("marker", MARKERS)
def test_auc_and_delong_interval_equal_proc(asah, reference, marker):
    """Oracle: pROC 1.19.0.1, auc() and ci.auc() on aSAH."""
    wanted = pd.read_csv(reference / "asah_delong_single.csv").set_index("marker").loc[marker]
    for level, low, high in ((0.95, "ci95_low", "ci95_high"), (0.99, "ci99_low", "ci99_high")):
        result = auc(asah.y, asah[marker], level=level)
        assert result.estimate == pytest.approx(wanted.auc, abs=1e-15)
        assert (result.low, result.high) == pytest.approx((wanted[low], wanted[high]), abs=1e-10)


def test_auc_of_a_small_table_by_hand():
    """Oracle: counting pairs. 3 × 2 pairs: 3 in order, 1 tied, so 3.5 of 6; variance by hand.

    V10 = (1/4, 1, 1/2), variance 7/48; V01 = (5/6, 1/3), variance 1/8; sum 7/144 + 1/16.
    """
    result = auc([1, 1, 1, 0, 0], [1, 3, 2, 1, 2.5], level=0.95)
    assert result.estimate == pytest.approx(3.5 / 6)
    variance = 7 / 144 + 1 / 16
    logit = auc([1, 1, 1, 0, 0], [1, 3, 2, 1, 2.5], interval="logit")
    half = 1.959963984540054 * variance**0.5
    centre = np.log(3.5 / 2.5)
    wanted = 1 / (1 + np.exp(-centre + np.array([1, -1]) * half / (3.5 / 6 * 2.5 / 6)))
    assert (logit.low, logit.high) == pytest.approx(wanted, abs=1e-12)
    assert (result.low, result.high) == (0.0, 1.0)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40))
def test_auc_equals_the_share_of_ordered_pairs(cases):
    """Oracle: the definition, over all pairs, with ties."""
    truth, score = (np.array(values) for values in zip(*cases, strict=True))
    if truth.all() or not truth.any():
        return
    difference = score[truth][:, None] - score[~truth][None]
    wanted = ((difference > 0) + 0.5 * (difference == 0)).mean()
    assert roc_curve(truth, score).auc == pytest.approx(wanted, abs=1e-12)
    assert area(truth, score) == pytest.approx(wanted, abs=1e-15)
    placed = placements(truth, score)
    distinct = placements(truth, score + np.arange(truth.size) / 100)
    assert distinct[truth].mean() == pytest.approx(area(truth, score + np.arange(truth.size) / 100))
    assert placed[truth] == pytest.approx(((difference > 0) + 0.5 * (difference == 0)).mean(axis=1))
    assert placed[~truth] == pytest.approx(((difference > 0) + 0.5 * (difference == 0)).mean(axis=0))


def test_auc_of_many_cases_does_not_overflow(rng):
    """Oracle: scikit-learn. pROC once printed 1 to 1 at n = 144,000 for an overflow (its issue 19)."""
    truth = rng.random(300_000) < 0.5
    score = np.round(truth + rng.normal(size=truth.size), 2)
    result = auc(truth, score)
    assert result.estimate == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
    assert 0 < result.high - result.low < 0.01


def test_curve_calls_a_case_positive_at_the_threshold():
    curve = roc_curve([0, 1, 1, 0], [0.1, 0.4, 0.4, 0.4])
    assert curve.thresholds.tolist() == [np.inf, 0.4, 0.1]
    assert curve.tpr.tolist() == [0, 1, 1]
    assert curve.fpr.tolist() == [0, 0.5, 1]
    assert (curve.n_positive, curve.n_negative) == (2, 2)


def test_direction_is_never_guessed():
    """An inverse score has AUC 0, not 1."""
    with pytest.warns(StatisticsWarning, match="separated without error"):
        result = auc([1, 1, 0, 0], [1, 2, 3, 4])
    assert result.estimate == 0
    assert result.low == 0 < result.high < 1


def test_perfect_score_has_an_interval_with_width():
    """Oracle: exact binomial bound on m disjoint pairs, all in order: (α/2)^(1/m)."""
    with pytest.warns(StatisticsWarning, match="binomial one on 20 disjoint pairs"):
        result = auc([1] * 20 + [0] * 50, list(range(50, 70)) + list(range(50)))
    assert (result.estimate, result.high) == (1.0, 1.0)
    assert result.low == pytest.approx(0.025 ** (1 / 20))


def test_one_positive_case_has_an_estimate_but_no_interval():
    with pytest.warns(StatisticsWarning, match="single case"):
        result = auc([1, 0, 0, 0], [2, 1, 3, 0])
    assert result.estimate == pytest.approx(2 / 3)
    assert np.isnan(result.low) and np.isnan(result.high)
    assert "no interval" in result._repr_html_()


def test_constant_score_is_a_coin():
    with pytest.warns(StatisticsWarning, match="does not vary"):
        result = auc([1, 1, 0, 0], [5, 5, 5, 5])
    assert (result.estimate, result.low, result.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("truth", "score", "message"),
    [
        ([1, 0, 2], [1, 2, 3], "only 0 .negative. and 1 .positive., not 2"),
        ([1, 0, -1], [1, 2, 3], "not -1"),
        (["1", "0", "1"], [1, 2, 3], "not text"),
        ([1, 0, None], [1, 2, 3], "missing at position 2"),
        ([1, 0, np.nan], [1, 2, 3], "not nan at position 2"),
        ([1, 1, 1], [1, 2, 3], "all 3 cases are positive"),
        ([0, 0], [1, 2], "all 2 cases are negative"),
        ([], [], "shape"),
        ([[1, 0]], [1, 2], "shape"),
        ([1, 0, 1], [1, 2], "2 values for 3 cases"),
        ([1, 0, 1], [1, np.nan, 3], "finite, not nan at position 1"),
        ([1, 0, 1], [1, np.inf, 3], "finite, not inf"),
        ([1, 0, 1], ["a", "b", "c"], "not text"),
    ],
)
def test_bad_input_is_refused_with_its_place(truth, score, message):
    with pytest.raises(StatisticsError, match=message):
        auc(truth, score)
    with pytest.raises(StatisticsError, match=message):
        roc_curve(truth, score)


def test_unknown_level_and_interval_are_refused():
    with pytest.raises(StatisticsError, match="between 0 and 1"):
        auc([1, 0], [1, 0], level=95)
    with pytest.raises(StatisticsError, match="must be one of delong, logit"):
        auc([1, 0], [1, 0], interval="wald")
