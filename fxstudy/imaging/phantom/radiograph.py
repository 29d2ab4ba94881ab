"""A radiograph of a wrist phantom, and the truth in the picture: boxes, masks, visibility."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from fxstudy.imaging.drr.film import Exposure, Signal, expose
from fxstudy.imaging.drr.geometry import Camera
from fxstudy.imaging.drr.projector import project
from fxstudy.imaging.drr.volume import Volume
from fxstudy.imaging.phantom.fragments import rotation
from fxstudy.imaging.phantom.solid import CORTICAL
from fxstudy.imaging.phantom.wrist import Part, Site, Wrist

MATERIALS = ("fat", "soft", "plaster", "bone")
_MUSCLE = 1.06


@dataclass(frozen=True)
class Position:
    """How the wrist lies before the tube.

    Parameters
    ----------
    turn : float
        Rotation about the arm in degrees: 0 palm to the tube (AP), 180 back of the hand to the tube (PA), 90
        lateral, ±45 oblique.
    roll, tilt : float
        Rotation on the film, and of the fingers away from it, in degrees.
    shift_mm : (right, down)
        Where the radiocarpal joint lies beside the central ray.
    left : bool
        A left wrist, the mirror image of the right one.
    """

    turn: float = 0.0
    roll: float = 0.0
    tilt: float = 0.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    left: bool = False

    @property
    def matrix(self) -> np.ndarray:
        """(3, 4): wrist (radial, distal, dorsal) → view (right, down, to the detector), in mm."""
        to_view = np.diag([-1.0 if self.left else 1.0, -1.0, 1.0])
        cos, sin = np.cos(np.deg2rad(self.roll)), np.sin(np.deg2rad(self.roll))
        roll = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
        turn = roll @ to_view @ rotation(0.0, self.tilt, self.turn)
        return np.column_stack([turn, [*self.shift_mm, 0.0]])


def bone_paths(parts: tuple[Part, ...], camera: Camera, position: Position) -> torch.Tensor:
    """Mineral along the rays in g/cm³ · mm, shape (rows, columns)."""
    total = torch.zeros(camera.rows, camera.columns)
    for part in parts:
        _add(total[None], part.solid.volume, camera, _compose(position.matrix, part.place))
    return total


def paths(wrist: Wrist, camera: Camera, position: Position, bone: torch.Tensor) -> torch.Tensor:
    """Density along the rays for all `MATERIALS`, shape (4, rows, columns); bone displaces soft tissue."""
    out = torch.zeros(4, camera.rows, camera.columns)
    _add(out[:3], wrist.flesh.volume, camera, position.matrix, coarse=4)
    out[1] = (out[1] - _MUSCLE / CORTICAL * bone).clamp_min(0)
    out[3] = bone
    return out


def _compose(first: np.ndarray, then: np.ndarray) -> np.ndarray:
    """``first`` after ``then``."""
    return np.column_stack([first[:, :3] @ then[:, :3], first[:, :3] @ then[:, 3] + first[:, 3]])


def _add(total: torch.Tensor, volume: Volume, camera: Camera, place: np.ndarray, *, coarse: int = 1) -> None:
    """Project a volume onto the part of the detector that it reaches; adds to ``total``."""
    matrix = torch.as_tensor(place, dtype=torch.float64)
    ranges = torch.tensor(volume.content, dtype=torch.float64)
    corners = torch.cartesian_prod(*(torch.stack([a - 1, b]) for a, b in ranges))
    there = (corners @ volume.index_to_patient[:, :3].T + volume.index_to_patient[:, 3]) @ matrix[
        :, :3
    ].T + matrix[:, 3]
    pixels = camera.to_pixels(there)
    low = pixels.min(dim=0).values.floor().long().clamp_min(0)
    high = torch.minimum(pixels.max(dim=0).values.ceil().long(), torch.tensor([camera.columns, camera.rows]))
    columns, rows = (int(n) for n in high - low)
    if columns < 1 or rows < 1:
        return
    window = cropped(camera, int(low[0]), int(low[1]), columns, rows, coarse)
    found = project(volume, window, matrix[None], threads=1)[0]
    if coarse > 1:
        size = (window.columns * coarse, window.rows * coarse)
        found = torch.from_numpy(
            np.stack([cv2.resize(one.numpy(), size, interpolation=cv2.INTER_LINEAR) for one in found])
        )
    total[:, low[1] : high[1], low[0] : high[0]] += found[:, :rows, :columns]


def cropped(camera: Camera, left: int, top: int, columns: int, rows: int, coarse: int = 1) -> Camera:
    """A part of the detector as a camera of its own, with pixels ``coarse`` times as large."""
    columns, rows = -(-columns // coarse), -(-rows // coarse)
    right = camera.offset_mm[0] + (left + columns * coarse / 2 - camera.columns / 2) * camera.pixel_mm
    down = camera.offset_mm[1] + (top + rows * coarse / 2 - camera.rows / 2) * camera.pixel_mm
    return replace(
        camera, rows=rows, columns=columns, pixel_mm=camera.pixel_mm * coarse, offset_mm=(right, down)
    )


@dataclass(frozen=True)
class Truth:
    """One fracture in one picture.

    Attributes
    ----------
    kind, bone : str
        Kind of fracture and broken bone.
    box : ndarray (4,) or None
        x_min, y_min, x_max, y_max in pixels, half-open; None when it lies outside of the picture.
    mask : ndarray of bool, shape (rows, columns)
        Pixels onto which the fracture surfaces fall.
    """

    kind: str
    bone: str
    box: np.ndarray | None
    mask: np.ndarray


def truth(site: Site, camera: Camera, position: Position, *, margin_mm: float = 2.0) -> Truth:
    """Project the fracture surfaces of both fragments."""
    points = np.concatenate([site.near, site.far])
    view = torch.from_numpy(points @ position.matrix[:, :3].T + position.matrix[:, 3])
    pixels = camera.to_pixels(view).numpy()
    mask = np.zeros((camera.rows, camera.columns), np.uint8)
    at = np.floor(pixels).astype(int)
    kept = ((at >= 0) & (at < [camera.columns, camera.rows])).all(axis=1)
    mask[at[kept, 1], at[kept, 0]] = 1
    width = max(int(round(0.8 / camera.pixel_mm)), 1)
    mask = cv2.dilate(mask, np.ones((2 * width + 1,) * 2, np.uint8)).astype(bool)
    fracture = site.fracture
    margin = margin_mm * camera.magnification / camera.pixel_mm
    low, high = np.floor(pixels.min(axis=0) - margin), np.ceil(pixels.max(axis=0) + margin)
    box = np.clip(np.concatenate([low, high]), 0, [camera.columns, camera.rows] * 2)
    seen = kept.any() and box[2] - box[0] >= 3 and box[3] - box[1] >= 3
    return Truth(fracture.kind, fracture.bone, box if seen else None, mask)


def visibility(
    broken: torch.Tensor, sound: torch.Tensor, signal: Signal, mask: np.ndarray, *, per_density: float
) -> tuple[float, float]:
    """How well a fracture can be seen at all.

    Parameters
    ----------
    broken, sound : Tensor (rows, columns)
        Mineral along the rays with the fracture and in the sound twin, g/cm³ · mm.
    signal : Signal
        Noise-free signal (one picture) and its flat field.
    mask : ndarray of bool
        Where the fracture lies.
    per_density : float
        Attenuation per g/cm³ · mm of mineral.

    Returns
    -------
    contrast, detectability : float
        Largest contrast (negative logarithm, 99th percentile in the mask), and the index d' of an observer
        who knows everything but whether the bone is broken.
    """
    if not mask.any():
        return 0.0, 0.0
    difference = per_density * (broken - sound).numpy()[mask]
    noise = noise_of_attenuation(signal).numpy()[mask]
    return float(np.quantile(np.abs(difference), 0.99)), float(np.sqrt(np.sum((difference / noise) ** 2)))


def noise_of_attenuation(signal: Signal, *, mean_kev: float = 45.0) -> torch.Tensor:
    """Standard deviation of the negative logarithm from quantum noise, for photons of ``mean_kev``."""
    return torch.sqrt(mean_kev / signal.energy[0])


def take(
    wrist: Wrist, camera: Camera, position: Position, exposure: Exposure, *, seed: int | None
) -> tuple[Signal, torch.Tensor]:
    """Take a radiograph.

    Returns
    -------
    signal : Signal
        One picture.
    bone : Tensor (rows, columns)
        Mineral along the rays, g/cm³ · mm.
    """
    bone = bone_paths(wrist.parts, camera, position)
    return expose(paths(wrist, camera, position, bone)[None], MATERIALS, camera, exposure, seed=seed), bone
