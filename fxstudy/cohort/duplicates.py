"""Films that stand in a cohort more than once: byte copies, and copies that only look alike.

Near copies (saved again, cut off, windowed anew) are found in three steps, each on what the one before let
through: a difference hash of 256 bits, the correlation of 64-pixel thumbnails, and the peak of the phase
correlation of the fine structure at 256 pixels. The last step matters: films of one body part made on one
table have equal hashes without being the same film.

References
----------
Kuglin CD, Hines DC. The phase correlation image alignment method. Proc Int Conf Cybernetics Society 1975.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from fxstudy.cohort.pixels import read_image
from fxstudy.cohort.scan import THUMBNAIL
from fxstudy.errors import ImageError

HASH_BITS = 256
HASH_DISTANCE = 24
THUMBNAIL_CORRELATION = 0.9
COARSE_PEAK, FINE_PEAK = 0.7, 0.8
_FINE = 256
_FLAT = 1.0
_ROWS_AT_ONCE = 512


def byte_duplicates(images: pd.DataFrame) -> pd.DataFrame:
    """Images whose files are equal byte for byte.

    Parameters
    ----------
    images : DataFrame
        With the columns image_id, sha256, label, split, patient_id.

    Returns
    -------
    DataFrame
        group (from 1), image_id, label, split, patient_id, several_labels, several_splits (bool).
    """
    known = images[images["sha256"].notna()]
    twice = known[known["sha256"].duplicated(keep=False)]
    groups = twice.groupby("sha256", sort=False)
    found = pd.DataFrame(
        {
            "group": groups.ngroup() + 1,
            "image_id": twice["image_id"],
            "label": twice["label"],
            "split": twice["split"],
            "patient_id": twice["patient_id"],
            "several_labels": groups["label"].transform("nunique").gt(1),
            "several_splits": groups["split"].transform("nunique").gt(1),
        }
    )
    return found.sort_values(["group", "image_id"]).reset_index(drop=True)


def near_duplicates(
    images: pd.DataFrame,
    thumbnails: Sequence[bytes],
    read: Callable[[str], np.ndarray],
) -> pd.DataFrame:
    """Pairs of images that show the same film though their files differ.

    Parameters
    ----------
    images : DataFrame
        With the columns image_id, path, sha256, label, split, patient_id.
    thumbnails : sequence of bytes, one per row
        As `fxstudy.cohort.scan.examine_all` returns them; empty where a file could not be read.
    read : callable
        Gives the pixels of a path, for the last step on the few pairs that reach it.

    Returns
    -------
    DataFrame
        a, b (image ids), peak (0 to 1), opposite_labels, several_splits, several_patients (bool), sorted by
        peak; byte copies are left out.
    """
    rows = [i for i, picture in enumerate(thumbnails) if picture]
    if len(rows) < 2:
        return _pairs(images, [])
    small = np.stack([np.frombuffer(thumbnails[i], np.uint8) for i in rows])
    small = small.reshape(-1, THUMBNAIL, THUMBNAIL).astype(np.float32)
    hashes = images["sha256"].to_numpy()[rows]
    fine = lru_cache(maxsize=256)(lambda i: _fine_structure(read(images["path"].iloc[rows[i]]), _FINE))
    coarse = lru_cache(maxsize=4096)(lambda i: _fine_structure(small[i], THUMBNAIL))
    found = []
    for i, j in _candidates(small):
        if hashes[i] == hashes[j] or phase_peak(coarse(i), coarse(j)) < COARSE_PEAK:
            continue
        try:
            peak = phase_peak(fine(i), fine(j))
        except ImageError:
            continue
        if peak >= FINE_PEAK:
            found.append((rows[i], rows[j], peak))
    return _pairs(images, found)


def near_duplicates_of(cohort, thumbnails: Sequence[bytes]) -> pd.DataFrame:
    """`near_duplicates` of a cohort's own files."""
    return near_duplicates(cohort.images, thumbnails, lambda path: read_image(cohort.root / path).pixels)


def difference_hash(small: np.ndarray) -> np.ndarray:
    """256 bits per image: is a cell clearly brighter than its left neighbour, on a grid of 16 × 17.

    Cells of an even background count as equal, so that noise does not turn their bits.

    Parameters
    ----------
    small : ndarray, shape (n, size, size), grey from 0 to 255

    Returns
    -------
    ndarray of uint64, shape (n, 4)
    """
    import cv2

    grids = np.stack([cv2.resize(image, (17, 16), interpolation=cv2.INTER_AREA) for image in small])
    bits = grids[:, :, 1:] > grids[:, :, :-1] + _FLAT
    return np.packbits(bits.reshape(len(small), -1), axis=1).view(np.uint64)


def _candidates(small: np.ndarray) -> list[tuple[int, int]]:
    """Pairs whose hashes are close and whose thumbnails correlate."""
    codes = difference_hash(small)
    flat = small.reshape(len(small), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    flat = flat / np.where(norms > 0, norms, 1)
    pairs = []
    for start in range(0, len(codes), _ROWS_AT_ONCE):
        block = codes[start : start + _ROWS_AT_ONCE]
        distance = sum(
            np.bitwise_count(block[:, None, k] ^ codes[None, :, k]).astype(np.uint16) for k in range(4)
        )
        for i, j in np.argwhere(distance <= HASH_DISTANCE):
            if start + i < j and flat[start + i] @ flat[j] >= THUMBNAIL_CORRELATION:
                pairs.append((int(start + i), int(j)))
    return pairs


def _fine_structure(pixels: np.ndarray, size: int) -> np.ndarray:
    """The image at ``size`` × ``size`` without its slow changes of brightness."""
    import cv2

    image = cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    return (image - cv2.GaussianBlur(image, (0, 0), size / 42)).astype(np.float64)


def phase_peak(a: np.ndarray, b: np.ndarray) -> float:
    """Height of the phase correlation's peak: near 1 for one film, below about 0.5 for two.

    Parameters
    ----------
    a, b : ndarray of float64, equal shape
        Fine structure of two images.
    """
    import cv2

    window = cv2.createHanningWindow(a.shape[::-1], cv2.CV_64F)
    return float(cv2.phaseCorrelate(a.copy(), b.copy(), window)[1])  # OpenCV windows its inputs in place


def _pairs(images: pd.DataFrame, found: list[tuple[int, int, float]]) -> pd.DataFrame:
    first, second = (images.iloc[[row[side] for row in found]].reset_index(drop=True) for side in (0, 1))
    split = first["split"].ne(second["split"]) & first["split"].notna() & second["split"].notna()
    table = pd.DataFrame(
        {
            "a": first["image_id"],
            "b": second["image_id"],
            "peak": [row[2] for row in found],
            "label_a": first["label"],
            "label_b": second["label"],
            "split_a": first["split"],
            "split_b": second["split"],
            "opposite_labels": first["label"].ne(second["label"]),
            "several_splits": split,
            "several_patients": first["patient_id"].ne(second["patient_id"]),
        }
    )
    return table.sort_values(["peak", "a", "b"], ascending=[False, True, True]).reset_index(drop=True)
