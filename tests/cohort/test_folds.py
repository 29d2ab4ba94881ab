"""Sites held out stay out, and nested folds cover every image exactly once as test and as tuning."""

import pandas as pd
import pytest

from cohort.samples import images_table
from fxstudy.cohort import (
    Cohort,
    assign,
    check_leakage,
    compare_with_published,
    fold_numbers,
    leave_one_site_out,
    nested_folds,
    split_by_site,
)
from fxstudy.errors import CohortError


@pytest.fixture
def many() -> pd.DataFrame:
    """60 patients, three sites; label and site are independent."""
    images = images_table(patients=60)
    number = images["patient_id"].astype(int)
    return images.assign(site=(number // 3 % 3).map(dict(enumerate("abc"))).astype("str"))


def test_external_sites_are_not_trained_on(many):
    split = split_by_site(many, external=["b"], seed=1)
    check_leakage(many.assign(split=split))
    assert set(many.loc[split == "external", "site"]) == {"b"}
    assert set(many.loc[split.isin(["train", "tune", "test"]), "site"]) == {"a", "c"}


def test_patients_who_were_at_a_held_out_site_leave_the_others(many):
    many.loc[0, "site"] = "b"
    cohort = assign(Cohort("c", many, root="."), split_by_site(many, external=["b"]))
    assert cohort.images.loc[1, "exclude_reason"] == "patient also has images at a held-out site"
    check_leakage(cohort)


@pytest.mark.parametrize(
    ("external", "words"), [(["z"], "not 'z'"), ([], "not 'nothing'"), (["a", "b", "c"], "at least one")]
)
def test_impossible_sites_are_refused(many, external, words):
    with pytest.raises(CohortError, match=words):
        split_by_site(many, external=external)


def test_sites_must_be_known(many):
    many.loc[0, "site"] = None
    with pytest.raises(CohortError, match="site must be filled in"):
        leave_one_site_out(many)


def test_each_site_is_the_test_once(many):
    splits = leave_one_site_out(many)
    assert list(splits) == ["a", "b", "c"]
    for site, split in splits.items():
        check_leakage(many.assign(split=split))
        assert set(many.loc[split == "test", "site"]) == {site}
        assert {"train", "tune"} <= set(split)


def test_nested_folds_cover_every_image_once(many):
    folds = nested_folds(many, outer=3, inner=2)
    assert [(fold.outer, fold.inner) for fold in folds] == [(i, j) for i in (1, 2, 3) for j in (1, 2)]
    tested = sum(fold.split.eq("test").astype(int) for fold in folds if fold.inner == 1)
    assert tested.eq(1).all()
    for outer in (1, 2, 3):
        chosen = [fold for fold in folds if fold.outer == outer]
        tuned = sum(fold.split.eq("tune").astype(int) for fold in chosen)
        assert tuned[chosen[0].split.ne("test")].eq(1).all()
    for fold in folds:
        check_leakage(many.assign(split=fold.split))


def test_folds_are_stratified_and_repeatable(many):
    numbers = fold_numbers(many, folds=5, seed=2)
    assert numbers.equals(fold_numbers(many, folds=5, seed=2))
    share = many["label"].eq("fracture").groupby(numbers).mean()
    assert share.max() - share.min() < 0.1
    with pytest.raises(CohortError, match="at most the number of groups, 60, not 61"):
        fold_numbers(many, folds=61)


def test_the_split_stands_beside_the_published_one(many):
    many["split"] = "test"
    table = compare_with_published(many, {"test": {"fracture": 300, "none": 690}})
    assert table["n_images"].tolist() == [40, 80]
    assert table["published_share"].round(3).tolist() == [0.303, 0.697]
