"""Free-response analysis: FROC curve, sensitivity at fixed false positives, JAFROC figure of merit."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.boxes import check_tables, match_images
from fxstudy.stats.checks import as_groups, check_level
from fxstudy.stats.clustered import clustered_auc
from fxstudy.stats.result import Composite, Result

RATES = (0.125, 0.25, 0.5, 1.0, 2.0)
_CHAKRABORTY = "Chakraborty DP, Berbaum KS. Med Phys 2004;31:2313-2330"


@dataclass(frozen=True)
class Marks:
    """Marks of a detector on all images, matched to the lesions.

    Attributes
    ----------
    lesion_image, lesion_score : numpy.ndarray of shape (lesions,)
        Image index and score of the mark that found each lesion, −inf where none did.
    false_image, false_score : numpy.ndarray of shape (false marks,)
    images : tuple of str
    """

    lesion_image: np.ndarray
    lesion_score: np.ndarray
    false_image: np.ndarray
    false_score: np.ndarray
    images: tuple[str, ...]


@dataclass(frozen=True)
class FrocCurve(Composite):
    """Share of lesions found against false positives per image.

    Attributes
    ----------
    false_positives, sensitivity, thresholds : numpy.ndarray of shape (k,)
    at : tuple of Result
        Sensitivity at each of the asked rates of false positives per image.
    mean : Result
        Mean of these sensitivities.
    """

    false_positives: np.ndarray
    sensitivity: np.ndarray
    thresholds: np.ndarray
    at: tuple[Result, ...]
    mean: Result

    @property
    def results(self) -> tuple[Result, ...]:
        return *self.at, self.mean

    def summary(self) -> str:
        best = self.at[len(self.at) // 2]
        last = self.sensitivity[-1] if self.sensitivity.size else 0.0
        return f"{best.sentence()} At the detector's lowest score it finds {last:.3f} of the lesions."


def match_marks(
    detections: pd.DataFrame,
    boxes: pd.DataFrame,
    images: list[str],
    *,
    label: str | None = None,
    overlap: float = 0.3,
) -> Marks:
    """Match marks to lesions for a free-response analysis.

    Parameters
    ----------
    detections, boxes : pandas.DataFrame
        As for ``average_precision``.
    images : list of str
        All examined images, the normal ones included.
    label : str, optional
        Only this label; default all, whatever the label.
    overlap : float
        IoU at which a mark counts as on the lesion.
    """
    check_tables(detections, boxes)
    images = [str(image) for image in images]
    if label is not None:
        detections, boxes = detections[detections.label == label], boxes[boxes.label == label]
    detections = detections.assign(image_id=detections.image_id.astype(str))
    boxes = boxes.assign(image_id=boxes.image_id.astype(str))
    stray = (set(detections.image_id) | set(boxes.image_id)) - set(images)
    if stray:
        raise StatisticsError(f"{len(stray)} images are not in the list of images, such as {min(stray)}")
    lesion, false = ([], []), ([], [])
    found = match_images(detections, boxes, thresholds=np.array([overlap]), images=images, limit=10**6)
    for index, match in enumerate(found):
        scores = np.full(match.boxes, -np.inf)
        hit = match.matched[0] >= 0
        scores[match.matched[0][hit]] = match.scores[hit]
        lesion[0].extend([index] * match.boxes)
        lesion[1].extend(scores)
        false[0].extend([index] * int((~hit).sum()))
        false[1].extend(match.scores[~hit])
    return Marks(
        np.array(lesion[0], int),
        np.array(lesion[1]),
        np.array(false[0], int),
        np.array(false[1]),
        tuple(images),
    )


def froc_curve(
    marks: Marks,
    *,
    rates: tuple[float, ...] = RATES,
    level: float = 0.95,
    replicates: int = 1000,
    seed: int | np.random.Generator = 0,
    cluster: Any = None,
) -> FrocCurve:
    """FROC curve with the sensitivity at fixed rates of false positives per image.

    Intervals are percentiles over images drawn with replacement (patients with ``cluster``, one id per
    image).

    Parameters
    ----------
    marks : Marks
    rates : tuple of float
        False positives per image; the sensitivity is the highest reached without more of them.
    """
    check_level(level)
    if not marks.lesion_score.size:
        raise StatisticsError("a FROC curve needs at least one lesion")
    count = len(marks.images)
    thresholds = np.unique(np.concatenate([marks.lesion_score, marks.false_score]))[::-1]
    thresholds = thresholds[np.isfinite(thresholds)]
    sensitivity = np.array([(marks.lesion_score >= t).mean() for t in thresholds])
    alarms = np.array([(marks.false_score >= t).sum() / count for t in thresholds])
    codes = np.arange(count) if cluster is None else as_groups(cluster, n=count)
    rng, groups = np.random.default_rng(seed), int(codes.max()) + 1
    drawn = np.stack(
        [
            _at_rates(marks, np.bincount(rng.integers(0, groups, groups), minlength=groups)[codes], rates)
            for _ in range(replicates)
        ]
    )
    observed = _at_rates(marks, np.ones(count), rates)
    values, replicated = np.append(observed, observed.mean()), np.column_stack([drawn, drawn.mean(axis=1)])
    names = [f"sensitivity at {rate:g} false positives per image" for rate in rates]
    names.append("mean sensitivity over these rates")
    results = [
        _percentile(name, value, column, level, marks.lesion_score.size, replicates)
        for name, value, column in zip(names, values, replicated.T, strict=True)
    ]
    return FrocCurve(alarms, sensitivity, thresholds, tuple(results[:-1]), results[-1])


def jafroc(marks: Marks, *, level: float = 0.95, cluster: Any = None) -> Result:
    """JAFROC figure of merit: chance that a lesion is marked higher than the worst false mark on a normal
    image.

    Unmarked lesions and unmarked normal images rank lowest (a tie counts half). The variance is Obuchowski's
    with all lesions of an image (or patient) as one cluster.

    Parameters
    ----------
    marks : Marks
    cluster : array-like, optional
        Patient of each image; default every image by itself.
    """
    codes = np.arange(len(marks.images)) if cluster is None else as_groups(cluster, n=len(marks.images))
    normal = np.setdiff1d(np.arange(len(marks.images)), marks.lesion_image)
    if not marks.lesion_score.size or not normal.size:
        raise StatisticsError("JAFROC needs lesions and at least one image without lesion")
    worst = np.full(len(marks.images), -np.inf)
    np.maximum.at(worst, marks.false_image, marks.false_score)
    scores = np.concatenate([marks.lesion_score, worst[normal]])
    finite = scores[np.isfinite(scores)]
    scores = np.where(np.isfinite(scores), scores, (finite.min() if finite.size else 0.0) - 1)
    truth = np.repeat([True, False], [marks.lesion_score.size, normal.size])
    where = codes[np.concatenate([marks.lesion_image, normal])]
    found = clustered_auc(truth, scores, where, level=level, name="JAFROC figure of merit")
    return replace(
        found,
        method="JAFROC with Obuchowski's variance for clustered lesions",
        reference=_CHAKRABORTY,
        meaning="It is the chance that a lesion is marked higher than the worst false mark on normal images.",
        assumes="Images (or patients) are independent.",
    )


def _at_rates(marks: Marks, weights: np.ndarray, rates: tuple[float, ...]) -> np.ndarray:
    """Sensitivity at each rate when image i counts ``weights[i]`` times."""
    lesions, alarms = weights[marks.lesion_image], weights[marks.false_image]
    total, images = lesions.sum(), weights.sum()
    if total == 0:
        return np.full(len(rates), math.nan)
    order = np.argsort(-marks.false_score, kind="stable")
    scores, counts = marks.false_score[order], np.cumsum(alarms[order]) / images
    found = []
    for rate in rates:
        over = np.flatnonzero(counts > rate + 1e-12)
        limit = scores[over[0]] if over.size else -np.inf
        hit = (marks.lesion_score > limit) & np.isfinite(marks.lesion_score)
        found.append(lesions[hit].sum() / total)
    return np.array(found)


def _percentile(name: str, value: float, drawn: np.ndarray, level: float, n: int, replicates: int) -> Result:
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Result(
        name=name,
        estimate=float(value),
        low=float(low),
        high=float(high),
        level=level,
        n=n,
        method=f"FROC, percentile bootstrap over images, {replicates} replicates",
        reference="Chakraborty DP. Br J Radiol 2013;86:20110345",
        assumes="Images (or patients) are independent.",
    )
