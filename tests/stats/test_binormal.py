"""The maximum-likelihood binormal curve."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, binormal_roc
from fxstudy.stats.binormal import _categories, _start

NEGATIVE, POSITIVE = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)


def ratings(negative, positive):
    """Truth and rating of every case from counts per category."""
    truth = np.repeat([0, 1], [sum(negative), sum(positive)])
    return truth, np.concatenate([np.repeat(range(len(c)), c) for c in (negative, positive)])


@pytest.fixture(scope="module")
def hanley():
    """CT ratings of Hanley and McNeil 1982 (109 patients, five categories)."""
    return binormal_roc(*ratings(NEGATIVE, POSITIVE))


def test_fit_equals_stata(hanley):
    """Oracle: Stata's manual, rocfit on the Hanley and McNeil data."""
    assert hanley.a == pytest.approx(1.656782, abs=5e-6)
    assert hanley.b == pytest.approx(0.7130024, abs=5e-6)
    assert np.sqrt(np.diag(hanley.covariance)) == pytest.approx([0.310456, 0.2158817], abs=5e-6)
    assert hanley.log_likelihood == pytest.approx(-123.64855, abs=5e-6)
    assert hanley.auc.estimate == pytest.approx(0.911331, abs=5e-7)


def test_fit_equals_a_general_optimiser(hanley):
    """Oracle: the likelihood as written, maximised by scipy's Nelder–Mead; Hessian by finite differences."""

    def minus_log_likelihood(p):
        cuts = np.concatenate(([-np.inf], np.cumsum([p[2], *np.exp(p[3:])]), [np.inf]))
        below = [stats.norm.cdf(cuts), stats.norm.cdf(np.exp(p[1]) * cuts - p[0])]
        return -sum(np.dot(c, np.log(np.diff(s))) for c, s in zip((NEGATIVE, POSITIVE), below, strict=True))

    start = [1.0, 0.0, 0.0, -1.0, -1.0, 0.0]
    options = {"maxiter": 20000, "maxfev": 20000, "xatol": 1e-9, "fatol": 1e-12}
    found = optimize.minimize(minus_log_likelihood, start, method="Nelder-Mead", options=options)
    assert hanley.log_likelihood == pytest.approx(-found.fun, abs=1e-7)
    assert (hanley.a, hanley.b) == pytest.approx((found.x[0], math.exp(found.x[1])), abs=1e-4)


def test_band_is_the_delta_method(hanley):
    """Oracle: z(TPR) = a + b z(FPR) with the covariance of (a, b)."""
    band = hanley.band([0.1])
    z = stats.norm.ppf(0.1)
    (var_a, cov), (_, var_b) = hanley.covariance
    half = 1.959963984540054 * math.sqrt(var_a + 2 * z * cov + z * z * var_b)
    centre = hanley.a + hanley.b * z
    assert (band.low[0], band.high[0]) == pytest.approx(tuple(stats.norm.cdf([centre - half, centre + half])))
    whole = hanley.band()
    assert (whole.low <= hanley.sensitivity(whole.fpr)).all()
    assert (whole.low[0], whole.high[-1]) == (0, 1)


def test_scores_may_be_rescaled(rng):
    """Oracle: the likelihood depends on ranks only."""
    truth = np.repeat([0, 1], 60)
    score = rng.normal(size=120) + 1.3 * truth
    one, other = binormal_roc(truth, score), binormal_roc(truth, np.exp(3 * score))
    assert (one.a, one.b) == pytest.approx((other.a, other.b))


def test_truth_is_found_again():
    """Oracle: simulation. Latent N(0, 1) and N(1.5, 1.3²): a = 1.5/1.3, b = 1/1.3, area Φ(1.5/√2.69)."""
    rng, hits, found = np.random.default_rng(3), 0, []
    area = stats.norm.cdf(1.5 / math.sqrt(2.69))
    for _ in range(100):
        truth = np.repeat([0, 1], 75)
        fit = binormal_roc(truth, np.where(truth, 1.5 + 1.3 * rng.normal(size=150), rng.normal(size=150)))
        hits += fit.auc.low <= area <= fit.auc.high
        found.append((fit.a, fit.b))
    assert np.mean(found, axis=0) == pytest.approx((1.5 / 1.3, 1 / 1.3), abs=0.07)
    assert hits >= 89


def test_runs_of_one_class_are_one_category():
    """Oracle: Metz's truth-state runs. 0 0 | 1 | 0 | 1 1 by score, the tie at 5 holding both."""
    negative, positive = _categories(
        np.array([0, 0, 1, 0, 1, 1, 0, 1], bool), np.array([1, 2, 3, 4, 6, 7, 5, 5.0])
    )
    assert negative.tolist() == [2, 0, 1, 1, 0]
    assert positive.tolist() == [0, 1, 0, 1, 2]
    assert np.isfinite(_start(negative, positive)).all()


def test_many_scores_stay_few_categories(rng):
    truth = rng.random(20_000) < 0.3
    fit = binormal_roc(truth, rng.normal(size=20_000) + truth)
    assert fit.categories <= 60
    assert fit.auc.estimate == pytest.approx(stats.norm.cdf(1 / math.sqrt(2)), abs=0.01)


@pytest.mark.parametrize(
    ("truth", "score"),
    [
        ([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6]),
        ([0, 0, 0, 1, 1, 1, 0], [1, 2, 3, 4, 5, 6, 7]),
        ([0, 1, 0, 1], [1, 1, 1, 1]),
    ],
)
def test_degenerate_data_are_refused(truth, score):
    with pytest.raises(StatisticsError, match="use the empirical curve"):
        binormal_roc(truth, score)


def test_hook_is_pointed_out():
    truth, score = ratings((0, 60, 0), (25, 10, 25))
    try:
        with pytest.warns(StatisticsWarning, match="hooked"):
            binormal_roc(truth, score)
    except StatisticsError as error:
        assert "use the empirical curve" in str(error)


def test_report_says_what_is_assumed(hanley):
    assert "monotone rescaling" in hanley._repr_html_()
    assert hanley.to_frame().categories.item() == 5
