"""Two decisions on the same cases."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from fxstudy.errors import StatisticsError
from fxstudy.stats import PairedCounts, StatisticsWarning, compare_counts, mcnemar_test, paired_accuracy
from fxstudy.stats.paired_accuracy import generalised_mcnemar
from fxstudy.stats.paired_binary import paired_counts, paired_proportions, relative_rate, tango_interval
from fxstudy.stats.predictive_values import (
    likelihood_ratio_ratio,
    predictive_difference,
    relative_predictive_value,
)

TABLES = {
    "Paired1": PairedCounts((319, 22, 78, 32), (31, 22, 53, 155)),
    "LachenbruchLynch": PairedCounts((850, 40, 60, 50), (60, 25, 15, 900)),
}


@pytest.fixture(scope="session")
def dtcompair(reference):
    """DTComPair's results; it takes test 2 minus test 1, so test 2 is a here."""
    return json.loads((reference / "paired1_dtcompair.json").read_text())


@pytest.mark.parametrize("table", TABLES)
def test_sensitivity_and_specificity_equal_dtcompair(dtcompair, table):
    """Oracle: DTComPair 1.2.6: sesp.mcnemar, exactbinom, diff.ci (tango), rel, gen.mcnemar."""
    wanted, counts = dtcompair[table], TABLES[table]
    asymptotic = compare_counts(counts, method="asymptotic")
    exact = compare_counts(counts, method="exact")
    for name in ("sensitivity", "specificity"):
        result, tango = getattr(asymptotic, name), wanted["sesp.diff.ci_tango"][name]
        assert result.estimate == pytest.approx(wanted["sesp.mcnemar"][name]["diff"], abs=1e-14)
        assert result.statistic == pytest.approx(wanted["sesp.mcnemar"][name]["test.statistic"], rel=1e-12)
        assert result.p_value == pytest.approx(wanted["sesp.mcnemar"][name]["p.value"], abs=1e-12)
        assert getattr(exact, name).p_value == pytest.approx(wanted["sesp.exactbinom"][name]["p.value"])
        assert (result.low, result.high) == pytest.approx((tango["diff.lcl"], tango["diff.ucl"]), abs=2e-7)
        ratio, short = relative_rate(counts, of=name), {"sensitivity": "sens", "specificity": "spec"}[name]
        assert (ratio.estimate, ratio.low, ratio.high, ratio.p_value) == pytest.approx(
            (
                wanted["sesp.rel"][name][f"rel.{short}"],
                wanted["sesp.rel"][name][f"lcl.rel.{short}"],
                wanted["sesp.rel"][name][f"ucl.rel.{short}"],
                wanted["sesp.rel"][name][f"pval.rel.{short}"],
            ),
            rel=1e-10,
        )
    joint = generalised_mcnemar(counts)
    assert joint.statistic == pytest.approx(wanted["sesp.gen.mcnemar"]["test.statistic"], rel=1e-12)
    assert joint.p_value == pytest.approx(wanted["sesp.gen.mcnemar"]["p.value"], rel=1e-6)


@pytest.mark.parametrize("table", TABLES)
def test_predictive_values_equal_dtcompair(dtcompair, table):
    """Oracle: DTComPair 1.2.6: pv.wgs, pv.gs, pv.rpv."""
    wanted, counts = dtcompair[table], TABLES[table]
    for of in ("ppv", "npv"):
        for method, key in (("weighted", "pv.wgs"), ("score", "pv.gs")):
            result = predictive_difference(counts, of=of, method=method)
            assert result.estimate == pytest.approx(wanted[key][of]["diff"], abs=1e-12)
            assert result.statistic == pytest.approx(wanted[key][of]["test.statistic"], rel=1e-10)
            assert result.p_value == pytest.approx(wanted[key][of]["p.value"], rel=1e-9)
        ratio, expected = relative_predictive_value(counts, of=of), wanted["pv.rpv"][of]
        assert (ratio.estimate, ratio.low, ratio.high) == pytest.approx(
            (expected[f"r{of}"], expected[f"lcl.r{of}"], expected[f"ucl.r{of}"]), rel=1e-10
        )
        assert ratio.statistic == pytest.approx(expected["test.statistic"], rel=1e-9)


@pytest.mark.parametrize("table", TABLES)
def test_likelihood_ratios_equal_dtcompair(dtcompair, table):
    """Oracle: DTComPair 1.2.6: dlr.regtest, whose ratio is test 1 over test 2."""
    for of, key in (("positive", "pdlr"), ("negative", "ndlr")):
        ratio, wanted = likelihood_ratio_ratio(TABLES[table], of=of), dtcompair[table]["dlr.regtest"][key]
        assert ratio.estimate == pytest.approx(1 / wanted["ratio"], rel=1e-10)
        assert (ratio.low, ratio.high) == pytest.approx((1 / wanted["ucl"], 1 / wanted["lcl"]), rel=1e-8)
        assert ratio.p_value == pytest.approx(wanted["p.value"], rel=1e-7)


def test_printed_values_of_the_paired1_table():
    """Oracle: DTComPair's documentation prints 44.17333, 5.46588745, 16.53540, 1.04860694, 0.7345692."""
    counts = TABLES["Paired1"]
    assert generalised_mcnemar(counts).statistic == pytest.approx(44.17333, abs=5e-6)
    assert predictive_difference(counts, of="ppv").statistic == pytest.approx(5.46588745, abs=5e-9)
    assert predictive_difference(counts, of="npv").statistic == pytest.approx(16.53540, abs=5e-6)
    assert relative_predictive_value(counts, of="ppv").estimate == pytest.approx(1.04860694, abs=5e-9)
    assert 1 / likelihood_ratio_ratio(counts).estimate == pytest.approx(0.7345692, abs=5e-8)


