"""Did the network look at the fracture? Saliency maps against annotated boxes, beside simple baselines."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats import proportion
from fxstudy.stats.result import Result

TOP_SHARE = 0.1


def box_mask(boxes: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pixels inside any box: bool (rows, columns); boxes (n, 4) x_min y_min x_max y_max, half-open."""
    mask = np.zeros(shape, bool)
    for x_min, y_min, x_max, y_max in np.asarray(boxes, dtype=float).reshape(-1, 4):
        rows = slice(max(int(np.floor(y_min)), 0), max(int(np.ceil(y_max)), 0))
        columns = slice(max(int(np.floor(x_min)), 0), max(int(np.ceil(x_max)), 0))
        mask[rows, columns] = True
    return mask


def localisation_scores(
    saliency: np.ndarray, boxes: np.ndarray, *, top_share: float = TOP_SHARE
) -> dict[str, float]:
    """How well one map agrees with the annotated boxes.

    Parameters
    ----------
    saliency : ndarray, shape (rows, columns)
        Not negative.
    boxes : ndarray, shape (n, 4)
        x_min, y_min, x_max, y_max in pixels of the map, half-open.
    top_share : float
        Share of the most salient pixels that count as the highlighted region of the IoU.

    Returns
    -------
    dict
        ``pointing`` 1 if the most salient pixel lies in a box, else 0 (Zhang 2018); ``energy`` share of the
        saliency inside the boxes (Wang 2020); ``iou`` of the highlighted region and the boxes; ``box_share``
        of the image that the boxes cover, which is what chance alone gives pointing and energy. An all-zero
        map points nowhere: pointing 0, energy 0.
    """
    mask = box_mask(boxes, saliency.shape)
    if not mask.any():
        raise StatisticsError("the boxes cover no pixel of the map; are they in the map's pixels?")
    if saliency.min() < 0 or not np.isfinite(saliency).all():
        raise StatisticsError("a saliency map must be finite and not negative")
    total = float(saliency.sum())
    if total == 0:
        return {"pointing": 0.0, "energy": 0.0, "iou": 0.0, "box_share": float(mask.mean())}
    peak = np.unravel_index(int(saliency.argmax()), saliency.shape)
    count = max(round(top_share * saliency.size), 1)
    highlighted = saliency >= np.partition(saliency, -count, axis=None)[-count]
    highlighted &= saliency > 0
    return {
        "pointing": float(mask[peak]),
        "energy": float(saliency[mask].sum()) / total,
        "iou": float((highlighted & mask).sum() / (highlighted | mask).sum()),
        "box_share": float(mask.mean()),
    }


def centre_map(shape: tuple[int, int]) -> np.ndarray:
    """The baseline of a network that always looks at the middle: a Gaussian, a quarter of the image wide."""
    rows, columns = (np.linspace(-2, 2, n) for n in shape)
    return np.exp(-0.5 * (rows[:, None] ** 2 + columns[None, :] ** 2)).astype(np.float32)


def localisation_table(
    maps: Mapping[str, Mapping[str, np.ndarray]], boxes: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Scores of every model's map of every annotated image, and of the centre-of-image baseline.

    Parameters
    ----------
    maps : mapping of model to (mapping of image_id to ndarray)
        Saliency maps.
    boxes : mapping of image_id to ndarray (n, 4)
        Annotated boxes in pixels of the maps.

    Returns
    -------
    DataFrame
        Columns model, image_id, pointing, energy, iou, box_share; the baseline's model is "image centre".
    """
    rows = []
    for image_id, drawn in boxes.items():
        shape = next(iter(maps.values()))[image_id].shape
        for model, own in {**maps, "image centre": {image_id: centre_map(shape)}}.items():
            rows.append({"model": model, "image_id": image_id} | localisation_scores(own[image_id], drawn))
    return pd.DataFrame(rows, columns=["model", "image_id", "pointing", "energy", "iou", "box_share"])


def summarise_localisation(table: pd.DataFrame, *, level: float = 0.95) -> dict[str, list[Result]]:
    """Per model: pointing game with Wilson's CI, mean energy and IoU with Student's CI of the mean."""
    return {
        model: [
            _pointing(rows["pointing"], level),
            _mean("energy in box", rows["energy"], level),
            _mean("IoU", rows["iou"], level),
        ]
        for model, rows in table.groupby("model", sort=False)
    }


def _pointing(hits: pd.Series, level: float) -> Result:
    found = proportion(int(hits.sum()), len(hits), level=level, method="wilson")
    return Result(
        name="pointing game",
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        level=level,
        n=len(hits),
        method="share of maps whose peak lies in an annotated box; Wilson CI",
        reference="Zhang J et al. Int J Comput Vis 2018;126:1084-1102",
    )


def _mean(name: str, values: pd.Series, level: float) -> Result:
    from scipy import stats

    mean, n = float(values.mean()), len(values)
    half = (
        float(stats.t.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
        if n > 1
        else float("nan")
    )
    return Result(
        name=name,
        estimate=mean,
        low=mean - half,
        high=mean + half,
        level=level,
        n=n,
        method="mean over annotated images; Student's t CI",
        reference="Wang H et al. Score-CAM. CVPR Workshops 2020" if name.startswith("energy") else "",
    )
