"""Bootstrap intervals and tests."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    auc,
    bootstrap_auc,
    bootstrap_difference,
    bootstrap_statistic,
    clustered_auc,
    delong_test,
)
from fxstudy.stats.resampling import area_replicates, areas, rank_table, replicate_counts, stratified_draws


def test_percentile_interval_equals_procs(asah):
    """Oracle: pROC 1.19, ci.auc(method = "bootstrap", boot.n = 10000) of s100b, 0.6302 to 0.8269 (±0.008)."""
    found = bootstrap_auc(asah.y, asah.s100b, interval="percentile", replicates=10_000, seed=1)
    assert (found.low, found.high) == pytest.approx((0.6302, 0.8269), abs=0.008)


def test_bca_interval_equals_scipys(asah):
    """Oracle: scipy 1.17, stats.bootstrap(method = "BCa") on the two classes (±0.012)."""

    def area(cases, controls):
        gaps = cases[:, None] - controls[None]
        return ((gaps > 0) + 0.5 * (gaps == 0)).mean()

    classes = [asah.s100b[asah.y == k].to_numpy() for k in (1, 0)]
    wanted = stats.bootstrap(
        classes, area, n_resamples=1500, method="BCa", vectorized=False, rng=np.random.default_rng(0)
    ).confidence_interval
    found = bootstrap_auc(asah.y, asah.s100b, replicates=5000, seed=2)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=0.012)


def test_replicates_are_the_areas_of_the_drawn_cases(rng):
    """Oracle: scikit-learn on one explicit draw, with ties."""
    truth = rng.random(80) < 0.5
    score = np.round(rng.normal(size=80) + truth, 1)
    table = rank_table(truth, score)
    one = next(replicate_counts([table], 100, np.random.default_rng(5)))[0]
    fast = next(area_replicates([table], 100, np.random.default_rng(5)))[0]
    m, n = int(truth.sum()), int((~truth).sum())
    cases, controls = next(stratified_draws(m, n, 100, np.random.default_rng(5)))
    drawn = np.concatenate([score[truth][cases[7]], score[~truth][controls[7]]])
    assert areas(*one)[7] == pytest.approx(roc_auc_score([1] * m + [0] * n, drawn))
    assert areas(*one) == pytest.approx(fast, abs=1e-14)


def test_difference_agrees_with_delong(asah):
    """Oracle: pROC 1.19, roc.test(method = "bootstrap") of wfns and s100b and DeLong's z of 2.209 (±5 %)."""
    found = bootstrap_difference(asah.y, asah.wfns, asah.s100b, replicates=5000, seed=3)
    exact = delong_test(asah.y, asah.wfns, asah.s100b).difference
    assert found.estimate == pytest.approx(exact.estimate)
    assert found.statistic == pytest.approx(exact.statistic, rel=0.05)
    assert found.low == pytest.approx(exact.low, abs=0.02)


def test_models_that_rank_alike(asah):
    with pytest.warns(StatisticsWarning, match="all replicates are equal"):
        found = bootstrap_difference(asah.y, asah.s100b, 2 * asah.s100b)
    assert (found.estimate, found.p_value, found.low, found.high) == (0, 1, 0, 0)


def test_same_seed_same_interval(asah):
    one, other = (bootstrap_auc(asah.y, asah.ndka, seed=7) for _ in range(2))
    assert (one.low, one.high) == (other.low, other.high)
    assert bootstrap_auc(asah.y, asah.ndka, seed=8).low != one.low


def test_perfect_score_warns():
    with pytest.warns(StatisticsWarning, match="no width"):
        found = bootstrap_auc([1, 1, 1, 0, 0, 0], [6, 5, 4, 3, 2, 1])
    assert (found.low, found.high) == (1, 1)


def test_patients_are_drawn_whole(rng):
    """Oracle: Obuchowski's interval, which the cluster bootstrap approaches."""
    truth = np.tile(rng.random(100) < 0.5, 3)
    score = np.tile(rng.normal(size=100), 3) + truth + 0.2 * rng.normal(size=300)
    patient = np.tile(np.arange(100), 3)
    found = bootstrap_auc(truth, score, cluster=patient, interval="percentile", seed=1)
    exact, plain = clustered_auc(truth, score, patient), auc(truth, score)
    assert found.high - found.low == pytest.approx(exact.high - exact.low, rel=0.12)
    assert found.high - found.low > 1.4 * (plain.high - plain.low)
    assert "whole patients" in found.method


def test_any_statistic_can_be_drawn(asah):
    """Oracle: the AUC itself, drawn the slow way."""
    truth, score = asah.y.to_numpy(), asah.s100b.to_numpy()
    slow = bootstrap_statistic(
        lambda cases: roc_auc_score(truth[cases], score[cases]), truth, replicates=400, interval="bca", seed=0
    )
    fast = bootstrap_auc(truth, score, seed=0)
    assert slow.estimate == pytest.approx(fast.estimate)
    assert (slow.low, slow.high) == pytest.approx((fast.low, fast.high), abs=0.03)
    patients = bootstrap_statistic(
        lambda cases: float(truth[cases].mean()), truth, cluster=np.arange(113) % 30, replicates=200
    )
    assert patients.low < truth.mean() < patients.high


def test_undefined_replicates_leave_no_interval():
    with pytest.warns(StatisticsWarning, match="fewer than 100 replicates are defined"):
        found = bootstrap_statistic(lambda cases: math.nan, [0, 1, 0, 1], replicates=100)
    assert math.isnan(found.low)


def test_bad_options_are_refused(asah):
    with pytest.raises(StatisticsError, match="interval must be one of bca, percentile"):
        bootstrap_auc(asah.y, asah.ndka, interval="basic")
    with pytest.raises(StatisticsError, match="replicates must be at least 100"):
        bootstrap_auc(asah.y, asah.ndka, replicates=10)
