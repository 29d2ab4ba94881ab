"""A volume of voxels in patient coordinates."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from fxstudy.errors import ImageError


@dataclass(frozen=True, eq=False)
class Volume:
    """Values on a regular grid along the patient's axes.

    Parameters
    ----------
    values : Tensor of float32, shape (C, z, y, x) or (z, y, x)
        One or several quantities per voxel: attenuation in 1/mm, or a density in g/cm³ per material.
    spacing_mm : (x, y, z)
        Distance of voxel centres.
    origin_mm : (x, y, z)
        Patient coordinates of the centre of voxel (0, 0, 0).
    """

    values: torch.Tensor
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        values = torch.as_tensor(self.values)
        if values.ndim not in (3, 4) or min(values.shape) < 1:
            raise ImageError(f"a volume must have shape (z, y, x) or (C, z, y, x), not {tuple(values.shape)}")
        if min(self.spacing_mm) <= 0:
            raise ImageError(f"the spacing of a volume must be above 0, not {self.spacing_mm}")
        object.__setattr__(self, "values", values.to(torch.float32))

    @property
    def channels(self) -> torch.Tensor:
        """Values with shape (C, z, y, x)."""
        return self.values if self.values.ndim == 4 else self.values[None]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels (z, y, x)."""
        return tuple(self.values.shape[-3:])

    @property
    def centre_mm(self) -> tuple[float, float, float]:
        """Patient coordinates of the middle of the grid."""
        sizes = self.shape[::-1]
        return tuple(
            o + s * (n - 1) / 2 for o, s, n in zip(self.origin_mm, self.spacing_mm, sizes, strict=True)
        )

    @property
    def index_to_patient(self) -> torch.Tensor:
        """Matrix (3, 4): voxel index (x, y, z) → patient coordinates."""
        scale = torch.diag(torch.tensor(self.spacing_mm, dtype=torch.float64))
        return torch.cat([scale, torch.tensor(self.origin_mm, dtype=torch.float64)[:, None]], dim=1)

    @cached_property
    def content(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """Index ranges (first, last + 1) along x, y, z outside of which all values are 0."""
        filled = self.channels.detach().ne(0).any(dim=0)
        ranges = []
        for axis in (2, 1, 0):
            others = [other for other in range(3) if other != axis]
            along = torch.nonzero(filled.any(dim=others[1]).any(dim=others[0]))
            ranges.append((int(along[0]), int(along[-1]) + 1) if len(along) else (0, 1))
        return tuple(ranges)

    def stacked_along(self, axis: int) -> np.ndarray:
        """Slices across axis 0 (x), 1 (y) or 2 (z) as an array (C, slices, rows, columns) in memory order.

        Rows and columns are (z, y) for x, (z, x) for y and (y, x) for z.
        """
        return self._stacks[axis]

    @cached_property
    def _stacks(self) -> "_Stacks":
        return _Stacks(self.channels.detach().cpu().numpy())

    def to(self, device: str | torch.device) -> "Volume":
        """The same volume on another device."""
        return replace(self, values=self.values.to(device))


class _Stacks:
    """Slices along each axis, rearranged when first asked for."""

    def __init__(self, values: np.ndarray):
        self._values, self._made = values, {}

    def __getitem__(self, axis: int) -> np.ndarray:
        if axis not in self._made:
            order = {0: (0, 3, 1, 2), 1: (0, 2, 1, 3), 2: (0, 1, 2, 3)}[axis]
            self._made[axis] = np.ascontiguousarray(self._values.transpose(order))
        return self._made[axis]
