"""Radiographs of phantoms: truth in the picture, visibility, sides and views."""

import numpy as np
import pytest
import torch

from fxstudy.imaging.drr.film import Exposure
from fxstudy.imaging.phantom.radiograph import Position, bone_paths, cropped, take, truth, visibility
from fxstudy.imaging.phantom.wrist import build
from fxstudy.imaging.wrist_fracture import Fracture

ROUGH = (1.0, 2.0, 3.0, 0.6, 0.4, 0.2)
LOSS = Fracture("radius", "undisplaced", height=-18, slope=0.1, gap=0.0, loss=0.8, teeth=ROUGH)


@pytest.mark.parametrize("turn", [0.0, 42.0, -42.0, 90.0])
@pytest.mark.parametrize("left", [False, True])
def test_box_and_mask_surround_what_the_fracture_changes(person, camera, turn, left):
    """Oracle: where mineral is lost, in all views and on both sides."""
    position = Position(turn, roll=8.0, tilt=4.0, shift_mm=(2.0, 10.0), left=left)
    broken, sound = build(person, (LOSS,), spacing=1.0), build(person, spacing=1.0)
    lost = (bone_paths(sound.parts, camera, position) - bone_paths(broken.parts, camera, position)).numpy()
    found = truth(broken.sites[0], camera, position)
    x0, y0, x1, y1 = found.box.astype(int)
    assert lost[y0:y1, x0:x1].sum() > 0.99 * lost.sum() > 0
    assert lost[found.mask].sum() > 0.9 * lost.sum()
    assert (y1 - y0) * (x1 - x0) < 0.25 * lost.size


def test_a_fracture_outside_the_film_has_no_box(person, camera):
    broken = build(person, (LOSS,), spacing=1.0)
    found = truth(broken.sites[0], camera, Position(shift_mm=(0.0, 200.0)))
    assert found.box is None and not found.mask.any()


def test_visibility_grows_with_the_gap_and_vanishes_without_one(person, camera):
    position, values = Position(), []
    sound = build(person, spacing=1.0)
    before = bone_paths(sound.parts, camera, position)
    signal, _ = take(sound, camera, position, Exposure(), seed=None)
    for loss in (0.0, 0.2, 0.8):
        broken = build(
            person, (Fracture("radius", "undisplaced", height=-18, gap=0.0, loss=loss),), spacing=1.0
        )
        now = bone_paths(broken.parts, camera, position)
        mask = truth(broken.sites[0], camera, position).mask
        values.append(visibility(now, before, signal, mask, per_density=0.05))
    contrasts, indices = zip(*values, strict=True)
    assert contrasts[0] < 1e-5 and indices[0] < 0.01
    assert contrasts[0] < contrasts[1] < contrasts[2] and indices[1] < indices[2]


def test_left_is_the_mirror_image_of_right(person, camera):
    right, left = (
        bone_paths(build(person, spacing=1.0).parts, camera, Position(left=side)) for side in (False, True)
    )
    assert torch.allclose(left.flip(1), right, atol=1e-2 * float(right.max()))


def test_the_palm_view_is_the_mirror_image_of_the_back_view_but_for_magnification(person, camera):
    parts = build(person, spacing=1.0).parts
    front, back = (bone_paths(parts, camera, Position(turn)).numpy() for turn in (0.0, 180.0))
    assert np.corrcoef(front.ravel(), back[:, ::-1].ravel())[0, 1] > 0.97


def test_bone_is_bright_and_air_is_dark(person, camera):
    signal, bone = take(build(person, spacing=1.0), camera, Position(), Exposure(scatter=0), seed=1)
    attenuation = signal.attenuation[0]
    assert float(attenuation[bone > 10].mean()) > 1.0
    assert abs(float(attenuation[:, :3].mean())) < 0.4


def test_a_window_of_the_detector_sees_the_same_points(camera):
    window = cropped(camera, 30, 40, 50, 60)
    point = torch.tensor([4.0, -6.0, 3.0], dtype=torch.float64)
    assert torch.allclose(camera.to_pixels(point) - torch.tensor([30.0, 40.0]), window.to_pixels(point))
    coarse = cropped(camera, 30, 40, 50, 60, coarse=4)
    assert torch.allclose(coarse.to_pixels(point) * 4, window.to_pixels(point))


def test_a_cast_is_seen(person, camera):
    from dataclasses import replace

    bare, cast = (
        take(build(p, spacing=1.0), camera, Position(), Exposure(), seed=None)[0].attenuation[0]
        for p in (person, replace(person, cast_mm=5.0))
    )
    assert float((cast - bare)[150:].mean()) > 0.1 and float((cast - bare)[:20].abs().mean()) < 0.05
