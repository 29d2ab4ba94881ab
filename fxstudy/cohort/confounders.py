"""How well the label is predicted without looking at the fracture: by the table's own columns.

A high AUC here means that a network can score by site, scanner, view, cast or image size.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fxstudy.errors import CohortError

MOST_CATEGORIES = 20


def columns_auc(
    images: pd.DataFrame,
    columns: Sequence[str],
    *,
    positive: str = "fracture",
    label: str = "label",
    group: str = "patient_id",
    folds: int = 5,
    seed: int = 0,
    level: float = 0.95,
):
    """AUC of a logistic regression that sees only ``columns``, cross-validated by group.

    Text becomes indicator columns (rare values joined), numbers are standardised with their missing values
    marked. Each image is scored by a model that has not seen its patient; the AUC of these scores has a
    confidence interval that respects several images per patient.

    Parameters
    ----------
    images : DataFrame
    columns : sequence of str
    positive : str
        Value of ``label`` that is looked for.
    group : str
        Column whose values stay in one fold.

    Returns
    -------
    fxstudy.stats.Result
    """
    from sklearn.model_selection import StratifiedGroupKFold

    table, truth, groups = _usable(images, columns, label, positive, group)
    folds = _folds(truth, groups, folds)
    score = np.full(len(truth), np.nan)
    for train, test in StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(
        table, truth, groups
    ):
        score[test] = _scores(table.iloc[train], truth[train], table.iloc[test])
    note = f"{folds}-fold cross-validation by {group}"
    return _result(truth, score, groups, columns, note, level)


def columns_auc_split(
    images: pd.DataFrame,
    columns: Sequence[str],
    *,
    train: str | Sequence[str] = ("train", "tune"),
    test: str = "test",
    positive: str = "fracture",
    label: str = "label",
    group: str = "patient_id",
    level: float = 0.95,
):
    """The same model fitted on one split and scored on another, to stand beside a network's test AUC."""
    table, truth, groups = _usable(images, columns, label, positive, group)
    split = images.loc[table.index, "split"]
    fit = split.isin([train] if isinstance(train, str) else list(train)).to_numpy()
    held = split.eq(test).to_numpy()
    for name, mask in (("train", fit), ("test", held)):
        if len(set(truth[mask])) < 2:
            raise CohortError(f"{name} must hold images of both classes to compute an AUC of columns")
    score = _scores(table[fit], truth[fit], table[held])
    return _result(truth[held], score, groups[held], columns, f"fitted on train, scored on {test}", level)


def usable_columns(images: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Those of ``columns`` that exist and hold at least two different values (empty counts as one)."""
    return [name for name in columns if name in images and images[name].nunique(dropna=False) > 1]


def _usable(images: pd.DataFrame, columns: Sequence[str], label: str, positive: str, group: str):
    absent = [name for name in (*columns, label, group) if name not in images]
    if absent or not columns:
        raise CohortError(f"columns must name columns of the images table, not {absent or 'nothing'}")
    rows = images[images[label].notna() & images["split"].ne("exclude")]
    truth = rows[label].eq(positive).to_numpy(dtype=int)
    if len(set(truth)) < 2:
        raise CohortError(f"column {label} must hold '{positive}' and another class")
    return rows[list(columns)], truth, rows[group].astype("str").to_numpy()


def _folds(truth: np.ndarray, groups: np.ndarray, wanted: int) -> int:
    counted = pd.DataFrame({"truth": truth, "group": groups}).groupby("truth")["group"].nunique()
    folds = int(min(wanted, counted.min()))
    if folds < 2:
        raise CohortError("each class must have at least 2 groups to cross-validate an AUC of columns")
    return folds


def _scores(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """Predicted probabilities of ``test``; the coding of columns is learned on ``train`` alone."""
    from sklearn.linear_model import LogisticRegression

    coded = [_coded(train[name], test[name]) for name in train.columns]
    fit, held = (np.hstack([pair[i] for pair in coded]) for i in (0, 1))
    model = LogisticRegression(max_iter=1000, class_weight="balanced").fit(fit, truth)
    return model.predict_proba(held)[:, 1]


def _coded(train: pd.Series, test: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    numeric = pd.api.types.is_numeric_dtype(train) and not pd.api.types.is_bool_dtype(train)
    if numeric and train.nunique() > 2:
        mean, deviation = train.mean(), train.std()
        deviation = deviation if deviation and deviation > 0 else 1.0
        return tuple(
            np.column_stack([((part - mean) / deviation).fillna(0).astype(float), part.isna().astype(float)])
            for part in (train.astype("float64"), test.astype("float64"))
        )
    train, test = train.astype("str").fillna("missing"), test.astype("str").fillna("missing")
    common = train.value_counts().index[:MOST_CATEGORIES]
    return tuple(
        np.column_stack([part.eq(value).astype(float) for value in common]) for part in (train, test)
    )


def _result(
    truth: np.ndarray, score: np.ndarray, groups: np.ndarray, columns: Sequence[str], note: str, level: float
):
    from dataclasses import replace

    from fxstudy.stats import clustered_auc

    result = clustered_auc(truth, score, groups, level=level)
    return replace(result, name=f"AUC of {', '.join(columns)}", note=f"logistic regression; {note}")
