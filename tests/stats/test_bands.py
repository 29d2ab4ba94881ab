"""Confidence bands of the ROC curve."""

import numpy as np
import pytest
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats import roc_band


def test_band_equals_procs_bootstrap(asah):
    """Oracle: pROC 1.19, ci.se(specificities = 0.9) with 10,000 replicates on aSAH (±0.03)."""
    for marker, low, high in (("wfns", 0.329, 0.708), ("s100b", 0.220, 0.628)):
        band = roc_band(asah.y, asah[marker], fpr=[0.1], replicates=4000, seed=1)
        assert (band.low[0], band.high[0]) == pytest.approx((low, high), abs=0.03)


def test_band_covers_the_true_curve(rng):
    """Oracle: simulation of a binormal curve, TPR = Φ(1.5 + Φ⁻¹(FPR))."""
    grid = np.array([0.1, 0.3, 0.5])
    true = stats.norm.cdf(1.5 + stats.norm.ppf(grid))
    hits = np.zeros(3)
    for seed in range(100):
        truth = np.repeat([True, False], 80)
        band = roc_band(truth, rng.normal(size=160) + 1.5 * truth, fpr=grid, replicates=200, seed=seed)
        hits += (band.low <= true) & (true <= band.high)
    assert (hits >= 86).all()


def test_same_seed_same_band(asah):
    one, other = (roc_band(asah.y, asah.ndka, replicates=100, seed=3) for _ in range(2))
    assert np.array_equal(one.low, other.low) and np.array_equal(one.high, other.high)
    assert not np.array_equal(one.low, roc_band(asah.y, asah.ndka, replicates=100, seed=4).low)


def test_band_of_whole_patients_is_wider(rng):
    """Oracle: five copies of each image must not narrow the band of patients."""
    truth = np.tile(np.repeat([1, 0], 30), 5)
    score = np.tile(rng.normal(size=60) + np.repeat([1, 0], 30), 5)
    options = {"fpr": [0.2], "replicates": 500, "seed": 0}
    plain = roc_band(truth, score, **options)
    patients = roc_band(truth, score, cluster=np.tile(np.arange(60), 5), **options)
    once = roc_band(truth[:60], score[:60], **options)
    assert patients.high - patients.low > 1.5 * (plain.high - plain.low)
    assert patients.high - patients.low == pytest.approx(once.high - once.low, rel=0.25)


def test_band_ends_in_the_corners():
    band = roc_band([1, 1, 0, 0], [3, 2, 1, 0], replicates=100)
    assert band.fpr.size == 101 and (band.low == 1).all()
    assert roc_band([1, 0, 1, 0], [1, 1, 1, 1], fpr=[0.25], replicates=100).low == pytest.approx(0.25)
    assert list(band.to_frame()) == ["fpr", "low", "high"]


def test_bad_options_are_refused():
    with pytest.raises(StatisticsError, match="rates between 0 and 1"):
        roc_band([1, 0], [1, 0], fpr=[10])
    with pytest.raises(StatisticsError, match="at least 100"):
        roc_band([1, 0], [1, 0], replicates=5)
