"""Bones as densities: mass does not depend on voxels, cortex keeps its mass, size is right."""

import numpy as np
import pytest

from fxstudy.imaging.phantom.solid import CORTICAL, Reach, build
from fxstudy.imaging.wrist_bones import Bone, adult_bones


def rod(**changes):
    """A straight tube of 12 mm with a cortex of 2 mm, 40 mm long within the reach."""
    outline = np.array([(-6.0, -300.0), (6.0, -300.0), (6.0, 300.0), (-6.0, 300.0)])
    facts = {"axis": (0, 0), "depth": (6, 6), "cortex": (2, 2), "rounding": 6, "spongy": (0, 0)}
    return Bone("rod", outline, **{**facts, **changes})


def slice_mass(bone, spacing, **options):
    """Grams per mm of length."""
    made = build(bone, spacing=spacing, rng=np.random.default_rng(0), reach=Reach(-20, 20), **options)
    return made.density.sum(axis=(0, 2))[4:-4].mean() * spacing**2 / 1000


@pytest.mark.parametrize("spacing", [1.0, 0.5, 0.25])
def test_a_tube_has_the_mass_of_a_tube(spacing):
    """Oracle: π (R² - r²) × density."""
    assert slice_mass(rod(), spacing) == pytest.approx(np.pi * (36 - 16) * CORTICAL / 1000, rel=0.02)


@pytest.mark.parametrize("spacing", [1.0, 0.5])
def test_a_cortex_thinner_than_a_voxel_keeps_its_mass(spacing):
    thin = rod(cortex=(0.4, 0.4))
    assert slice_mass(thin, spacing) == pytest.approx(np.pi * (36 - 5.6**2) * CORTICAL / 1000, rel=0.05)


def test_a_flat_bone_is_as_deep_as_stated():
    made = build(rod(depth=(3, 3)), spacing=0.25, rng=np.random.default_rng(0), reach=Reach(-5, 5))
    middle = made.density[:, len(made.y) // 2, :]
    assert (middle.max(axis=1) > 0.9).sum() * 0.25 == pytest.approx(6, abs=0.5)
    assert (middle.max(axis=0) > 0.9).sum() * 0.25 == pytest.approx(12, abs=0.5)


def test_the_mass_of_a_real_bone_hardly_depends_on_the_voxel():
    radius = adult_bones()[0]
    masses = [
        build(radius, spacing=h, rng=np.random.default_rng(0)).density[:, 20:-20].mean() for h in (1.0, 0.5)
    ]
    assert masses[1] > 0
    whole = [build(radius, spacing=h, rng=np.random.default_rng(0)).density.sum() * h**3 for h in (1.0, 0.5)]
    assert whole[0] == pytest.approx(whole[1], rel=0.04)


def test_grids_start_at_different_places_for_different_seeds():
    starts = {
        build(rod(), spacing=0.5, rng=np.random.default_rng(s), reach=Reach(-5, 5)).x[0] for s in range(5)
    }
    assert len(starts) == 5


def test_the_joint_surface_faces_the_palm():
    """A volar tilt moves the distal end on the dorsal side outwards (distally)."""
    radius = adult_bones()[0]
    made = build(radius, spacing=0.5, rng=np.random.default_rng(0), volar_tilt=15)
    ends = [
        made.y[np.nonzero(made.density[k].max(axis=1) > 0.5)[0].max()]
        for k in (len(made.z) // 4, 3 * len(made.z) // 4)
    ]
    assert ends[1] - ends[0] > 1.0


def test_a_growth_plate_is_a_gap_with_little_mineral():
    radius = adult_bones()[0]
    made = build(radius, spacing=0.5, rng=np.random.default_rng(0), physis=(-8.0, 1.0))
    profile = made.density.sum(axis=(0, 2))
    at = np.argmin(np.abs(made.y + 8))
    assert profile[at] < 0.35 * profile[at + 12]
