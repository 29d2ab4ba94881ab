"""Calibration and decision curves."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import calibration as sklearn_calibration
from sklearn.metrics import brier_score_loss

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, calibration, decision_curve, proportion, reliability_curve


@pytest.fixture(scope="module")
def waves():
    """200 probabilities and outcomes by arithmetic alone, the probabilities too extreme."""
    i = np.arange(200)
    x = 2 * np.sin(1.7 * i)
    truth = (i * 37 % 100) / 100 < 1 / (1 + np.exp(-0.6 * x))
    return truth, 1 / (1 + np.exp(-(x + 0.3)))


def test_slope_and_intercept_equal_r(waves):
    """Oracle: R 4.2, glm(binomial) of the outcome on logit(p), and with logit(p) as offset."""
    found, z = calibration(*waves), 1.959963984540054
    assert found.slope.estimate == pytest.approx(0.5667840236837, abs=1e-7)
    assert found.slope.low == pytest.approx(0.5667840236837 - z * 0.112276456984, abs=1e-5)
    assert found.intercept.estimate == pytest.approx(-0.206555388467, abs=1e-7)
    assert found.intercept.high == pytest.approx(-0.206555388467 + z * 0.172799099468, abs=1e-5)
    assert "too extreme" in found._repr_html_()


def test_right_probabilities_have_slope_one():
    """Oracle: simulation of outcomes drawn from the probabilities."""
    rng = np.random.default_rng(6)
    p = rng.beta(2, 3, 4000)
    found = calibration(rng.random(4000) < p, p)
    assert found.slope.low < 1 < found.slope.high
    assert found.intercept.low < 0 < found.intercept.high
    assert found.ece < 0.03 and found.reliability < 0.002


def test_brier_and_its_parts(waves):
    """Oracle: scikit-learn's Brier score; Murphy's parts sum to it."""
    truth, p = waves
    found = calibration(truth, p)
    assert found.brier.estimate == pytest.approx(brier_score_loss(truth, p))
    total = found.reliability - found.resolution + found.uncertainty + found.within
    assert total == pytest.approx(found.brier.estimate)
    coarse = np.round(p, 1)
    exact = calibration(truth, coarse, bins=60, strategy="uniform")
    assert exact.within == pytest.approx(0, abs=1e-12)


def test_curve_equals_scikit_learn(waves):
    """Oracle: scikit-learn 1.9, calibration_curve with uniform bins; Wilson's limits."""
    truth, p = waves
    observed, predicted = sklearn_calibration.calibration_curve(truth, p, n_bins=8, strategy="uniform")
    curve = reliability_curve(truth, p, bins=8, strategy="uniform")
    assert curve.observed.to_numpy() == pytest.approx(observed)
    assert curve.predicted.to_numpy() == pytest.approx(predicted)
    first = curve.iloc[0]
    wilson = proportion(round(first.observed * first.n), int(first.n))
    assert (first.low, first.high) == pytest.approx((wilson.low, wilson.high))


def test_ece_by_hand():
    """Oracle: by hand. Bins below and from 0.5: |0.2 − 0.5| and |0.8 − 0.5|, two cases each: 0.3."""
    found = calibration([0, 1, 0, 1], [0.1, 0.3, 0.7, 0.9], bins=2, strategy="uniform")
    assert found.ece == pytest.approx(0.3)


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.PerfectSeparationWarning")
def test_separated_and_constant_probabilities():
    with pytest.warns(StatisticsWarning, match="do not overlap"):
        found = calibration([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], bins=2)
    assert math.isnan(found.slope.estimate) and "not defined" in found.summary()
    with pytest.warns(StatisticsWarning, match="all probabilities are equal"):
        found = calibration([0, 0, 1, 1], [0.5] * 4)
    assert found.intercept.estimate == pytest.approx(0) and len(found.curve) == 1


def test_net_benefit_by_hand():
    """Oracle: Vickers and Elkin 2006. Ten cases, at t = 0.2: 3 of 4 hits, 2 of 6 alarms: 0.3 − 0.2 · 0.25."""
    truth = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    p = [0.9, 0.5, 0.2, 0.1, 0.3, 0.2, 0.1, 0.1, 0.05, 0.0]
    curve = decision_curve(truth, p, thresholds=[0.2])
    assert curve.model[0] == pytest.approx(0.3 - 0.2 * 0.25)
    assert curve.treat_all[0] == pytest.approx(0.4 - 0.6 * 0.25)
    assert not curve.useful[0]
    assert decision_curve(truth, p, thresholds=[0.5]).useful[0]
    assert decision_curve(truth, p).to_frame().shape == (99, 5)
    assert "weighs as much as nine" in curve._repr_html_()


def test_net_benefit_interval_covers_the_truth():
    """Oracle: simulation with known sensitivity Φ(0.5) and false positive rate Φ(−0.5) at t = 0.5."""
    rng, hits = np.random.default_rng(3), 0
    true = 0.5 * stats.norm.cdf(0.5) - 0.5 * stats.norm.cdf(-0.5)
    truth = np.repeat([0, 1], 60)
    for _ in range(300):
        p = 1 / (1 + np.exp(-(rng.normal(size=120) + truth - 0.5)))
        curve = decision_curve(truth, p, thresholds=[0.5])
        hits += curve.low[0] <= true <= curve.high[0]
    assert hits >= 273


def test_bad_probabilities_are_refused():
    with pytest.raises(StatisticsError, match="between 0 and 1, not 3.0; scores need calibration"):
        calibration([0, 1], [0.5, 3.0])
    with pytest.raises(StatisticsError, match="strictly between"):
        decision_curve([0, 1], [0.5, 0.5], thresholds=[1.0])
    with pytest.raises(StatisticsError, match="bins must be at least 1"):
        reliability_curve([0, 1], [0.5, 0.6], bins=0)
