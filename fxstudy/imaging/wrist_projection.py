"""One bone of the drawn wrist in one view: outline, thickness, and its two parts when it is broken."""

from dataclasses import dataclass

import cv2
import numpy as np

from fxstudy.imaging.wrist_bones import Bone
from fxstudy.imaging.wrist_fracture import Fracture

_PHYSIS_SHARE = 0.85


@dataclass(frozen=True)
class Frame:
    """Where millimetres of the view lie on the detector.

    ``turn`` (degrees) rotates the arm in the plane of the film, ``spacing`` is mm per pixel, ``origin`` the
    pixel (column, row) of the radiocarpal joint, ``mirrored`` shows a left wrist.
    """

    rows: int
    columns: int
    spacing: float
    origin: tuple[float, float]
    turn: float = 0.0
    mirrored: bool = False

    @property
    def matrix(self) -> np.ndarray:
        """(2, 2) map from mm (x, y) to pixels (column, row)."""
        cos, sin = np.cos(np.deg2rad(self.turn)), np.sin(np.deg2rad(self.turn))
        flip = -1.0 if self.mirrored else 1.0
        return np.array([[flip * cos, flip * sin], [sin, -cos]]) / self.spacing

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Millimetres (n, 2) as pixels (column, row), counted from pixel edges."""
        return points @ self.matrix.T + self.origin

    def grid(self, x0: int, y0: int, x1: int, y1: int) -> tuple[np.ndarray, np.ndarray]:
        """x and y in mm at the pixel centres of a part of the image."""
        inverse = np.linalg.inv(self.matrix).astype(np.float32)
        column = (np.arange(x0, x1, dtype=np.float32) + np.float32(0.5 - self.origin[0]))[None, :]
        row = (np.arange(y0, y1, dtype=np.float32) + np.float32(0.5 - self.origin[1]))[:, None]
        return inverse[0, 0] * column + inverse[0, 1] * row, inverse[1, 0] * column + inverse[1, 1] * row


@dataclass(frozen=True)
class Motion:
    """Rigid motion in the plane of a view: clockwise turn (radians) about ``pivot``, then a shift (mm)."""

    turn: float = 0.0
    pivot: tuple[float, float] = (0.0, 0.0)
    shift: tuple[float, float] = (0.0, 0.0)

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Move points (n, 2)."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return (points - self.pivot) @ np.array([[cos, -sin], [sin, cos]]) + self.pivot + self.shift

    def undo(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where moved points come from."""
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        u = x - np.float32(self.pivot[0] + self.shift[0])
        v = y - np.float32(self.pivot[1] + self.shift[1])
        return cos * u - sin * v + np.float32(self.pivot[0]), sin * u + cos * v + np.float32(self.pivot[1])


def motion_in_view(fracture: Fracture, axis: float, *, view_degrees: float, depth: float) -> Motion:
    """Projection of a fragment's motion; at ``depth`` (mm to the viewer) a tilt is a rise or fall."""
    cos, sin = np.cos(np.deg2rad(view_degrees)), np.sin(np.deg2rad(view_degrees))
    tilt, radial = np.deg2rad(fracture.dorsal_tilt), np.deg2rad(fracture.radial_tilt)
    shift = (
        fracture.radial_shift * cos + fracture.dorsal_shift * sin,
        fracture.gap - fracture.shortening - depth * cos * np.sin(tilt),
    )
    return Motion(float(radial * cos + tilt * sin), (axis * cos, fracture.height), tuple(map(float, shift)))


def _along(pair: tuple[float, float], y: np.ndarray) -> np.ndarray:
    share = np.clip((y + np.float32(45)) * np.float32(1 / 33), 0, 1)
    return np.float32(pair[0]) + np.float32(pair[1] - pair[0]) * (share * share * (3 - 2 * share))


def _half_widths(bone: Bone) -> tuple[float, float]:
    x, y = bone.outline[:, 0], bone.outline[:, 1]
    if y.min() > -40:
        half = np.ptp(x) / 2 if not bone.name.startswith("metacarpal") else bone.depth[0]
        return half, half
    return np.ptp(x[y < -42]) / 2, np.ptp(x[y > -12]) / 2


@dataclass(frozen=True)
class Projected:
    """A bone turned into a view: outline (n, 2) in mm, axis and widening towards the viewer."""

    bone: Bone
    outline: np.ndarray
    axis: float
    widths: tuple[float, float]


def project(bone: Bone, *, view_degrees: float, fracture: Fracture | None = None) -> Projected:
    """Turn a bone about the long axis of the forearm."""
    cos, sin = np.cos(np.deg2rad(view_degrees)), np.sin(np.deg2rad(view_degrees))
    x, y = bone.outline[:, 0].copy(), bone.outline[:, 1]
    axis = _along(bone.axis, y)
    if fracture is not None and fracture.bulge:
        x += np.sign(x - axis) * fracture.bulge * np.exp(-(((y - fracture.height) / 2.3) ** 2))
    halves = _half_widths(bone)
    ratio = np.array(bone.depth) / halves
    widths = np.sqrt(cos**2 + (ratio * sin) ** 2)
    outline = np.column_stack([axis * cos + bone.z * sin + (x - axis) * _along(tuple(widths), y), y])
    return Projected(
        bone, outline, float(np.mean(bone.axis[1]) * cos + bone.z * sin), tuple(map(float, widths))
    )


