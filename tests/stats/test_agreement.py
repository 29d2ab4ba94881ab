"""Agreement between raters."""

import math

import numpy as np
import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    agreement_table,
    cohen_kappa,
    fleiss_kappa,
    icc,
    krippendorff_alpha,
)

COUNTS = np.array([[44, 5, 1], [7, 20, 3], [9, 5, 6]])
SHROUT = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
GAP = math.nan
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
        [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    ]
).T
FLEISS = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip


def raters(table):
    """Two lists of classes with this cross table."""
    rows, columns = np.indices(table.shape)
    return np.repeat(rows.ravel(), table.ravel()), np.repeat(columns.ravel(), table.ravel())


def test_kappa_equals_r():
    """Oracle: R package psych 2.2.9, cohen.kappa on the table of counts."""
    plain = cohen_kappa(*raters(COUNTS))
    assert (plain.estimate, plain.low, plain.high) == pytest.approx(
        (0.491525423729, 0.350158201217, 0.632892646240), abs=1e-6
    )
    weighted = cohen_kappa(*raters(COUNTS), weights="quadratic")
    assert weighted.estimate == pytest.approx(0.454545454545, abs=1e-9)
    assert "70 of 100" in plain.note


def test_weighted_kappa_interval_is_the_delta_method():
    """Oracle: the multinomial delta method with numerical derivatives (psych's SE differs)."""
    distance = np.subtract.outer(range(3), range(3)) ** 2

    def kappa(p):
        p = p / p.sum()
        return 1 - (p * distance).sum() / (np.outer(p.sum(axis=1), p.sum(axis=0)) * distance).sum()

    p = COUNTS / 100
    steps = 1e-6 * np.eye(9).reshape(9, 3, 3)
    slope = np.array([(kappa(p + h) - kappa(p - h)) / 2e-6 for h in steps]).reshape(3, 3)
    error = math.sqrt(((p * slope**2).sum() - (p * slope).sum() ** 2) / 100)
    found = cohen_kappa(*raters(COUNTS), weights="quadratic")
    assert (found.high - found.low) / 2 == pytest.approx(1.959963984540054 * error, abs=1e-7)


def test_kappa_by_hand():
    """Oracle: observed 0.7, chance 0.41 from the margins (60, 30, 10) and (50, 30, 20)."""
    assert cohen_kappa(*raters(COUNTS)).estimate == pytest.approx((0.7 - 0.41) / (1 - 0.41))
    share, rows, columns = COUNTS / 100, COUNTS.sum(axis=1) / 100, COUNTS.sum(axis=0) / 100
    distance = np.abs(np.subtract.outer(range(3), range(3)))
    wanted = 1 - (share * distance).sum() / (np.outer(rows, columns) * distance).sum()
    assert cohen_kappa(*raters(COUNTS), weights="linear").estimate == pytest.approx(wanted)


def test_order_of_classes_matters_only_with_weights():
    a, b = ["I", "II", "III", "IV", "I"], ["II", "II", "IV", "IV", "I"]
    order = ["I", "II", "III", "IV"]
    swapped = ["I", "III", "II", "IV"]
    assert cohen_kappa(a, b, labels=order).estimate == cohen_kappa(a, b, labels=swapped).estimate
    one, other = (cohen_kappa(a, b, labels=x, weights="linear").estimate for x in (order, swapped))
    assert one != other
    assert agreement_table(a, b, labels=order).loc["III", "IV"] == 1


def test_kappa_interval_covers_the_truth():
    """Oracle: simulation of 150 cases with a true kappa of 0.6."""
    rng, hits = np.random.default_rng(2), 0
    cells = np.array([[0.4, 0.1], [0.1, 0.4]])
    for _ in range(300):
        table = rng.multinomial(150, cells.ravel()).reshape(2, 2)
        found = cohen_kappa(*raters(table))
        hits += found.low <= 0.6 <= found.high
    assert 0.91 <= hits / 300 <= 0.985


def test_raters_without_variety():
    with pytest.warns(StatisticsWarning, match="same class"):
        assert math.isnan(cohen_kappa([1, 1, 1], [1, 1, 1]).estimate)
    with pytest.warns(StatisticsWarning, match="no width"):
        perfect = cohen_kappa([1, 2, 1, 2], [1, 2, 1, 2])
    assert perfect.estimate == perfect.low == perfect.high == 1


