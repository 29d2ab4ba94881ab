"""From stored predictions to scores of several models side by side, one row per image."""

import pandas as pd

from fxstudy.errors import Fault, StatisticsError

_FACTS = ["patient_id", "site", "label"]


def score_table(predictions: pd.DataFrame, *, split: str, repeat: int | None = None) -> pd.DataFrame:
    """Scores of all models side by side, one row per image.

    Parameters
    ----------
    predictions : DataFrame
        As made by :func:`fxstudy.learning.prediction_table`.
    split : str
        Which split.
    repeat : int, optional
        Which training; None takes the mean over all trainings of a model.

    Returns
    -------
    DataFrame
        image_id, patient_id, site, label, and one column of probabilities per model.
    """
    rows = predictions[predictions["split"] == split]
    if repeat is not None:
        rows = rows[rows["repeat"] == repeat]
    models = list(dict.fromkeys(rows["model"]))
    wide = rows.pivot_table(index="image_id", columns="model", values="score_fracture", sort=False)[models]
    facts = rows.drop_duplicates("image_id").set_index("image_id")[_FACTS]
    return facts.join(wide).reset_index()


def common_scores(predictions: pd.DataFrame, *, split: str = "test", repeat: str = "first") -> pd.DataFrame:
    """Scores of all models of several runs on the images that every one of them was tested on.

    Parameters
    ----------
    predictions : DataFrame
        Stored predictions of one or more runs: run_key, model, repeat, image_id, patient_id, site, split,
        label, score_fracture.
    split : str
    repeat : {'first', 'mean'}
        The first training of each model (its primary one), or the mean score of its trainings.

    Returns
    -------
    DataFrame
        image_id, patient_id, site, label, and one column per model, named by the model, with the run's key
        where a name stands in several runs.

    Raises
    ------
    StatisticsError
        Models were tested on different images, or images have different labels: all differences are counted.
    """
    if repeat not in ("first", "mean"):
        raise StatisticsError(f"repeat must be first or mean, not {repeat!r}")
    rows = predictions[predictions["split"] == split]
    if rows.empty:
        raise StatisticsError(
            f"no predictions of split {split!r}; there are {sorted(set(predictions['split']))}"
        )
    if repeat == "first" and "repeat" in rows:
        first = rows.groupby(["run_key", "model"], sort=False)["repeat"].transform("first")
        rows = rows[rows["repeat"] == first]
    shared = rows.groupby("model")["run_key"].nunique()
    name = rows["model"].where(rows["model"].map(shared) == 1, rows["model"] + " [" + rows["run_key"] + "]")
    rows = rows.assign(model=name)
    _require_same_images(rows)
    names = list(dict.fromkeys(rows["model"]))
    wide = rows.pivot_table(index="image_id", columns="model", values="score_fracture", sort=False)[names]
    facts = rows.drop_duplicates("image_id").set_index("image_id")[_FACTS]
    return facts.join(wide).reset_index()


def _require_same_images(rows: pd.DataFrame) -> None:
    tested = {model: set(part["image_id"]) for model, part in rows.groupby("model", sort=False)}
    everything = set().union(*tested.values())
    faults = [
        Fault(model, f"was not tested on {len(everything - images)} of {len(everything)} images")
        for model, images in tested.items()
        if images != everything
    ]
    labels = rows.groupby("image_id")["label"].nunique()
    if (labels > 1).any():
        faults.append(Fault("labels", f"differ between the runs for {int((labels > 1).sum())} images"))
    if faults:
        listed = "; ".join(map(str, faults))
        raise StatisticsError(f"only models tested on the same images can be compared: {listed}")
