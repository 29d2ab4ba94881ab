"""Predictive values over prevalence, worklists, grey zones."""

import math

import numpy as np
import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    accuracy_from_counts,
    choose_grey_zone,
    grey_zone,
    post_test_probability,
    predictive_curve,
    triage_curve,
)


def test_bayes_by_hand():
    """Oracle: Bayes' rule. Prevalence 1 %, sensitivity 90 %, specificity 91 %: 9 of 98.1."""
    assert post_test_probability(0.01, 0.9 / 0.09) == pytest.approx(0.009 / (0.009 + 0.0891))
    assert post_test_probability([0, 0.5, 1], 3).tolist() == [0, 0.75, 1]
    assert post_test_probability(0.3, math.inf) == 1


def test_curve_passes_through_the_study(rng):
    """Oracle: at the study's own prevalence the curve gives the study's own predictive values."""
    table = accuracy_from_counts(tp=90, fn=10, fp=30, tn=170)
    curve = predictive_curve(table, prevalence=[1 / 3])
    assert curve.ppv[0] == pytest.approx(90 / 120) and curve.npv[0] == pytest.approx(170 / 180)
    assert curve.study_prevalence == pytest.approx(1 / 3)


def test_logit_interval_by_its_formula():
    """Oracle: Mercaldo, Lau and Zhou, Stat Med 2007;26:2170, equations of the logit interval."""
    table = accuracy_from_counts(tp=240, fn=27, fp=178, tn=288)
    se, sp, p = 240 / 267, 288 / 466, 0.02
    z, curve = 1.959963984540054, predictive_curve(table, prevalence=[p])
    logit = math.log(se * p / ((1 - sp) * (1 - p)))
    half = z * math.sqrt((1 - se) / (se * 267) + sp / ((1 - sp) * 466))
    assert curve.ppv_low[0] == pytest.approx(1 / (1 + math.exp(half - logit)))
    logit = math.log(sp * (1 - p) / ((1 - se) * p))
    half = z * math.sqrt(se / ((1 - se) * 267) + (1 - sp) / (sp * 466))
    assert curve.npv_high[0] == pytest.approx(1 / (1 + math.exp(-half - logit)))


def test_curve_rises_with_prevalence_and_survives_perfection():
    curve = predictive_curve(accuracy_from_counts(tp=20, fn=0, fp=0, tn=30))
    assert (curve.ppv == 1).all() and (curve.npv == 1).all()
    assert (np.diff(curve.ppv_low) > 0).all() and (curve.ppv_low < 1).all()
    assert curve.to_frame().shape == (99, 7)
    assert "at 20 % PPV" in curve._repr_html_()


def test_prevalence_outside_is_refused():
    with pytest.warns(StatisticsWarning):
        one_class = accuracy_from_counts(tp=0, fn=0, fp=1, tn=2)
    with pytest.raises(StatisticsError, match="strictly between"):
        predictive_curve(accuracy_from_counts(tp=2, fn=1, fp=1, tn=2), prevalence=[0, 0.5])
    with pytest.raises(StatisticsError, match="both classes"):
        predictive_curve(one_class, prevalence=[0.5])
    with pytest.raises(StatisticsError, match="pre_test must lie"):
        post_test_probability(20, 3)


def test_worklist_by_hand():
    """Oracle: counting. Fractures at scores 9, 8, 5 and 1 of 9 to 0."""
    truth = [1, 1, 0, 0, 1, 0, 0, 0, 1, 0]
    curve = triage_curve(truth, range(9, -1, -1), targets=(0.5, 0.75, 1.0), replicates=200, seed=0)
    assert curve.needed["read"].tolist() == pytest.approx([0.2, 0.5, 0.9])
    assert curve.found[-1] == 1 and curve.read[-1] == pytest.approx(1)
    other = triage_curve(truth, range(9, -1, -1), targets=(0.75,), prevalence=0.1, replicates=200)
    assert other.needed["read"].item() == pytest.approx(0.1 * 0.75 + 0.9 * 2 / 6)
    assert "of the fractures lie in the first" in curve._repr_html_()


def test_useless_score_saves_nothing(rng):
    """Oracle: with a random order one must read 90 % of the list to find 90 % of the fractures."""
    truth = rng.random(4000) < 0.2
    curve = triage_curve(truth, rng.normal(size=4000), targets=(0.9,), replicates=200)
    assert curve.needed["read"].item() == pytest.approx(0.9, abs=0.03)
    assert curve.needed.low.item() < 0.9 < curve.needed.high.item()


def test_grey_zone_by_hand():
    """Oracle: counting over eight cases."""
    zone = grey_zone([0, 0, 0, 1, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8], low=2.5, high=6)
    assert zone.coverage.estimate == pytest.approx(5 / 8)
    assert zone.sensitivity.estimate == 1 and zone.specificity.estimate == 1
    assert zone.referred_positive.estimate == pytest.approx(1 / 4)
    assert "leaves scores from 2.5 to below 6" in zone._repr_html_()


def test_chosen_zone_keeps_both_promises(rng):
    truth = rng.random(500) < 0.4
    score = rng.normal(size=500) + 1.2 * truth
    low, high = choose_grey_zone(truth, score, sensitivity=0.95, specificity=0.9)
    assert (score[truth] < low).mean() <= 0.05 and (score[~truth] >= high).mean() <= 0.1
    assert low < high
    low, high = choose_grey_zone([0, 0, 1, 1], [1, 2, 8, 9])
    assert low == high


def test_bad_zone_is_refused():
    with pytest.raises(StatisticsError, match="low must not lie above high"):
        grey_zone([1, 0], [1, 0], low=2, high=1)
    with pytest.raises(StatisticsError, match="targets must lie"):
        triage_curve([1, 0], [1, 0], targets=(90,))
