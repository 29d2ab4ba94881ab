"""Read a CT for projection: DICOM series or NIfTI, checked before anything is computed from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import torch
from pydicom.errors import InvalidDicomError

from fxstudy.errors import ImageError
from fxstudy.imaging.drr.nifti import read_nifti
from fxstudy.imaging.drr.volume import Volume

_TILT_DEGREES = 1.0
_METAL_HU = 3000


@dataclass(frozen=True)
class Ct:
    """A CT in Hounsfield units and what was noticed about it.

    Attributes
    ----------
    volume : Volume
        Hounsfield units, axes along the patient's (x left, y back, z head).
    notes : tuple of str
        Corrections and warnings, in words, to be shown beside every result.
    """

    volume: Volume
    notes: tuple[str, ...] = ()


def read_ct(path: Path | str) -> Ct:
    """Read a CT.

    Parameters
    ----------
    path : Path or str
        A NIfTI file (.nii, .nii.gz), or a folder with the DICOM files of one series.

    Raises
    ------
    ImageError
        Gantry tilt, missing or uneven slices, several series, oblique axes, voxels that are no Hounsfield
        units: what would give a wrong projection is refused with the reason.
    """
    path = Path(path)
    if path.is_dir():
        values, spacing, origin, notes = _read_series(path)
    else:
        nifti = read_nifti(path)
        values, spacing, origin, notes = _to_patient_axes(nifti.values, nifti.matrix, path.name)
    notes = [*notes, *check_hounsfield(values, path.name), *_check_spacing(spacing, path.name)]
    return Ct(Volume(torch.from_numpy(np.ascontiguousarray(values)), spacing, origin), tuple(notes))


def check_hounsfield(values: np.ndarray, name: str) -> list[str]:
    """Notes about unusual values; ImageError if these cannot be Hounsfield units."""
    if not np.isfinite(values).all():
        raise ImageError(f"{name}: Hounsfield units must be finite, found nan or infinity")
    low, high = float(values.min()), float(values.max())
    if low >= 0 or high <= 100 or high > 40000:
        raise ImageError(
            f"{name}: values must be Hounsfield units (air -1000, water 0, bone above 300), "
            f"found {low:g} to {high:g}; rescale them, or say which quantity they are"
        )
    notes = []
    at_top = float((values >= high).mean())
    if high < 1000 and at_top > 1e-5:
        raise ImageError(
            f"{name}: Hounsfield units are clipped at {high:g}, bone cannot be told from metal or contrast"
        )
    if at_top > 1e-6 and high in (1023, 2000, 2047, 3000, 3071, 4095):
        notes.append(f"values end at {high:g} HU, the densest parts may be denser")
    if high >= _METAL_HU:
        notes.append(
            f"{int((values >= _METAL_HU).sum())} voxels of {_METAL_HU} HU and more are taken as metal"
        )
    if low > -900:
        notes.append(f"no air outside the patient (lowest value {low:g} HU): the skin may be cut off")
    return notes


def _check_spacing(spacing: Sequence[float], name: str) -> list[str]:
    if min(spacing) < 0.02 or max(spacing) > 20:
        raise ImageError(
            f"{name}: voxels must measure between 0.02 and 20 mm, found {spacing}: check the unit of length"
        )
    return [f"slices are {max(spacing):g} mm thick: fine fractures are lost"] if max(spacing) > 2 else []


def _to_patient_axes(
    values: np.ndarray, matrix: np.ndarray, name: str
) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...], list[str]]:
    """Voxels (i, j, k) with a matrix to RAS as (z, y, x) along LPS."""
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    if min(spacing) == 0 or abs(np.linalg.det(matrix[:3, :3] / spacing)) < 0.999:
        raise ImageError(f"{name}: the axes of the volume must be at right angles (gantry tilt or shear)")
    direction = matrix[:3, :3] / spacing
    axis = np.abs(direction).argmax(axis=0)
    worst = np.rad2deg(np.arccos(np.clip(np.abs(direction).max(axis=0), 0, 1))).max()
    if len(set(axis.tolist())) < 3 or worst > 15:
        raise ImageError(f"{name}: the axes must lie along the patient's, found {worst:.0f}° between them")
    notes = [f"axes turned by {worst:.1f}° against the patient's: taken as parallel"] if worst > 0.5 else []
    order = np.argsort(axis)
    if order.tolist() != [0, 1, 2]:
        notes.append("axes were swapped into the order x, y, z as the header says")
    values = values.transpose(order)
    start = matrix[:3, 3].copy()
    for to in range(3):
        step = direction[to, order[to]] * spacing[order[to]]
        if step < 0:
            values = np.flip(values, axis=to)
            start[to] += step * (values.shape[to] - 1)
    return values.transpose(2, 1, 0), tuple(map(float, spacing[order])), tuple(map(float, start)), notes


def _read_series(folder: Path) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...], list[str]]:
    slices = _slices(folder)
    _one_series(slices, folder.name)
    turns = np.array([s.ImageOrientationPatient for s in slices], float)
    if np.abs(turns - turns[0]).max() > 1e-3:
        raise ImageError(f"{folder.name}: all slices must have the same (0020,0037) Image Orientation")
    row, column = turns[0, :3], turns[0, 3:]
    normal = np.cross(row, column)
    places = np.array([s.ImagePositionPatient for s in slices], float)
    order = np.argsort(places @ normal)
    places, slices = places[order], [slices[i] for i in order]
    step = _even_step(places @ normal, folder.name)
    _refuse_tilt(slices, places, normal, folder.name)
    values = np.stack([_hounsfield(s) for s in slices])
    between_rows, between_columns = map(float, slices[0].PixelSpacing)
    matrix = np.eye(4)
    matrix[:3] = np.column_stack([row * between_columns, column * between_rows, normal * step, places[0]])
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix
    return _to_patient_axes(values.transpose(2, 1, 0), to_ras, folder.name)


def _slices(folder: Path) -> list[pydicom.Dataset]:
    found = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            data = pydicom.dcmread(file)
        except (InvalidDicomError, OSError):
            continue
        if "ImagePositionPatient" in data and "PixelData" in data:
            found.append(data)
    if len(found) < 3:
        raise ImageError(f"{folder.name}: must hold the DICOM slices of a CT, found {len(found)}")
    return found


def _one_series(slices: list[pydicom.Dataset], name: str) -> None:
    series = {str(s.get("SeriesInstanceUID", "")) for s in slices}
    if len(series) > 1:
        raise ImageError(
            f"{name}: must hold one series, found {len(series)}; put each in a folder of its own"
        )
    kinds = {str(s.get("Modality", "")) for s in slices}
    if kinds != {"CT"}:
        raise ImageError(f"{name}: (0008,0060) Modality must be CT, not {', '.join(sorted(kinds))}")
    shapes = {(s.Rows, s.Columns, *map(float, s.PixelSpacing)) for s in slices}
    if len(shapes) > 1:
        raise ImageError(f"{name}: all slices must have the same size and (0028,0030) Pixel Spacing")
    units = {str(s.get("RescaleType", "HU")).upper() for s in slices} - {"HU", "HOUNSFIELD", ""}
    if units:
        raise ImageError(f"{name}: (0028,1054) Rescale Type must be HU, not {', '.join(sorted(units))}")


def _even_step(heights: np.ndarray, name: str) -> float:
    steps = np.diff(heights)
    step = float(np.median(steps))
    if np.any(steps < 0.01):
        raise ImageError(f"{name}: {int((steps < 0.01).sum())} slices lie at the same place twice")
    gaps = np.nonzero(np.abs(steps - step) > max(0.1 * step, 0.02))[0]
    if len(gaps):
        lost = int(np.round(steps[gaps] / step - 1).clip(0).sum())
        where = f"first between {heights[gaps[0]]:.1f} and {heights[gaps[0] + 1]:.1f} mm"
        what = f"{lost} slices are missing" if lost else "slices are unevenly spaced"
        raise ImageError(f"{name}: {what} (steps of {steps.min():.2f} to {steps.max():.2f} mm, {where})")
    return step


def _refuse_tilt(slices: list[pydicom.Dataset], places: np.ndarray, normal: np.ndarray, name: str) -> None:
    along = places[-1] - places[0]
    lean = np.rad2deg(np.arccos(np.clip(abs(along @ normal) / np.linalg.norm(along), 0, 1)))
    stated = max(abs(float(s.get("GantryDetectorTilt", 0) or 0)) for s in slices)
    if lean > _TILT_DEGREES or (stated > _TILT_DEGREES and abs(normal[2]) < 0.9999):
        raise ImageError(
            f"{name}: the gantry was tilted by {max(lean, stated):.1f}°, slices are sheared; "
            "resample the series to upright slices first"
        )


def _hounsfield(data: pydicom.Dataset) -> np.ndarray:
    slope, intercept = float(data.get("RescaleSlope", 1)), float(data.get("RescaleIntercept", 0))
    values = data.pixel_array.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    if "PixelPaddingValue" in data:
        padding = data.PixelPaddingValue * slope + intercept
        values[data.pixel_array == data.PixelPaddingValue] = min(-1000.0, padding)
    return np.maximum(values, np.float32(-1024))
