"""Burned-in text is found and can be blacked out; bones and films without text are left alone."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from fxstudy.cohort.burned_in import find_text, mask_text
from fxstudy.cohort.pixels import read_image


def limb(rows: int = 500, columns: int = 400) -> np.ndarray:
    """Something like a forearm on a table, with fine structure."""
    rng = np.random.default_rng(0)
    image = np.full((rows, columns), 0.08, np.float32)
    cv2.ellipse(image, (columns // 2, rows // 2), (columns // 5, rows), 0, 0, 360, 0.5, -1)
    cv2.line(image, (columns // 2 - 25, 0), (columns // 2 - 20, rows), 0.8, 18)
    cv2.line(image, (columns // 2 + 25, 0), (columns // 2 + 15, rows), 0.75, 14)
    return np.clip(cv2.GaussianBlur(image, (0, 0), 2) + rng.normal(0, 0.01, image.shape), 0, 1).astype(
        np.float32
    )


def written(image: np.ndarray, words: str, *, size: int, at=(20, 30), grey: float = 1.0) -> np.ndarray:
    canvas = Image.new("L", image.shape[::-1], 0)
    ImageDraw.Draw(canvas).text(at, words, fill=255, font=ImageFont.load_default(size=size))
    letters = np.asarray(canvas, np.float32) / 255
    return image * (1 - letters) + grey * letters


@pytest.mark.parametrize("size", [10, 14, 20, 28, 40])
@pytest.mark.parametrize("grey", [1.0, 0.6])
def test_a_name_is_found_and_gone_after_masking(size, grey):
    plain = limb(columns=1000)
    film = written(plain, "DOE JANE 1950", size=size, grey=grey)
    regions = find_text(film)
    assert regions
    masked = mask_text(film, regions)
    changed = np.abs(film - plain) > 0.3
    assert (masked[changed] == 0).mean() > 0.9


def test_dark_text_on_a_bright_ground_is_found():
    film = written(1 - limb() * 0.3, "DOE JANE 1950", size=24, grey=0.0)
    assert find_text(film)


def test_a_film_without_text_and_a_side_marker_are_left_alone():
    assert find_text(limb()) == []
    assert find_text(written(limb(), "R", size=40)) == []


def test_masking_does_not_touch_the_original():
    film = written(limb(), "DOE JANE 1950", size=20)
    before = film.copy()
    mask_text(film, find_text(film))
    np.testing.assert_array_equal(film, before)


def test_few_real_films_raise_an_alarm(shared_data):
    """Oracle: none of these films carries a line of text (looked at by eye)."""
    paths = sorted((shared_data / "fracatlas" / "images" / "Fractured").glob("*.jpg"))
    small = [path for path in paths if path.stat().st_size < 60_000][:12]
    alarms = [bool(find_text(read_image(path).pixels)) for path in small]
    assert sum(alarms) <= 1
