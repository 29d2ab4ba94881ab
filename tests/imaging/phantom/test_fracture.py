"""Fractures as geometry: null fractures, mass, motion, and twins that differ in nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from fxstudy.imaging.phantom import fragments
from fxstudy.imaging.phantom.radiograph import Position, bone_paths
from fxstudy.imaging.phantom.solid import build as build_solid
from fxstudy.imaging.phantom.wrist import build
from fxstudy.imaging.wrist_fracture import Fracture, draw_radius, draw_ulna

ROUGH = (1.0, 2.0, 3.0, 0.6, 0.4, 0.2)
NULL = Fracture("radius", "undisplaced", height=-18, slope=0.2, leap=0.3, gap=0.0, teeth=ROUGH)


@pytest.mark.parametrize("turn", [0.0, 42.0, 90.0])
def test_a_null_fracture_is_the_uncut_case(person, camera, turn):
    """Oracle: the same wrist without a cut; to 1e-6 of the peak."""
    position = Position(turn, roll=5.0)
    broken, sound = (bone_paths(build(person, f, spacing=1.0).parts, camera, position) for f in ((NULL,), ()))
    assert float((broken - sound).abs().max()) < 1e-6 * float(sound.max()) * 5
    assert float(sound.max()) > 5


def test_a_gap_takes_away_its_own_volume_and_nothing_else(person):
    """Oracle: lost mass = lost width × mass per mm, for a cut straight across."""
    whole = build_solid(person.bones[0], spacing=0.5, rng=np.random.default_rng(0))
    cut = Fracture("radius", "undisplaced", height=-20, gap=0.0, loss=0.6)
    near, far, _ = fragments.break_bone(whole, cut, 2.4)
    lost = (whole.density - near.density - far.density).sum()
    per_mm = whole.density[:, np.abs(whole.y + 20) < 2].sum() / (np.abs(whole.y + 20) < 2).sum() / 0.5
    assert lost == pytest.approx(0.6 * per_mm, rel=0.03)


def test_fragments_keep_grid_and_texture(person):
    """Nothing is resampled: away from the cut the fragment's voxels are the bone's own, bit for bit."""
    whole = build_solid(person.bones[0], spacing=0.5, rng=np.random.default_rng(0))
    far = fragments.break_bone(whole, replace(NULL, gap=2.0, dorsal_tilt=20, shortening=4), 2.4)[1]
    distal = whole.y > -5
    assert np.array_equal(far.density[:, distal], whole.density[:, distal])


def test_the_motion_of_the_fragment_is_rigid_and_as_stated():
    moved = fragments.motion(replace(NULL, dorsal_tilt=20, radial_shift=2, dorsal_shift=3, shortening=4), 2.4)
    assert np.allclose(moved[:, :3] @ moved[:, :3].T, np.eye(3))
    pivot = np.array([[2.4, -18.0, 0.0]])
    assert np.allclose(fragments.apply(moved, pivot) - pivot, [[2, -4, 3]])
    tip = fragments.apply(moved, np.array([[2.4, 2.0, 0.0]])) - fragments.apply(moved, pivot)
    assert np.rad2deg(np.arctan2(tip[0, 2], tip[0, 1])) == pytest.approx(20)


def test_the_hand_rides_on_the_fragment():
    """The joint stays in its socket: its centre moves with the radius, to less than 1 mm."""
    fracture = replace(NULL, dorsal_tilt=25, shortening=4, dorsal_shift=3)
    joint = np.array([[0.0, 0.0, 0.0]])
    hand = fragments.apply(fragments.hand_motion(fracture, 2.4), joint)
    radius = fragments.apply(fragments.motion(fracture, 2.4), joint)
    assert np.linalg.norm(hand - radius) < 1.0


def test_points_come_back_from_a_motion():
    matrix = fragments.motion(replace(NULL, dorsal_tilt=12, radial_tilt=7, supination=9), 2.4)
    points = np.random.default_rng(0).normal(0, 20, (30, 3))
    assert np.allclose(fragments.undo(matrix, fragments.apply(matrix, points)), points)


def test_a_sound_twin_differs_only_where_the_fracture_is(person):
    """Away from an undisplaced ulnar fracture without motion, both twins are the same to the last bit."""
    fracture = Fracture("ulna", "styloid", height=0.5, slope=0.3, gap=0.0, loss=0.5, teeth=ROUGH)
    broken, sound = build(person, (fracture,), spacing=1.0), build(person, spacing=1.0)
    for part in broken.parts:
        if part.solid.name != "ulna":
            twin = next(other for other in sound.parts if other.solid.name == part.solid.name)
            assert np.array_equal(part.solid.density, twin.solid.density)
            assert np.array_equal(part.place, twin.place)
    assert np.array_equal(broken.flesh.density, sound.flesh.density)


def test_displaced_fractures_move_further_than_undisplaced_ones():
    rng = np.random.default_rng(0)
    for draw_one in (
        lambda displaced: draw_radius(rng, displaced=displaced, child=False, size=1.0),
        lambda displaced: draw_ulna(rng, displaced=displaced, alone=True, size=1.0),
    ):
        far, near = ([draw_one(displaced) for _ in range(60)] for displaced in (True, False))
        assert all(one.displaced for one in far) and not any(one.displaced for one in near)
        assert np.mean([abs(one.radial_shift) for one in far]) > 2 * np.mean(
            [abs(one.radial_shift) for one in near]
        )


def test_a_broken_bone_is_in_two_pieces(person):
    from scipy.ndimage import label

    whole = build_solid(person.bones[0], spacing=1.0, rng=np.random.default_rng(0))
    near, far, site = fragments.break_bone(whole, NULL, 2.4)
    for part in (whole, near, far):
        pieces, count = label(part.density > 0.05)
        assert np.bincount(pieces.ravel())[1:].max() > 0.99 * (pieces > 0).sum() and count >= 1
    assert near.density[:, whole.y > -5].max() == 0 and far.density[:, whole.y < -35].max() == 0
    assert len(site) > 50
