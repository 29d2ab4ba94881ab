"""Preparation: grey levels, contrast, size, and boxes that follow every step."""

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxstudy.errors import ImageError, ParameterError
from fxstudy.imaging.prepare import Preparation, placement, prepare, prepare_boxes, restore_boxes


def picture(rows, columns, seed=0):
    return np.random.default_rng(seed).random((rows, columns), dtype=np.float32)


@pytest.mark.parametrize("aspect", ["pad", "stretch", "crop"])
@pytest.mark.parametrize("shape", [(90, 60), (60, 90), (33, 200), (5, 3)])
def test_gives_the_asked_size_for_every_shape(aspect, shape):
    out = prepare(picture(*shape), Preparation(48, 64, aspect=aspect))
    assert out.shape == (64, 48) and out.dtype == np.uint8


def test_grey_levels_are_shares_of_255_rounded():
    out = prepare(np.array([[0.0, 0.5, 1.0, 1.7, -3.0]]), Preparation(5, 1, clahe_clip=None))
    assert out.tolist() == [[0, 128, 255, 255, 0]]


def test_window_puts_percentiles_at_black_and_white():
    pixels = np.linspace(0.2, 0.6, 101).reshape(1, 101)
    out = prepare(pixels, Preparation(101, 1, clahe_clip=None, window=(10, 90)))
    assert out[0, 10] == 0 and out[0, 90] == 255 and abs(int(out[0, 50]) - 128) <= 1


def test_contrast_is_opencvs_clahe_exactly():
    """Oracle: cv2.createCLAHE on the rounded 8-bit picture, as the wrist paper's pipeline calls it."""
    pixels = picture(80, 64)
    expected = cv2.createCLAHE(3.0, (4, 4)).apply(np.rint(pixels * 255).astype(np.uint8))
    assert np.array_equal(prepare(pixels, Preparation(64, 80, clahe_clip=3.0, clahe_tiles=4)), expected)


def test_shrinking_averages_and_does_not_alias():
    """Oracle: the mean of each 4 × 4 block."""
    pixels = (np.indices((64, 64)).sum(axis=0) % 2).astype(np.float32)
    out = prepare(pixels, Preparation(16, 16, clahe_clip=None))
    assert np.all(np.abs(out.astype(int) - 128) <= 1)


def test_margins_of_padding_are_black_and_take_no_part_in_the_contrast():
    pixels = picture(60, 30)
    wide, narrow = (prepare(pixels, Preparation(width, 60)) for width in (90, 30))
    assert np.array_equal(wide[:, 30:60], narrow)
    assert not wide[:, :30].any() and not wide[:, 60:].any()


def test_crop_uses_only_the_named_part():
    pixels = np.zeros((40, 40), np.float32)
    pixels[10:20, 20:40] = 1
    out = prepare(pixels, Preparation(20, 10, crop=(0.5, 0.25, 1.0, 0.5), clahe_clip=None))
    assert np.all(out == 255)


def draw_box(rows, columns, box):
    pixels = np.zeros((rows, columns), np.float32)
    x_min, y_min, x_max, y_max = box
    pixels[y_min:y_max, x_min:x_max] = 1
    return pixels


@pytest.mark.parametrize("aspect", ["pad", "stretch", "crop"])
@pytest.mark.parametrize("shape", [(400, 300), (300, 500)])
@pytest.mark.parametrize("size", [(96, 128), (550, 660), (128, 64)])
@pytest.mark.parametrize("crop", [None, (0.1, 0.05, 0.9, 1.0)])
def test_a_box_still_surrounds_what_was_drawn_in_it(aspect, shape, size, crop):
    """Oracle: the bright pixels themselves, after preparation."""
    box = (130, 120, 190, 180)
    preparation = Preparation(*size, aspect=aspect, crop=crop, clahe_clip=None)
    rows, columns = np.nonzero(prepare(draw_box(*shape, box), preparation) >= 128)
    moved = prepare_boxes(np.array([box]), *shape, preparation)[0]
    assert np.allclose(moved, [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], atol=1.0)


corner = st.floats(0, 1, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 3000),
    columns=st.integers(1, 3000),
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    aspect=st.sampled_from(["pad", "stretch", "crop"]),
    left=st.floats(0, 0.4),
    right=st.floats(0.6, 1),
    corners=st.lists(st.tuples(corner, corner, corner, corner), min_size=1, max_size=3),
)
def test_boxes_come_back_from_the_prepared_image(rows, columns, width, height, aspect, left, right, corners):
    preparation = Preparation(width, height, aspect=aspect, crop=(left, 0, right, 1))
    boxes = np.array(corners) * [columns, rows, columns, rows]
    there = prepare_boxes(boxes, rows, columns, preparation, clip=False)
    assert np.allclose(
        restore_boxes(there, rows, columns, preparation), boxes, atol=1e-6 * max(rows, columns)
    )


def test_a_box_outside_the_crop_becomes_empty_and_is_not_dropped():
    table = pd.DataFrame({"image_id": ["a"], "x_min": [0], "y_min": [0], "x_max": [10], "y_max": [10]})
    out = prepare_boxes(table, 100, 100, Preparation(50, 50, crop=(0.5, 0.5, 1, 1)))
    assert len(out) == 1 and out["image_id"].tolist() == ["a"]
    assert out["x_max"].item() == out["x_min"].item() == 0


def test_proportions_are_kept_or_not_as_asked():
    assert placement(200, 100, Preparation(100, 100, aspect="pad")).size == (50, 100)
    assert placement(200, 100, Preparation(100, 100, aspect="crop")).size == (100, 200)
    assert placement(200, 100, Preparation(100, 100, aspect="stretch")).size == (100, 100)


def test_digest_changes_with_every_setting():
    base = Preparation(64, 64)
    others = [
        Preparation(65, 64), Preparation(64, 65), Preparation(64, 64, aspect="crop"),
        Preparation(64, 64, clahe_clip=None), Preparation(64, 64, clahe_tiles=4),
        Preparation(64, 64, crop=(0, 0, 1, 0.5)), Preparation(64, 64, window=(1, 99)),
    ]  # fmt: skip
    assert len({p.digest for p in [base, *others]}) == 8
    assert base.digest == Preparation(64, 64).digest


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"width": 0, "height": 5}, "width must be a whole number"),
        ({"width": 5, "height": 5.0}, "height must be"),
        ({"width": 5, "height": 5, "aspect": "keep"}, "aspect must be one of pad, stretch, crop, not 'keep'"),
        ({"width": 5, "height": 5, "clahe_clip": -1}, "clahe_clip must be above 0"),
        ({"width": 5, "height": 5, "crop": (0.5, 0, 0.5, 1)}, "crop must be"),
        ({"width": 5, "height": 5, "window": (99, 1)}, "window must be"),
    ],
)
def test_wrong_settings_are_refused(settings_, message):
    with pytest.raises(ParameterError, match=message):
        Preparation(**settings_)


def test_pictures_that_are_none_are_refused():
    with pytest.raises(ImageError, match="shape"):
        prepare(np.zeros((4, 4, 3)), Preparation(4, 4))
    with pytest.raises(ImageError, match="finite"):
        prepare(np.full((4, 4), np.nan), Preparation(4, 4))
    with pytest.raises(ImageError, match=r"boxes must have shape \(n, 4\)"):
        prepare_boxes(np.zeros((2, 3)), 4, 4, Preparation(4, 4))
