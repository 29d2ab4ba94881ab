"""The same figure in every subgroup: does a model hold up in children, with a cast, in each view?"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.stats.checks import as_scores, as_truth
from fxstudy.stats.clustered import clustered_auc, repeated_patients
from fxstudy.stats.roc import auc


def subgroup_aucs(
    truth: Any,
    score: Any,
    groups: pd.DataFrame,
    *,
    cluster: Any = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """AUC with its interval in every value of every grouping column.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
        Labels 0/1 and scores.
    groups : DataFrame of n rows
        Grouping columns; a missing value is a subgroup of its own ("not given").
    cluster : array-like of shape (n,), optional
        Patients; with several images of a patient Obuchowski's variance is used instead of DeLong's.
    level : float

    Returns
    -------
    DataFrame
        Columns group, label, n, n_positive, estimate, low, high; undefined figures (one class only) are nan,
        and their subgroup is listed all the same.

    Notes
    -----
    Subgroups are looked at, not tested: many intervals are shown and some miss the overall value by chance.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    patients = None if cluster is None else np.asarray(cluster)
    rows = []
    for column in groups.columns:
        values = groups[column].astype(object).where(groups[column].notna(), "not given").to_numpy()
        for value in sorted(set(values), key=str):
            chosen = values == value
            row = {"group": column, "label": str(value), "n": int(chosen.sum())}
            row["n_positive"] = int(truth[chosen].sum())
            rows.append(row | _figure(truth[chosen], score[chosen], patients, chosen, level))
    return pd.DataFrame(rows, columns=["group", "label", "n", "n_positive", "estimate", "low", "high"])


def _figure(truth, score, patients, chosen, level: float) -> dict[str, float]:
    if truth.all() or not truth.any():
        return dict.fromkeys(("estimate", "low", "high"), math.nan)
    if patients is not None and repeated_patients(patients[chosen]):
        result = clustered_auc(truth, score, patients[chosen], level=level)
    else:
        result = auc(truth, score, level=level)
    return {"estimate": result.estimate, "low": result.low, "high": result.high}


def by_patient(
    table: pd.DataFrame,
    scores: Sequence[str],
    *,
    truth: str = "truth",
    patient: str = "patient_id",
    how: str = "max",
) -> pd.DataFrame:
    """One row per patient from one row per image.

    Parameters
    ----------
    table : DataFrame
        Columns ``patient``, ``truth`` (0/1) and the scores.
    scores : sequence of str
        Score columns.
    how : {'max', 'mean'}
        How a patient's scores are joined. The patient is positive if any image is.
    """
    joined = table.groupby(patient, sort=True)[list(scores)].agg(how)
    joined.insert(0, truth, table.groupby(patient, sort=True)[truth].max())
    return joined.reset_index()
