"""Overlap of boxes and matching of detections to annotated fractures."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError

CORNERS = ["x_min", "y_min", "x_max", "y_max"]


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every box of a with every box of b.

    Parameters
    ----------
    a, b : array of shape (m, 4), (n, 4)
        x_min, y_min, x_max, y_max in pixels, half-open.

    Returns
    -------
    numpy.ndarray of shape (m, n)
    """
    common, areas_a, areas_b = _overlap(a, b)
    union = areas_a[:, None] + areas_b[None] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def box_dice(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dice coefficient of every box of a with every box of b: 2·intersection / (area a + area b)."""
    common, areas_a, areas_b = _overlap(a, b)
    total = areas_a[:, None] + areas_b[None]
    return np.divide(2 * common, total, out=np.zeros_like(common), where=total > 0)


def _overlap(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b = (np.asarray(boxes, dtype=float).reshape(-1, 4) for boxes in (a, b))
    for name, boxes in (("a", a), ("b", b)):
        if not np.isfinite(boxes).all() or (boxes[:, 2:] < boxes[:, :2]).any():
            raise StatisticsError(f"boxes {name} must be finite with x_min ≤ x_max and y_min ≤ y_max")
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    return common, np.prod(a[:, 2:] - a[:, :2], axis=1), np.prod(b[:, 2:] - b[:, :2], axis=1)


@dataclass(frozen=True)
class ImageMatch:
    """Detections of one image and label, best first, matched to its boxes.

    Attributes
    ----------
    scores : numpy.ndarray of shape (d,)
    matched : numpy.ndarray of shape (thresholds, d)
        Index of the box that each detection found, −1 for a false positive.
    boxes : int
        Number of annotated boxes.
    """

    image_id: str
    scores: np.ndarray
    matched: np.ndarray
    boxes: int


def check_tables(detections: pd.DataFrame, boxes: pd.DataFrame) -> None:
    """Both tables have image_id, label and the corners; detections have finite scores."""
    for name, table, columns in (
        ("detections", detections, ["image_id", "label", "score", *CORNERS]),
        ("boxes", boxes, ["image_id", "label", *CORNERS]),
    ):
        absent = [column for column in columns if column not in table.columns]
        if absent:
            raise StatisticsError(f"{name} has no column {', '.join(absent)}")
    if not np.isfinite(detections.score.to_numpy(float)).all():
        raise StatisticsError("scores of detections must be finite")


def match_images(
    detections: pd.DataFrame,
    boxes: pd.DataFrame,
    *,
    thresholds: np.ndarray,
    images: list[str] | None = None,
    limit: int = 100,
) -> Iterator[ImageMatch]:
    """Match detections to boxes image by image, as the COCO evaluation does.

    Best score first, each detection takes the free box that it overlaps most, if at least by the threshold.

    Parameters
    ----------
    thresholds : array of IoU thresholds
    images : list of str, optional
        All images that were examined, those without box and detection included.
    limit : int
        Detections per image that count.
    """
    found = {key: part for key, part in detections.groupby("image_id", sort=False)}
    truth = {key: part for key, part in boxes.groupby("image_id", sort=False)}
    names = sorted({*found, *truth}, key=str) if images is None else list(images)
    nothing = np.zeros((0, 4))
    for name in names:
        part = found.get(name)
        corners, scores = nothing, np.zeros(0)
        if part is not None:
            order = np.argsort(-part.score.to_numpy(float), kind="stable")[:limit]
            corners, scores = part[CORNERS].to_numpy(float)[order], part.score.to_numpy(float)[order]
        targets = truth[name][CORNERS].to_numpy(float) if name in truth else nothing
        overlap = box_iou(corners, targets)
        matched = np.stack([_greedy(overlap, min(threshold, 1 - 1e-10)) for threshold in thresholds])
        yield ImageMatch(str(name), scores, matched, len(targets))


def _greedy(overlap: np.ndarray, threshold: float) -> np.ndarray:
    matched = np.full(overlap.shape[0], -1)
    free = np.ones(overlap.shape[1], dtype=bool)
    for k, row in enumerate(overlap):
        usable = np.where(free & (row >= threshold), row, -1.0)
        if usable.size and usable.max() >= 0:
            best = usable.size - 1 - int(np.argmax(usable[::-1]))
            matched[k], free[best] = best, False
    return matched
