"""Two people who labelled or boxed the same images: how far they agree, and what has to be settled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fxstudy.errors import CohortError

_EDGES = ["x_min", "y_min", "x_max", "y_max"]


@dataclass(frozen=True)
class Agreement:
    """Agreement of two annotators.

    Attributes
    ----------
    n : int
        Images that both labelled.
    observed : float
        Share of images with the same label.
    kappa, low, high : float
        Cohen's kappa with its confidence interval; NaN where both gave all images one label.
    table : DataFrame
        Counts: labels of the first in rows, of the second in columns.
    to_settle : DataFrame
        image_id and both labels, where they differ; a third person fills in ``adjudicated``.
    """

    n: int
    observed: float
    kappa: float
    low: float
    high: float
    table: pd.DataFrame
    to_settle: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row: n, observed, kappa, low, high."""
        return pd.DataFrame(
            [{name: getattr(self, name) for name in ("n", "observed", "kappa", "low", "high")}]
        )


def label_agreement(first: pd.DataFrame, second: pd.DataFrame, *, level: float = 0.95) -> Agreement:
    """Agreement of two label tables.

    Parameters
    ----------
    first, second : DataFrame
        image_id and label, one row per image.

    References
    ----------
    Cohen J. Educ Psychol Meas 1960;20:37-46. Fleiss JL, Cohen J, Everitt BS. Psychol Bull 1969;72:323-327
    (standard error).
    """
    from scipy.stats import norm

    for frame in (first, second):
        if frame["image_id"].duplicated().any():
            twice = frame.loc[frame["image_id"].duplicated(), "image_id"].iloc[0]
            raise CohortError(f"each image must be labelled once per annotator; '{twice}' stands twice")
    both = first[["image_id", "label"]].merge(
        second[["image_id", "label"]], on="image_id", suffixes=("_a", "_b")
    )
    both = both.dropna()
    if both.empty:
        raise CohortError("the two annotators have no labelled image in common")
    names = sorted(set(both["label_a"]) | set(both["label_b"]))
    table = pd.crosstab(both["label_a"], both["label_b"]).reindex(index=names, columns=names, fill_value=0)
    kappa, error = _kappa(table.to_numpy(dtype=float))
    half = norm.ppf(0.5 + level / 2) * error
    differ = both[both["label_a"] != both["label_b"]].assign(adjudicated=None).reset_index(drop=True)
    observed = float(np.trace(table.to_numpy()) / len(both))
    return Agreement(len(both), observed, kappa, kappa - half, min(kappa + half, 1.0), table, differ)


def _kappa(counts: np.ndarray) -> tuple[float, float]:
    shares = counts / counts.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = np.trace(shares), float(rows @ columns)
    if expected >= 1:
        return float("nan"), float("nan")
    kappa = (observed - expected) / (1 - expected)
    weights = rows[None, :] + columns[:, None]
    diagonal = float((np.diag(shares) * (1 - (rows + columns) * (1 - kappa)) ** 2).sum())
    off = (1 - kappa) ** 2 * float(
        (shares * weights**2).sum() - (np.diag(shares) * np.diag(weights) ** 2).sum()
    )
    variance = diagonal + off - (kappa - expected * (1 - kappa)) ** 2
    return float(kappa), float(np.sqrt(max(variance, 0) / counts.sum()) / (1 - expected))


def box_agreement(boxes: pd.DataFrame, annotators: Sequence[str], *, threshold: float = 0.5) -> pd.DataFrame:
    """Boxes of two annotators side by side.

    Boxes of an image are paired one to one so that the sum of their overlaps is largest.

    Parameters
    ----------
    boxes : DataFrame
        The boxes table with the column annotator.
    annotators : two names
    threshold : float
        Overlap (intersection over union) from which two boxes count as the same.

    Returns
    -------
    DataFrame
        image_id, box_a, box_b, iou, same (bool), adjudicated (empty); a box without partner has iou 0.
    """
    from scipy.optimize import linear_sum_assignment

    a, b = (boxes[boxes["annotator"].eq(name)] for name in annotators)
    if a.empty or b.empty:
        raise CohortError(
            f"annotators must have boxes in the table; '{annotators[0 if a.empty else 1]}' has none"
        )
    rows = []
    for image in sorted(set(a["image_id"]) | set(b["image_id"])):
        first, second = a[a["image_id"].eq(image)], b[b["image_id"].eq(image)]
        overlap = iou_matrix(first[_EDGES].to_numpy(float), second[_EDGES].to_numpy(float))
        left, right = linear_sum_assignment(-overlap)
        pairs = [(i, j) for i, j in zip(left, right, strict=True) if overlap[i, j] > 0]
        rows += [(image, first["box_id"].iloc[i], second["box_id"].iloc[j], overlap[i, j]) for i, j in pairs]
        alone = set(range(len(first))) - {i for i, _ in pairs}
        rows += [(image, first["box_id"].iloc[i], None, 0.0) for i in sorted(alone)]
        alone = set(range(len(second))) - {j for _, j in pairs}
        rows += [(image, None, second["box_id"].iloc[j], 0.0) for j in sorted(alone)]
    table = pd.DataFrame(rows, columns=["image_id", "box_a", "box_b", "iou"])
    return table.assign(same=table["iou"] >= threshold, adjudicated=None)


def iou_matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of each box of ``a`` (n × 4) with each of ``b`` (m × 4), shape (n, m)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b)]
    union = areas[0][:, None] + areas[1][None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
