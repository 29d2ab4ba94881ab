"""The drawn wrist: thickness, motion of fragments, and fractures that are geometry."""

import numpy as np
import pytest

from fxstudy.imaging.wrist_bones import Bone, adult_bones, smooth
from fxstudy.imaging.wrist_drawing import Scanner, View, Wrist, draw, trabeculae
from fxstudy.imaging.wrist_fracture import Fracture, draw_radius, draw_ulna
from fxstudy.imaging.wrist_projection import Frame, Motion, draw_bone, motion_in_view, project

FRAME = Frame(400, 300, 0.25, (150.0, 220.0))
SCANNER = Scanner("Synthetic", "test", 0.25, 8000, 0.7, 1.0, 0.0)
EVEN = np.ones((64, 64), np.float32)


def rod(**changes):
    """A straight round bone, 12 mm thick, cortex 2 mm, empty inside."""
    outline = np.array([(-6.0, -200.0), (6.0, -200.0), (6.0, 200.0), (-6.0, 200.0)])
    facts = {"axis": (0, 0), "depth": (6, 6), "cortex": (2, 2), "rounding": 6, "spongy": (0, 0)}
    return Bone("radius", outline, **{**facts, **changes})


def amount(bone, frame=FRAME, **options):
    out = np.zeros((frame.rows, frame.columns), np.float32)
    draw_bone(out, project(bone, view_degrees=options.pop("turn", 0.0)), frame, texture=EVEN, **options)
    return out


def test_a_round_bone_has_the_thickness_of_a_tube():
    """Oracle: chords of two circles."""
    row = amount(rod())[200]
    x = (np.arange(300) + 0.5 - 150) * 0.25
    chord = 2 * (np.sqrt(np.clip(36 - x**2, 0, None)) - np.sqrt(np.clip(16 - x**2, 0, None)))
    inside = np.abs(x) < 5.7
    assert np.abs(row - chord)[inside].max() < 0.7  # the outline is filled to half a fine pixel
    assert row.sum() == pytest.approx(chord.sum(), rel=0.02)


@pytest.mark.parametrize("turn", [0, 30, 60, 90])
def test_a_round_bone_looks_the_same_from_all_sides(turn):
    assert amount(rod(), turn=turn)[200].sum() == pytest.approx(amount(rod())[200].sum(), rel=0.02)


def test_a_flat_bone_narrows_when_turned_and_keeps_its_mass():
    flat = rod(depth=(3, 3), rounding=6)
    front, side = amount(flat)[200], amount(flat, turn=90)[200]
    assert (side > 0.01).sum() < 0.6 * (front > 0.01).sum()


def test_motion_is_undone_exactly():
    motion = Motion(0.3, (2.0, -15.0), (1.5, -2.0))
    points = np.random.default_rng(0).normal(0, 20, (50, 2)).astype(np.float32)
    there = motion.apply(points)
    back = np.column_stack(motion.undo(there[:, 0].astype(np.float32), there[:, 1].astype(np.float32)))
    assert np.allclose(back, points, atol=1e-4)


def test_the_two_parts_of_an_unmoved_cut_make_the_whole_bone():
    """A null fracture: parted without gap or motion, nothing may change."""
    null = Fracture("radius", "undisplaced", height=-15, slope=0.2, gap=0.0, teeth=(1, 2, 3, 0.5, 0.3, 0.2))
    bone = next(bone for bone in adult_bones() if bone.name == "radius")
    near, far = (amount(bone, fracture=null, part=part) for part in ("near", "far"))
    assert np.abs(near + far - amount(bone)).max() < 1e-4
    assert near.sum() > 1000 and far.sum() > 1000


def test_a_gap_takes_away_as_much_bone_as_it_is_wide():
    """Oracle: missing bone = gap × bone per mm of length."""
    gapped = Fracture("radius", "undisplaced", height=-15, gap=0.6)
    moved = motion_in_view(gapped, 0.0, view_degrees=0, depth=0)
    near = amount(rod(), fracture=gapped, part="near")
    far = amount(rod(), fracture=gapped, part="far", motion=moved)
    per_mm = amount(rod())[200].sum()
    lost = (amount(rod())[100:350] - (near + far)[100:350]).sum() * 0.25
    assert lost == pytest.approx(0.6 * per_mm, rel=0.02)


def test_dorsal_tilt_shows_in_the_lateral_and_radial_tilt_in_the_front_view():
    fracture = Fracture("radius", "colles", height=-20, dorsal_tilt=20, radial_tilt=5)
    front, lateral = (motion_in_view(fracture, 0, view_degrees=view, depth=0).turn for view in (0, 90))
    assert np.rad2deg(front) == pytest.approx(5) and np.rad2deg(lateral) == pytest.approx(20)


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


def wrist(*fractures):
    return Wrist(adult_bones(), fractures, trabeculae(np.random.default_rng(0)), 1.0, 1.0, False)


def test_only_the_fracture_differs_between_a_case_and_its_unbroken_twin():
    """Far from an undisplaced fracture of the ulnar styloid the two pictures are the same."""
    fracture = Fracture("ulna", "styloid", height=0.5, slope=0.3, gap=0.5)
    view = View(0.0, FRAME, noise_seed=1)
    (broken, boxes), (sound, none) = draw(wrist(fracture), view, SCANNER), draw(wrist(), view, SCANNER)
    assert none == [] and len(boxes) == 1
    x0, y0, x1, y1 = boxes[0][1].astype(int)
    difference = np.abs(broken.astype(int) - sound)
    inside = difference[y0:y1, x0:x1].copy()
    difference[y0:y1, x0:x1] = 0
    assert inside.max() > 15 and difference.max() <= 2


@pytest.mark.parametrize("degrees", [0.0, 42.0, -42.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_box_surrounds_what_the_fracture_changed(degrees, mirrored):
    """Oracle: where the pictures with and without the fracture differ, in all views and on both sides."""
    frame = Frame(400, 300, 0.25, (150.0, 220.0), 8.0, mirrored)
    fracture = Fracture("radius", "undisplaced", height=-18, slope=0.1, gap=0.0, crush=0.3)
    view = View(degrees, frame, noise_seed=1)
    (broken, boxes), (sound, _) = draw(wrist(fracture), view, SCANNER), draw(wrist(), view, SCANNER)
    (x0, y0, x1, y1) = boxes[0][1].astype(int)
    difference = np.abs(broken.astype(float) - sound)
    difference[difference < 8] = 0
    assert difference[y0:y1, x0:x1].sum() > 0.95 * difference.sum()


def test_left_and_right_are_mirror_images():
    left, right = (Frame(400, 300, 0.25, (150.0, 220.0), 0.0, mirrored) for mirrored in (True, False))
    quiet = Scanner("Synthetic", "test", 0.25, 1e9, 0.7, 1.0, 0.0)
    one, two = (draw(wrist(), View(0.0, frame, 0), quiet)[0] for frame in (left, right))
    assert np.abs(one[:, ::-1].astype(int) - two).mean() < 1.0


def test_the_curve_goes_through_its_points():
    points = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0)])
    assert np.allclose(smooth(points, steps=5)[::5], points)
