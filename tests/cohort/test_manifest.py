"""Cohorts are written and read without loss, and nothing wrong gets in."""

import dataclasses

import pandas as pd
import pytest

from cohort.samples import images_table
from fxstudy.cohort import Cohort, read_cohort, validate, write_cohort
from fxstudy.errors import CohortError, LeakageError


def test_written_and_read_again_it_is_the_same(cohort_on_disk, tmp_path):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    again = read_cohort(folder, files=True)
    pd.testing.assert_frame_equal(again.images, cohort_on_disk.images)
    assert again.digest == cohort_on_disk.digest
    assert again.path("000_0").is_file()
    assert not list(folder.glob("*.part"))


def test_the_tables_name_no_folder_of_this_machine(cohort_on_disk, tmp_path):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    for file in folder.iterdir():
        if file.name != "data_root.txt":
            assert str(tmp_path) not in file.read_text(encoding="utf-8")
    assert str(tmp_path) not in repr(cohort_on_disk)


def test_ids_keep_leading_zeros(cohort_on_disk, tmp_path):
    again = read_cohort(write_cohort(cohort_on_disk, tmp_path / "small"))
    assert again.images["patient_id"].iloc[0] == "000"


def test_the_digest_changes_with_a_cell_and_not_with_the_place(cohort_on_disk, tmp_path):
    moved = dataclasses.replace(cohort_on_disk, root=tmp_path / "elsewhere")
    assert moved.digest == cohort_on_disk.digest
    images = cohort_on_disk.images.copy()
    images.loc[0, "age_years"] += 1
    assert cohort_on_disk.with_images(images).digest != cohort_on_disk.digest


def test_the_environment_can_name_another_data_root(cohort_on_disk, tmp_path, monkeypatch):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    (tmp_path / "mounted").mkdir()
    monkeypatch.setenv("FXSTUDY_DATA", str(tmp_path / "mounted"))
    assert read_cohort(folder).root == tmp_path / "mounted"
    (tmp_path / "mounted" / "small").mkdir()
    assert read_cohort(folder).root == tmp_path / "mounted" / "small"


def test_a_cohort_is_found_by_name_from_below_the_project(cohort_on_disk, tmp_path, monkeypatch):
    write_cohort(cohort_on_disk, tmp_path / "cohorts" / "small")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert read_cohort("small").name == "small"
    with pytest.raises(CohortError, match="no cohort 'other'"):
        read_cohort("other")


def test_without_data_root_the_folder_itself_holds_the_images(tmp_path):
    cohort = Cohort("here", images_table(), root=tmp_path / "here")
    folder = write_cohort(cohort, tmp_path / "here")
    assert not (folder / "data_root.txt").exists()
    assert read_cohort(folder).root == folder


def test_a_faulty_cohort_is_not_written(cohort_on_disk, tmp_path):
    bad = cohort_on_disk.with_images(cohort_on_disk.images.assign(modality="MR"))
    with pytest.raises(CohortError):
        write_cohort(bad, tmp_path / "bad")
    assert not (tmp_path / "bad").exists()


def test_changed_and_missing_files_are_found(cohort_on_disk, tmp_path):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    cohort_on_disk.path("001_0").write_bytes(b"other")
    cohort_on_disk.path("002_1").unlink()
    read_cohort(folder)
    with pytest.raises(CohortError) as caught:
        read_cohort(folder, files=True)
    assert [fault.where for fault in caught.value.faults] == [
        "images, row 7, column path",
        "images, row 4, column sha256",
    ]


def test_ten_planted_faults_of_different_kinds_are_one_error_that_lists_ten(cohort_on_disk, tmp_path):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    images = pd.read_csv(folder / "images.csv", dtype=str)
    images.loc[0, "modality"] = "MR"
    images.loc[1, "image_id"] = "000_0"
    images.loc[2, "path"] = "../secret.png"
    images.loc[3, "age_years"] = "forty"
    images.loc[4, "study_date"] = "01/02/2018"
    images.loc[5, "label"] = "crack"
    images.loc[6, "split"] = "exclude"
    images.loc[8, ["split", "label"]] = ["train", "none"]
    images.loc[9, ["split", "label"]] = ["train", "fracture"]
    images.loc[8, "patient_id"] = "one"
    images.loc[10, "study_id"] = "s006"
    images["birth_date"] = "1950-01-01"
    images.to_csv(folder / "images.csv", index=False)
    boxes = pd.read_csv(folder / "boxes.csv", dtype=str).assign(x_max="21")
    boxes.to_csv(folder / "boxes.csv", index=False)
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    where = sorted(fault.where for fault in caught.value.faults)
    assert where == sorted(
        [
            "images, row 2, column modality",
            "images, rows 2, 3, column image_id",
            "images, row 4, column path",
            "images, row 5, column age_years",
            "images, row 6, column study_date",
            "images, row 7, column label",
            "images, row 8, column exclude_reason",
            "images, rows 10, 11, column study_id",
            "images, rows 12, 14, 15, column study_id",
            "images, row 1, column birth_date",
            "boxes, row 2, column x_max",
        ]
    )
    assert "11 faults" in str(caught.value)
    assert "  11. " in str(caught.value)


def test_leaks_alone_are_a_leakage_error(cohort_on_disk):
    images = cohort_on_disk.images.assign(split="train")
    images.loc[0, "split"] = "test"
    images.loc[[2, 3], "split"] = "test"
    with pytest.raises(LeakageError, match="'000' stands in test and train"):
        validate(cohort_on_disk.with_images(images))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: b"PK\x03\x04" + data, "Excel workbook"),
        (lambda data: b"", "file is empty"),
        (lambda data: b"\xef\xbb\xbf", "file is empty"),
        (lambda data: data.replace(b"none", b"k\xf6rper"), "not UTF-8"),
        (lambda data: data + b"\0", "binary data"),
    ],
)
def test_what_is_no_csv_gets_a_friendly_word(cohort_on_disk, tmp_path, change, words):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    file = folder / "images.csv"
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(CohortError, match=words):
        read_cohort(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: (text + "\n,,,\n\n").encode(),
        lambda text: text.replace("image_id,path", " image_id , path").encode(),
    ],
    ids=["BOM", "UTF-16", "semicolons", "Windows line ends", "blank rows", "spaces in the header"],
)
def test_what_excel_does_to_a_good_table_is_undone(cohort_on_disk, tmp_path, change):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    file = folder / "images.csv"
    file.write_bytes(change(file.read_text(encoding="utf-8")))
    assert read_cohort(folder).digest == cohort_on_disk.digest


def test_rows_too_long_and_names_given_twice_are_faults_with_their_row(cohort_on_disk, tmp_path):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    lines = (folder / "images.csv").read_text().split("\n")
    lines[0] += ",cast"
    lines[3] += ",0,surplus"
    (folder / "images.csv").write_text("\n\n".join(lines[:3]) + "\n" + "\n".join(lines[3:]))
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    assert [fault.where for fault in caught.value.faults] == ["images, row 6", "images, row 1"]


def test_parquet_is_read_like_csv(cohort_on_disk, tmp_path):
    folder = write_cohort(cohort_on_disk, tmp_path / "small")
    cohort_on_disk.images.to_parquet(folder / "images.parquet")
    (folder / "images.csv").unlink()
    assert read_cohort(folder).digest == cohort_on_disk.digest
