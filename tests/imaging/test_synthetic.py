"""The drawn cohort: what its description asks for, through cohort's functions, the same bytes each time."""

from pathlib import Path

import numpy as np
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
    assert len(images) == 72 and len(patients) == 24
    assert (patients["label"] == "fracture").sum() == 12
    assert patients.loc[patients["label"] == "fracture", "displaced"].astype(bool).sum() == 6
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
        synthesize_wrists({**TINY, "seed": 8, "patients": 12}, tmp_path / "other", progress=False)
    )
    assert not set(other.images["sha256"]) & set(cohort.images["sha256"])


def test_a_whole_cohort_is_left_alone_and_a_damaged_one_made_again(folder):
    before = (folder / "images.csv").stat().st_mtime_ns
    synthesize_wrists(TINY, folder, progress=False)
    assert (folder / "images.csv").stat().st_mtime_ns == before
    film = next((folder / "images").glob("*.png"))
    sound = film.read_bytes()
    film.write_bytes(b"damaged")
    synthesize_wrists(TINY, folder, progress=False)
    assert film.read_bytes() == sound


def test_no_confounding_by_default():
    """Casts, scanners and sites are drawn with the same shares in both classes."""
    default = read_description("synthetic_wrist")
    shares = [default["cast_share"], *(scanner["share"] for scanner in default["scanners"])]
    assert all(share["fracture"] == share["none"] for share in shares)


def test_confounding_can_be_switched_on(tmp_path):
    description = {**TINY, "cast_share": {"fracture": 1.0, "none": 0.0}, "patients": 12}
    images = read_cohort(synthesize_wrists(description, tmp_path / "c", progress=False)).images
    casts = images["cast"].astype(str).str.lower().isin(["true", "1", "1.0"])
    assert (casts == (images["label"] == "fracture")).all()


def test_displaced_fractures_change_the_picture_more_than_undisplaced_ones(tmp_path):
    """The difficulty is physical: the same patients, once displaced, once not, against their sound twins."""
    films = {}
    for name, change in {
        "none": {"fracture_share": 0.0},
        "far": {"displaced_share": 1.0},
        "near": {"displaced_share": 0.0},
    }.items():
        description = {
            **TINY,
            "fracture_share": 1.0,
            "patients": 10,
            "sites": {"radius": 1, "ulna": 0, "both": 0},
            **change,
        }
        films[name] = _films(description, tmp_path / name)
    change = {name: np.abs(films[name] - films["none"]).mean(axis=(1, 2)) for name in ("far", "near")}
    assert np.median(change["far"]) > 2 * np.median(change["near"])


def _films(description, folder):
    from fxstudy.imaging.wrist_cases import draw_patient, plan_patients, read_plan

    plan = read_plan(description)
    (folder / "images").mkdir(parents=True)
    rows = [row for patient in plan_patients(plan) for row in draw_patient(plan, patient, folder)[0]]
    return np.stack(
        [read_image(folder / row["path"]).pixels for row in sorted(rows, key=lambda row: row["image_id"])]
    )


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
    with pytest.raises(CohortError) as caught:
        synthesize_wrists(wrong, tmp_path / "wrong", progress=False)
    for name in ("patients", "displaced_share", "sites", "colour", "synthetic", "period"):
        assert name in str(caught.value)
    assert not (tmp_path / "wrong").exists()


def test_an_unknown_description_is_an_error():
    with pytest.raises(CohortError, match="no description 'nothing'"):
        read_description("nothing")
