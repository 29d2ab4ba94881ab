"""An audit finds what was planted, in every one of its tables, and can be written as JSON."""

import json

import numpy as np
import pandas as pd
import pytest

from fxstudy.cohort import Cohort, assign, audit, import_fracatlas, import_grazpedwri, split_by_group
from fxstudy.cohort.audit_tables import association_table, count_table, precision_table, value_table


@pytest.fixture
def split_cohort(cohort_on_disk) -> Cohort:
    halves = {"train": 0.5, "test": 0.5}
    return assign(cohort_on_disk, split_by_group(cohort_on_disk.images, fractions=halves))


def serious(result) -> list[str]:
    return [finding.what for finding in result.findings if finding.severity == "serious"]


def test_a_clean_cohort_has_nothing_but_its_small_size_against_it(split_cohort):
    images = split_cohort.images.drop(columns="cast").assign(
        site=None, study_date=None, age_years=None, sex=None
    )
    result = audit(split_cohort.with_images(images))
    assert all("interval of an AUC" in what or "thumbnail" in what for what in serious(result))
    assert result.unreadable.empty
    assert result.files_read


def test_planted_faults_are_found(split_cohort):
    images = split_cohort.images.copy()
    split_cohort.path("001_0").write_bytes(b"broken")
    split_cohort.path("002_0").unlink()
    train = images.index[images["split"].eq("train") & images["label"].eq("none")][-1]
    test = images.index[images["split"].eq("test") & images["label"].eq("fracture")][-1]
    split_cohort.path(images.loc[test, "image_id"]).write_bytes(
        split_cohort.path(images.loc[train, "image_id"]).read_bytes()
    )
    images.loc[test, "sha256"] = images.loc[train, "sha256"]
    images.loc[3, "age_years"] = 119
    result = audit(split_cohort.with_images(images))
    words = "\n".join(serious(result))
    assert "films/001_0.png: not an image" in words
    assert "films/002_0.png: missing file" in words
    assert "byte copies, group 1" in words
    assert "the same file stands in test and train" in words
    assert "column age_years: 1 values outside 0.01 to 105 years" in result.text()


def test_a_changed_file_is_found(split_cohort):
    path = split_cohort.path("000_0")
    path.write_bytes(split_cohort.path("000_1").read_bytes())
    result = audit(split_cohort)
    assert result.unreadable.values.tolist() == [
        ["films/000_0.png", "the file has changed since it was entered"]
    ]


def test_without_files_the_tables_are_still_audited(split_cohort):
    result = audit(split_cohort, files=False)
    assert not result.files_read
    assert result.near_copies.empty
    assert "thumbnail" not in " ".join(result.shortcuts["columns"])


def test_json_holds_every_table_and_no_path_of_this_machine(split_cohort, tmp_path):
    result = audit(split_cohort)
    text = result.to_json(tmp_path / "audit.json")
    assert json.loads((tmp_path / "audit.json").read_text(encoding="utf-8")) == json.loads(text)
    assert json.loads(text)["counts"] == result.to_dict()["counts"]
    assert str(tmp_path) not in text
    assert "NaN" not in text


def test_the_same_seed_gives_the_same_audit(split_cohort):
    assert audit(split_cohort, seed=3).to_json() == audit(split_cohort, seed=3).to_json()


def test_counts_are_those_of_the_table(images):
    table = count_table(images)
    label = table[table["column"] == "label"].set_index("value")
    assert label.loc["fracture", ["n_images", "n_patients"]].tolist() == [8, 4]
    ages = table[table["column"] == "age"].set_index("value")["n_images"]
    assert ages["16–39"] == 24


def test_missing_and_implausible_values_are_counted(images):
    images.loc[[0, 1, 2], "sex"] = None
    images.loc[0, "study_date"] = "1900-01-01"
    images.loc[5, "pixel_spacing_mm"] = 3.0
    table = value_table(images).set_index("column")
    assert table.loc["sex", ["missing", "share"]].tolist() == [3, 0.125]
    assert table.loc["study_date", "implausible"] == 1
    assert table.loc["pixel_spacing_mm", "implausible"] == 1


def test_precision_follows_hanley_and_mcneil(images):
    """Oracle: Hanley and McNeil 1982: A = 0.90, 100 and 100 images: SE = 0.0217 (by hand from formula 2)."""
    frame = pd.DataFrame({"label": ["fracture"] * 100 + ["none"] * 100, "split": "test"})
    frame["patient_id"] = np.arange(200).astype(str)
    row = precision_table(frame, positive="fracture").iloc[0]
    q1, q2, a = 0.9 / 1.1, 1.62 / 1.9, 0.9
    error = np.sqrt((a * 0.1 + 99 * (q1 - a * a) + 99 * (q2 - a * a)) / 10_000)
    assert row["auc_width"] == pytest.approx(2 * 1.959964 * error, abs=1e-5)
    assert row["sensitivity_width"] == pytest.approx(0.1193, abs=0.002)


def test_a_rare_value_that_gives_the_label_away_is_found():
    frame = pd.DataFrame({"patient_id": np.arange(400).astype(str), "split": "train"})
    frame["label"] = np.where(np.arange(400) < 100, "fracture", "none")
    frame["hardware"] = (np.arange(400) < 12).astype(int)
    row = association_table(frame, ["hardware"], positive="fracture").iloc[0]
    assert (row["share_positive"], row["n_patients"]) in ((1.0, 12), (88 / 388, 388))
    assert row["p_value"] < 1e-6


def test_fracatlas_with_all_its_defects(shared_data):
    """Oracle: the known defects of the folder (design.md §6)."""
    result = audit(import_fracatlas(shared_data / "fracatlas", region="all").cohort)
    words = result.text()
    for part in (
        "21 films refused: truncated JPEG",
        "1 films refused: label mismatch",
        "3 films refused: byte duplicate",
        "4 films refused: same film under two labels",
        "hardware = 1 goes with the label: 100%",
    ):
        assert part in words
    assert result.near_copies.empty
    assert result.leaks == ()


def test_the_whole_table_of_graz_is_audited(shared_data):
    result = audit(import_grazpedwri(shared_data / "grazpedwri", files=False).cohort, files=False)
    assert result.counts.loc[result.counts["column"] == "label", "n_images"].sum() == 20327
    assert "cast = 1 goes with the label" in result.text()
