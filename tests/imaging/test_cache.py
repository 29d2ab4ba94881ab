"""The cache of prepared images: complete, resumable, and never silently short of an image."""

import pickle
import threading

import numpy as np
import pandas as pd
import pytest

from fxstudy.cohort import read_image
from fxstudy.errors import ImageError
from fxstudy.imaging import cache
from fxstudy.imaging.cache import PreparedImages
from fxstudy.imaging.prepare import Preparation, prepare, prepare_boxes

SMALL = Preparation(24, 32)


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_holds_exactly_what_reading_and_preparing_gives(films, tmp_path):
    prepared = PreparedImages(films, SMALL, tmp_path / "cache")
    assert prepared.ensure(progress=False) == 6
    assert list(prepared) == films.images["image_id"].tolist()
    for image_id in prepared:
        assert np.array_equal(prepared[image_id], prepare(read_image(films.path(image_id)).pixels, SMALL))
    assert prepared.stack(["f2", "f1"]).shape == (2, 32, 24)


def test_a_second_training_needs_no_original(films, tmp_path):
    first = PreparedImages(films, SMALL, tmp_path / "cache")
    first.ensure(progress=False)
    pictures = {image_id: first[image_id] for image_id in first}
    for image_id in first:
        films.path(image_id).unlink()
    second = PreparedImages(films, SMALL, tmp_path / "cache")
    assert second.ensure(progress=False) == 0
    assert all(np.array_equal(second[image_id], pictures[image_id]) for image_id in second)


def test_numpy_opens_the_files_too(films, tmp_path):
    prepared = PreparedImages(films, SMALL, tmp_path / "cache")
    assert np.array_equal(prepared["f0"], np.load(prepared.file("f0")))


def test_goes_on_where_a_killed_run_stopped(films, tmp_path, monkeypatch):
    prepared = PreparedImages(films, SMALL, tmp_path / "cache")
    done = []

    def dies_after_three(path, raw):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(path)
        write(path, raw)

    write = cache.write_atomically
    monkeypatch.setattr(cache, "write_atomically", dies_after_three)
    with pytest.raises(KeyboardInterrupt):
        prepared.ensure(progress=False, threads=1)
    monkeypatch.setattr(cache, "write_atomically", write)
    assert len(files(tmp_path / "cache")) == 3
    assert PreparedImages(films, SMALL, tmp_path / "cache").ensure(progress=False) == 3


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-10], lambda raw: b"", lambda raw: raw[:-20] + b"x" + raw[-19:]]
)
def test_a_damaged_file_is_found_and_made_again(films, tmp_path, damage):
    prepared = PreparedImages(films, SMALL, tmp_path / "cache")
    prepared.ensure(progress=False)
    sound = prepared["f3"]
    path = prepared.file("f3")
    path.write_bytes(damage(path.read_bytes()))
    assert prepared.missing() == ["f3"]
    assert np.array_equal(prepared["f3"], sound)
    path.write_bytes(damage(path.read_bytes()))
    assert prepared.ensure(progress=False) == 1


def test_every_unreadable_film_is_named_and_the_others_are_prepared(films, tmp_path):
    films.path("f1").write_bytes(b"not an image")
    films.path("f4").unlink()
    prepared = PreparedImages(films, SMALL, tmp_path / "cache")
    with pytest.raises(ImageError, match="2 of 6 images cannot be prepared") as caught:
        prepared.ensure(progress=False)
    assert "f1" in str(caught.value) and "f4" in str(caught.value) and "f0" not in str(caught.value)
    assert prepared.missing() == ["f1", "f4"]


def test_a_file_that_changed_since_the_manifest_is_refused(films, tmp_path):
    films.path("f1").write_bytes(films.path("f0").read_bytes())
    with pytest.raises(ImageError, match="f1: the file has changed since the manifest"):
        PreparedImages(films, SMALL, tmp_path / "cache")["f1"]


def test_a_size_that_contradicts_the_table_is_refused(films, tmp_path):
    films.images.loc[2, "rows"] = 7
    with pytest.raises(ImageError, match="f2: the images table says 7 × "):
        PreparedImages(films, SMALL, tmp_path / "cache")["f2"]


def test_each_preparation_has_its_own_files(films, tmp_path):
    PreparedImages(films, SMALL, tmp_path / "cache").ensure(progress=False)
    other = PreparedImages(films, Preparation(24, 32, clahe_clip=None), tmp_path / "cache")
    assert len(other.missing()) == 6


def test_equal_films_of_two_cohorts_share_a_file(films, tmp_path):
    PreparedImages(films, SMALL, tmp_path / "cache").ensure(progress=False)
    renamed = films.with_images(films.images.assign(image_id="other_" + films.images["image_id"]))
    assert PreparedImages(renamed, SMALL, tmp_path / "cache").missing() == []


def test_works_without_known_hashes(films, tmp_path):
    plain = films.with_images(films.images.drop(columns="sha256"))
    assert PreparedImages(plain, SMALL, tmp_path / "cache").ensure(progress=False) == 6


def test_boxes_are_given_in_the_prepared_image(films, tmp_path):
    prepared = PreparedImages(films, SMALL, tmp_path / "cache")
    rows, columns = films.images.loc[4, ["rows", "columns"]]
    expected = prepare_boxes(films.boxes.iloc[[4]], rows, columns, SMALL)
    pd.testing.assert_frame_equal(prepared.boxes("f4"), expected)


def test_reports_progress(films, tmp_path, monkeypatch):
    monkeypatch.setenv("FXSTUDY_PROGRESS", str(tmp_path / "progress.json"))
    PreparedImages(films, SMALL, tmp_path / "cache").ensure()
    assert '"done": 6' in (tmp_path / "progress.json").read_text()


def test_survives_being_sent_to_a_worker_process(films, tmp_path):
    prepared = PreparedImages(films, SMALL, tmp_path / "cache")
    assert np.array_equal(pickle.loads(pickle.dumps(prepared))["f0"], prepared["f0"])


def test_threads_that_prepare_the_same_image_do_not_disturb_each_other(films, tmp_path):
    prepared = PreparedImages(films, SMALL, tmp_path / "cache")
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(prepared["f5"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8 and all(np.array_equal(one, seen[0]) for one in seen)
    assert len(files(tmp_path / "cache")) == 1


def test_an_unknown_image_is_a_key_error(films, tmp_path):
    with pytest.raises(KeyError, match="no image 'zz' in cohort 'films'"):
        PreparedImages(films, SMALL, tmp_path / "cache")["zz"]
