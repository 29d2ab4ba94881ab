"""Splits keep patients together, hold their shares, can be repeated, and are stored with reasons."""

import numpy as np
import pandas as pd
import pytest

from cohort.samples import images_table
from fxstudy.cohort import (
    Cohort,
    assign,
    check_leakage,
    split_by_group,
    split_from_list,
    split_temporal,
    validate,
)
from fxstudy.errors import CohortError


@pytest.fixture
def many() -> pd.DataFrame:
    return images_table(patients=300, films=3)


def test_no_group_is_torn_and_shares_are_kept(many):
    split = split_by_group(many, fractions={"train": 0.5, "tune": 0.2, "test": 0.3}, seed=3)
    check_leakage(many.assign(split=split))
    shares = split.value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.5, abs=0.01)
    assert shares["tune"] == pytest.approx(0.2, abs=0.01)


def test_labels_and_sites_are_spread_alike(many):
    split = split_by_group(many, stratify=("label", "site"), seed=1)
    table = pd.crosstab([many["label"], many["site"]], split, normalize="index")
    assert np.allclose(table["test"], 0.25, atol=0.02)


def test_groups_of_unequal_size_and_mixed_labels_are_balanced_too():
    images = images_table(patients=400, films=1)
    rng = np.random.default_rng(0)
    images["patient_id"] = rng.geometric(0.05, len(images)).astype(str)
    split = split_by_group(images, seed=2)
    check_leakage(images.assign(split=split))
    share = images["label"].eq("fracture").groupby(split).mean()
    assert share.max() - share.min() < 0.08


def test_the_seed_decides(many):
    assert split_by_group(many, seed=5).equals(split_by_group(many, seed=5))
    assert not split_by_group(many, seed=5).equals(split_by_group(many, seed=6))


def test_the_order_of_rows_does_not_decide(many):
    shuffled = many.sample(frac=1, random_state=0)
    assert split_by_group(shuffled, seed=5).sort_index().equals(split_by_group(many, seed=5))


def test_a_share_of_zero_stays_empty(many):
    split = split_by_group(many, fractions={"train": 0.7, "tune": 0.0, "test": 0.3})
    assert set(split) == {"train", "test"}


@pytest.mark.parametrize(
    ("fractions", "words"),
    [({"train": 0.5, "test": 0.4}, "sum to 1, not 0.9"), ({"training": 1.0}, "not 'training'")],
)
def test_impossible_fractions_are_refused(many, fractions, words):
    with pytest.raises(CohortError, match=words):
        split_by_group(many, fractions=fractions)


def test_temporal_split_follows_the_date_and_patients(many):
    split = split_temporal(many, test_from="2020-01-01", tune_fraction=0.1, seed=0)
    check_leakage(many.assign(split=split))
    year = many["study_date"].str[:4]
    assert set(split[year == "2020"]) == {"test"}
    assert set(split[year != "2020"]) == {"train", "tune"}
    assert split.eq("tune").sum() / split.ne("test").sum() == pytest.approx(0.1, abs=0.01)


def test_later_films_of_earlier_patients_are_excluded_with_the_reason(many):
    many.loc[0, "study_date"] = "2020-05-01"
    split = split_temporal(many, test_from="2020-01-01")
    cohort = assign(Cohort("c", many, root="."), split)
    assert cohort.images.loc[0, "exclude_reason"] == "patient already in the training period"
    check_leakage(cohort)


def test_temporal_split_needs_all_dates_and_two_periods(many):
    with pytest.raises(CohortError, match="between the first and the last"):
        split_temporal(many, test_from="2031-01-01")
    many.loc[7, "study_date"] = None
    with pytest.raises(CohortError, match="row 9, column study_date"):
        split_temporal(many, test_from="2020-01-01")


def test_a_fixed_list_is_taken_over_and_the_rest_excluded(images):
    listed = {name: "train" for name in images["image_id"].iloc[:20]}
    cohort = assign(Cohort("c", images, root="."), split_from_list(images, listed))
    assert cohort.images["split"].value_counts().to_dict() == {"train": 20, "exclude": 4}
    assert set(cohort.images["exclude_reason"].dropna()) == {"not in the list of splits"}


def test_a_list_that_does_not_fit_is_refused(images):
    with pytest.raises(CohortError, match="(?s)image ghost: is not in the cohort.*not 'training'"):
        split_from_list(images, pd.DataFrame({"image_id": ["ghost"], "split": ["training"]}))


def test_what_was_excluded_before_stays_so(images):
    images.loc[0, ["split", "exclude_reason"]] = ["exclude", "motion"]
    cohort = assign(Cohort("c", images, root="."), split_by_group(images))
    assert cohort.images.loc[0, ["split", "exclude_reason"]].tolist() == ["exclude", "motion"]
    assert cohort.images["split"].eq("exclude").sum() == 1


def test_children_follow_their_parent_or_leave(images):
    children = images.assign(
        image_id="child_" + images["image_id"],
        path="gan/" + images["path"],
        source_image_id=images["image_id"],
        modality="GAN",
        sha256=None,
    )
    both = pd.concat([images, children], ignore_index=True)
    cohort = validate(assign(Cohort("c", both, root="."), split_by_group(both)))
    home = cohort.images.set_index("image_id")["split"]
    for parent, child in zip(images["image_id"], children["image_id"], strict=True):
        assert home[child] == ("train" if home[parent] == "train" else "exclude")
