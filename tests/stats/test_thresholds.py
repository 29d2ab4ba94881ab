"""Choosing an operating point."""

import numpy as np
import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    accuracy_table,
    choose_threshold,
    threshold_optimism,
    threshold_table,
    youden_threshold,
)

TRUTH = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
SCORE = [1, 2, 3, 4, 6, 3, 5, 7, 8, 9]


def test_youden_equals_proc(asah):
    """Oracle: pROC 1.18, coords(roc, "best", best.method = "youden") on aSAH."""
    for marker, value, sensitivity, specificity in (
        ("s100b", 0.205, 0.6341463, 0.8055556),
        ("ndka", 11.08, 0.7073171, 0.5138889),
        ("wfns", 3.5, 0.6341463, 0.8333333),
    ):
        chosen = youden_threshold(asah.y, asah[marker])
        assert chosen.value == pytest.approx(value, abs=1e-9), marker
        assert (chosen.sensitivity, chosen.specificity) == pytest.approx((sensitivity, specificity), abs=1e-7)


def test_youden_by_hand():
    """Oracle: counting. Above 4 lie four of five positives and one of five negatives."""
    chosen = youden_threshold(TRUTH, SCORE, chosen_on="tune")
    assert (chosen.value, chosen.sensitivity, chosen.specificity) == (4.5, 0.8, 0.8)
    assert (chosen.n, chosen.chosen_on) == (10, "tune")
    assert "on tune" in chosen._repr_html_()


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"rule": "closest"}, 4.5),
        ({"rule": "sensitivity", "target": 1.0}, 2.5),
        ({"rule": "sensitivity", "target": 0.8}, 4.5),
        ({"rule": "specificity", "target": 1.0}, 6.5),
        ({"rule": "specificity", "target": 0.8}, 4.5),
        ({"rule": "cost", "prevalence": 0.5, "cost_ratio": 10}, 2.5),
        ({"rule": "cost", "prevalence": 0.1, "cost_ratio": 1}, 6.5),
    ],
)
def test_rules_by_hand(options, value):
    """Oracle: counting over the ten cases."""
    assert choose_threshold(TRUTH, SCORE, **options).value == value


def test_cost_weighs_misses_by_prevalence():
    """Oracle: with equal costs at the data's prevalence the rule counts errors, as Youden if balanced."""
    assert choose_threshold(TRUTH, SCORE, rule="cost").value == youden_threshold(TRUTH, SCORE).value


def test_threshold_reproduces_its_own_accuracy(rng):
    for _ in range(30):
        truth = np.append(rng.random(50) < 0.4, [True, False])
        score = np.round(rng.normal(size=52) + truth, 1).astype(np.float32)
        chosen = youden_threshold(truth, score)
        table = accuracy_table(truth, score, chosen)
        assert table.sensitivity.estimate == pytest.approx(chosen.sensitivity)
        assert table.specificity.estimate == pytest.approx(chosen.specificity)


def test_useless_score_warns():
    with pytest.warns(StatisticsWarning, match="no threshold does better than chance"):
        youden_threshold([1, 0, 1, 0], [1, 1, 1, 1])


def test_bad_rules_are_refused():
    with pytest.raises(StatisticsError, match="rule must be one of"):
        choose_threshold(TRUTH, SCORE, rule="best")
    with pytest.raises(StatisticsError, match="needs a target"):
        choose_threshold(TRUTH, SCORE, rule="sensitivity")
    with pytest.raises(StatisticsError, match="cost_ratio positive"):
        choose_threshold(TRUTH, SCORE, rule="cost", cost_ratio=-1)


@pytest.mark.filterwarnings("ignore::fxstudy.stats.StatisticsWarning")
def test_table_has_every_cut_off(asah):
    """Oracle: the accuracy table at that cut-off."""
    table = threshold_table(asah.y, asah.s100b)
    assert len(table) == asah.s100b.nunique()
    row = table[table.threshold == 0.22].iloc[0]
    single = accuracy_table(asah.y, asah.s100b, 0.22)
    assert row.sensitivity_low == single.sensitivity.low and row.lr_positive == single.lr_positive.estimate
    assert threshold_table(asah.y, asah.s100b, thresholds=[0.2, 0.3]).threshold.tolist() == [0.2, 0.3]


def test_choosing_on_the_test_data_flatters(rng):
    """Oracle: simulation. The Youden index at the test's own best threshold is never below the honest one."""
    gains = []
    for _ in range(20):
        truth = np.tile([0, 1], 40)
        score = [rng.normal(size=80) + truth for _ in range(2)]
        found = threshold_optimism(truth, score[0], truth, score[1])
        gains.append(found.chosen_on_test.youden.estimate - found.honest.youden.estimate)
    assert min(gains) >= -1e-12 and np.mean(gains) > 0.02
    assert "report the one from tuning data" in found._repr_html_()
    assert found.tuned.chosen_on == "tuning data"