def test_fleiss_equals_the_published_example():
    """Oracle: Fleiss' worked example of ten cases and 14 raters, and its null variance."""
    found = fleiss_kappa([np.repeat(range(5), row) for row in FLEISS])
    assert found.estimate == pytest.approx(0.20993070442195522, abs=1e-12)
    share = np.array(FLEISS).sum(axis=0) / 140
    q = share * (1 - share)
    null = 2 / (10 * 14 * 13 * q.sum() ** 2) * (q.sum() ** 2 - (q * (1 - 2 * share)).sum())
    assert found.statistic == pytest.approx(found.estimate / math.sqrt(null))


def test_fleiss_interval_covers_the_truth():
    """Oracle: simulation. Three raters copy a latent binary truth with probability √0.5, so kappa is 0.5."""
    rng, hits = np.random.default_rng(4), 0
    for _ in range(300):
        latent = rng.random(100) < 0.5
        ratings = np.where(rng.random((100, 3)) < math.sqrt(0.5), latent[:, None], rng.random((100, 3)) < 0.5)
        found = fleiss_kappa(ratings.astype(int))
        hits += found.low <= 0.5 <= found.high
    assert 0.91 <= hits / 300 <= 0.985


@pytest.mark.parametrize(
    ("form", "estimate", "low", "high", "p"),
    [
        ("1,1", 0.165741768405, -0.1329323248748, 0.722560062328, 0.164768808344640),
        ("2,1", 0.289763779528, 0.0187865133747, 0.761084369649, 0.000134566516484),
        ("3,1", 0.714840714841, 0.3424647650339, 0.945858259955, 0.000134566516484),
        ("1,k", 0.442797133679, -0.8844421552381, 0.912415420341, 0.164768808344640),
        ("2,k", 0.620050547599, 0.0711368153025, 0.927232040168, 0.000134566516484),
        ("3,k", 0.909315542377, 0.6756747138163, 0.985891678169, 0.000134566516484),
    ],
)
def test_icc_equals_r(form, estimate, low, high, p):
    """Oracle: R package psych 2.2.9, ICC on Shrout and Fleiss' data."""
    found = icc(SHROUT, form=form)
    assert (found.estimate, found.low, found.high) == pytest.approx((estimate, low, high), abs=1e-11)
    assert found.p_value == pytest.approx(p, abs=1e-13)


@pytest.mark.parametrize(
    ("measurement", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_equals_the_published_example(measurement, alpha):
    """Oracle: Krippendorff 2011, four observers, twelve units; package krippendorff 0.8."""
    exact = {"nominal": 0.743421052631579, "ordinal": 0.8153875037548814}
    exact |= {"interval": 0.8491071428571428, "ratio": 0.7974027747116121}
    found = krippendorff_alpha(KRIPPENDORFF, measurement=measurement, replicates=200)
    assert found.estimate == pytest.approx(alpha, abs=5e-4)
    assert found.estimate == pytest.approx(exact[measurement], abs=1e-12)
    assert found.low < found.estimate <= found.high


def test_alpha_takes_text():
    found = krippendorff_alpha([["VF", "VF"], ["DF", "VF"], ["DF", "DF"], [None, "DF"]], replicates=100)
    assert found.n == 3 and 0 < found.estimate < 1


def test_ratings_without_information():
    with pytest.warns(StatisticsWarning, match="all ratings are equal"):
        assert math.isnan(icc(np.ones((4, 2))).estimate)
    with pytest.warns(StatisticsWarning, match="alpha is not defined"):
        assert math.isnan(krippendorff_alpha(np.ones((4, 2))).estimate)
    with pytest.warns(StatisticsWarning, match="same class"):
        assert math.isnan(fleiss_kappa(np.ones((4, 2))).estimate)


def test_bad_ratings_are_refused():
    with pytest.raises(StatisticsError, match="rate the same cases"):
        cohen_kappa([1, 2], [1])
    with pytest.raises(StatisticsError, match="must not be missing"):
        cohen_kappa([1, None], [1, 2])
    with pytest.raises(StatisticsError, match="labels must name every class"):
        cohen_kappa([1, 2], [1, 3], labels=[1, 2])
    with pytest.raises(StatisticsError, match="no gaps"):
        fleiss_kappa([[1, None], [1, 2]])
    with pytest.raises(StatisticsError, match="finite numbers"):
        icc([[1, 2], [1, np.nan]])
