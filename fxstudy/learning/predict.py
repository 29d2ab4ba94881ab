"""Probabilities of a trained network, and the table that the statistics read."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import torch

from fxstudy.learning.data import Prepared
from fxstudy.learning.models import RadiographNetwork
from fxstudy.progress import Progress

PREDICTION_COLUMNS = (
    "run_key",
    "model",
    "repeat",
    "image_id",
    "patient_id",
    "site",
    "split",
    "label",
    "score_fracture",
)


def batches(
    image_ids: Sequence[str], prepared: Prepared, size: int
) -> Iterable[tuple[list[str], torch.Tensor]]:
    """Image ids with their images as a uint8 tensor (n, 1, rows, columns), ``size`` at a time."""
    for start in range(0, len(image_ids), size):
        ids = list(image_ids[start : start + size])
        yield ids, torch.from_numpy(np.stack([prepared[i] for i in ids]))[:, None]


def predict(
    network: RadiographNetwork,
    image_ids: Sequence[str],
    prepared: Prepared,
    *,
    batch_size: int = 32,
    label: str = "predicting",
) -> np.ndarray:
    """Probability of the positive class.

    Parameters
    ----------
    network : RadiographNetwork
        Network with one output; used in evaluation mode on the device where it lies, in fp32.
    image_ids : sequence of str
        Images, in the wanted order.
    prepared : mapping of str to ndarray
        image_id → uint8 (rows, columns).

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    network.eval()
    device = network.mean.device
    scores = []
    with torch.inference_mode(), Progress(len(image_ids), label, unit="images") as progress:
        for ids, images in batches(image_ids, prepared, batch_size):
            logits = network(images.to(device)).double()
            scores.append(torch.sigmoid(logits[:, 0]).cpu().numpy())
            progress.update(len(ids))
    return np.concatenate(scores) if scores else np.empty(0)


def prediction_table(
    images: pd.DataFrame, scores: np.ndarray, *, run_key: str, model: str, repeat: int
) -> pd.DataFrame:
    """Rows for ``predictions.parquet``: everything that the statistics need without rerunning.

    Parameters
    ----------
    images : DataFrame
        Rows of the images table, in the order of the scores; columns image_id, patient_id, site,
        split, label.
    scores : ndarray of float64, shape (n,)
        Probability of fracture.
    run_key, model : str
        Key of the run, name of the network.
    repeat : int
        Seed of the training.
    """
    table = images[["image_id", "patient_id", "site", "split", "label"]].reset_index(drop=True)
    table.insert(0, "run_key", run_key)
    table.insert(1, "model", model)
    table.insert(2, "repeat", repeat)
    table["score_fracture"] = np.asarray(scores, dtype=np.float64)
    return table
