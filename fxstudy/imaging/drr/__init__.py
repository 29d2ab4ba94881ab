"""Digitally reconstructed radiographs: from a CT or phantom to the film."""

from fxstudy.imaging.drr.ct import Ct, read_ct
from fxstudy.imaging.drr.display import Display, present
from fxstudy.imaging.drr.film import Exposure, Signal, expose
from fxstudy.imaging.drr.geometry import Camera, pose
from fxstudy.imaging.drr.materials import TISSUES, attenuation, energies, materials, spectrum, to_materials
from fxstudy.imaging.drr.projector import project
from fxstudy.imaging.drr.volume import Volume

__all__ = [
    "TISSUES",
    "Camera",
    "Ct",
    "Display",
    "Exposure",
    "Signal",
    "Volume",
    "attenuation",
    "energies",
    "expose",
    "materials",
    "pose",
    "present",
    "project",
    "read_ct",
    "spectrum",
    "to_materials",
]