def depth_inside(outline: np.ndarray, frame: Frame) -> tuple[np.ndarray, tuple[int, int, int, int]] | None:
    """Distance (mm) of each pixel from the outline, 0 outside, and the part of the image it fills."""
    points = frame.to_pixels(outline)
    x0, y0 = np.maximum(np.floor(points.min(axis=0)).astype(int) - 2, 0)
    x1, y1 = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 2, [frame.columns, frame.rows])
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    margin = 8  # the bone goes on beyond the film: distances must not start at its border
    shape = (2 * (y1 - y0 + 2 * margin), 2 * (x1 - x0 + 2 * margin))
    corners = np.rint((2 * (points - [x0 - margin, y0 - margin]) - 0.5) * 16).astype(np.int32)
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [corners], 255, lineType=cv2.LINE_8, shift=4)
    fine = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    cv2.subtract(fine, 0.5, dst=fine)
    coarse = cv2.resize(
        np.maximum(fine, 0, out=fine), (shape[1] // 2, shape[0] // 2), interpolation=cv2.INTER_AREA
    )
    part = coarse[margin:-margin, margin:-margin] * np.float32(frame.spacing / 2)
    return part, (int(x0), int(y0), int(x1), int(y1))


def _shell(inside: np.ndarray, y: np.ndarray, projected: Projected, grain: np.ndarray) -> np.ndarray:
    """Bone along the beam in mm of cortical bone: a curved shell with spongy bone in it."""
    bone = projected.bone
    rounding = np.float32(bone.rounding)
    half = _along(bone.depth, y) / _along(projected.widths, y)
    cortex = _along(bone.cortex, y)
    outer = np.minimum(inside / rounding, 1)
    inner = np.clip((inside - cortex) / (rounding - cortex), 0, 1)
    whole = half * np.sqrt(outer * (2 - outer))
    core = (half - cortex) * np.sqrt(inner * (2 - inner))
    return 2 * (whole - core + core * _along(bone.spongy, y) * grain)


def _grain(texture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Trabeculae at material coordinates (mm), so that they ride with a fragment."""
    size = texture.shape[0]
    column, row = np.mod(x * np.float32(5) + 977, size - 1), np.mod(y * np.float32(5) + 977, size - 1)
    return cv2.remap(texture, column, row, cv2.INTER_LINEAR)


def _physis(y: np.ndarray, x: np.ndarray, height: float, width: float) -> np.ndarray:
    above = y - np.float32(height) - np.float32(0.5) * np.sin(x * np.float32(0.5))
    plate = np.exp(-((above / np.float32(width)) ** 4)) * np.float32(_PHYSIS_SHARE)
    line = np.exp(-(((above + np.float32(1.6 * width + 0.6)) / np.float32(0.7)) ** 2)) * np.float32(0.35)
    return (1 - plate) * (1 + line)


def draw_bone(
    thickness: np.ndarray,
    projected: Projected,
    frame: Frame,
    *,
    texture: np.ndarray,
    motion: Motion = Motion(),
    fracture: Fracture | None = None,
    part: str = "whole",
    view_degrees: float = 0.0,
    layer: float = 0.0,
    weight: float = 1.0,
    physis: tuple[float, float] | None = None,
) -> tuple[int, int, int, int] | None:
    """Add a bone, or one part of a broken one, to ``thickness`` (mm of cortical bone along the beam).

    Parameters
    ----------
    thickness : ndarray of float32, shape (rows, columns)
        Changed in place.
    part : {"whole", "near", "far"}
        Which side of the fracture.
    layer : float
        Depth towards the viewer (mm) at which the fracture surface is evaluated.
    weight : float
        Share of the bone that this layer stands for.
    physis : (height, width) or None
        Open growth plate, mm.

    Returns
    -------
    (x0, y0, x1, y1) or None
        Part of the image that was touched, None when the bone lies outside.
    """
    found = depth_inside(motion.apply(projected.outline), frame)
    if found is None:
        return None
    inside, (x0, y0, x1, y1) = found
    x, y = motion.undo(*frame.grid(x0, y0, x1, y1))
    amount = _shell(inside, y, projected, _grain(texture, x, y))
    if physis is not None:
        amount *= _physis(y, x, *physis)
    if part != "whole":
        amount *= _side(x, y, projected, fracture, part, view_degrees, layer, frame.spacing)
    thickness[y0:y1, x0:x1] += np.float32(weight) * amount
    return x0, y0, x1, y1


def _side(
    x: np.ndarray,
    y: np.ndarray,
    projected: Projected,
    fracture: Fracture,
    part: str,
    view: float,
    layer: float,
    h: float,
) -> np.ndarray:
    """Share of each pixel that belongs to one side of the fracture, with crushed bone along it."""
    cos, sin = np.float32(np.cos(np.deg2rad(view))), np.float32(np.sin(np.deg2rad(view)))
    across = x - np.float32(projected.axis)
    surface = fracture.surface(
        across * cos - np.float32(layer) * sin, across * sin + np.float32(layer) * cos, 0.0
    )
    beyond = (y - surface.astype(np.float32)) * (1 if part == "far" else -1)
    blur = max(h, abs(fracture.leap) * abs(layer))  # a surface that leans against the beam blurs its edge
    cover = np.clip(np.float32(0.5) + beyond / np.float32(blur), 0, 1)
    return cover * (1 + np.float32(fracture.crush - 1) * np.exp(-np.abs(beyond) * np.float32(0.6)))
