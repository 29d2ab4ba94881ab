"""The two-by-two table at a threshold."""

import math

import numpy as np
import pytest
from sklearn import metrics

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, accuracy_from_counts, accuracy_table, youden_threshold


@pytest.fixture
def paired1():
    """Test 1 of DTComPair's Paired1."""
    return accuracy_from_counts(tp=397, fn=54, fp=84, tn=177, method="clopper-pearson")


def test_proportions_equal_dtcompair(paired1):
    """Oracle: DTComPair 1.2.6, acc.paired with exact intervals."""
    for name, wanted in {
        "sensitivity": (0.880266075388027, 0.84667451773168, 0.908759233549536),
        "specificity": (0.67816091954023, 0.617779157710041, 0.734440604365639),
        "ppv": (0.825363825363825, 0.788424015295422, 0.858244042436136),
        "npv": (0.766233766233766, 0.706258738139893, 0.819238873218498),
    }.items():
        result = getattr(paired1, name)
        assert (result.estimate, result.low, result.high) == pytest.approx(wanted, abs=1e-12)


def test_likelihood_ratios_equal_dtcompair(paired1):
    """Oracle: DTComPair 1.2.6, acc.1test (log interval of Simel 1991)."""
    for name, wanted in {
        "lr_positive": (2.73511244852708, 2.28600791000105, 3.27244716580372),
        "lr_negative": (0.176556804088842, 0.135614228649744, 0.229860136214584),
    }.items():
        result = getattr(paired1, name)
        assert (result.estimate, result.low, result.high) == pytest.approx(wanted, rel=1e-12)


def test_point_estimates_equal_scikit_learn(rng):
    """Oracle: scikit-learn 1.9."""
    truth = rng.random(150) < 0.3
    score = np.round(truth * 0.8 + rng.normal(size=150), 1)
    table, called = accuracy_table(truth, score, 0.5), score >= 0.5
    assert table.confusion().tolist() == metrics.confusion_matrix(truth, called).tolist()
    assert table.f1.estimate == pytest.approx(metrics.f1_score(truth, called))
    assert table.mcc.estimate == pytest.approx(metrics.matthews_corrcoef(truth, called))
    assert table.balanced_accuracy.estimate == pytest.approx(metrics.balanced_accuracy_score(truth, called))
    assert table.accuracy.estimate == pytest.approx(metrics.accuracy_score(truth, called))
    ratios = metrics.class_likelihood_ratios(truth, called)
    assert (table.lr_positive.estimate, table.lr_negative.estimate) == pytest.approx(ratios)


def test_odds_ratio_interval_is_woolfs(paired1):
    """Oracle: exp(ln OR ± z √(1/a + 1/b + 1/c + 1/d))."""
    log_odds = math.log(397 * 177 / (84 * 54))
    half = 1.959963984540054 * math.sqrt(1 / 397 + 1 / 177 + 1 / 84 + 1 / 54)
    assert (paired1.dor.low, paired1.dor.high) == pytest.approx(
        (math.exp(log_odds - half), math.exp(log_odds + half))
    )


def test_interval_of_mcc_equals_the_multinomial_delta_method(paired1):
    """Oracle: the delta method with numerical derivatives."""

    def mcc(p):
        tp, fp, fn, tn = p
        return (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))

    p = np.array([397, 84, 54, 177]) / 712
    gradient = np.array([(mcc(p + h) - mcc(p - h)) / 2e-6 for h in np.eye(4) * 1e-6])
    se = math.sqrt(((p * gradient**2).sum() - (p @ gradient) ** 2) / 712)
    half = 1.959963984540054 * se / (1 - mcc(p) ** 2)
    wanted = [math.tanh(math.atanh(mcc(p)) + sign * half) for sign in (-1, 1)]
    assert (paired1.mcc.low, paired1.mcc.high) == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "youden", "mcc", "lr_positive", "dor"])
