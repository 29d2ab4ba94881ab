"""Soft tissue and cast of the wrist: sections that vary along the arm, on a coarse grid."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch

from fxstudy.imaging.drr.volume import Volume
from fxstudy.imaging.phantom.fragments import STILL, undo

FAT, MUSCLE, PLASTER = 0.95, 1.06, 0.95  # g/cm³; plaster with its pores
_AT = (-90, -40, -15, 0, 20, 40, 60, 80)
_ULNAR = (-33.5, -31, -31, -31.5, -31, -34, -38, -40)
_RADIAL = (21, 19.5, 22, 24, 30, 44, 52, 46)
_HALF = (23, 20, 18, 17, 16, 14, 12.5, 11)
_GAP = 3.0


@dataclass(frozen=True, eq=False)
class Flesh:
    """Densities in g/cm³ of fat, muscle and plaster, shape (3, z, y, x), and the grid's coordinates in mm."""

    density: np.ndarray
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray

    @cached_property
    def volume(self) -> Volume:
        """The same for the projector."""
        origin = float(self.x[0]), float(self.y[0]), float(self.z[0])
        return Volume(torch.from_numpy(self.density), (float(self.x[1] - self.x[0]),) * 3, origin)


def build(
    *,
    size: float,
    habitus: float,
    hand: np.ndarray,
    cast_mm: float | None,
    rough: np.random.Generator,
    spacing: float = 2.0,
) -> Flesh:
    """Compute soft tissue and cast.

    Parameters
    ----------
    size, habitus : float
        Scale of the skeleton, and of the thickness of the tissue about it.
    hand : ndarray, shape (3, 4)
        Motion of the hand; the tissue follows it smoothly beyond the wrist.
    cast_mm : float or None
        Thickness of a plaster cast from the forearm to the palm.
    rough : Generator
        Draws the unevenness of the plaster.
    """
    x, y, z = (np.arange(a, b, spacing, dtype=np.float32) for a, b in ((-66, 88), (-84, 92), (-46, 46)))
    grid = np.stack(np.meshgrid(z, y, x, indexing="ij")[::-1], axis=-1)
    if not np.array_equal(hand, STILL):
        share = np.clip((grid[..., 1:2] + 12) / 18, 0, 1)
        grid = grid + share * (undo(hand.astype(np.float32), grid.reshape(-1, 3)).reshape(grid.shape) - grid)
    points = grid / np.float32(size)
    skin, thin = _distance(points, habitus)
    whole, inner = (np.clip(0.5 - (skin + cut) * size / spacing, 0, 1) for cut in (0.0, 3.0 * habitus**3))
    parts = [FAT * (whole - inner), MUSCLE * inner, np.zeros_like(whole)]
    if cast_mm is not None:
        uneven = cv2.resize(
            rough.standard_normal((9, 9)).astype(np.float32), (len(x), len(y)), interpolation=cv2.INTER_CUBIC
        )
        outer = np.clip(0.5 - (skin * size - _GAP - cast_mm * (1 + 0.15 * uneven)) / spacing, 0, 1)
        hollow = np.clip(0.5 - (skin * size - _GAP) / spacing, 0, 1)
        ends = np.clip((26 - points[..., 1]) / 2, 0, 1)
        parts[2] = PLASTER * (outer - hollow) * ends
    return Flesh(np.stack(parts).astype(np.float32), x, y, z)


def _distance(points: np.ndarray, habitus: float) -> tuple[np.ndarray, np.ndarray]:
    """Distance from the skin (mm, negative inside) and half thickness of the section."""
    x, y, z = (points[..., i] for i in range(3))
    ulnar, radial, half = (
        np.interp(y, _AT, values).astype(np.float32) for values in (_ULNAR, _RADIAL, _HALF)
    )
    centre, width, half = (ulnar + radial) / 2, (radial - ulnar) / 2 * habitus, half * habitus
    q = np.sqrt(((x - centre) / width) ** 2 + (z / half) ** 2)
    slope = np.sqrt(((x - centre) / width**2) ** 2 + (z / half**2) ** 2)
    return np.where(q < 0.05, -half, q * (q - 1) / np.maximum(slope, 1e-6)), half
