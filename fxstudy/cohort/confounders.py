"""How well the label is predicted without looking at the fracture: by the table's own columns.

A high AUC here means that a network can score by site, scanner, view, cast or image size.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fxstudy.cohort.column_model import Column, code_column, predict_without_image
from fxstudy.cohort.splits import deal_groups
from fxstudy.errors import CohortError

_NOT_SHORTCUTS = {
    "image_id", "path", "sha256", "patient_id", "study_id", "label", "label_detail", "displaced", "reference",
    "split", "exclude_reason", "source_image_id", "deidentified", "burned_in", "diagnosis_uncertain",
}  # fmt: skip


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
    table, truth, groups = _usable(images, columns, label, positive, group)
    score = _held_out(table, truth, _folds(truth, groups, folds, seed))
    return _result(truth, score, groups, columns, f"cross-validated by {group}", level)


def shortcut_table(
    images: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    positive: str = "fracture",
    label: str = "label",
    group: str = "patient_id",
    folds: int = 5,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """`columns_auc` of each column alone and of all together, on the same folds.

    Parameters
    ----------
    columns : sequence of str, optional
        By default all that may give the label away (`shortcut_columns`).

    Returns
    -------
    DataFrame
        columns, auc, low, high, n; single columns by falling AUC, all together first.
    """
    columns = shortcut_columns(images) if columns is None else usable_columns(images, columns)
    if not columns:
        return pd.DataFrame(columns=["columns", "auc", "low", "high", "n"])
    table, truth, groups = _usable(images, columns, label, positive, group)
    fold = _folds(truth, groups, folds, seed)
    sets = [[name] for name in columns] + ([columns] if len(columns) > 1 else [])
    rows = []
    for chosen in sets:
        score = _held_out([table[columns.index(name)] for name in chosen], truth, fold)
        result = _result(truth, score, groups, chosen, "", level)
        name = chosen[0] if len(chosen) == 1 else "all together"
        rows.append((name, result.estimate, result.low, result.high, result.n))
    found = pd.DataFrame(rows, columns=["columns", "auc", "low", "high", "n"])
    order = found["columns"].eq("all together").astype(int) * 2 + found["auc"]
    return found.iloc[order.argsort()[::-1]].reset_index(drop=True)


def thumbnail_auc(
    images: pd.DataFrame,
    thumbnails: Sequence[bytes],
    *,
    size: int = 8,
    positive: str = "fracture",
    label: str = "label",
    group: str = "patient_id",
    folds: int = 5,
    seed: int = 0,
    level: float = 0.95,
):
    """AUC of a logistic regression that sees only a thumbnail of ``size`` × ``size`` pixels.

    No fracture can be seen on it: what it knows is collimation, exposure, position and hardware.

    Parameters
    ----------
    thumbnails : sequence of bytes, one per row of ``images``
        As `fxstudy.cohort.scan.examine_all` returns them; rows with an empty one are left out.

    The other parameters are those of `columns_auc`.
    """
    seen = [i for i, picture in enumerate(thumbnails) if picture]
    small = np.stack([np.frombuffer(thumbnails[i], np.uint8) for i in seen]).astype(float)
    side = int(np.sqrt(small.shape[1]))
    cells = small.reshape(-1, size, side // size, size, side // size).mean(axis=(2, 4)).reshape(len(seen), -1)
    names = [f"pixel {i}" for i in range(cells.shape[1])]
    rows = images.iloc[seen].reset_index(drop=True)
    rows = pd.concat([rows, pd.DataFrame(cells, columns=names)], axis=1)
    table, truth, groups = _usable(rows, names, label, positive, group)
    score = _held_out(table, truth, _folds(truth, groups, folds, seed))
    what = [f"a thumbnail of {size} × {size} pixels"]
    return _result(truth, score, groups, what, f"cross-validated by {group}", level)


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
    split = images.loc[_rows(images, label), "split"]
    fit = split.isin([train] if isinstance(train, str) else list(train)).to_numpy()
    held = split.eq(test).to_numpy()
    for name, mask in (("train", fit), ("test", held)):
        if len(set(truth[mask])) < 2:
            raise CohortError(f"{name} must hold images of both classes to compute an AUC of columns")
    score = predict_without_image(table, truth, train=fit, test=held)
    return _result(truth[held], score, groups[held], columns, f"fitted on train, scored on {test}", level)


def usable_columns(images: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Those of ``columns`` that exist and hold at least two different values (empty counts as one)."""
    return [name for name in columns if name in images and images[name].nunique(dropna=False) > 1]


def shortcut_columns(images: pd.DataFrame) -> list[str]:
    """Columns that may give the label away without the image: all that vary and are no label or name."""
    return usable_columns(images, [name for name in images if name not in _NOT_SHORTCUTS])


def _rows(images: pd.DataFrame, label: str) -> pd.Series:
    return images[label].notna() & images["split"].ne("exclude")


def _usable(images: pd.DataFrame, columns: Sequence[str], label: str, positive: str, group: str):
    """Coded columns, truth and groups of the images that are labelled and not excluded."""
    absent = [name for name in (*columns, label, group) if name not in images]
    if absent or not columns:
        raise CohortError(f"columns must name columns of the images table, not {absent or 'nothing'}")
    rows = images[_rows(images, label)]
    truth = rows[label].eq(positive).to_numpy(dtype=int)
    if len(set(truth)) < 2:
        raise CohortError(f"column {label} must hold '{positive}' and another class")
    return [code_column(rows[name]) for name in columns], truth, rows[group].astype("str").to_numpy()


def _folds(truth: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Fold of each image: groups stay together, classes are spread alike."""
    counted = pd.DataFrame({"truth": truth, "group": groups}).groupby("truth")["group"].nunique()
    folds = int(min(folds, counted.min()))
    if folds < 2:
        raise CohortError("each class must have at least 2 groups to cross-validate an AUC of columns")
    return deal_groups(pd.Series(groups), pd.Series(truth), [1 / folds] * folds, seed=seed)


def _held_out(columns: Sequence[Column], truth: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Score of each image by a model that has not seen its fold."""
    score = np.full(len(truth), np.nan)
    for held in np.unique(fold):
        test = fold == held
        score[test] = predict_without_image(columns, truth, train=~test, test=test)
    return score


def _result(
    truth: np.ndarray, score: np.ndarray, groups: np.ndarray, columns: Sequence[str], note: str, level: float
):
    import warnings
    from dataclasses import replace

    from fxstudy.stats import StatisticsWarning, clustered_auc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatisticsWarning)  # the note of the result says it
        result = clustered_auc(truth, score, groups, level=level)
    said = [f"logistic regression; {note}", result.note]
    return replace(result, name=f"AUC of {', '.join(columns)}", note="; ".join(part for part in said if part))
