"""JPEG and PNG become grey between 0 and 1; what is broken or in colour is refused with its reason."""

import io

import numpy as np
import pytest
from PIL import Image

from cohort.samples import picture_bytes
from fxstudy.cohort import read_image
from fxstudy.errors import ImageError


def written(tmp_path, data: bytes, name="film"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def picture(tmp_path, values: np.ndarray, kind="PNG", **options):
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format=kind, **options)
    return written(tmp_path, stream.getvalue())


def test_eight_bit_png_is_exact(tmp_path):
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    film = read_image(picture(tmp_path, values))
    assert film.pixels.dtype == np.float32
    np.testing.assert_array_equal(np.rint(film.pixels * 255), values)
    assert film.notes == ()


@pytest.mark.parametrize(("top", "bits"), [(65535, 16), (4095, 12), (1023, 10)])
def test_sixteen_bit_png_is_scaled_by_the_bits_it_uses(tmp_path, top, bits):
    values = np.linspace(0, top, 400).astype(np.uint16).reshape(20, 20)
    film = read_image(picture(tmp_path, values))
    np.testing.assert_allclose(film.pixels, values / (2**bits - 1), atol=1e-6)
    assert film.pixels.max() == 1
    assert (film.notes == ()) == (bits == 16)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_three_equal_channels_are_grey(tmp_path, kind):
    values = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    film = read_image(picture(tmp_path, np.stack([values] * 3, axis=2), kind))
    assert film.pixels.shape == (20, 30)


def test_colour_is_refused(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    with pytest.raises(ImageError, match="film: is in colour"):
        read_image(picture(tmp_path, values))


def test_palette_is_refused(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(np.zeros((9, 9), np.uint8)).convert("P").save(stream, format="PNG")
    with pytest.raises(ImageError, match="palette"):
        read_image(written(tmp_path, stream.getvalue()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated_pictures_are_refused(tmp_path, kind, share):
    data = picture_bytes(1, size=(200, 200), kind=kind)
    with pytest.raises(ImageError, match="truncated|damaged"):
        read_image(written(tmp_path, data[: int(len(data) * share)]))


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"\0" * 500, "empty"), (b"some words " * 40, "neither JPEG, PNG nor DICOM")],
)
def test_what_is_no_picture_is_refused(tmp_path, data, words):
    with pytest.raises(ImageError, match=words):
        read_image(written(tmp_path, data))


def test_a_missing_file_is_refused_without_its_folder(tmp_path):
    with pytest.raises(ImageError) as caught:
        read_image(tmp_path / "nobody.png")
    assert str(caught.value).startswith("nobody.png: cannot be opened")
    assert str(tmp_path) not in str(caught.value)


def test_bytes_after_the_end_of_a_jpeg_are_noted(tmp_path):
    film = read_image(written(tmp_path, picture_bytes(1, kind="JPEG") + b"\0" * 100))
    assert film.notes == ("100 bytes after the picture's end were ignored",)


def test_a_blank_film_says_so(tmp_path):
    assert read_image(picture(tmp_path, np.full((5, 5), 7, np.uint8))).blank
    assert not read_image(written(tmp_path, picture_bytes(1))).blank


def test_orientation_marks_are_noted_and_not_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    film = read_image(picture(tmp_path, np.eye(6, 9, dtype=np.uint8) * 255, "JPEG", exif=exif))
    assert film.pixels.shape == (6, 9)
    assert "EXIF orientation" in film.notes[0]


def test_every_film_of_fracatlas_is_read_or_refused_as_truncated(shared_data):
    """Oracle: Pillow reads 577 of the 598 films of the subset; 21 break off."""
    reasons = []
    for path in sorted((shared_data / "fracatlas" / "images").glob("*/*.jpg")):
        try:
            read_image(path)
        except ImageError as error:
            reasons.append(str(error))
    assert len(reasons) == 21
    assert all("truncated JPEG" in reason for reason in reasons)


def test_grazpedwri_png_use_all_sixteen_bits(shared_data):
    for path in (shared_data / "grazpedwri" / "images_part1").glob("*.png"):
        film = read_image(path)
        assert film.pixels.min() == 0
        assert film.pixels.max() == 1
