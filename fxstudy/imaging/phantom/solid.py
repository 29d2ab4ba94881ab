"""A bone as a grid of mineral density, computed from its frontal outline and its depth.

Near its outline the surface curves away as an ellipse: depth follows from the distance to the outline.
Cortex and spongy bone enter by the share of each voxel that they fill, never by thresholds: a cortex thinner
than a voxel keeps its mass. The grid stands in the bone's own frame and is computed once; motion is left to
the projector, so that no fragment is ever resampled.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from fxstudy.imaging.drr.volume import Volume
from fxstudy.imaging.wrist_bones import Bone, along

CORTICAL = 1.92  # g/cm³, ICRU Report 44
_FINE = 4


@dataclass(frozen=True, eq=False)
class Solid:
    """Mineral density on a grid.

    Attributes
    ----------
    density : ndarray of float32, shape (z, y, x)
        g/cm³.
    x, y, z : ndarray
        Coordinates of the voxel centres in mm (radial, distal, dorsal).
    """

    name: str
    density: np.ndarray
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray

    @property
    def spacing(self) -> float:
        """Size of a voxel in mm."""
        return float(self.x[1] - self.x[0])

    @cached_property
    def volume(self) -> Volume:
        """The same for the projector."""
        origin = float(self.x[0]), float(self.y[0]), float(self.z[0])
        return Volume(torch.from_numpy(self.density), (self.spacing,) * 3, origin)


@dataclass(frozen=True)
class Reach:
    """Part of the forearm and hand that is computed: from ``low`` to ``high`` mm along the arm."""

    low: float = -66.0
    high: float = 74.0


def build(
    bone: Bone,
    *,
    spacing: float,
    rng: np.random.Generator,
    volar_tilt: float = 0.0,
    physis: tuple[float, float] | None = None,
    reach: Reach = Reach(),
) -> Solid:
    """Compute the density of one bone.

    Parameters
    ----------
    bone : Bone
        Outline, depth, cortex and spongy bone.
    spacing : float
        Size of a voxel in mm.
    rng : Generator
        Draws the trabeculae and where the grid starts (up to half a voxel).
    volar_tilt : float
        Slope of the distal joint surface towards the palm in degrees.
    physis : (height, width) or None
        Open growth plate, mm.
    """
    x, y, z = _axes(bone, spacing, rng, reach)
    inside = _distance_map(bone.outline, x, y, spacing)
    distance = _distance(bone, inside, x, y, z, volar_tilt)
    cortex = along(bone.cortex, y)[:, None]
    filled = np.clip(0.5 - distance / spacing, 0, 1)
    core = np.clip(0.5 - (distance + cortex) / spacing, 0, 1)
    spongy = along(bone.spongy, y)[:, None] * _trabeculae(distance.shape, spacing, rng)
    density = np.float32(CORTICAL) * (filled - core + core * spongy)
    if physis is not None:
        density *= _growth_plate(x, y, *physis)
    return Solid(bone.name, density.astype(np.float32), x, y, z)


def _axes(bone: Bone, spacing: float, rng: np.random.Generator, reach: Reach) -> tuple[np.ndarray, ...]:
    low = np.maximum(bone.outline.min(axis=0), [-np.inf, reach.low]) - 1.5 * spacing
    high = np.minimum(bone.outline.max(axis=0), [np.inf, reach.high]) + 1.5 * spacing
    deep = max(bone.depth) + 1.5 * spacing
    starts = np.array([*low, bone.z - deep]) - rng.uniform(0, spacing, 3)
    ends = np.array([*high, bone.z + deep])
    return tuple(
        (start + spacing * np.arange(int(np.ceil((end - start) / spacing)) + 1)).astype(np.float32)
        for start, end in zip(starts, ends, strict=True)
    )


def _distance_map(outline: np.ndarray, x: np.ndarray, y: np.ndarray, spacing: float) -> np.ndarray:
    """Distance from the outline in mm, positive inside, shape (y, x)."""
    margin = 12  # pieces of bone beyond the grid must not look like a border
    step = spacing / _FINE
    corner = np.array([x[0], y[0]]) - spacing * (margin + 0.5)
    points = np.rint(((outline - corner) / step - 0.5) * 16).astype(np.int32)
    shape = ((len(y) + 2 * margin) * _FINE, (len(x) + 2 * margin) * _FINE)
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [points], 255, lineType=cv2.LINE_8, shift=4)
    signed = cv2.distanceTransform(mask, cv2.DIST_L2, 5) - cv2.distanceTransform(255 - mask, cv2.DIST_L2, 5)
    small = cv2.resize(signed, (shape[1] // _FINE, shape[0] // _FINE), interpolation=cv2.INTER_AREA)
    return small[margin:-margin, margin:-margin] * np.float32(step)


def _distance(
    bone: Bone, inside: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray, volar_tilt: float
) -> np.ndarray:
    """Approximate distance (mm) from the surface, negative inside, shape (z, y, x)."""
    rounding, depth = np.float32(bone.rounding), along(bone.depth, y)[:, None]
    height = (z - np.float32(bone.z))[:, None, None]
    inside = _sheared(inside, y, z - np.float32(bone.z), volar_tilt) if volar_tilt else inside[None]
    edge = np.maximum(rounding - inside, 0) / rounding
    up = height / depth
    q = np.sqrt(edge * edge + up * up)
    slope = np.sqrt((edge / rounding) ** 2 + (up / depth) ** 2)
    return q * (q - 1) / np.maximum(slope, np.float32(1e-6))


def _sheared(inside: np.ndarray, y: np.ndarray, z: np.ndarray, degrees: float) -> np.ndarray:
    """The outline's distal end slides along the arm with depth: a joint surface that faces the palm."""
    share = np.clip((y + 16) / 12, 0, 1)
    columns = np.broadcast_to(np.arange(inside.shape[1], dtype=np.float32), inside.shape)
    spacing = float(y[1] - y[0])
    out = np.empty((len(z), *inside.shape), np.float32)
    for i, height in enumerate(z):
        rows = np.arange(len(y), dtype=np.float32) - share * np.float32(
            height * np.tan(np.deg2rad(degrees)) / spacing
        )
        rows = np.ascontiguousarray(np.broadcast_to(rows[:, None], inside.shape), dtype=np.float32)
        out[i] = cv2.remap(inside, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out


def _trabeculae(shape: tuple[int, ...], spacing: float, rng: np.random.Generator) -> np.ndarray:
    """Texture of mean 1: plates along the bone, and coarser lumps.

    Isotropic grain averages out along the beam; plates that follow the beam for some millimetres do not.
    """
    fine = gaussian_filter(
        rng.standard_normal(shape, dtype=np.float32),
        np.array([1.6, 1.8, 0.4]) / spacing,
        mode="wrap",
        truncate=2.5,
    )
    lumps = tuple(max(int(n * spacing / 5) + 3, 4) for n in shape)
    coarse = rng.standard_normal(lumps).astype(np.float32)
    coarse = _enlarged(coarse, shape)
    return np.clip(1 + np.float32(0.5 / max(fine.std(), 1e-6)) * fine + np.float32(0.22) * coarse, 0.05, 4.0)


def _enlarged(small: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    flat = cv2.resize(
        small.reshape(small.shape[0], -1), (small[0].size, shape[0]), interpolation=cv2.INTER_CUBIC
    )
    flat = flat.reshape(shape[0], *small.shape[1:])
    return np.stack([cv2.resize(layer, shape[:0:-1], interpolation=cv2.INTER_CUBIC) for layer in flat])


def _growth_plate(x: np.ndarray, y: np.ndarray, height: float, width: float) -> np.ndarray:
    above = y[:, None] - np.float32(height) - np.float32(0.5) * np.sin(x * np.float32(0.5))[None]
    plate = np.exp(-((above / np.float32(width)) ** 4)) * np.float32(0.92)
    line = np.exp(-(((above + np.float32(1.6 * width + 0.5)) / np.float32(0.6)) ** 2)) * np.float32(0.4)
    return ((1 - plate) * (1 + line)).astype(np.float32)
