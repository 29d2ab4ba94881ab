"""The small logistic model agrees with scikit-learn's and codes columns as it says."""

import numpy as np
import pandas as pd
import pytest

from fxstudy.cohort.column_model import code_column, fit_logistic, predict_without_image


def test_newton_agrees_with_scikit_learn():
    """Oracle: sklearn.linear_model.LogisticRegression, lbfgs, C = 1."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 4))
    truth = (features @ [1.0, -2.0, 0.0, 0.5] + rng.logistic(size=300) > 0.3).astype(int)
    model = LogisticRegression(tol=1e-10, max_iter=10_000).fit(features, truth)
    weights = fit_logistic(features, truth)
    np.testing.assert_allclose(weights, [model.intercept_[0], *model.coef_[0]], rtol=1e-4, atol=1e-5)


def test_separable_classes_stay_finite():
    weights = fit_logistic(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1]))
    assert np.isfinite(weights).all()
    assert weights[1] > 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["a", None, "b"], 3),
        ([0, 1, 1], 2),
        ([True, False, None], 3),
        ([1.5, 2.5, 9.0], 0),
        ([None, None, None], 1),
    ],
)
def test_words_and_measurements(values, words):
    assert code_column(pd.Series(values, name="x")).words == words


def test_dates_are_counted_in_days():
    column = code_column(pd.Series(["2000-01-02", "2000-02-01", None, "2001-01-01"], name="study_date"))
    np.testing.assert_array_equal(column.values, [1, 31, np.nan, 366])


def test_a_word_that_training_did_not_see_gets_the_overall_share():
    column = code_column(pd.Series(["a", "a", "b", "b", "c"], name="x"))
    train = np.array([True, True, True, True, False])
    score = predict_without_image([column], np.array([1, 1, 0, 0, 1]), train=train, test=~train)
    assert score.tolist() == [0.5]
