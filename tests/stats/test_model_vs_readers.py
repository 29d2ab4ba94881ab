"""A model against readers, and what AI made readers change."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    delong_test,
    mcnemar_test,
    model_vs_readers,
    reader_study,
    reader_switches,
)
from fxstudy.stats.placements import placements


@pytest.fixture
def readings(rng):
    """Five readers, 60 cases."""
    truth = np.arange(60) % 2
    rows = [
        (f"r{k}", c, truth[c], score)
        for k in range(5)
        for c, score in enumerate(1.2 * truth + rng.normal(size=60))
    ]
    return pd.DataFrame(rows, columns=["reader", "case", "truth", "rating"])


@pytest.fixture
def model(rng):
    return pd.Series(1.5 * (np.arange(60) % 2) + rng.normal(size=60), index=range(60))


def test_one_reader_is_delong(readings, model):
    """Oracle: DeLong's paired test."""
    one = readings[readings.reader == "r0"]
    found = model_vs_readers(one, model)
    wanted = delong_test(one.truth, model, one.rating).difference
    assert found.difference.estimate == pytest.approx(wanted.estimate)
    assert (found.difference.low, found.difference.high) == pytest.approx((wanted.low, wanted.high))
    assert (
        found.difference.p_value == pytest.approx(found.by_reader[0].p_value) == pytest.approx(wanted.p_value)
    )


def test_constant_model_is_the_single_treatment_interval(readings):
    """Oracle: a model of AUC 0.5 without variance leaves the single-treatment interval."""
    found = model_vs_readers(readings, dict.fromkeys(range(60), 0.0))
    double = pd.concat([readings.assign(treatment=name) for name in ("a", "b")])
    wanted = reader_study(double).means[0]
    assert (0.5 - found.difference.high, 0.5 - found.difference.low) == pytest.approx(
        (wanted.low, wanted.high)
    )
    assert found.difference.df == pytest.approx(wanted.df)


def test_fixed_readers_by_the_covariances(readings, model):
    """Oracle: the mean of five DeLong differences has the variance of their mean."""
    found = model_vs_readers(readings, model, readers="fixed")
    wide = readings.pivot(index="case", columns="reader", values="rating")
    truth = np.arange(60) % 2
    gaps = [delong_test(truth, model, wide[name]).difference.estimate for name in wide]
    assert found.difference.estimate == pytest.approx(np.mean(gaps))
    assert found.readers.tolist() == pytest.approx([found.model - gap for gap in gaps])
    shift = placements(truth == 1, model.to_numpy()) - np.mean(
        [placements(truth == 1, wide[name].to_numpy()) for name in wide], axis=0
    )
    variance = np.var(shift[truth == 1], ddof=1) / 30 + np.var(shift[truth == 0], ddof=1) / 30
    half = 1.959963984540054 * math.sqrt(variance)
    assert found.difference.high == pytest.approx(np.mean(gaps) + half)


def test_sensitivity_and_margin(readings, model):
    """Oracle: non-inferiority holds where the lower limit of the interval lies above the margin."""
    found = model_vs_readers(
        readings, model, measure="sensitivity", threshold=0.6, model_threshold=0.7, margin=0.3
    )
    assert found.model == pytest.approx((model[1::2] >= 0.7).mean())
    assert found.noninferiority.shown == (found.difference.low > -0.3)
    assert "non-inferiority" in found._repr_html_()


def test_few_readers_are_pointed_out(readings, model):
    with pytest.warns(StatisticsWarning, match="2 readers are few"):
        model_vs_readers(readings[readings.reader.isin(["r0", "r1"])], model)


def test_interval_covers_the_truth():
    """Oracle: simulation of random readers (AUC Φ(1.2/√2) on average) and a model of Φ(1.6/√2)."""
    rng, hits = np.random.default_rng(8), 0
    truth = np.arange(80) % 2
    skills = np.random.default_rng(0).normal(1.2, 0.2, 20_000)
    true = stats.norm.cdf(1.6 / math.sqrt(2)) - stats.norm.cdf(skills / math.sqrt(2)).mean()
    for _ in range(100):
        rows = [
            pd.DataFrame({"reader": k, "case": range(80), "truth": truth}).assign(
                rating=rng.normal(1.2, 0.2) * truth + rng.normal(size=80)
            )
            for k in range(5)
        ]
        scores = pd.Series(1.6 * truth + rng.normal(size=80))
        found = model_vs_readers(pd.concat(rows), scores).difference
        hits += found.low <= true <= found.high
    assert hits >= 89


def test_bad_models_are_refused(readings, model):
    with pytest.raises(StatisticsError, match="no score for 1 cases that were read, such as 59"):
        model_vs_readers(readings, model[:-1])
    with pytest.raises(StatisticsError, match="needs threshold and model_threshold"):
        model_vs_readers(readings, model, measure="sensitivity", threshold=0.5)


def test_switches_by_hand():
    """Oracle: counting. Reader A turns two wrong right, one with the AI, and one right wrong."""
    truth = ["VF", "DF", "SF", "UF"] * 2
    before = ["DF", "DF", "UF", "UF"] + ["VF", "DF", "SF", "UF"]
    after = ["VF", "VF", "SF", "UF"] + ["VF", "DF", "SF", "SF"]
    ai = ["VF", "VF", "UF", "UF"] * 2
    found = reader_switches(truth, before, after, ["A"] * 4 + ["B"] * 4, ai=ai)
    a, b = found.counts.to_dict("records")
    assert (a["wrong_to_right"], a["right_to_wrong"]) == (2, 1)
    assert (a["wrong_to_right_with_ai"], a["right_to_wrong_with_ai"]) == (1, 1)
    assert (b["wrong_to_right"], b["right_to_wrong"], b["right_to_wrong_with_ai"]) == (0, 1, 0)
    assert found.by_reader[0].estimate == pytest.approx(1 / 4)
    assert found.by_reader[0].p_value == mcnemar_test(2, 1)[1].value
    assert "2 decisions from wrong to right and 2 from right to wrong" in found.summary()


def test_missing_decisions_are_refused():
    with pytest.raises(StatisticsError, match="must not be missing"):
        reader_switches(["a"], [None], ["a"], ["r"])
