"""Many files are looked at in parallel, resumably, and bad ones never stop the rest."""

import json

import pytest

from cohort.samples import picture_bytes
from fxstudy.cohort.scan import examine, examine_all


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(picture_bytes(number, size=(100, 80)))
    (tmp_path / "words.txt").write_text("no picture")
    return tmp_path


PATHS = [*(f"{number}.png" for number in range(6)), "words.txt", "absent.png"]


def test_good_bad_and_missing_files_each_get_a_row(folder):
    facts = examine_all(folder, PATHS)
    assert facts["path"].tolist() == PATHS
    assert facts["refused"].eq("").tolist() == [True] * 6 + [False, False]
    assert facts["refused"].iloc[6] == "not an image: neither JPEG, PNG nor DICOM"
    assert facts["refused"].iloc[7].startswith("missing file")
    assert facts["rows"].iloc[0] == 100
    assert all(len(picture) == 64 * 64 for picture in facts["thumbnail"].iloc[:6])


def test_processes_give_the_same_as_one(folder):
    assert examine_all(folder, PATHS, workers=2).equals(examine_all(folder, PATHS, workers=1))


def test_an_interrupted_scan_goes_on_where_it_stopped(folder, monkeypatch):
    notes = folder / "scan.jsonl"
    first = examine_all(folder, PATHS[:4], resume=notes)
    with notes.open("a") as stream:
        stream.write('[[1, 2], {"path": "5.p')
    read = []
    monkeypatch.setattr(
        "fxstudy.cohort.scan.examine", lambda path, name: read.append(name) or examine(path, name=name)
    )
    again = examine_all(folder, PATHS, resume=notes)
    assert read == PATHS[4:]
    assert again.iloc[:4].equals(first)


def test_a_file_that_changed_is_read_again(folder):
    notes = folder / "scan.jsonl"
    before = examine_all(folder, PATHS, resume=notes)
    (folder / "2.png").write_bytes(picture_bytes(99, size=(50, 50)))
    after = examine_all(folder, PATHS, resume=notes)
    assert after["rows"].iloc[2] == 50
    assert (before["sha256"] != after["sha256"]).tolist() == [False, False, True] + [False] * 5


def test_a_blank_film_is_refused(folder):
    import numpy as np
    from PIL import Image

    Image.fromarray(np.full((9, 9), 5, np.uint8)).save(folder / "blank.png")
    assert examine(folder / "blank.png").refused == "blank: all pixels are equal"


def test_progress_counts_what_was_known_before(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("FXSTUDY_PROGRESS", str(tmp_path / "progress.json"))
    notes = folder / "scan.jsonl"
    examine_all(folder, PATHS[:3], resume=notes)
    examine_all(folder, PATHS, resume=notes)
    state = json.loads((tmp_path / "progress.json").read_text())
    assert (state["done"], state["total"]) == (8, 8)
