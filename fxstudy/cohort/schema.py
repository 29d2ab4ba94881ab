"""Check cohort tables against their columns, and describe the columns for others.

Every fault of a table is found at once, each with its row as a spreadsheet counts it (header = row 1).
pandera does the checking; ``datapackage`` exports the same columns as a Frictionless Table Schema.

References
----------
Frictionless Data Package, https://specs.frictionlessdata.io ; pandera, https://pandera.readthedocs.io
"""

import functools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from fxstudy.cohort.cells import Wrong, empty_column, free_column, typed_column
from fxstudy.cohort.columns import TABLES, Column, Table
from fxstudy.cohort.places import row_words
from fxstudy.errors import CohortError, Fault

_VALUES_NAMED = 20


def parse(table: Table, text: pd.DataFrame, *, rows: Sequence[int] | None = None):
    """Turn a table of text into typed columns and list every cell and column that is wrong.

    Parameters
    ----------
    table : Table
        Columns that the table has to have.
    text : DataFrame
        Strings, or values that are typed already; missing cells are NaN or None.
    rows : sequence of int, optional
        Row of each record in its file; by default 2, 3, 4 … (the header is row 1).

    Returns
    -------
    frame : DataFrame
        All columns of ``table`` in order, then free columns; missing columns are empty.
    faults : list of Fault
    """
    rows = np.arange(2, len(text) + 2) if rows is None else np.asarray(rows)
    faults = _missing_columns(table, text)
    typed: dict[str, pd.Series] = {}
    known: set[tuple[str, int]] = set()
    for column in table.columns:
        if column.name in text:
            typed[column.name], wrong = typed_column(column, text[column.name].reset_index(drop=True))
            faults += _cell_faults(table, column.name, wrong, rows)
            known |= {(column.name, position) for position, _, _ in wrong}
        else:
            typed[column.name] = empty_column(column, len(text))
            known |= {(column.name, position) for position in range(len(text))}
    for name in text.columns:
        if name not in typed:
            typed[name] = free_column(text[name].reset_index(drop=True))
    frame = pd.DataFrame(typed, index=pd.RangeIndex(len(text)))
    return frame, faults + _pandera_faults(table, frame, rows, known) + _key_faults(table, frame, rows)


