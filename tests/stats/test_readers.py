"""Multi-reader multi-case analysis."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, delong_test, reader_study

TEN = {"rel": 1e-10, "abs": 1e-12}
CHOICES = {
    "VanDyke_empAUC_DeLong": {},
    "VanDyke_empAUC_jackknife": {"covariance": "jackknife"},
    "VanDyke_empAUC_unbiased": {"covariance": "unbiased"},
    "VanDyke_empAUC_DeLong_fixedReaders": {"readers": "fixed"},
    "VanDyke_empAUC_jackknife_fixedReaders": {"readers": "fixed", "covariance": "jackknife"},
    "VanDyke_empAUC_fixedCases": {"cases": "fixed"},
    "VanDyke_sens_ge3_jackknife": {"measure": "sensitivity", "threshold": 3, "covariance": "jackknife"},
    "VanDyke_spec_ge3_jackknife": {"measure": "specificity", "threshold": 3, "covariance": "jackknife"},
}


@pytest.fixture(scope="session")
def vandyke(reference):
    """114 cases read by five readers under two treatments (Van Dyke 1993)."""
    return pd.read_csv(reference / "mrmc_vandyke.csv")


@pytest.fixture(scope="session")
def mrmcaov(reference):
    return json.loads((reference / "vandyke_mrmcaov.json").read_text())


@pytest.mark.parametrize("key", CHOICES)
def test_analysis_equals_mrmcaov(vandyke, mrmcaov, key):
    """Oracle: MRMCaov 0.3.0: F or X2, df, p, interval, means and components for every random/fixed choice."""
    found, wanted = reader_study(vandyke, **CHOICES[key]), mrmcaov[key]
    test, gap = wanted["test_equality"][0], wanted["test_diffs"][0]
    assert found.overall.statistic == pytest.approx(test.get("F", test.get("X2")), **TEN)
    df = found.overall.df if isinstance(found.overall.df, tuple) else (found.overall.df,)
    assert df == pytest.approx((test["df1"], test["df2"]) if "df1" in test else (test["df"],), **TEN)
    assert found.overall.p_value == pytest.approx(test["p-value"], **TEN)
    difference = found.differences[0]
    assert difference.estimate == pytest.approx(gap["Estimate"], **TEN)
    assert (difference.low, difference.high) == pytest.approx(tuple(gap["CI"]), **TEN)
    assert difference.p_value == pytest.approx(gap["p-value"], **TEN)
    for mean, expected in zip(found.means, wanted["test_means"], strict=True):
        assert (mean.estimate, mean.low, mean.high) == pytest.approx(
            (expected["Estimate"], *expected["CI"]), **TEN
        )
    parts = {row["_row"]: row["Estimate"] for row in wanted.get("vcov_comps", [])}
    names = {"Error": "variance", "Cov1": "cov1", "Cov2": "cov2", "Cov3": "cov3", "reader": "reader"}
    for row, name in (names | {"treatment:reader": "treatment_by_reader"}).items():
        if row in parts:
            assert getattr(found.components, name) == pytest.approx(parts[row], **TEN)


@pytest.mark.parametrize(
    "key", ["VanDyke_empAUC_DeLong_fixedReaders", "VanDyke_empAUC_jackknife_fixedReaders"]
)
def test_single_readers_equal_mrmcaov(vandyke, mrmcaov, key):
    """Oracle: MRMCaov 0.3.0, differences of each reader."""
    found = reader_study(vandyke, **CHOICES[key])
    for result, wanted in zip(found.by_reader, mrmcaov[key]["reader_test_diffs"], strict=True):
        assert (result.estimate, result.low, result.high) == pytest.approx(
            (wanted["Estimate"], *wanted["CI"]), **TEN
        )
        assert result.p_value == pytest.approx(wanted["p-value"], **TEN)


def test_printed_results_of_the_iowa_program(vandyke, reference):
    """Oracle: OR-DBM MRMC 2.51 (University of Iowa), its printout of Van Dyke's data."""
    text = (reference / "vandyke_OR-DBM-MRMC-2.51_output.txt").read_text()
    random = reader_study(vandyke, covariance="jackknife")
    fixed = reader_study(vandyke, covariance="jackknife", readers="fixed")
    cases = reader_study(vandyke, covariance="jackknife", cases="fixed")
    assert f"[F(1,15) = {random.overall.statistic:.2f}, p = .0517]" in text
    assert f"{random.overall.p_value:.4f}" == "0.0517" and f"{random.overall.df[1]:.2f}" == "15.26"
    assert f"{fixed.overall.statistic:.5f}" == "5.47595" and f"{fixed.overall.p_value:.4f}" == "0.0193"
    assert f"{cases.overall.statistic:.2f}" == "8.70" and f"{cases.overall.p_value:.4f}" == "0.0420"
    for study in (random, fixed, cases):
        gap = study.differences[0]
        limits = rf"\({gap.low:.5f} , +{gap.high:.5f}\)"
        assert re.search(limits, text), limits
        for mean in study.means:
            assert f"({mean.low:.8f} , {mean.high:.8f})" in text
    for reader in random.by_reader:
        assert re.search(
            rf"{reader.estimate:.5f} +0\.\d+ +{reader.statistic:.2f} +{reader.p_value:.4f}", text
        )


