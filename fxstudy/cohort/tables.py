"""Read and write tables as text: CSV as Excel and others leave it, or Parquet.

Every cell is read as a string, so that ids keep their leading zeros; types come from
`fxstudy.cohort.schema`. Writing is atomic and always gives the same bytes for the same table.
"""

import csv
import io
import os
from pathlib import Path

import pandas as pd

from fxstudy.errors import CohortError, Fault

_ENCODINGS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def read_text_table(path: Path) -> tuple[pd.DataFrame, list[int], list[Fault]]:
    """Read a CSV or Parquet file as a table of strings, missing cells as NaN.

    Parameters
    ----------
    path : Path
        ``*.csv`` (commas, semicolons or tabs; UTF-8 with or without BOM, UTF-16) or ``*.parquet``.

    Returns
    -------
    text : DataFrame
    rows : list of int
        Row of each record as a spreadsheet counts it, the header being row 1; blank rows are dropped.
    faults : list of Fault
        Rows with too many cells, columns named twice, values without a column name.

    Raises
    ------
    CohortError
        If the file is not a table at all: missing, empty, an Excel workbook, an unknown encoding.
    """
    path = Path(path)
    if not path.is_file():
        raise CohortError(f"{path.name}: there is no such table in folder '{path.parent.name}'")
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        return frame, list(range(2, len(frame) + 2)), []
    text = _decoded(path)
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count) if any(mark in header for mark in ",;\t") else ","
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise CohortError(
            f"{path.name}: not a readable CSV ({error}); export it again as 'CSV UTF-8'"
        ) from None
    return _frame(records, path.stem)


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise CohortError(f"{path.name}: this is an Excel workbook; in Excel choose 'Save as', 'CSV UTF-8'")
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CohortError(
            f"{path.name}: line {line} is not UTF-8 text; in Excel choose 'Save as', 'CSV UTF-8'"
        ) from None
    if not text.strip():
        raise CohortError(f"{path.name}: the file is empty; it must have a header and one row per record")
    if "\0" in text:
        raise CohortError(f"{path.name}: holds binary data, not text; it must be a CSV file")
    return text


def _frame(records: list[list[str]], table: str) -> tuple[pd.DataFrame, list[int], list[Fault]]:
    names = [name.strip() for name in records[0]]
    width, faults, kept, rows = len(names), [], [], []
    for number, record in enumerate(records[1:], start=2):
        if len(record) == width and any(record):
            kept.append(record)
        elif not any(cell.strip() for cell in record):
            continue
        else:
            spill = [cell for cell in record[width:] if cell.strip()]
            if spill:
                words = f"has {len(record)} cells, the header {width}; a comma may stand outside quotes"
                faults.append(Fault(f"{table}, row {number}", words))
            kept.append((record + [""] * width)[:width])
        rows.append(number)
    frame = pd.DataFrame(dict(enumerate(zip(*kept, strict=True))) if kept else {i: [] for i in range(width)})
    frame = frame.astype("str")
    frame = frame.where(frame != "")
    return *_named(frame, names, table, rows), faults + _header_faults(frame, names, table)


def _named(
    frame: pd.DataFrame, names: list[str], table: str, rows: list[int]
) -> tuple[pd.DataFrame, list[int]]:
    first = [i for i, name in enumerate(names) if name and names.index(name) == i]
    named = frame[first]
    named.columns = [names[i] for i in first]
    return named, rows


def _header_faults(frame: pd.DataFrame, names: list[str], table: str) -> list[Fault]:
    faults = []
    for i, name in enumerate(names):
        if name and names.index(name) != i:
            faults.append(Fault(f"{table}, row 1", f"column '{name}' stands twice in the header"))
        elif not name and frame[i].notna().any():
            faults.append(Fault(f"{table}, row 1", f"column {i + 1} holds values but has no name"))
    return faults


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The table as CSV: UTF-8, commas, yes/no as 1/0, missing as empty, numbers exact."""
    plain = frame.copy()
    for name in plain.columns:
        if pd.api.types.is_bool_dtype(plain[name]):
            plain[name] = plain[name].astype("Int64")
    return plain.to_csv(index=False, lineterminator="\n").encode("utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old or the new content, never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
