"""What rows must be to each other: patients, copies, parents, sites, boxes, names."""

import pandas as pd
import pytest

from cohort.samples import images_table
from fxstudy.cohort import check_leakage, looks_like_identifier, split_by_group
from fxstudy.cohort.checks import table_faults
from fxstudy.errors import CohortError, LeakageError

NAMING = [
    "PatientName",
    "patient_name",
    "surname",
    "first_name",
    "name",
    "birth_date",
    "BirthDate",
    "dob",
    "MRN",
    "mrn",
    "accession",
    "AccessionNumber",
    "phone",
    "email",
    "street",
    "zip_code",
    "insurance_number",
    "ssn",
    "PatientBirthDate",
    "address",
]
HARMLESS = [
    "model_name",
    "patient_id",
    "cast",
    "hardware",
    "view",
    "site",
    "image_id",
    "label_detail",
    "dose",
    "renamed",
    "zipper",
    "namely",
]
CLASSES = {"classes": ["none", "fracture"], "positive": "fracture"}


@pytest.fixture
def split_images() -> pd.DataFrame:
    images = images_table()
    return images.assign(split=split_by_group(images))


def words_of(images: pd.DataFrame) -> str:
    return "\n".join(str(fault) for fault in table_faults(images, description=CLASSES))


def test_a_split_by_patient_has_no_fault(split_images):
    check_leakage(split_images)
    assert words_of(split_images) == ""


def test_a_patient_on_two_sides_is_a_leak(split_images):
    images = split_images.assign(split="train")
    images.loc[3, "split"] = "tune"
    with pytest.raises(
        LeakageError, match=r"images, rows 4, 5, column patient_id: '001' stands in train and tune"
    ):
        check_leakage(images)


def test_excluded_films_do_not_leak(split_images):
    images = split_images.assign(split="train")
    images.loc[3, ["split", "exclude_reason"]] = ["exclude", "motion"]
    check_leakage(images)


def test_another_group_can_be_kept_together(split_images):
    with pytest.raises(LeakageError, match="column site"):
        check_leakage(split_images, group="site")


def test_a_table_without_split_cannot_be_called_clean(split_images):
    with pytest.raises(CohortError, match="column 'split'"):
        check_leakage(split_images.drop(columns="split"))


def test_the_same_file_on_two_sides_is_a_leak(split_images):
    train = split_images.index[split_images["split"] == "train"][0]
    test = split_images.index[split_images["split"] == "test"][0]
    split_images.loc[test, "sha256"] = split_images.loc[train, "sha256"]
    with pytest.raises(LeakageError, match="the same file stands in test and train"):
        check_leakage(split_images)


def test_augmentation_in_the_test_set_is_a_leak(split_images):
    test = split_images.index[split_images["split"] == "test"][0]
    split_images.loc[test, "modality"] = "GAN"
    with pytest.raises(LeakageError, match="may stand in train only"):
        check_leakage(split_images)


def test_augmentation_of_a_tested_image_is_a_leak(split_images):
    train = split_images.index[split_images["split"] == "train"][0]
    test = split_images.index[split_images["split"] == "test"][0]
    split_images.loc[train, ["modality", "source_image_id"]] = ["DRR", split_images.loc[test, "image_id"]]
    with pytest.raises(LeakageError, match="its parent must stand in train too"):
        check_leakage(split_images)


def test_an_external_site_that_also_trains_is_a_leak(split_images):
    images = split_images.assign(split=split_images["site"].map({"a": "train", "b": "test", "c": "external"}))
    check_leakage(images)
    images.loc[0, "site"] = "c"
    with pytest.raises(LeakageError, match="external site 'c' also has images"):
        check_leakage(images)


def test_one_film_with_two_labels_is_a_fault(split_images):
    none = split_images.index[(split_images["label"] == "none") & (split_images["split"] == "train")][0]
    fracture = split_images.index[(split_images["label"] == "fracture") & (split_images["split"] == "train")][
        0
    ]
    split_images.loc[fracture, "sha256"] = split_images.loc[none, "sha256"]
    assert "one film has several labels: fracture, none" in words_of(split_images)


def test_a_study_of_two_patients_is_a_fault(split_images):
    split_images.loc[2, "study_id"] = "s000"
    assert "study 's000' belongs to several patients" in words_of(split_images)


def test_parents_must_exist_and_be_the_same_patient(split_images):
    train = split_images.index[split_images["split"] == "train"]
    split_images.loc[train[0], "source_image_id"] = "nowhere"
    other = split_images.loc[train[-1], "image_id"]
    split_images.loc[train[1], "source_image_id"] = other
    words = words_of(split_images)
    assert "the parent is no image of this cohort" in words
    assert "the parent belongs to another patient" in words


def test_exclusion_and_reason_go_together(split_images):
    split_images.loc[0, "split"] = "exclude"
    split_images.loc[2, "exclude_reason"] = "blurred"
    words = words_of(split_images)
    assert "row 2, column exclude_reason: must say why" in words
    assert "row 4, column exclude_reason: must be empty" in words


def test_every_class_must_stand_in_every_split(split_images):
    split_images.loc[split_images["split"] == "test", "label"] = "none"
    assert "images, split test: has no image of class fracture" in words_of(split_images)


def test_files_that_name_patients_stop_the_study(split_images):
    split_images.loc[0, "deidentified"] = "NO"
    assert "these files name patients" in words_of(split_images)


@pytest.mark.parametrize(
    "name",
    NAMING,
)
def test_columns_that_name_people_are_refused(name):
    assert looks_like_identifier(name)


@pytest.mark.parametrize(
    "name",
    HARMLESS,
)
def test_harmless_columns_are_let_through(name):
    assert not looks_like_identifier(name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_max": 20.5}, "beyond the right edge"),
        ({"y_max": 24.5}, "beyond the lower edge"),
        ({"x_max": 2.0}, "greater than x_min"),
        ({"y_max": 1.0}, "greater than y_min"),
        ({"image_id": "zzz"}, "no such image in the images table: 'zzz'"),
    ],
)
def test_boxes_must_lie_inside_their_image(images, change, words):
    box = {
        "image_id": "000_0",
        "box_id": "b",
        "label": "fracture",
        "x_min": 2,
        "y_min": 2,
        "x_max": 20,
        "y_max": 24,
    }
    assert table_faults(images, pd.DataFrame([box])) == []
    faults = table_faults(images, pd.DataFrame([box | change]))
    assert len(faults) == 1
    assert words in str(faults[0])
