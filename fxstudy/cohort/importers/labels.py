"""Join what a hospital knows about its images (a label table) to the files that were found."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from fxstudy.cohort.tables import read_text_table
from fxstudy.errors import CohortError, Fault

KEYS = ("path", "image_id", "study_id", "patient_id")


def read_labels(
    path: str | Path, *, columns: Mapping[str, str] | None = None, values: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read a label table and give its columns and labels the study's names.

    Parameters
    ----------
    path : path
        CSV, one row per image, study or patient.
    columns : mapping, optional
        The table's own column names → names of the images table, such as ``{"Befund": "label"}``.
    values : mapping, optional
        The table's own labels → class names, such as ``{"1": "fracture", "0": "none"}``. Labels that are
        not named stay as they are.

    Returns
    -------
    DataFrame of str
        With ``row``, the row of each record in the file.
    """
    text, rows, faults = read_text_table(Path(path))
    absent = [name for name in columns or {} if name not in text]
    faults += [Fault(f"{Path(path).name}, row 1", f"there is no column '{name}'") for name in absent]
    text = text.rename(columns=dict(columns or {}))
    if "label" not in text:
        faults.append(Fault(f"{Path(path).name}, row 1", "must have a column label, or name it in `columns`"))
    if not any(key in text for key in KEYS):
        faults.append(Fault(f"{Path(path).name}, row 1", f"must have one of the columns {', '.join(KEYS)}"))
    if faults:
        raise CohortError(f"the label table {Path(path).name} cannot be used:", faults)
    if values:
        text["label"] = text["label"].map(lambda word: values.get(word, word), na_action="ignore")
    return text.assign(row=rows)


def key_of(labels: pd.DataFrame, found: pd.DataFrame) -> str:
    """The most exact column by which the two tables can be joined."""
    return next(key for key in KEYS if key in labels and key in found)


def join_labels(
    found: pd.DataFrame, labels: pd.DataFrame, *, name: str, complete: bool = True
) -> pd.DataFrame:
    """Found files with the columns of their label; those without one have an empty label.

    With ``complete`` False some files do not tell who they are, and labels without a file are let pass.

    Raises
    ------
    CohortError
        If a key stands twice with different labels, or names no file.
    """
    key = key_of(labels, found)
    labels = labels[labels[key].notna()]
    faults = _contradictions(labels, key, name)
    lost = ~labels[key].isin(found[key]) & complete
    faults += [
        Fault(f"{name}, row {row}", f"no file belongs to {key} '{value}'")
        for row, value in zip(labels.loc[lost, "row"], labels.loc[lost, key], strict=True)
    ]
    if faults:
        raise CohortError(f"the label table {name} does not fit the files:", faults)
    labels = labels.drop_duplicates(key).drop(columns="row")
    joined = found.merge(labels, on=key, how="left", suffixes=("_found", ""))
    for column in [column for column in joined if column.endswith("_found")]:
        plain = column.removesuffix("_found")
        joined[plain] = joined[plain].where(joined[plain].notna(), joined.pop(column))
    return joined


def _contradictions(labels: pd.DataFrame, key: str, name: str) -> list[Fault]:
    several = labels.groupby(key)["label"].transform("nunique") > 1
    return [
        Fault(f"{name}, rows {', '.join(map(str, group['row']))}", f"{key} '{value}' has several labels")
        for value, group in labels[several].groupby(key, sort=False)
    ]
