"""Power and sample size."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    mcnemar_test,
    needed_cases,
    plan_auc,
    plan_mcnemar,
    plan_paired_aucs,
    plan_proportion,
    plan_reader_study,
    reader_study,
)
from fxstudy.stats.intervals import limits
from fxstudy.stats.reader_anova import Components


def test_power_of_one_auc_equals_proc():
    """Oracle: pROC 1.18, power.roc.test of s100b on aSAH, and for AUC 0.8, power 0.9, two controls per
    case.
    """
    found = plan_auc(0.73136856368563685, positive=41, ratio=72 / 41)
    assert found.power == pytest.approx(0.990483252763, abs=1e-11)
    assert plan_auc(0.8, power=0.9, ratio=2).positive == pytest.approx(12.808252666348, abs=1e-9)


def test_power_of_two_aucs_equals_proc():
    """Oracle: pROC 1.18, power.roc.test(ndka, wfns) on aSAH with DeLong's variances."""
    v = 0.0031908105493913021, 0.0014699147088236264, -0.00053296785676243776
    options = {"variances": tuple(41 * x for x in v), "ratio": 72 / 41}
    aucs = 0.61195799457994582, 0.82367886178861793
    assert plan_paired_aucs(*aucs, positive=41, **options).power == pytest.approx(0.713159398699, abs=1e-11)
    found = plan_paired_aucs(*aucs, power=0.9, **options)
    assert found.positive == pytest.approx(64.777766745114, abs=1e-9)
    assert found.negative == pytest.approx(113.75607818654, abs=1e-9)
    assert found.cases == 65 + 114
    assert "65 positive and 114 negative cases" in found._repr_html_()


def test_correlated_models_need_fewer_cases():
    """Oracle: the formula; a perfectly correlated pair of equal variance would need none."""
    needs = [plan_paired_aucs(0.95, 0.9, correlation=r, power=0.8).positive for r in (0, 0.4, 0.8)]
    assert needs[0] > needs[1] > needs[2]


def test_power_and_number_are_inverse():
    found = plan_auc(0.7, power=0.8)
    assert plan_auc(0.7, positive=found.positive).power == pytest.approx(0.8)
    found = plan_mcnemar(0.12, 0.04, power=0.9)
    assert plan_mcnemar(0.12, 0.04, n=math.ceil(found.positive)).power >= 0.9


def test_mcnemar_power_is_that_of_a_simulation():
    """Oracle: Connor 1987; the share of significant asymptotic tests in 3,000 simulated studies (±0.03)."""
    plan = plan_mcnemar(0.12, 0.04, n=200)
    rng = np.random.default_rng(9)
    drawn = rng.multinomial(200, [0.12, 0.04, 0.84], 3000)
    hits = np.mean([mcnemar_test(int(b), int(c), method="asymptotic")[1].value < 0.05 for b, c, _ in drawn])
    assert plan.power == pytest.approx(hits, abs=0.03)


def test_proportion_is_just_wide_enough():
    """Oracle: Buderer 1996, z² p (1 − p) / w² = 138.3 by the normal formula; Wilson's interval at n and n −
    1.
    """
    assert plan_proportion(0.9, half_width=0.05, method="wald") == 139
    n = plan_proportion(0.9, half_width=0.05)
    width = [limits(0.9 * k, k, 0.95) for k in (n, n - 1)]
    assert (width[0][1] - width[0][0]) / 2 <= 0.05 < (width[1][1] - width[1][0]) / 2


def test_reader_study_equals_rjafroc(reference):
    """Oracle: RJafroc 2.1, SsSampleSizeKGivenJ on Franken's data: effect 0.05, six readers, power
    0.8004469.
    """
    pilot = reader_study(pd.read_csv(reference / "mrmc_franken.csv"), covariance="jackknife")

    def power(cases):
        return plan_reader_study(pilot.components, pilot_cases=100, effect=0.05, readers=6, cases=cases).power

    assert needed_cases(power) == 121
    assert power(121) == pytest.approx(0.8004469, abs=5e-8)


COMPONENTS = Components(0.0008, 0.00035, 0.00034, 0.00024, 0.0015, 0.0002, 0.0048, 0.0038, 0.00055)


def test_reader_study_limits():
    """Oracle: closed forms. No interaction and fixed readers: χ² power; no cases error: paired t test."""
    fixed = plan_reader_study(COMPONENTS, pilot_cases=114, effect=0.04, readers=5, cases=114, random="cases")
    error = 0.0008 - 0.00035 + 4 * 0.0001
    z = 0.04 / math.sqrt(2 / 5 * error)
    wanted = stats.norm.sf(1.959963984540054 - z) + stats.norm.cdf(-1.959963984540054 - z)
    assert fixed.power == pytest.approx(wanted)
    readers = plan_reader_study(
        COMPONENTS, pilot_cases=114, effect=0.04, readers=5, cases=10**9, random="readers"
    )
    shift = 0.04 / math.sqrt(2 * 0.0002 / 5)
    assert readers.power == pytest.approx(stats.nct.sf(stats.t.isf(0.025, 4), 4, shift), abs=1e-4)
    more = [
        plan_reader_study(COMPONENTS, pilot_cases=114, effect=0.04, readers=r, cases=200).power
        for r in (3, 6, 12)
    ]
    assert more[0] < more[1] < more[2]


def test_bad_plans_are_refused():
    with pytest.raises(StatisticsError, match="give either"):
        plan_auc(0.8)
    with pytest.raises(StatisticsError, match="between 0.5 and 1"):
        plan_auc(0.4, power=0.8)
    with pytest.raises(StatisticsError, match="different shares"):
        plan_mcnemar(0.1, 0.1, power=0.8)
    with pytest.raises(StatisticsError, match="half_width"):
        plan_proportion(0.9, half_width=5)
    with pytest.raises(StatisticsError, match="at least two readers"):
        plan_reader_study(COMPONENTS, pilot_cases=114, effect=0.04, readers=1, cases=50)
    with pytest.raises(StatisticsError, match="do not reach"):
        needed_cases(lambda n: 0.1, largest=1000)