def test_three_readers_equal_mrmcaov_and_are_pointed_out(vandyke, mrmcaov):
    """Oracle: MRMCaov 0.3.0 on the first three readers."""
    three = vandyke[vandyke.reader <= 3]
    for key, options in (
        ("VanDyke_readers123_empAUC_DeLong", {}),
        ("VanDyke_readers123_sens_ge3", {"measure": "sensitivity", "threshold": 3}),
        ("VanDyke_readers123_spec_ge3", {"measure": "specificity", "threshold": 3}),
    ):
        with pytest.warns(StatisticsWarning, match="3 readers are few"):
            found = reader_study(three, **options)
        test = mrmcaov[key]["test_equality"][0]
        assert found.overall.statistic == pytest.approx(test["F"], **TEN)
        assert found.overall.df[1] == pytest.approx(test["df2"], **TEN)
        assert found.overall.p_value == pytest.approx(test["p-value"], **TEN)
        assert "With only 3 readers" in found._repr_html_()


def test_franken_equals_mrmcaov(reference):
    """Oracle: MRMCaov 0.3.0 on Franken 1992: F(1, 3) = 4.694057725, p = 0.1188378575."""
    found = reader_study(pd.read_csv(reference / "mrmc_franken.csv"))
    assert found.overall.statistic == pytest.approx(4.694057725, abs=5e-10)
    assert found.overall.df == pytest.approx((1, 3))
    assert found.overall.p_value == pytest.approx(0.1188378575, abs=5e-11)
    gap = found.differences[0]
    assert (gap.low, gap.high) == pytest.approx((-0.00508963, 0.02679926), abs=5e-9)


@pytest.fixture
def made(rng):
    """Six readers, 40 cases, AI adds 0.8 to the separation."""
    truth = np.arange(40) % 2
    rows = []
    for reader in range(6):
        for phase, gain in (("without", 1.0), ("with", 1.8)):
            score = gain * truth + rng.normal(size=40)
            rows += [(f"r{reader}", phase, c, truth[c], score[c]) for c in range(40)]
    return pd.DataFrame(rows, columns=["reader", "treatment", "case", "truth", "rating"])


def test_fixed_cases_are_a_paired_t_test(made):
    """Oracle: with two treatments and fixed cases the analysis is a paired t test on the readers' AUCs."""
    found = reader_study(made, cases="fixed")
    gaps = found.values.loc["without"] - found.values.loc["with"]
    t = gaps.mean() / (gaps.std(ddof=1) / math.sqrt(6))
    assert found.overall.statistic == pytest.approx(t**2)
    assert found.overall.df == (1, pytest.approx(5))


def test_each_reader_alone_is_delong(made):
    """Oracle: DeLong's paired test per reader."""
    found = reader_study(made, readers="fixed")
    one = made[made.reader == "r2"].pivot(index="case", columns="treatment", values="rating")
    wanted = delong_test(np.arange(40) % 2, one["without"], one["with"]).difference
    result = found.by_reader[2]
    assert (result.estimate, result.p_value) == pytest.approx((wanted.estimate, wanted.p_value))


def test_level_is_kept_when_treatments_do_not_differ():
    """Oracle: simulation with random readers and cases, five percent of p-values below 0.05."""
    rng, below = np.random.default_rng(5), 0
    truth = np.arange(40) % 2
    for _ in range(100):
        case, rows = rng.normal(size=40), []
        for reader in range(4):
            skill = 1.2 + 0.3 * rng.normal()
            for phase in ("a", "b"):
                score = (skill + 0.2 * rng.normal()) * truth + 0.7 * case + rng.normal(size=40)
                rows.append(
                    pd.DataFrame({"case": range(40), "truth": truth, "rating": score}).assign(
                        reader=reader, treatment=phase
                    )
                )
        below += reader_study(pd.concat(rows)).overall.p_value < 0.05
    assert below <= 11


def test_nothing_random_infers_nothing(made):
    found = reader_study(made, readers="fixed", cases="fixed")
    assert math.isnan(found.overall.estimate) and math.isnan(found.differences[0].low)
    assert found.differences[0].p_value is None
    assert "nothing is inferred" in found.summary()


def test_treatments_that_are_equal_everywhere(made):
    same = pd.concat([made[made.treatment == "with"].assign(treatment=name) for name in ("a", "b")])
    found = reader_study(same)
    assert found.differences[0].estimate == 0
    assert found.differences[0].p_value == found.overall.p_value == 1
    assert all(result.p_value == 1 for result in found.by_reader)


def test_three_treatments(made):
    third = made[made.treatment == "with"].assign(treatment="again", rating=lambda d: d.rating + 0.1 * d.case)
    found = reader_study(pd.concat([made, third]))
    assert len(found.differences) == 3 and len(found.by_reader) == 18
    assert found.overall.df[0] == 2
    assert found.to_frame().shape[0] == 3 + 1 + 3 + 18


def test_bad_tables_are_refused(made):
    with pytest.raises(
        StatisticsError, match="1 readings are missing, the first is reader r5, treatment with"
    ):
        reader_study(made.iloc[:-1])
    with pytest.raises(StatisticsError, match="reader r0, treatment without, case 0 is doubled"):
        reader_study(pd.concat([made, made.iloc[:1]]))
    with pytest.raises(StatisticsError, match="case 0 must have one truth"):
        reader_study(made.assign(truth=[1, *made.truth[1:]]))
    with pytest.raises(StatisticsError, match="at least two readers and two treatments"):
        reader_study(made[made.reader == "r0"])
    with pytest.raises(StatisticsError, match="need a threshold"):
        reader_study(made, measure="sensitivity")
    with pytest.raises(StatisticsError, match="no column confidence"):
        reader_study(made, score="confidence")
    with pytest.raises(StatisticsError, match="readers must be one of"):
        reader_study(made, readers="few")
