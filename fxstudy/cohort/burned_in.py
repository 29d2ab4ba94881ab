"""Find text that was burned into the pixels of a radiograph, and black it out.

Burned-in characters are thin strokes of one even grey with hard edges, alike in height, standing in a row.
Bones and markers of lead are none of that together. The detector is tuned to miss little rather than to be
quiet: what it finds is looked at, masked or refused.

A single side marker (R, L) is left alone: it names nobody and readers need it.
"""

from dataclasses import dataclass

import numpy as np

SMALLEST, LARGEST = 6, 90
FEWEST_CHARACTERS = 5
_SMALL_IMAGE, _SMALL_TEXT = 1200, 14
_FAINTEST, _HALF = 0.04, 0.5
_STROKE = 15
_MARGIN, _ASIDE = 0.3, 2.0
_UNEVEN, _UNLIKE = 0.28, 0.12
_MOST = 6000
_HEIGHTS = (6, 9, 14, 21, 32, 48, 72)
OFF_LINE, OFF_HEIGHT, OFF_GREY = 0.06, 0.2, 0.05


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
        image = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    found: list[np.ndarray] = []
    for surface in (image, 1 - image):
        boxes, greys = _characters(surface)
        found += _rows_of_characters(boxes, greys, smallest=_SMALL_TEXT * scale)
    return _merged(found, scale, pixels.shape)


def _characters(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Even, thin strokes brighter than what is around them.

    Returns
    -------
    boxes : ndarray of int, shape (n, 4)
        x, y, width, height.
    greys : ndarray of float, shape (n,)
        Brightest grey of each: letters of one text have one, bones do not.
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
    grey = np.bincount(inside, image[mask], count) / area
    spread = np.bincount(inside, image[mask] ** 2, count) / area - grey**2
    brightest = np.zeros(count, dtype=np.float32)
    np.maximum.at(brightest, inside, image[mask])
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
    return stats[kept][:, :4], brightest[kept]


def _rows_of_characters(boxes: np.ndarray, greys: np.ndarray, *, smallest: float) -> list[np.ndarray]:
    """Groups of boxes that stand side by side and are alike: x_min, y_min, x_max, y_max, count."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = _neighbours(boxes, greys)
    if len(pairs) < FEWEST_CHARACTERS - 1:
        return []
    links = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(boxes), len(boxes)))
    count, group = connected_components(links, directed=False)
    rows = []
    for number in np.flatnonzero(np.bincount(group, minlength=count) >= FEWEST_CHARACTERS):
        members = group == number
        if _is_line(boxes[members], greys[members], smallest):
            x, y, width, height = boxes[members].T
            edges = (x.min(), y.min(), (x + width).max(), (y + height).max(), len(x))
            rows.append(np.array(edges))
    return rows


def _is_line(boxes: np.ndarray, greys: np.ndarray, smallest: float) -> bool:
    """Characters of one height and one grey that stand or hang on a straight line."""
    x, y, width, height = boxes.T
    typical, bottom = np.median(height), y + height
    tall, wide = bottom.max() - y.min(), (x + width).max() - x.min()
    needed = FEWEST_CHARACTERS + 2 * (typical < smallest)
    off_line = min(np.median(np.abs(edge - np.median(edge))) for edge in (y, bottom))
    return (
        len(x) >= needed
        and tall <= 1.8 * typical
        and wide >= 2.5 * typical
        and off_line <= OFF_LINE * typical
        and np.median(np.abs(height - typical)) <= OFF_HEIGHT * typical
        and greys.std() <= OFF_GREY * (1 + (typical < smallest))
    )


def _neighbours(boxes: np.ndarray, greys: np.ndarray) -> np.ndarray:
    """Pairs of boxes that may be neighbouring characters: like in height and grey, on one line, close."""
    from scipy.spatial import cKDTree

    found = [np.zeros((0, 2), dtype=int)]
    for low in _HEIGHTS:
        chosen = np.flatnonzero((boxes[:, 3] >= low) & (boxes[:, 3] <= 1.8 * low))
        if len(chosen) > 1:
            centres = boxes[chosen, :2] + boxes[chosen, 2:] / 2
            near = cKDTree(centres).query_pairs(3.2 * low, output_type="ndarray")
            found.append(chosen[near])
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    first, second = boxes[pairs[:, 0]].astype(float), boxes[pairs[:, 1]].astype(float)
    taller, smaller = np.maximum(first[:, 3], second[:, 3]), np.minimum(first[:, 3], second[:, 3])
    right = np.minimum(first[:, 0] + first[:, 2], second[:, 0] + second[:, 2])
    gap = np.maximum(first[:, 0], second[:, 0]) - right
    bottom = np.minimum(first[:, 1] + first[:, 3], second[:, 1] + second[:, 3])
    shared = bottom - np.maximum(first[:, 1], second[:, 1])
    apart = np.abs(greys[pairs[:, 0]] - greys[pairs[:, 1]])
    alike = (taller <= 1.8 * smaller) & (apart <= _UNLIKE)
    return pairs[alike & (gap >= -0.3 * taller) & (gap <= taller) & (shared >= 0.55 * smaller)]


def _merged(rows: list[np.ndarray], scale: float, shape: tuple[int, int]) -> list[TextRegion]:
    """Join rows that overlap and widen them, for letters before bones of their own grey are missed."""
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
        across, aside = _MARGIN * (y_max - y_min), _ASIDE * (y_max - y_min)
        low = (max(int((x_min - aside) / scale), 0), max(int((y_min - across) / scale), 0))
        right, bottom = int((x_max + aside) / scale) + 1, int((y_max + across) / scale) + 1
        high = (min(right, shape[1]), min(bottom, shape[0]))
        regions.append(TextRegion(*low, *high, int(count)))
    return sorted(regions, key=lambda region: (region.y_min, region.x_min))


def mask_text(pixels: np.ndarray, regions: list[TextRegion], *, value: float | int = 0) -> np.ndarray:
    """A copy of stored or shown pixels with the regions filled with ``value``."""
    masked = pixels.copy()
    for region in regions:
        masked[region.y_min : region.y_max, region.x_min : region.x_max] = value
    return masked
