"""Augmentation: what is drawn can be recorded, replayed, and does what its name says."""

import json
import time

import numpy as np
import pandas as pd
import pytest

from fxstudy.errors import ParameterError
from fxstudy.imaging.augment import (
    Augmentation,
    Drawn,
    apply,
    apply_to_boxes,
    plain,
    training_items,
    wrist_delong_paper,
)

WILD = Augmentation(
    rotation_degrees=(-30, 30), mirror_share=0.5, shift_share=0.1, zoom=(0.8, 1.25), shear_degrees=(-10, 10),
    brightness=(-0.2, 0.2), contrast=(0.7, 1.4), noise=(0.0, 0.05),
)  # fmt: skip


@pytest.fixture
def image():
    return np.random.default_rng(3).integers(0, 256, (60, 50), dtype=np.uint8)


def test_a_recorded_draw_gives_the_same_picture_again(image):
    rng = np.random.default_rng(0)
    for _ in range(20):
        drawn = WILD.sample(rng)
        again = Drawn.from_dict(json.loads(json.dumps(drawn.to_dict())))
        assert again == drawn
        assert np.array_equal(apply(image, drawn), apply(image, again))


def test_the_same_seed_draws_the_same_and_the_ranges_hold():
    draws = [[WILD.sample(rng) for _ in range(200)] for rng in map(np.random.default_rng, (5, 5))]
    assert draws[0] == draws[1]
    for name in ("rotation_degrees", "zoom", "shear_degrees", "brightness", "contrast", "noise"):
        low, high = getattr(WILD, name)
        values = np.array([getattr(drawn, name) for drawn in draws[0]])
        assert values.min() >= low and values.max() <= high
        assert values.max() - values.min() > 0.9 * (high - low)
    assert 60 < sum(drawn.mirrored for drawn in draws[0]) < 140


def test_changing_one_range_leaves_the_other_draws_alone():
    rngs = np.random.default_rng(1), np.random.default_rng(1)
    one, two = (
        Augmentation(zoom=(0.5, 2.0)),
        Augmentation(zoom=(0.5, 2.0), rotation_degrees=(-9, 9), noise=(0, 0.1)),
    )
    assert [one.sample(rngs[0]).zoom for _ in range(5)] == [two.sample(rngs[1]).zoom for _ in range(5)]


def test_no_change_by_default_and_the_original_is_left_alone(image):
    before = image.copy()
    out = apply(image, Augmentation().sample(np.random.default_rng(0)))
    assert np.array_equal(out, before) and out is not image
    apply(image, Drawn(brightness=0.3, noise=0.1, rotation_degrees=20))
    assert np.array_equal(image, before)


def test_mirror_and_quarter_turn_are_exact(image):
    """Oracle: numpy's own flip and rot90."""
    assert np.array_equal(apply(image, Drawn(mirrored=True)), image[:, ::-1])
    square = image[:50]
    assert np.array_equal(apply(square, Drawn(rotation_degrees=90)), np.rot90(square))


def test_shift_is_in_shares_to_the_right_and_down(image):
    out = apply(image, Drawn(shift_x=0.2, shift_y=0.1))
    assert np.array_equal(out[6:, 10:], image[:-6, :-10]) and not out[:6].any() and not out[:, :10].any()


def test_zoom_enlarges_about_the_centre():
    image = np.zeros((100, 100), np.uint8)
    image[40:60, 40:60] = 255
    assert apply(image, Drawn(zoom=1.5)).sum() / 255 == pytest.approx(30 * 30, rel=0.03)


def test_shear_leans_columns_by_its_angle():
    image = np.zeros((101, 101), np.uint8)
    image[:, 50] = 255
    out = apply(image, Drawn(shear_degrees=20))
    top, bottom = (out[row].astype(float) @ np.arange(101) / out[row].sum() for row in (10, 90))
    assert (top - bottom) / 80 == pytest.approx(np.tan(np.deg2rad(20)), rel=0.02)


def test_light_dark_and_noise_are_shares_of_the_full_range():
    grey = np.full((200, 200), 100, np.uint8)
    assert np.all(apply(grey, Drawn(brightness=0.1)) == 126)  # 100 + 25.5, rounded
    assert np.all(apply(grey, Drawn(contrast=2.0)) == 72)  # 127.5 - 2 * 27.5
    noisy = apply(grey, Drawn(noise=0.05, noise_seed=1)).astype(float)
    assert noisy.std() == pytest.approx(0.05 * 255, rel=0.03) and noisy.mean() == pytest.approx(100, abs=0.5)
    assert not np.array_equal(noisy, apply(grey, Drawn(noise=0.05, noise_seed=2)))


def test_boxes_follow_the_picture():
    """Oracle: the bright pixels of the varied picture."""
    rng = np.random.default_rng(2)
    image = np.zeros((120, 100), np.uint8)
    image[50:70, 40:65] = 255
    steady = Augmentation(
        rotation_degrees=(-30, 30),
        mirror_share=0.5,
        shift_share=0.1,
        zoom=(0.8, 1.2),
        shear_degrees=(-10, 10),
    )
    for _ in range(20):
        drawn = steady.sample(rng)
        rows, columns = np.nonzero(apply(image, drawn) > 60)
        box = apply_to_boxes(np.array([[40, 50, 65, 70]]), 120, 100, drawn)[0]
        assert np.allclose(box, [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], atol=2.0)


def test_the_papers_recipe_only_doubles_fractures_at_ten_percent_zoom():
    images = pd.DataFrame({"image_id": ["a", "b"], "label": ["none", "fracture"]})
    recipe = wrist_delong_paper()
    items = list(training_items(images, recipe))
    assert items == [("a", None), ("b", None), ("b", Drawn(zoom=1.10))]
    assert recipe.sample(np.random.default_rng(0)).matrix(10, 10).tolist() == np.eye(2, 3).tolist()


def test_the_plain_recipe_has_no_copies():
    images = pd.DataFrame({"image_id": ["a", "b"], "label": ["none", "fracture"]})
    assert len(list(training_items(images, plain()))) == 2


def test_a_256_pixel_image_takes_under_a_millisecond():
    image = np.random.default_rng(0).integers(0, 256, (256, 256), dtype=np.uint8)
    drawn = [plain().sample(np.random.default_rng(i)) for i in range(30)]
    best = min(_seconds(image, one) for one in drawn)
    assert best < 1e-3


def _seconds(image, drawn):
    start = time.perf_counter()
    apply(image, drawn)
    return time.perf_counter() - start


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rotation_degrees": (5, -5)}, "rotation_degrees must be"),
        ({"mirror_share": 1.5}, "mirror_share must lie between 0 and 1, not 1.5"),
        ({"shift_share": -0.1}, "shift_share must be"),
        ({"zoom": (0, 1)}, "must be above 0"),
    ],
)
def test_wrong_ranges_are_refused(settings, message):
    with pytest.raises(ParameterError, match=message):
        Augmentation(**settings)


def test_unknown_fields_of_a_record_are_refused():
    with pytest.raises(ParameterError, match="must not have the fields spin"):
        Drawn.from_dict({"spin": 3})
