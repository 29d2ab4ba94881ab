"""Flow of participants: how many films and patients there were, and who left in which order.

The table is what a STARD flow diagram draws.

References
----------
Bossuyt PM, Reitsma JB, Bruns DE, et al. STARD 2015. BMJ 2015;351:h5527.
"""

import pandas as pd

from fxstudy.cohort.columns import SPLITS
from fxstudy.cohort.manifest import Cohort

_COLUMNS = ("step", "kind", "n_images", "n_patients")


def participant_flow(cohort: Cohort) -> pd.DataFrame:
    """Counts from all films found down to each split.

    Returns
    -------
    DataFrame
        step (words), kind ("found", "refused", "excluded", "included", "split"), n_images, n_patients
        (missing for refused films, whose patient may be unknown), then one column per class.
    """
    images, classes = cohort.images, [str(name) for name in cohort.description["classes"]]
    excluded = images["split"].eq("exclude")
    rows = [{"step": "films found", "kind": "found", "n_images": len(images) + len(cohort.refused)}]
    for reason, count in _refusals(cohort.refused).items():
        rows.append({"step": reason, "kind": "refused", "n_images": count})
    reasons = images.loc[excluded, "exclude_reason"].fillna("no reason given")
    for reason in reasons.drop_duplicates():
        chosen = images.loc[reasons.index[reasons == reason]]
        rows.append(_counts(reason, "excluded", chosen, classes))
    rows.append(_counts("included", "included", images[~excluded], classes))
    for split in SPLITS[:-1]:
        chosen = images[images["split"].eq(split)]
        if len(chosen):
            rows.append(_counts(split, "split", chosen, classes))
    whole = ["n_images", "n_patients", *classes]
    return pd.DataFrame(rows, columns=[*_COLUMNS, *classes]).astype(dict.fromkeys(whole, "Int64"))


def _refusals(refused: pd.DataFrame) -> dict[str, int]:
    """Number of refused films per reason; what follows a colon is detail of one film."""
    kinds = refused["reason"].astype("str").str.split(":").str[0]
    return kinds.value_counts(sort=False).to_dict()


def _counts(step: str, kind: str, chosen: pd.DataFrame, classes: list[str]) -> dict:
    labels = {name: int(chosen["label"].eq(name).sum()) for name in classes}
    patients = int(chosen["patient_id"].nunique())
    return {"step": step, "kind": kind, "n_images": len(chosen), "n_patients": patients, **labels}
