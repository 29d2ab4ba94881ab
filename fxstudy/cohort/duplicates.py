"""Films that stand in a cohort more than once."""

import pandas as pd


def byte_duplicates(images: pd.DataFrame) -> pd.DataFrame:
    """Images whose files are equal byte for byte.

    Parameters
    ----------
    images : DataFrame
        With the columns image_id, sha256, label, split, patient_id.

    Returns
    -------
    DataFrame
        group (from 1), image_id, label, split, patient_id, several_labels, several_splits (bool).
    """
    known = images[images["sha256"].notna()]
    twice = known[known["sha256"].duplicated(keep=False)]
    groups = twice.groupby("sha256", sort=False)
    found = pd.DataFrame(
        {
            "group": groups.ngroup() + 1,
            "image_id": twice["image_id"],
            "label": twice["label"],
            "split": twice["split"],
            "patient_id": twice["patient_id"],
            "several_labels": groups["label"].transform("nunique").gt(1),
            "several_splits": groups["split"].transform("nunique").gt(1),
        }
    )
    return found.sort_values(["group", "image_id"]).reset_index(drop=True)
