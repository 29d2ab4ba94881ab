"""A label that follows the table's columns is found out; one that does not is not."""

import numpy as np
import pandas as pd
import pytest

from fxstudy.cohort import columns_auc, columns_auc_split, split_by_group, usable_columns
from fxstudy.errors import CohortError


@pytest.fixture
def films() -> pd.DataFrame:
    """600 films of 200 patients; cast nearly gives the label away, view and width say nothing."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(200), 3)
    truth = (np.arange(200) % 4 == 0)[patient]
    frame = pd.DataFrame(
        {
            "patient_id": patient.astype(str),
            "label": np.where(truth, "fracture", "none"),
            "cast": np.where(rng.random(600) < 0.1, ~truth, truth).astype(int),
            "view": rng.choice(["PA", "LATERAL"], 600),
            "width": rng.normal(1000, 100, 600),
            "dose": np.where(truth, np.nan, 1.0),
            "image_id": [f"i{i}" for i in range(600)],
            "source_image_id": None,
            "modality": "DX",
            "split": None,
        }
    )
    return frame.assign(split=split_by_group(frame))


def test_a_shortcut_is_found(films):
    """Oracle: sensitivity and specificity of 0.9 give the one-threshold AUC 0.9."""
    result = columns_auc(films, ["cast", "view"])
    assert 0.86 < result.estimate < 0.94
    assert result.low > 0.8


def test_noise_stays_near_one_half(films):
    result = columns_auc(films, ["view", "width"])
    assert result.low < 0.5 < result.high


def test_a_missing_value_can_be_the_shortcut(films):
    films.loc[::10, "dose"] = 1.0
    films["dose"] += np.random.default_rng(1).normal(0, 0.1, len(films))
    assert columns_auc(films, ["dose"]).estimate > 0.9


def test_patients_do_not_stand_on_both_sides_of_a_fold(films):
    """A column that is unique per patient predicts only if patients leak between folds."""
    films["number"] = films["patient_id"]
    assert columns_auc(films, ["number"]).estimate < 0.65


def test_on_a_given_split_only_the_test_is_scored(films):
    result = columns_auc_split(films, ["cast"])
    assert result.n == films["split"].eq("test").sum()
    assert result.estimate > 0.8


def test_the_seed_repeats_it(films):
    assert columns_auc(films, ["width"], seed=4) == columns_auc(films, ["width"], seed=4)


def test_columns_must_exist_and_classes_be_two(films):
    with pytest.raises(CohortError, match="not \\['age'\\]"):
        columns_auc(films, ["age"])
    with pytest.raises(CohortError, match="must hold 'fracture' and another class"):
        columns_auc(films.assign(label="none"), ["cast"])


def test_only_columns_that_vary_are_usable(films):
    films["site"] = "a"
    assert usable_columns(films, ["site", "cast", "absent"]) == ["cast"]
