"""Find text that was burned into the pixels of a radiograph, and black it out.

Burned-in characters are thin strokes of one even grey with hard edges, alike in height, standing in a row.
Bones and markers of lead are none of that together. The detector is tuned to miss little rather than to be
quiet: what it finds is looked at, masked or refused.

A single side marker (R, L) is left alone: it names nobody and readers need it.
"""

from dataclasses import dataclass

import numpy as np

SMALLEST, LARGEST = 6, 90
FEWEST_CHARACTERS = 4
_SMALL_IMAGE, _SMALL_TEXT = 1200, 14
_FAINTEST, _HALF = 0.04, 0.5
_STROKE = 15
_UNEVEN, _UNLIKE = 0.28, 0.3
_MOST = 4000


@dataclass(frozen=True)
class TextRegion:
    """A row of text, in pixels of the stored image, half-open.

    Attributes
    ----------
    x_min, y_min, x_max, y_max : int
    characters : int
        Number of characters that were found in it.
    """

    x_min: int
    y_min: int
    x_max: int
    y_max: int
    characters: int


def find_text(pixels: np.ndarray) -> list[TextRegion]:
    """Rows of text in an image.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Grey from 0 to 1 (`fxstudy.cohort.read_image`).

    Returns
    -------
    list of TextRegion
        From top to bottom.
    """
    import cv2

    scale = 2.0 if max(pixels.shape) < _SMALL_IMAGE else 1.0
    image = pixels
    if scale > 1:
        image = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    found: list[np.ndarray] = []
    for surface in (image, 1 - image):
        boxes, steps = _characters(surface)
        found += _rows_of_characters(boxes, steps, smallest=_SMALL_TEXT * scale)
    return _merged(found, scale, pixels.shape)


def _characters(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Even, thin strokes brighter than what is around them.

    Returns
    -------
    boxes : ndarray of int, shape (n, 4)
        x, y, width, height.
    steps : ndarray of float, shape (n,)
        How much brighter than its surroundings each is.
    """
    import cv2

    kernel = np.ones((_STROKE, _STROKE), np.uint8)
    hat = cv2.morphologyEx(image, cv2.MORPH_TOPHAT, kernel)
    mask = (hat > _FAINTEST) & (hat > _HALF * cv2.dilate(hat, kernel))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    height, width = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    area = stats[:, cv2.CC_STAT_AREA].astype(float)
    inside = labels[mask]
    step = np.bincount(inside, hat[mask], count) / area
    spread = np.bincount(inside, hat[mask] ** 2, count) / area - step**2
    fits = (
        (height >= SMALLEST)
        & (height <= LARGEST)
        & (width <= 1.6 * height)
        & (area <= 0.9 * height * width + 6)
    )
    fits &= np.sqrt(np.clip(spread, 0, None)) < _UNEVEN * np.maximum(step, 1e-6)
    fits[0] = False
    kept = np.flatnonzero(fits)
    if len(kept) > _MOST:
        kept = kept[np.argsort(-step[kept], kind="stable")[:_MOST]]
    return stats[kept][:, :4], step[kept]


def _rows_of_characters(boxes: np.ndarray, steps: np.ndarray, *, smallest: float) -> list[np.ndarray]:
    """Groups of boxes that stand side by side and are alike: x_min, y_min, x_max, y_max, count."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    if len(boxes) < FEWEST_CHARACTERS:
        return []
    count, group = connected_components(csr_matrix(_neighbours(boxes, steps)), directed=False)
    rows = []
    for number in np.flatnonzero(np.bincount(group, minlength=count) >= FEWEST_CHARACTERS):
        x, y, width, height = boxes[group == number].T
        typical = np.median(height)
        edges = np.array([x.min(), y.min(), (x + width).max(), (y + height).max(), len(x)])
        tall, wide = edges[3] - edges[1], edges[2] - edges[0]
        needed = FEWEST_CHARACTERS + 2 * (typical < smallest)
        if tall <= 2 * typical and wide >= 2.5 * typical and len(x) >= needed:
            rows.append(edges)
    return rows


def _neighbours(boxes: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Which boxes may be neighbouring characters: like in height and grey, on one line, close."""
    x, y, width, height = (boxes[:, i].astype(np.float32) for i in range(4))
    taller, smaller = np.maximum(height[:, None], height), np.minimum(height[:, None], height)
    gap = x[None, :] - (x + width)[:, None]
    shared = np.minimum((y + height)[:, None], y + height) - np.maximum(y[:, None], y)
    brighter = np.maximum(steps[:, None], steps)
    alike = (taller <= 1.8 * smaller) & (np.abs(steps[:, None] - steps) <= _UNLIKE * brighter)
    return alike & (gap >= -0.3 * taller) & (gap <= 1.0 * taller) & (shared >= 0.55 * smaller)


def _merged(rows: list[np.ndarray], scale: float, shape: tuple[int, int]) -> list[TextRegion]:
    """Join rows that overlap (found at several contrasts) and widen them by a margin."""
    joined: list[np.ndarray] = []
    for row in sorted(rows, key=lambda row: -row[4]):
        for other in joined:
            if row[0] < other[2] and other[0] < row[2] and row[1] < other[3] and other[1] < row[3]:
                other[:2], other[2:4] = np.minimum(other[:2], row[:2]), np.maximum(other[2:4], row[2:4])
                break
        else:
            joined.append(row.copy())
    regions = []
    for x_min, y_min, x_max, y_max, count in joined:
        margin = 0.3 * (y_max - y_min)
        low = (max(int((x_min - margin) / scale), 0), max(int((y_min - margin) / scale), 0))
        high = (
            min(int((x_max + margin) / scale) + 1, shape[1]),
            min(int((y_max + margin) / scale) + 1, shape[0]),
        )
        regions.append(TextRegion(*low, *high, int(count)))
    return sorted(regions, key=lambda region: (region.y_min, region.x_min))


def mask_text(pixels: np.ndarray, regions: list[TextRegion], *, value: float | int = 0) -> np.ndarray:
    """A copy of stored or shown pixels with the regions filled with ``value``."""
    masked = pixels.copy()
    for region in regions:
        masked[region.y_min : region.y_max, region.x_min : region.x_max] = value
    return masked
