"""Tables are checked completely: every fault at once, with its row and column."""

import json

import pandas as pd
import pytest

from cohort.samples import images_table
from fxstudy.cohort import datapackage, validate_images, validate_table
from fxstudy.cohort.columns import IMAGES, TABLES
from fxstudy.errors import CohortError


def faults_of(images: pd.DataFrame) -> list[str]:
    with pytest.raises(CohortError) as caught:
        validate_images(images)
    return [str(fault) for fault in caught.value.faults]


def test_a_good_table_gets_all_columns_in_order_then_free_ones():
    images = images_table()
    assert list(images.columns[: len(IMAGES.names)]) == list(IMAGES.names)
    assert images.columns[-1] == "cast"
    assert images["patient_id"].iloc[0] == "000"
    assert images["rows"].dtype == "Int64"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("image_id", "a b", "letters, digits"),
        ("image_id", None, "must not be empty"),
        ("path", "../x.png", "without '..'"),
        ("path", "/x.png", "relative to the data root"),
        ("path", "C:/x.png", "relative to the data root"),
        ("path", "a\\x.png", "relative to the data root"),
        ("path", "a/../../x.png", "without '..'"),
        ("sha256", "ABC", "64 hexadecimal digits"),
        ("modality", "MR", "must be one of CR, DX, DRR, GAN, not 'MR'"),
        ("study_date", "31.12.2018", "ISO date"),
        ("study_date", "2018-02-30", "ISO date"),
        ("rows", "2.5", "whole number"),
        ("rows", 0, "must be 1 or more"),
        ("age_years", "forty", "must be a number"),
        ("age_years", 400, "must be 120 or less"),
        ("pixel_spacing_mm", "0,143", "number with a point"),
        ("displaced", "perhaps", "0 or 1"),
        ("sex", "male", "must be one of F, M, O"),
        ("split", "testing", "must be one of train"),
    ],
)
def test_a_wrong_cell_is_named_with_row_and_column(column, value, words):
    images = images_table().astype({column: "object"})
    images.loc[4, column] = value
    faults = faults_of(images)
    assert len(faults) == 1
    assert faults[0].startswith(f"images, row 6, column {column}:")
    assert words in faults[0]


def test_dots_inside_a_file_name_are_no_way_out():
    images = images_table()
    images.loc[0, "path"] = "films/a..b/x.1..png"
    validate_images(images)


def test_two_equal_ids_are_one_fault_with_both_rows():
    images = images_table()
    images.loc[5, "image_id"] = images.loc[0, "image_id"]
    assert faults_of(images) == ["images, rows 2, 7, column image_id: '000_0' stands more than once"]


def test_missing_columns_are_named_once_not_per_row():
    images = images_table().drop(columns=["label", "path"])
    assert faults_of(images) == [
        "images, column path: is missing; every row needs it",
        "images, column label: is missing; every row needs it",
    ]


def test_thousands_of_equal_faults_are_one_line():
    images = images_table().assign(modality="MR")
    assert faults_of(images) == [
        "images, rows 2, 3, 4, 5, 6, 7, 8, 9 and 16 more, column modality: "
        "must be one of CR, DX, DRR, GAN, not 'MR'"
    ]


def test_compound_keys_are_checked():
    readings = pd.DataFrame(
        {"reader_id": "r1", "image_id": "a", "phase": "1", "aided": [0, 1], "decision": "none"}
    )
    with pytest.raises(CohortError, match=r"rows 2, 3, column reader_id \+ image_id \+ phase: 'r1 / a / 1'"):
        validate_table("readings", readings)


def test_dates_and_numbers_that_are_typed_already_stay_as_they_are():
    images = images_table().assign(study_date=pd.Timestamp("2018-03-31"), kvp=52)
    typed = validate_images(images)
    assert typed["study_date"].unique().tolist() == ["2018-03-31"]
    assert typed["kvp"].tolist() == [52.0] * 24


def test_free_columns_of_codes_keep_their_zeros_and_numbers_become_numbers():
    images = images_table().assign(code="007", cast="1", dose="1.5")
    typed = validate_images(images)
    assert typed["code"].iloc[0] == "007"
    assert typed["cast"].dtype == "Int64"
    assert typed["dose"].iloc[0] == 1.5


def test_datapackage_on_disk_is_the_one_made_from_the_schema(repository):
    stored = json.loads((repository / "data_manifest" / "datapackage.json").read_text(encoding="utf-8"))
    assert stored == datapackage()


def test_datapackage_is_a_frictionless_package():
    """Oracle: Frictionless Data Package and Table Schema specifications, v1."""
    kinds = {"string", "integer", "number", "boolean", "date", "datetime"}
    rules = {"required", "unique", "enum", "pattern", "minimum", "maximum"}
    package = datapackage()
    names = {resource["name"] for resource in package["resources"]}
    assert names == set(TABLES)
    for resource in package["resources"]:
        fields = {field["name"] for field in resource["schema"]["fields"]}
        assert set(resource["schema"].get("primaryKey", [])) <= fields
        for field in resource["schema"]["fields"]:
            assert field["type"] in kinds
            assert set(field.get("constraints", {})) <= rules
        for key in resource["schema"].get("foreignKeys", []):
            assert key["fields"] in fields
            assert key["reference"]["resource"] in names