def test_cases_are_counted_from_the_raw_table(reference):
    """Oracle: the eight cells that DTComPair reports of its Paired1 data."""
    raw = pd.read_csv(reference / "paired1_DTComPair.csv")
    counts = paired_counts(raw.d, raw.y2, raw.y1)
    assert counts == TABLES["Paired1"]
    found = paired_accuracy(raw.d, raw.y1, raw.y2, names=("new", "old"))
    assert found.sensitivity.estimate == pytest.approx(0.124168514412417)
    assert found.specificity.estimate == pytest.approx(-0.118773946360153)
    assert found.accuracy.estimate == pytest.approx((397 + 177 - 341 - 208) / 712)
    assert "new found 78 positive cases that old missed" in found._repr_html_()
    assert len(found.to_frame()) == 10


@pytest.mark.parametrize(("b", "c"), [(0, 5), (3, 9), (10, 2), (7, 8), (1, 0)])
def test_mcnemar_equals_statsmodels(b, c):
    """Oracle: statsmodels 0.15, mcnemar; mid-p by its definition over the binomial."""
    table = [[5, b], [c, 5]]
    assert mcnemar_test(b, c, method="exact")[1].value == pytest.approx(mcnemar(table, exact=True).pvalue)
    plain, corrected = (mcnemar(table, exact=False, correction=flag) for flag in (False, True))
    assert mcnemar_test(b, c, method="asymptotic")[1].value == pytest.approx(plain.pvalue)
    assert mcnemar_test(b, c, method="corrected")[0] == pytest.approx(corrected.statistic)
    below = stats.binom.pmf(np.arange(min(b, c)), b + c, 0.5).sum()
    at = stats.binom.pmf(min(b, c), b + c, 0.5)
    assert mcnemar_test(b, c)[1].value == pytest.approx(2 * below + at)


def test_published_midp_of_fagerland():
    """Oracle: Fagerland 2013, BMC Med Res Methodol 13:91, airway study, 1 against 7."""
    assert mcnemar_test(1, 7, method="exact")[1].value == pytest.approx(0.0703, abs=5e-5)
    assert mcnemar_test(1, 7, method="mid-p")[1].value == pytest.approx(0.0391, abs=5e-5)
    assert mcnemar_test(1, 7, method="asymptotic")[1].value == pytest.approx(0.0339, abs=5e-5)


@pytest.mark.parametrize("method", ["exact", "mid-p", "asymptotic", "corrected"])
def test_p_never_exceeds_one(method):
    """Known defect: DTComPair 1.2.6 prints exact p of 2, 1.5 and 1.176 at equal counts."""
    for k in range(6):
        assert mcnemar_test(k, k, method=method)[1].value == 1
        assert mcnemar_test(k, k + 1, method=method)[1].value <= 1


def test_tango_interval_has_the_right_sign():
    """Known defect: DTComPair 1.2.6 turns this interval round. Oracle: PropCIs' diffscoreci.mp."""
    assert tango_interval(2, 1, 10) == pytest.approx((-0.2800529, 0.4535443), abs=1e-7)
    assert tango_interval(1, 2, 10) == pytest.approx((-0.4535443, 0.2800529), abs=1e-7)


@pytest.mark.parametrize("cells", [(0, 0, 10), (10, 0, 10), (0, 10, 10), (1, 0, 1), (3, 3, 6), (0, 1, 200)])
def test_tango_limits_hold_the_estimate(cells):
    """Oracle: with no discordant case the limits are ±z²/(n + z²) (Tango 1998)."""
    low, high = tango_interval(*cells)
    assert -1 <= low <= (cells[0] - cells[1]) / cells[2] <= high <= 1 and low < high
    if cells[:2] == (0, 0):
        z2 = 1.959963984540054**2
        assert (low, high) == pytest.approx((-z2 / (10 + z2), z2 / (10 + z2)), abs=1e-9)


def test_tests_that_agree_everywhere_do_not_differ():
    found = compare_counts(PairedCounts((40, 0, 0, 10), (5, 0, 0, 45)))
    for result in found.results:
        assert result.p_value == 1, result.name
    assert found.ppv.estimate == 0 and found.ppv_ratio.estimate == 1
    assert found.sensitivity.low < 0 < found.sensitivity.high


def test_test_that_never_says_positive_leaves_ppv_undefined():
    with pytest.warns(StatisticsWarning):
        found = compare_counts(PairedCounts((0, 30, 0, 20), (0, 5, 0, 45)))
    assert math.isnan(found.ppv.estimate) and math.isnan(found.ppv_ratio.estimate)
    assert found.sensitivity.estimate == pytest.approx(0.6)


def test_no_positive_cases():
    with pytest.warns(StatisticsWarning) as caught:
        found = compare_counts(PairedCounts((0, 0, 0, 0), (1, 5, 2, 45)))
    assert any("difference of sensitivity: no cases" in str(w.message) for w in caught)
    assert math.isnan(found.sensitivity.estimate)


def test_bad_counts_are_refused():
    with pytest.raises(StatisticsError, match="positive_only_a must be a whole number"):
        PairedCounts((1, -1, 0, 0), (1, 1, 1, 1))
    with pytest.raises(StatisticsError, match="must be at least the 8 discordant"):
        tango_interval(5, 3, 7)
    with pytest.raises(StatisticsError, match="one decision per case"):
        paired_accuracy([1, 0], [1, 0, 1], [1, 0])
    with pytest.raises(StatisticsError, match="method must be one of"):
        paired_proportions(1, 2, 10, method="fisher")