def test_intervals_cover_the_truth(name, rng):
    """Oracle: simulation of 120 cases with sensitivity 0.85, specificity 0.8, prevalence 0.4."""
    cells = np.array([0.4 * 0.85, 0.6 * 0.2, 0.4 * 0.15, 0.6 * 0.8])
    true = getattr(accuracy_from_counts(tp=340, fp=120, fn=60, tn=480), name).estimate
    hits = 0
    for tp, fp, fn, tn in rng.multinomial(120, cells, 400):
        result = getattr(accuracy_from_counts(tp=int(tp), fp=int(fp), fn=int(fn), tn=int(tn)), name)
        hits += result.low <= true <= result.high
    assert 0.92 <= hits / 400 <= 0.985


def test_threshold_itself_counts_as_positive():
    table = accuracy_table([1, 0, 1, 0], [0.5, 0.5, 0.4, 0.1], 0.5)
    assert (table.tp, table.fp, table.fn, table.tn) == (1, 1, 1, 1)
    assert table.threshold == 0.5 and table.n == 4


def test_threshold_object_is_accepted(asah):
    """Oracle: pROC 1.18, coords(roc, "best") of s100b on aSAH."""
    threshold = youden_threshold(asah.y, asah.s100b)
    table = accuracy_table(asah.y, asah.s100b, threshold)
    assert threshold.value == pytest.approx(0.205)
    assert table.sensitivity.estimate == pytest.approx(0.6341463, abs=1e-7)
    assert table.specificity.estimate == pytest.approx(0.8055556, abs=1e-7)


def test_one_class_alone_leaves_the_rest_undefined():
    with pytest.warns(StatisticsWarning):
        table = accuracy_table([1, 1, 1], [0.2, 0.7, 0.9], 0.5)
    assert table.sensitivity.estimate == pytest.approx(2 / 3)
    assert math.isnan(table.specificity.estimate) and math.isnan(table.lr_positive.estimate)
    assert math.isnan(table.balanced_accuracy.estimate)
    assert "not defined" in table._repr_html_()


def test_empty_cell_gives_infinite_ratio_with_a_finite_bound():
    table = accuracy_from_counts(tp=10, fp=0, fn=5, tn=20)
    assert table.lr_positive.estimate == math.inf == table.lr_positive.high
    assert 1 < table.lr_positive.low < 30
    assert "half a case" in table.lr_positive.note
    assert table.dor.estimate == math.inf and table.dor.low > 1


def test_test_without_an_error_has_an_interval_of_mcc():
    """Oracle: the rule in the docstring, half a case in every cell."""
    perfect = accuracy_from_counts(tp=10, fp=0, fn=0, tn=20).mcc
    assert perfect.estimate == perfect.high == 1 and 0.5 < perfect.low < 1
    inverse = accuracy_from_counts(tp=0, fp=20, fn=10, tn=0).mcc
    assert inverse.estimate == inverse.low == -1 and -1 < inverse.high < -0.5


@pytest.mark.filterwarnings("ignore::fxstudy.stats.StatisticsWarning")
def test_every_small_table_has_ordered_limits():
    for tp, fp, fn, tn in np.ndindex(3, 3, 3, 3):
        if tp + fp + fn + tn == 0:
            continue
        table = accuracy_from_counts(tp=tp, fp=fp, fn=fn, tn=tn)
        for result in table.results:
            if not math.isnan(result.estimate) and not math.isnan(result.low):
                assert result.low - 1e-9 <= result.estimate <= result.high + 1e-9, (tp, fp, fn, tn, result)


def test_bad_counts_and_thresholds_are_refused():
    with pytest.raises(StatisticsError, match="fp must be a whole number"):
        accuracy_from_counts(tp=1, fp=-1, fn=0, tn=0)
    with pytest.raises(StatisticsError, match="threshold must be a number"):
        accuracy_table([1, 0], [1, 0], math.nan)
