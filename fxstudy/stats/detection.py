"""Average precision of detectors as in COCO, overlap of their boxes, and image-level scores."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.boxes import CORNERS, box_dice, box_iou, check_tables, match_images
from fxstudy.stats.checks import warn

COCO_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALL = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class DetectionScores:
    """Average precision and box overlap by label.

    Attributes
    ----------
    by_label : pandas.DataFrame
        Columns label, boxes, detections, ap50, ap50_95, ap (array over thresholds), iou, dice, found.
    ap50, ap50_95 : float
        Means over labels that have boxes.
    """

    by_label: pd.DataFrame
    ap50: float
    ap50_95: float

    def to_frame(self) -> pd.DataFrame:
        """One row per label and one for the mean."""
        frame = self.by_label.drop(columns="ap")
        mean = {"label": "mean", "ap50": self.ap50, "ap50_95": self.ap50_95}
        mean |= {"boxes": frame.boxes.sum(), "detections": frame.detections.sum()}
        mean |= {"iou": frame.iou.mean(), "dice": frame.dice.mean(), "found": frame.found.sum()}
        return pd.concat([frame, pd.DataFrame([mean])], ignore_index=True)

    def _repr_html_(self) -> str:
        return (
            f"<p>Average precision was {self.ap50:.3f} when a box counts as found at an overlap (IoU) of "
            "0.5, "
            f"and {self.ap50_95:.3f} averaged over overlaps from 0.5 to 0.95. Computed as COCO does; it "
            "weighs "
            "finding and boxing together and has no threshold.</p>" + self.to_frame().to_html(index=False)
        )


def average_precision(
    detections: pd.DataFrame, boxes: pd.DataFrame, *, images: list[str] | None = None
) -> DetectionScores:
    """AP50 and AP50:95 by label, agreeing with pycocotools (area all, 100 detections per image).

    Parameters
    ----------
    detections : pandas.DataFrame
        image_id, label, score, x_min, y_min, x_max, y_max.
    boxes : pandas.DataFrame
        image_id, label and corners of the annotated fractures.
    images : list of str, optional
        All examined images; detections on images outside raise an error.

    Notes
    -----
    Precision at 101 recall levels after making it monotone, averaged [1]_. ``iou`` and ``dice`` average the
    overlap of found boxes (IoU ≥ 0.5) with the annotation.

    References
    ----------
    .. [1] Lin TY et al. Microsoft COCO: common objects in context. ECCV 2014.
    """
    check_tables(detections, boxes)
    if images is not None:
        stray = set(detections.image_id) | set(boxes.image_id)
        stray -= set(images)
        if stray:
            raise StatisticsError(f"{len(stray)} images are not in the list of images, such as {min(stray)}")
    labels = sorted(set(boxes.label) | set(detections.label), key=str)
    rows = [_one_label(detections, boxes, label) for label in labels]
    frame = pd.DataFrame(rows)
    with_boxes = frame[frame.boxes > 0]
    if with_boxes.empty:
        warn("no annotated boxes: average precision is not defined")
        return DetectionScores(frame, math.nan, math.nan)
    return DetectionScores(frame, float(with_boxes.ap50.mean()), float(with_boxes.ap50_95.mean()))


def _one_label(detections: pd.DataFrame, boxes: pd.DataFrame, label: str) -> dict[str, object]:
    own, truth = detections[detections.label == label], boxes[boxes.label == label]
    matches = list(match_images(own, truth, thresholds=COCO_THRESHOLDS))
    scores = np.concatenate([match.scores for match in matches]) if matches else np.zeros(0)
    hits = np.concatenate([match.matched >= 0 for match in matches], axis=1) if matches else np.zeros((10, 0))
    order = np.argsort(-scores, kind="stable")
    ap = np.array([_precision(row, len(truth)) for row in hits[:, order]])
    iou, dice, found = _overlaps(own, truth)
    row = {"label": label, "boxes": len(truth), "detections": len(own), "ap50": ap[0], "ap50_95": ap.mean()}
    return row | {"ap": ap, "iou": iou, "dice": dice, "found": found}


def _precision(hits: np.ndarray, total: int) -> float:
    """Mean precision at 101 recall levels of detections in order of score."""
    if total == 0:
        return math.nan
    right, wrong = np.cumsum(hits), np.cumsum(~hits)
    precision = right / np.maximum(right + wrong, 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(right / total, _RECALL, side="left")
    return float(np.append(precision, 0.0)[np.minimum(at, precision.size)].mean())


def _overlaps(own: pd.DataFrame, truth: pd.DataFrame) -> tuple[float, float, int]:
    """Mean IoU and Dice of found boxes at IoU 0.5, and their number."""
    iou, dice = [], []
    for match in match_images(own, truth, thresholds=np.array([0.5])):
        if not match.boxes or not match.scores.size:
            continue
        part = own[own.image_id.astype(str) == match.image_id]
        order = np.argsort(-part.score.to_numpy(float), kind="stable")
        corners = part[CORNERS].to_numpy(float)[order]
        targets = truth.loc[truth.image_id.astype(str) == match.image_id, CORNERS].to_numpy(float)
        for k, target in enumerate(match.matched[0]):
            if target >= 0:
                iou.append(box_iou(corners[k], targets[target])[0, 0])
                dice.append(box_dice(corners[k], targets[target])[0, 0])
    return (float(np.mean(iou)), float(np.mean(dice)), len(iou)) if iou else (math.nan, math.nan, 0)


def image_scores(detections: pd.DataFrame, images: list[str], *, label: str | None = None) -> pd.Series:
    """Highest detection score of every image, 0 where nothing was detected; for ROC and accuracy tables.

    Parameters
    ----------
    images : list of str
        All examined images, in the order wanted.
    label : str, optional
        Only detections of this label.
    """
    part = detections if label is None else detections[detections.label == label]
    if (part.score < 0).any():
        raise StatisticsError("scores must not be negative, because images without detections get 0")
    return part.groupby("image_id").score.max().reindex(images, fill_value=0.0)
