"""From a radiograph of any size to the small grey picture that a network sees.

The order is fixed: crop, 8 bits, CLAHE, resize, pad. Contrast is equalised before padding, so that the empty
margin takes no part in it, and before resizing, as in the wrist paper.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from functools import cached_property

import cv2
import numpy as np
import pandas as pd

from fxstudy.errors import ImageError, ParameterError

ASPECTS = ("pad", "stretch", "crop")
BOX_COLUMNS = ("x_min", "y_min", "x_max", "y_max")


@dataclass(frozen=True)
class Preparation:
    """Everything that decides what a prepared image looks like.

    Grey levels: `fxstudy.cohort.read_image` gives 0 to 1 with bone bright; 0 becomes 0 and 1 becomes 255,
    rounded to the nearest level. With ``window`` the two percentiles of the (cropped) picture take these
    places instead, for files whose own window leaves much of the range empty.

    Parameters
    ----------
    width, height : int
        Size of the prepared image in pixels.
    aspect : {"pad", "stretch", "crop"}
        What happens when the radiograph has other proportions: black margins on both sides, distortion, or
        the outer parts are cut off.
    clahe_clip : float or None
        Clip limit of contrast-limited adaptive histogram equalisation (OpenCV), None for no equalisation.
    clahe_tiles : int
        Number of tiles in each direction.
    crop : (left, top, right, bottom) or None
        Part of the radiograph that is used, in shares of its width and height: ``(0, 0, 1, 1)`` is all of it.
    window : (low, high) or None
        Percentiles of the grey levels that become black and white.

    References
    ----------
    Zuiderveld K. Contrast limited adaptive histogram equalization. Graphics Gems IV, 1994, 474-485.
    """

    width: int
    height: int
    aspect: str = "pad"
    clahe_clip: float | None = 2.0
    clahe_tiles: int = 8
    crop: tuple[float, float, float, float] | None = None
    window: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name in ("width", "height", "clahe_tiles"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ParameterError(f"{name} must be a whole number of at least 1, not {value!r}")
        if self.aspect not in ASPECTS:
            raise ParameterError(f"aspect must be one of {', '.join(ASPECTS)}, not {self.aspect!r}")
        if self.clahe_clip is not None and not self.clahe_clip > 0:
            raise ParameterError(f"clahe_clip must be above 0 or None, not {self.clahe_clip!r}")
        if self.crop is not None:
            object.__setattr__(self, "crop", _checked_crop(self.crop))
        if self.window is not None:
            object.__setattr__(self, "window", _checked_window(self.window))

    @cached_property
    def digest(self) -> str:
        """Short fingerprint of the settings and of the OpenCV version that applies them."""
        text = json.dumps([asdict(self), cv2.__version__], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _checked_crop(crop: tuple[float, ...]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(value) for value in crop)
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ParameterError(
            f"crop must be (left, top, right, bottom) in shares between 0 and 1, not {crop!r}"
        )
    return left, top, right, bottom


def _checked_window(window: tuple[float, ...]) -> tuple[float, float]:
    low, high = (float(value) for value in window)
    if not 0 <= low < high <= 100:
        raise ParameterError(f"window must be two rising percentiles between 0 and 100, not {window!r}")
    return low, high


@dataclass(frozen=True)
class Placement:
    """Where a radiograph lies inside its prepared image: ``x' = (x - crop_x) * scale_x + shift_x``.

    ``crop`` is the used part in pixels of the radiograph (x_min, y_min, x_max, y_max), ``size`` its
    (width, height) after resizing, ``shift`` where its corner lies in the prepared image (negative when cut).
    """

    crop: tuple[int, int, int, int]
    size: tuple[int, int]
    shift: tuple[int, int]

    @property
    def scale(self) -> tuple[float, float]:
        """Prepared pixels per pixel of the radiograph, (x, y)."""
        x_min, y_min, x_max, y_max = self.crop
        return self.size[0] / (x_max - x_min), self.size[1] / (y_max - y_min)


def placement(rows: int, columns: int, preparation: Preparation) -> Placement:
    """Say where a radiograph of ``rows`` × ``columns`` pixels lies in its prepared image."""
    if rows < 1 or columns < 1:
        raise ImageError(f"a radiograph must have at least 1 × 1 pixels, not {rows} × {columns}")
    left, top, right, bottom = preparation.crop or (0.0, 0.0, 1.0, 1.0)
    x_min, y_min = math.floor(left * columns), math.floor(top * rows)
    crop = (
        x_min,
        y_min,
        max(math.ceil(right * columns), x_min + 1),
        max(math.ceil(bottom * rows), y_min + 1),
    )
    width, height = crop[2] - crop[0], crop[3] - crop[1]
    if preparation.aspect == "stretch":
        return Placement(crop, (preparation.width, preparation.height), (0, 0))
    ratios = preparation.width / width, preparation.height / height
    scale = min(ratios) if preparation.aspect == "pad" else max(ratios)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    shift = (preparation.width - size[0]) // 2, (preparation.height - size[1]) // 2
    return Placement(crop, size, shift)


def prepare(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    """Prepare one radiograph.

    Parameters
    ----------
    pixels : ndarray of float, shape (rows, columns)
        Grey levels from 0 (air) to 1 (bone), as `fxstudy.cohort.read_image` gives them.
    preparation : Preparation
        The settings.

    Returns
    -------
    ndarray of uint8, shape (preparation.height, preparation.width)

    Raises
    ------
    ImageError
        The array has another shape or holds values that are not finite.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 2:
        raise ImageError(f"a radiograph must have shape (rows, columns), not {pixels.shape}")
    where = placement(*pixels.shape, preparation)
    x_min, y_min, x_max, y_max = where.crop
    grey = eight_bits(pixels[y_min:y_max, x_min:x_max], window=preparation.window)
    if preparation.clahe_clip is not None:
        tiles = (preparation.clahe_tiles, preparation.clahe_tiles)
        grey = cv2.createCLAHE(clipLimit=preparation.clahe_clip, tileGridSize=tiles).apply(grey)
    if grey.shape != where.size[::-1]:
        smaller = where.size[0] <= grey.shape[1] and where.size[1] <= grey.shape[0]
        grey = cv2.resize(grey, where.size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return _place(grey, preparation, where.shift)


def eight_bits(pixels: np.ndarray, *, window: tuple[float, float] | None = None) -> np.ndarray:
    """Grey levels 0 to 1 as 0 to 255; with ``window``, between two percentiles of the picture."""
    values = np.asarray(pixels, dtype=np.float32)
    low, high = (0.0, 1.0) if window is None else np.percentile(values, window)
    if not np.isfinite(values.sum(dtype=np.float64)):
        raise ImageError("a radiograph must hold finite grey levels, not nan or infinity")
    scaled = (values - np.float32(low)) * np.float32(255 / max(high - low, 1e-6))
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def _place(grey: np.ndarray, preparation: Preparation, shift: tuple[int, int]) -> np.ndarray:
    if grey.shape == (preparation.height, preparation.width):
        return np.ascontiguousarray(grey)
    out = np.zeros((preparation.height, preparation.width), np.uint8)
    left, top = shift
    part = grey[max(-top, 0) : preparation.height - top, max(-left, 0) : preparation.width - left]
    row, column = max(top, 0), max(left, 0)
    out[row : row + part.shape[0], column : column + part.shape[1]] = part
    return out


def prepare_boxes(
    boxes: np.ndarray | pd.DataFrame, rows: int, columns: int, preparation: Preparation, *, clip: bool = True
) -> np.ndarray | pd.DataFrame:
    """Boxes of a radiograph in pixels of its prepared image.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4) or DataFrame with the columns x_min, y_min, x_max, y_max
        Half-open pixel boxes of the stored image.
    rows, columns : int
        Size of the stored image.
    preparation : Preparation
        The settings of the prepared image.
    clip : bool
        Cut boxes at the border of the prepared image. A box that lies outside becomes empty
        (x_max == x_min or y_max == y_min), it is never dropped.

    Returns
    -------
    Same type as ``boxes``, with fractional pixel coordinates; a table keeps its other columns.
    """
    where = placement(rows, columns, preparation)
    (scale_x, scale_y), (left, top) = where.scale, where.shift
    out = (_corners(boxes) - [where.crop[0], where.crop[1]]) * [scale_x, scale_y] + [left, top]
    if clip:
        out = np.clip(out, 0, [preparation.width, preparation.height])
    return _like(boxes, out)


def restore_boxes(
    boxes: np.ndarray | pd.DataFrame, rows: int, columns: int, preparation: Preparation
) -> np.ndarray | pd.DataFrame:
    """Boxes of a prepared image in pixels of the radiograph: the way back from `prepare_boxes`."""
    where = placement(rows, columns, preparation)
    (scale_x, scale_y), (left, top) = where.scale, where.shift
    return _like(boxes, (_corners(boxes) - [left, top]) / [scale_x, scale_y] + [where.crop[0], where.crop[1]])


def _corners(boxes: np.ndarray | pd.DataFrame) -> np.ndarray:
    values = boxes.loc[:, list(BOX_COLUMNS)] if isinstance(boxes, pd.DataFrame) else boxes
    values = np.asarray(values, dtype=np.float64)
    if values.size % 4 or (values.ndim != 2 and values.size) or (values.ndim == 2 and values.shape[1] != 4):
        raise ImageError(f"boxes must have shape (n, 4): x_min, y_min, x_max, y_max, not {values.shape}")
    return values.reshape(-1, 2, 2)


def _like(boxes: np.ndarray | pd.DataFrame, corners: np.ndarray) -> np.ndarray | pd.DataFrame:
    flat = corners.reshape(-1, 4)
    if not isinstance(boxes, pd.DataFrame):
        return flat
    return boxes.assign(**{name: flat[:, i] for i, name in enumerate(BOX_COLUMNS)})
