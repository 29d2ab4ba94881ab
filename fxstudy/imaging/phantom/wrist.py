"""A patient's wrist in three dimensions: solids that move, soft tissue, fractures and their truth."""

from dataclasses import dataclass, field, replace

import numpy as np

from fxstudy.imaging.phantom import flesh, fragments, solid
from fxstudy.imaging.phantom.flesh import Flesh
from fxstudy.imaging.phantom.solid import Solid
from fxstudy.imaging.wrist_bones import Bone, along
from fxstudy.imaging.wrist_fracture import Fracture

_BROKEN = ("radius", "ulna")


@dataclass(frozen=True)
class Part:
    """A piece of bone and where it lies: ``place`` (3, 4) maps its own frame into the wrist's (mm)."""

    solid: Solid
    place: np.ndarray


@dataclass(frozen=True)
class Site:
    """Where a bone is broken.

    Attributes
    ----------
    fracture : Fracture
        Kind and displacement.
    near, far : ndarray, shape (n, 3)
        The fracture surface on both fragments, in the wrist's frame (mm).
    """

    fracture: Fracture
    near: np.ndarray
    far: np.ndarray


@dataclass(frozen=True)
class Person:
    """What the wrist of one patient is made from.

    Attributes
    ----------
    bones : tuple of Bone
        Varied anatomy, from `wrist_bones.vary`.
    size, habitus : float
        Scale of the skeleton, thickness of the tissue.
    volar_tilt : float
        Degrees.
    physis : float or None
        Width of open growth plates in mm.
    cast_mm : float or None
        Thickness of a cast.
    seed : tuple of int
        Seed of texture; the same for the fractured and the sound twin.
    """

    bones: tuple[Bone, ...]
    size: float
    habitus: float
    volar_tilt: float
    seed: tuple[int, ...]
    physis: float | None = None
    cast_mm: float | None = None


@dataclass(frozen=True)
class Wrist:
    """Everything that attenuates, and the truth about it."""

    parts: tuple[Part, ...]
    flesh: Flesh
    sites: tuple[Site, ...] = field(default=())


def build(person: Person, fractures: tuple[Fracture, ...] = (), *, spacing: float = 0.5) -> Wrist:
    """Build a wrist; without fractures the sound twin of the same person.

    Parameters
    ----------
    person : Person
        Anatomy and texture.
    fractures : tuple of Fracture
        At most one of the radius and one of the ulna.
    spacing : float
        Size of a voxel in mm.
    """
    broken = {fracture.bone: fracture for fracture in fractures}
    axes = {bone.name: float(bone.axis[1]) for bone in person.bones}
    hand = fragments.hand_motion(broken.get("radius"), axes["radius"])
    parts, sites = [], []
    for number, bone in enumerate(person.bones):
        fracture = broken.get(bone.name)
        whole = sound_bone(person, number, spacing=spacing, fracture=fracture)
        if fracture is None:
            parts.append(Part(whole, hand if bone.moves_with == "hand" else fragments.STILL))
            continue
        near, far, site = fragments.break_bone(whole, fracture, axes[bone.name])
        moved = fragments.motion(fracture, axes[bone.name])
        parts += [Part(near, fragments.STILL), Part(far, moved)]
        sites.append(Site(fracture, site, fragments.apply(moved, site)))
    rough = np.random.default_rng((*person.seed, 99))
    tissue = flesh.build(
        size=person.size, habitus=person.habitus, hand=hand, cast_mm=person.cast_mm, rough=rough
    )
    return Wrist(tuple(parts), tissue, tuple(sites))


def sound_bone(person: Person, number: int, *, spacing: float, fracture: Fracture | None = None) -> Solid:
    """Bone ``number`` of a person before it is parted; a torus ``fracture`` bulges its cortex."""
    bone, physis = person.bones[number], None
    if fracture is not None and fracture.bulge:
        bone = _bulged(bone, fracture)
    physis = None
    if person.physis is not None and bone.name in _BROKEN:
        physis = ((-8.0 if bone.name == "radius" else -7.0) * person.size, person.physis)
    tilt = person.volar_tilt if bone.name == "radius" else 0.0
    rng = np.random.default_rng((*person.seed, number))
    return solid.build(bone, spacing=spacing, rng=rng, volar_tilt=tilt, physis=physis)


def _bulged(bone: Bone, fracture: Fracture) -> Bone:
    x, y = bone.outline.T
    side = np.sign(x - along(bone.axis, y))
    height = fracture.height + fracture.slope * (x - bone.axis[1])
    return replace(
        bone, outline=np.column_stack([x + side * fracture.bulge * np.exp(-(((y - height) / 2.3) ** 2)), y])
    )
