"""More than two classes."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from fxstudy.errors import StatisticsError
from fxstudy.stats import StatisticsWarning, auc, multiclass_accuracy, multiclass_auc, ordinal_auc


@pytest.fixture
def three(rng):
    """120 cases of three classes, probabilities with three decimals that sum to 1."""
    truth = rng.choice(["I/II", "III/IV", "none"], 120, p=[0.2, 0.5, 0.3])
    raw = rng.normal(size=(120, 3)) + 1.2 * (truth[:, None] == np.array(["I/II", "III/IV", "none"]))
    p = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    return truth, pd.DataFrame(p, columns=["I/II", "III/IV", "none"])


def test_averages_equal_scikit_learn(three):
    """Oracle: scikit-learn 1.9, roc_auc_score with ovr macro, weighted, micro and ovo (Hand and Till)."""
    truth, p = three
    found = multiclass_auc(truth, p)
    for result, options in (
        (found.macro, {"multi_class": "ovr", "average": "macro"}),
        (found.weighted, {"multi_class": "ovr", "average": "weighted"}),
        (found.micro, {"multi_class": "ovr", "average": "micro"}),
        (found.hand_till, {"multi_class": "ovo", "average": "macro"}),
    ):
        assert result.estimate == pytest.approx(metrics.roc_auc_score(truth, p, **options), abs=1e-12)
        assert result.low < result.estimate < result.high


def test_univariate_hand_till_equals_proc(asah):
    """Oracle: pROC 1.19, multiclass.roc(gos6 ~ s100b, direction = "<"): 0.348747317."""
    assert ordinal_auc(asah.gos6, asah.s100b).estimate == pytest.approx(0.348747317, abs=5e-10)


def test_variances_equal_the_jackknife(three):
    """Oracle: the jackknife over cases (±5 %)."""
    truth, p = three
    found = multiclass_auc(truth, p)
    drawn = []
    for k in range(120):
        rest = np.delete(np.arange(120), k)
        gone = multiclass_auc(truth[rest], p.iloc[rest])
        drawn.append([gone.macro.estimate, gone.micro.estimate, gone.hand_till.estimate])
    errors = np.sqrt(119**2 / 120 * np.var(drawn, axis=0, ddof=1))
    for result, error in zip((found.macro, found.micro, found.hand_till), errors, strict=True):
        assert (result.high - result.low) / 2 / 1.959963984540054 == pytest.approx(error, rel=0.05)


def test_two_classes_are_delong(rng):
    """Oracle: with two classes and scores p and 1 − p both are DeLong's."""
    truth = rng.random(60) < 0.5
    score = rng.normal(size=60) + truth
    p = 1 / (1 + np.exp(-score))
    found, wanted = multiclass_auc(truth.astype(int), np.column_stack([1 - p, p])), auc(truth, score)
    for result in (found.macro, found.hand_till):
        assert (result.estimate, result.low, result.high) == pytest.approx(
            (wanted.estimate, wanted.low, wanted.high), abs=1e-12
        )


def test_class_with_one_case_has_no_interval(three):
    truth, p = three
    keep = np.append(np.flatnonzero(truth != "I/II"), np.flatnonzero(truth == "I/II")[0])
    with pytest.warns(StatisticsWarning, match="single case"):
        found = multiclass_auc(truth[keep], p.iloc[keep])
    assert math.isnan(found.macro.low) and found.macro.estimate > 0.5


def test_confusion_matrix_of_the_garden_paper():
    """Oracle: by hand from a 35 + 35 + 35 matrix that fits the printed row sums of hip_garden."""
    counts = np.array([[32, 2, 1], [5, 19, 11], [0, 3, 32]])
    rows, columns = np.indices(counts.shape)
    labels = np.array(["normal", "I/II", "III/IV"], dtype=object)
    truth, said = (labels[np.repeat(axis.ravel(), counts.ravel())] for axis in (rows, columns))
    found = multiclass_accuracy(truth, said, labels=list(labels))
    assert found.confusion.to_numpy().tolist() == counts.tolist()
    assert found.accuracy.estimate == pytest.approx(83 / 105)
    assert found.by_class["I/II"].sensitivity.estimate == pytest.approx(19 / 35)
    assert found.macro["sensitivity"].estimate == pytest.approx((32 + 19 + 32) / 105)
    assert found.macro["specificity"].estimate == pytest.approx((65 / 70 + 65 / 70 + 58 / 70) / 3)
    assert found.micro_specificity.estimate == pytest.approx((65 + 65 + 58) / 210)
    wanted = metrics.precision_score(truth, said, average="macro")
    assert found.macro["ppv"].estimate == pytest.approx(wanted)


def test_macro_intervals_cover_the_truth():
    """Oracle: simulation from a known 3 × 3 table of probabilities, 150 cases."""
    cells = np.array([[0.28, 0.04, 0.02], [0.05, 0.2, 0.08], [0.01, 0.05, 0.27]])
    sizes, rng, hits = cells.sum(axis=1), np.random.default_rng(1), np.zeros(4)
    spec = [(1 - cells[k].sum() - cells[:, k].sum() + cells[k, k]) / (1 - sizes[k]) for k in range(3)]
    pooled = sum(s * (1 - size) for s, size in zip(spec, sizes, strict=True)) / (3 - 1)
    true = [
        np.mean(np.diag(cells) / sizes),
        np.mean(spec),
        pooled,
        np.mean(np.diag(cells) / cells.sum(axis=0)),
    ]
    rows, columns = np.indices((3, 3))
    for _ in range(200):
        counts = rng.multinomial(150, cells.ravel())
        found = multiclass_accuracy(np.repeat(rows.ravel(), counts), np.repeat(columns.ravel(), counts))
        for k, result in enumerate(
            (
                found.macro["sensitivity"],
                found.macro["specificity"],
                found.micro_specificity,
                found.macro["ppv"],
            )
        ):
            hits[k] += result.low <= true[k] <= result.high
    assert ((hits >= 180) & (hits <= 198)).all(), hits


def test_class_that_is_never_called():
    with pytest.warns(StatisticsWarning):
        found = multiclass_accuracy(["a", "b", "c"], ["a", "b", "b"])
    assert math.isnan(found.macro["ppv"].estimate) and found.accuracy.estimate == pytest.approx(2 / 3)


def test_bad_input_is_refused(three):
    truth, p = three
    with pytest.raises(StatisticsError, match="one column per class"):
        multiclass_auc(truth, p.to_numpy()[:, :2])
    with pytest.raises(StatisticsError, match="classes and labels must match"):
        multiclass_auc(truth, p, labels=["I/II", "III/IV", "V"])
    with pytest.raises(StatisticsError, match="scores must be finite"):
        multiclass_auc(truth, p * np.nan)
    with pytest.raises(StatisticsError, match="equal length"):
        multiclass_accuracy(["a"], ["a", "b"])
    with pytest.raises(StatisticsError, match="labels must name every class"):
        multiclass_accuracy(["a", "b"], ["a", "b"], labels=["a"])
