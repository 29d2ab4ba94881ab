"""The synthetic cohort: what its description asks for, through cohort's functions, the same bytes again."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pydicom
import pytest
import yaml

from fxstudy.cohort import check_leakage, read_cohort, read_image
from fxstudy.errors import CohortError
from fxstudy.imaging.synthetic import read_description, synthesize_wrists

TINY = yaml.safe_load((Path(__file__).parent / "tiny_wrist.yaml").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return synthesize_wrists(TINY, tmp_path_factory.mktemp("tiny") / "cohort", progress=False)


@pytest.fixture(scope="module")
def cohort(folder):
    return read_cohort(folder, files=True)


def test_counts_are_what_the_description_asks_for(cohort):
    images = cohort.images
    patients = images.drop_duplicates("patient_id")
    assert len(images) == 48 and len(patients) == 16
    assert (patients["label"] == "fracture").sum() == 8
    assert patients.loc[patients["label"] == "fracture", "displaced"].astype(bool).sum() == 4
    views = images.groupby("patient_id")["view"].agg(lambda view: " ".join(sorted(view)))
    assert set(views) == {"AP OBLIQUE OBLIQUE"}


def test_every_fractured_film_has_its_box_and_no_other_has_one(cohort):
    broken = cohort.images.loc[cohort.images["label"] == "fracture", "image_id"]
    assert set(cohort.boxes["image_id"]) == set(broken)


def test_two_broken_bones_have_two_boxes(cohort):
    both = cohort.images["label_detail"].fillna("").str.startswith("both")
    counts = cohort.boxes["image_id"].value_counts()
    assert (counts[cohort.images.loc[both, "image_id"]] == 2).all()


def test_everything_says_synthetic(cohort):
    assert cohort.synthetic and "synthetic" in cohort.description["title"].lower()
    assert cohort.images["synthetic"].astype(bool).all()
    assert cohort.images["path"].str.contains("synthetic").all()


def test_the_split_is_by_date_and_patient(cohort):
    images = cohort.images
    late = images["study_date"].astype(str) >= "2020-01-01"
    assert (images.loc[late, "split"] == "test").all()
    assert set(images.loc[~late, "split"]) == {"train", "tune"}
    check_leakage(cohort)


def test_films_can_be_read_and_show_something(cohort):
    film = read_image(cohort.path(cohort.images["image_id"].iloc[0]))
    assert film.pixels.shape == (120, 100)
    assert film.pixels.max() > 0.8 and film.pixels.std() > 0.1


def test_the_same_description_gives_the_same_bytes_with_any_number_of_threads(folder, tmp_path):
    again = synthesize_wrists(TINY, tmp_path / "again", progress=False, threads=3)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((folder / name).read_bytes() == (again / name).read_bytes() for name in names)


def test_another_seed_gives_other_films(cohort, tmp_path):
    other = read_cohort(
        synthesize_wrists({**TINY, "seed": 8, "patients": 14}, tmp_path / "other", progress=False)
    )
    assert not set(other.images["sha256"]) & set(cohort.images["sha256"])


def test_a_whole_cohort_is_left_alone_and_a_damaged_one_made_again(folder):
    before = (folder / "images.csv").stat().st_mtime_ns
    synthesize_wrists(TINY, folder, progress=False)
    assert (folder / "images.csv").stat().st_mtime_ns == before
    film = next((folder / "images").glob("*.dcm"))
    sound = film.read_bytes()
    film.write_bytes(b"damaged")
    synthesize_wrists(TINY, folder, progress=False)
    assert film.read_bytes() == sound


def test_no_confounding_by_default():
    """Casts, machines and sites are drawn with the same shares in both classes."""
    default = read_description("synthetic_wrist")
    shares = [default["cast_share"], *(machine["share"] for machine in default["machines"])]
    assert all(share["fracture"] == share["none"] for share in shares)


def test_confounding_can_be_switched_on(tmp_path):
    description = {**TINY, "cast_share": {"fracture": 1.0, "none": 0.0}, "patients": 14}
    images = read_cohort(synthesize_wrists(description, tmp_path / "c", progress=False)).images
    casts = images["cast"].astype(str).str.lower().isin(["true", "1", "1.0"])
    assert (casts == (images["label"] == "fracture")).all()


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """The same patients without their fractures."""
    folder = tmp_path_factory.mktemp("twins") / "cohort"
    return read_cohort(synthesize_wrists({**TINY, "unbroken": True}, folder, progress=False))


def test_twins_are_the_same_patients_without_fractures(cohort, twins):
    assert (twins.images["label"] == "none").all() and twins.boxes.empty
    facts = [
        "image_id",
        "patient_id",
        "study_date",
        "age_years",
        "sex",
        "site",
        "exposure_mas",
        "cast",
        "laterality",
    ]
    assert twins.images[facts].equals(cohort.images[facts])
    same = twins.images["sha256"].eq(cohort.images["sha256"])
    sound = cohort.images["label"].eq("none")
    pixels = [_pixels(one, cohort.images.loc[sound, "image_id"]) for one in (cohort, twins)]
    assert np.array_equal(*pixels) and not same[~sound].any()


def test_displaced_fractures_change_the_picture_more_than_undisplaced_ones(cohort, twins):
    """The difficulty is physical: each film against its sound twin."""
    radius = cohort.images["label_detail"].fillna("").str.contains("radius|both")
    change = {}
    for displaced in (True, False):
        ids = cohort.images.loc[radius & cohort.images["displaced"].eq(displaced).fillna(False), "image_id"]
        change[displaced] = np.median(np.abs(_pixels(cohort, ids) - _pixels(twins, ids)).mean(axis=(1, 2)))
    assert change[True] > 2 * change[False] > 0


def _pixels(cohort, image_ids):
    return np.stack([read_image(cohort.path(image_id)).pixels for image_id in image_ids])


def test_the_truth_is_written_for_every_broken_bone(folder, cohort):
    truth = pd.read_csv(folder / "truth.csv")
    broken = cohort.images["label"].eq("fracture")
    assert set(truth["image_id"]) == set(cohort.images.loc[broken, "image_id"])
    moved = truth.groupby("displaced")["shift_mm"].mean()
    assert moved[1] > 2 * moved[0]
    assert (truth[["contrast", "detectability"]] > 0).all(axis=None)


def test_masks_lie_inside_the_boxes(cohort):
    boxes = cohort.boxes.groupby("image_id")[["x_min", "y_min", "x_max", "y_max"]].agg(
        {"x_min": "min", "y_min": "min", "x_max": "max", "y_max": "max"}
    )
    for _, row in cohort.more["masks"].iterrows():
        rows, columns = np.nonzero(cv2.imread(str(cohort.root / row["path"]), cv2.IMREAD_UNCHANGED))
        x0, y0, x1, y1 = boxes.loc[row["image_id"]]
        assert x0 <= columns.min() and columns.max() < x1 and y0 <= rows.min() and rows.max() < y1


def test_headers_are_those_of_a_radiograph_and_say_synthetic(cohort):
    seen = set()
    for _, row in cohort.images.iterrows():
        data = pydicom.dcmread(cohort.path(row["image_id"]))
        assert data.Modality == row["modality"] and data.PhotometricInterpretation == row["photometric"]
        assert "SYNTHETIC" in data.ImageComments and data.PatientIdentityRemoved == "YES"
        assert (data.Rows, data.Columns) == (row["rows"], row["columns"])
        assert (
            str(data.PatientID) == row["patient_id"]
            and float(data.ImagerPixelSpacing[0]) == row["pixel_spacing_mm"]
        )
        seen.add((str(data.SOPInstanceUID), data.Modality, data.PhotometricInterpretation))
    assert len(seen) == len(cohort.images) and len({kind[1:] for kind in seen}) == 2


def test_all_mistakes_of_a_description_are_named_at_once(tmp_path):
    wrong = {
        **TINY,
        "patients": 0,
        "displaced_share": 1.4,
        "sites": {"radius": 1},
        "colour": "red",
        "synthetic": False,
    }
    del wrong["period"]
    wrong["machines"] = [{**TINY["machines"][0], "exposure": {"kvp": 300}}]
    with pytest.raises(CohortError) as caught:
        synthesize_wrists(wrong, tmp_path / "wrong", progress=False)
    for name in (
        "patients",
        "displaced_share",
        "sites",
        "colour",
        "synthetic",
        "period",
        "machines, entry 1: kvp",
    ):
        assert name in str(caught.value)
    assert not (tmp_path / "wrong").exists()


def test_an_unknown_description_is_an_error():
    with pytest.raises(CohortError, match="no description 'nothing'"):
        read_description("nothing")
