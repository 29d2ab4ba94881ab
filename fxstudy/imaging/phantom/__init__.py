"""Wrists in three dimensions whose every detail is known: anatomy, fractures, radiographs, truth."""

from fxstudy.imaging.phantom.fragments import break_bone, motion
from fxstudy.imaging.phantom.radiograph import Position, Truth, bone_paths, take, truth, visibility
from fxstudy.imaging.phantom.solid import Solid
from fxstudy.imaging.phantom.wrist import Part, Person, Site, Wrist, build

__all__ = [
    "Part",
    "Person",
    "Position",
    "Site",
    "Solid",
    "Truth",
    "Wrist",
    "bone_paths",
    "break_bone",
    "build",
    "motion",
    "take",
    "truth",
    "visibility",
]