def validate_images(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images table with typed columns, or raise one CohortError that lists all its faults."""
    return validate_table("images", images)


def validate_table(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``name`` (images, boxes, rois, …) typed; CohortError lists all its faults."""
    typed, faults = parse(TABLES[name], frame)
    if faults:
        raise CohortError(f"{name}: {len(faults)} faults. Correct these and try again:", faults)
    return typed


def datapackage() -> dict:
    """Frictionless description of all tables, as kept in ``data_manifest/datapackage.json``."""
    return {
        "name": "fxstudy-cohort",
        "title": "Tables of a fracture-AI cohort",
        "description": "CSV in UTF-8 with commas and a header; ids are text; ISO dates; empty is missing.",
        "resources": [_resource(table) for table in TABLES.values()],
    }


def _resource(table: Table) -> dict:
    schema: dict = {"fields": [_field(column) for column in table.columns], "missingValues": [""]}
    if table.key:
        schema["primaryKey"] = list(table.key)
    if table.points_to:
        schema["foreignKeys"] = [
            {"fields": field, "reference": {"resource": other, "fields": target}}
            for field, other, target in table.points_to
        ]
    return {
        "name": table.name,
        "path": f"{table.name}.csv",
        "description": table.description,
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(column: Column) -> dict:
    rules = {
        "required": column.required or None,
        "unique": column.unique or None,
        "enum": list(column.values) or None,
        "pattern": f"^{column.pattern}$" if column.pattern else None,
        "minimum": column.low,
        "maximum": column.high,
    }
    field = {"name": column.name, "type": column.kind, "description": column.description}
    if column.kind == "boolean":
        field |= {"trueValues": ["1"], "falseValues": ["0"]}
    if column.dicom:
        field["dicom"] = column.dicom
    constraints = {name: value for name, value in rules.items() if value is not None}
    return field | ({"constraints": constraints} if constraints else {})


def _missing_columns(table: Table, text: pd.DataFrame) -> list[Fault]:
    words = "is missing; every row needs it"
    absent = [column.name for column in table.columns if column.required and column.name not in text]
    return [Fault(f"{table.name}, column {name}", words) for name in absent]


@functools.cache
def pandera_schema(name: str):
    """The pandera schema of the table ``name``: values, patterns, ranges, uniqueness, empty cells."""
    import pandera.pandas as pa

    columns = {column.name: _pandera_column(pa, column) for column in TABLES[name].columns}
    return pa.DataFrameSchema(columns, name=name, strict=False)


def _pandera_column(pa, column: Column):
    checks = []
    if column.values:
        checks.append(pa.Check.isin(column.values, error=f"must be one of {', '.join(column.values)}"))
    if column.pattern:
        words = f"must be {column.pattern_words}"
        checks.append(pa.Check.str_matches(f"^(?:{column.pattern})$", error=words))
    if column.low is not None:
        checks.append(pa.Check.ge(column.low, error=f"must be {column.low} or more"))
    if column.high is not None:
        checks.append(pa.Check.le(column.high, error=f"must be {column.high} or less"))
    return pa.Column(
        None, checks, nullable=not column.required, unique=column.unique, report_duplicates="all"
    )


def _pandera_faults(table: Table, frame: pd.DataFrame, rows: np.ndarray, known: set) -> list[Fault]:
    """Faults that pandera finds; cells in ``known`` are empty because they were wrong already."""
    from pandera.errors import SchemaErrors

    try:
        pandera_schema(table.name).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    faults: list[Fault] = []
    for (name, check), group in cases.groupby(["column", "check"], sort=False):
        words = {"not_nullable": "must not be empty", "field_uniqueness": "stands more than once"}.get(
            check, check
        )
        wrong = [
            (int(position), str(value), words)
            for position, value in zip(group["index"], group["failure_case"], strict=True)
            if (name, position) not in known
        ]
        faults += _cell_faults(table, name, wrong, rows)
    return faults


def _key_faults(table: Table, frame: pd.DataFrame, rows: np.ndarray) -> list[Fault]:
    if len(table.key) < 2:
        return []
    twice = frame.duplicated(list(table.key), keep=False)
    keys = frame.loc[twice, list(table.key)].astype("str").agg(" / ".join, axis=1) if twice.any() else []
    wrong = [
        (int(i), key, "stands more than once") for i, key in zip(np.flatnonzero(twice), keys, strict=True)
    ]
    return _cell_faults(table, " + ".join(table.key), wrong, rows)


def _cell_faults(table: Table, name: str, wrong: Wrong, rows: np.ndarray) -> list[Fault]:
    """One fault per value and rule, naming the rows it stands in."""
    grouped: dict[tuple[str, str], list[int]] = {}
    for position, value, words in wrong:
        grouped.setdefault((words, value), []).append(int(rows[position]))
    faults, named = [], dict.fromkeys((words for words, _ in grouped), 0)
    for (words, value), where in grouped.items():
        named[words] += 1
        if named[words] <= _VALUES_NAMED:
            place = f"{table.name}, {row_words(where)}, column {name}"
            faults.append(Fault(place, _finding(words, value)))
    for words, count in named.items():
        if count > _VALUES_NAMED:
            more = f"{count - _VALUES_NAMED} more values: {words}"
            faults.append(Fault(f"{table.name}, column {name}", more))
    return faults


def _finding(words: str, value: str) -> str:
    if words == "must not be empty":
        return words
    shown = value if len(value) <= 60 else value[:57] + "…"
    return f"'{shown}' {words}" if words.startswith("stands") else f"{words}, not '{shown}'"
