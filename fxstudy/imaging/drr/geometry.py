"""Where tube, patient and detector stand.

Patient coordinates are DICOM's (LPS): x to the patient's left, y to the back, z to the head, in mm. View
coordinates: x to the right and y downwards on the film, z from the tube to the detector, origin on the
central ray at the distance where the patient's centre is placed. A pose maps the one to the other; the
neutral pose is anteroposterior, head up, the patient's left on the right side of the film.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from fxstudy.errors import ParameterError

Numbers = float | Sequence[float] | torch.Tensor

_AP = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))


@dataclass(frozen=True)
class Camera:
    """An X-ray tube and its detector.

    Parameters
    ----------
    source_detector_mm : float
        Distance from the focal spot to the detector (SID).
    source_patient_mm : float
        Distance from the focal spot to the plane of the patient's centre.
    rows, columns : int
        Size of the detector in pixels.
    pixel_mm : float
        Size of a pixel on the detector; the picture of the patient's centre is magnified by
        ``magnification``.
    offset_mm : (right, down)
        Where the detector's centre lies beside the central ray.
    """

    source_detector_mm: float
    source_patient_mm: float
    rows: int
    columns: int
    pixel_mm: float
    offset_mm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if not 0 < self.source_patient_mm <= self.source_detector_mm:
            raise ParameterError(
                "source_patient_mm must be above 0 and not above source_detector_mm "
                f"({self.source_detector_mm}), not {self.source_patient_mm}"
            )
        if self.rows < 1 or self.columns < 1 or not self.pixel_mm > 0:
            raise ParameterError("rows, columns and pixel_mm must be above 0")

    @property
    def magnification(self) -> float:
        """Size of the patient's centre on the detector over its true size."""
        return self.source_detector_mm / self.source_patient_mm

    @property
    def source(self) -> torch.Tensor:
        """Focal spot in view coordinates, shape (3,)."""
        return torch.tensor([0.0, 0.0, -self.source_patient_mm], dtype=torch.float64)

    @property
    def detector_z(self) -> float:
        """View coordinate z of the detector."""
        return self.source_detector_mm - self.source_patient_mm

    @property
    def pixel_plane(self) -> torch.Tensor:
        """Matrix (3, 3): (column, row, 1) counted from pixel centres → view coordinates in mm."""
        right, down = self.offset_mm
        x0 = right - (self.columns - 1) / 2 * self.pixel_mm
        y0 = down - (self.rows - 1) / 2 * self.pixel_mm
        rows = [[self.pixel_mm, 0.0, x0], [0.0, self.pixel_mm, y0], [0.0, 0.0, self.detector_z]]
        return torch.tensor(rows, dtype=torch.float64)

    def ray_lengths(self) -> torch.Tensor:
        """Distance in mm from the focal spot to each pixel, shape (rows, columns)."""
        plane = self.pixel_plane
        x = torch.arange(self.columns, dtype=torch.float64) * self.pixel_mm + plane[0, 2]
        y = torch.arange(self.rows, dtype=torch.float64) * self.pixel_mm + plane[1, 2]
        return torch.sqrt(x[None, :] ** 2 + y[:, None] ** 2 + self.source_detector_mm**2)

    def to_pixels(self, points: torch.Tensor) -> torch.Tensor:
        """Pictures of points: view coordinates (..., 3) → (column, row), counted from pixel edges."""
        scale = self.source_detector_mm / (points[..., 2] + self.source_patient_mm)
        right, down = self.offset_mm
        column = (points[..., 0] * scale - right) / self.pixel_mm + self.columns / 2
        row = (points[..., 1] * scale - down) / self.pixel_mm + self.rows / 2
        return torch.stack([column, row], dim=-1)


def pose(
    rotation_degrees: Numbers = 0.0,
    tilt_degrees: Numbers = 0.0,
    roll_degrees: Numbers = 0.0,
    *,
    shift_mm: Sequence[float] | torch.Tensor = (0.0, 0.0, 0.0),
    centre_mm: Sequence[float] | torch.Tensor = (0.0, 0.0, 0.0),
    affine: torch.Tensor | None = None,
) -> torch.Tensor:
    """Poses of the patient; differentiable in every argument that is a tensor.

    Parameters
    ----------
    rotation_degrees : float or sequence of B
        Turn about the patient's long axis: 0 anteroposterior, 180 posteroanterior; at 90 the beam enters on
        the patient's left side.
    tilt_degrees : float or sequence of B
        Turn about the film's horizontal axis; positive brings the head towards the tube.
    roll_degrees : float or sequence of B
        Turn in the plane of the film, counter-clockwise.
    shift_mm : (right, down, to the detector) or (B, 3)
        Where the centre is placed, in view coordinates.
    centre_mm : (x, y, z)
        Point of the patient that the turns leave in place.
    affine : Tensor (3, 3), optional
        Applied to the patient first, about the centre: scaling and shearing.

    Returns
    -------
    Tensor of float64, shape (B, 3, 4)
        Patient coordinates → view coordinates.
    """
    turn, tilt, roll = torch.broadcast_tensors(
        *(_radians(a) for a in (rotation_degrees, tilt_degrees, roll_degrees))
    )
    base = torch.tensor(_AP, dtype=torch.float64)
    about_long = _rotation(turn, 0, 1)
    matrix = _rotation(-roll, 0, 1) @ _rotation(-tilt, 1, 2) @ base @ about_long
    if affine is not None:
        matrix = matrix @ affine.to(torch.float64)
    shift = torch.as_tensor(shift_mm, dtype=torch.float64).expand(len(matrix), 3)
    centre = torch.as_tensor(centre_mm, dtype=torch.float64)
    offset = shift - (matrix @ centre[:, None])[..., 0]
    return torch.cat([matrix, offset[..., None]], dim=-1)


def _radians(degrees: Numbers) -> torch.Tensor:
    return torch.deg2rad(torch.atleast_1d(torch.as_tensor(degrees, dtype=torch.float64)))


def _rotation(angle: torch.Tensor, first: int, second: int) -> torch.Tensor:
    """Matrices (B, 3, 3) that turn axis ``first`` towards axis ``second``."""
    cos, sin = torch.cos(angle), torch.sin(angle)
    one, zero = torch.ones_like(cos), torch.zeros_like(cos)
    entries = [[one if row == column else zero for column in range(3)] for row in range(3)]
    entries[first][first] = entries[second][second] = cos
    entries[second][first], entries[first][second] = sin, -sin
    return torch.stack([torch.stack(row, dim=-1) for row in entries], dim=-2)
