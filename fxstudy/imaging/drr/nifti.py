"""Read NIfTI-1 files (.nii, .nii.gz) without further packages."""

import gzip
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fxstudy.errors import ImageError

_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}
_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}


@dataclass(frozen=True)
class Nifti:
    """Voxels (i, j, k) and the matrix (4, 4) from index to millimetres, RAS: right, anterior, superior."""

    values: np.ndarray
    matrix: np.ndarray


def read_nifti(path: Path) -> Nifti:
    """Read one volume.

    Raises
    ------
    ImageError
        Not a NIfTI-1 file, cut short, not three-dimensional, or without a place in space.
    """
    path = Path(path)
    raw = _bytes(path)
    if len(raw) < 352 or raw[344:347] not in (b"n+1", b"ni1"):
        raise ImageError(f"{path.name}: must be a NIfTI-1 file")
    order = "<" if struct.unpack("<i", raw[:4])[0] == 348 else ">"
    dim = struct.unpack(order + "8h", raw[40:56])
    shape = [size for size in dim[1 : dim[0] + 1] if size != 1]
    if len(shape) != 3:
        raise ImageError(f"{path.name}: must hold one volume of three dimensions, not {dim[1 : dim[0] + 1]}")
    code = struct.unpack(order + "h", raw[70:72])[0]
    if code not in _TYPES:
        raise ImageError(f"{path.name}: voxels must be whole or real numbers, not NIfTI type {code}")
    kind = np.dtype(order + _TYPES[code])
    start = int(struct.unpack(order + "f", raw[108:112])[0])
    count = int(np.prod(shape))
    if len(raw) < start + count * kind.itemsize:
        raise ImageError(f"{path.name}: the file is cut short")
    values = np.frombuffer(raw, kind, count, start).reshape(shape, order="F").astype(np.float32)
    slope, intercept = struct.unpack(order + "2f", raw[112:120])
    if slope not in (0.0, 1.0) or intercept:
        values = values * np.float32(slope or 1.0) + np.float32(intercept)
    return Nifti(values, _matrix(raw, order, path.name))


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except FileNotFoundError:
        raise ImageError(f"no file at {path}") from None
    except (OSError, EOFError) as error:
        raise ImageError(f"{path.name}: cannot be unpacked ({error})") from error


def _matrix(raw: bytes, order: str, name: str) -> np.ndarray:
    pixdim = struct.unpack(order + "8f", raw[76:108])
    qform, sform = struct.unpack(order + "2h", raw[252:256])
    matrix = np.eye(4)
    if sform > 0:
        matrix[:3] = np.array(struct.unpack(order + "12f", raw[280:328])).reshape(3, 4)
    elif qform > 0:
        b, c, d, x, y, z = struct.unpack(order + "6f", raw[256:280])
        a = np.sqrt(max(0.0, 1 - b * b - c * c - d * d))
        turn = np.array([
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ])  # fmt: skip
        scale = np.array(pixdim[1:4]) * [1, 1, -1.0 if pixdim[0] < 0 else 1.0]
        matrix[:3, :3], matrix[:3, 3] = turn * scale, (x, y, z)
    else:
        raise ImageError(f"{name}: the header must say where the volume lies (sform or qform)")
    matrix[:3] *= _MM_PER_UNIT.get(raw[123] & 7, 1.0)
    return matrix
