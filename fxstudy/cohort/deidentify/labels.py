"""De-identify a label table with the same key as its images, so that the two still fit together."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from fxstudy.cohort.checks import looks_like_identifier
from fxstudy.cohort.deidentify.files import read_crosswalk
from fxstudy.cohort.deidentify.keys import Pseudonyms, read_key, refuse_inside
from fxstudy.cohort.tables import csv_bytes, read_text_table, write_bytes
from fxstudy.errors import CohortError, Fault

_UID = re.compile(r"[0-2](\.\d+){3,}")


def deidentify_table(
    table: str | Path,
    *,
    to: str | Path,
    key: str | Path,
    crosswalk: str | Path | None = None,
    patient: str = "patient_id",
    dates: Sequence[str] = ("study_date",),
    drop: Sequence[str] = (),
) -> Path:
    """Write a label table without identifiers.

    Patients get the pseudonyms of their images, UIDs are remapped, dates move with the patient, ages over
    89 become 90, and paths are looked up in the crosswalk.

    Parameters
    ----------
    table : path
        CSV with a column for the patient's number.
    to : path
        CSV to write.
    key : path
        Key file that the images were de-identified with.
    crosswalk : path, optional
        Needed if the table has a column path.
    patient : str
        Name of the patient's column; it is called patient_id in the result.
    dates : sequence of str
        Columns that hold dates; those that the table lacks are passed over.
    drop : sequence of str
        Columns to leave out.

    Raises
    ------
    CohortError
        If a remaining column looks like an identifier, a cell repeats the patient's number, a date cannot
        be read, or a path is not in the crosswalk; with every such place.
    """
    refuse_inside(Path(key), Path(to).parent, "the key file")
    names = read_key(key, create=False)
    text, rows, faults = read_text_table(Path(table))
    text = text.drop(columns=[name for name in drop if name in text])
    if patient not in text:
        raise CohortError(f"{Path(table).name}: patient must name a column of the table, not '{patient}'")
    name = Path(table).name
    faults += _identifying_columns(text, name, patient)
    faults += _repeated_numbers(text, rows, name, patient)
    original = text[patient].copy()
    clean = text.rename(columns={patient: "patient_id"})
    clean["patient_id"] = original.map(lambda number: names.name("P", number), na_action="ignore")
    for column in [column for column in dates if column in clean]:
        clean[column], wrong = _moved(clean[column], original, names)
        faults += [Fault(f"{name}, row {rows[i]}, column {column}", "must be an ISO date") for i in wrong]
    for column in [column for column in ("image_id", "study_id") if column in clean]:
        clean[column] = clean[column].map(lambda word: _renamed(word, names), na_action="ignore")
    if "age_years" in clean:
        ages = pd.to_numeric(clean["age_years"], errors="coerce")
        clean["age_years"] = clean["age_years"].mask(ages > 89, "90")
    if "path" in clean:
        clean["path"], wrong = _paths(clean["path"], crosswalk)
        faults += [Fault(f"{name}, row {rows[i]}, column path", "is not in the crosswalk") for i in wrong]
    if faults:
        raise CohortError(f"the table {name} cannot be de-identified:", faults)
    Path(to).parent.mkdir(parents=True, exist_ok=True)
    write_bytes(Path(to), csv_bytes(clean))
    return Path(to)


def _identifying_columns(text: pd.DataFrame, name: str, patient: str) -> list[Fault]:
    suspects = [column for column in text if column != patient and looks_like_identifier(column)]
    words = "looks like a direct identifier; name it in `drop`"
    return [Fault(f"{name}, row 1, column {column}", words) for column in suspects]


def _repeated_numbers(text: pd.DataFrame, rows: list[int], name: str, patient: str) -> list[Fault]:
    """Cells of other columns that repeat the patient's own number."""
    faults = []
    for column in [column for column in text if column not in (patient, "path")]:
        for i, (number, cell) in enumerate(zip(text[patient], text[column], strict=True)):
            both = isinstance(number, str) and isinstance(cell, str)
            if both and len(number) >= 4 and number.lower() in cell.lower():
                faults.append(
                    Fault(f"{name}, row {rows[i]}, column {column}", "repeats the patient's number")
                )
    return faults


def _moved(dates: pd.Series, patients: pd.Series, names: Pseudonyms) -> tuple[pd.Series, list[int]]:
    moved, wrong = [], []
    for i, (text, number) in enumerate(zip(dates, patients, strict=True)):
        known = isinstance(text, str) and isinstance(number, str)
        moved.append(names.date(text, number) if known else None)
        if isinstance(text, str) and not moved[-1]:
            wrong.append(i)
    return pd.Series(moved, index=dates.index, dtype="str"), wrong


def _renamed(word: str, names: Pseudonyms) -> str:
    return names.uid(word) if _UID.fullmatch(word) else names.name("S", word)


def _paths(paths: pd.Series, crosswalk: str | Path | None) -> tuple[pd.Series, list[int]]:
    if crosswalk is None:
        raise CohortError("crosswalk must be given, for the table has a column path")
    known = read_crosswalk(crosswalk).set_index("source_path")["path"]
    found = paths.map(known[~known.index.duplicated()])
    return found, [int(i) for i in (paths.notna() & found.isna()).to_numpy().nonzero()[0]]
