"""Cells of a table as typed values: text, numbers, yes or no, dates; and what each wrong cell must be."""

import datetime

import numpy as np
import pandas as pd

from fxstudy.cohort.columns import Column

_TRUE, _FALSE = {"1", "true", "yes", "1.0"}, {"0", "false", "no", "0.0"}

Wrong = list[tuple[int, str, str]]


def empty_column(column: Column, length: int) -> pd.Series:
    """A column without any value, in the column's type."""
    kinds = {"integer": "Int64", "number": "float64", "boolean": "boolean"}
    return pd.Series([None] * length, dtype=kinds.get(column.kind, "str"))


def typed_column(column: Column, values: pd.Series) -> tuple[pd.Series, Wrong]:
    """Typed values, and (position, value, what it must be) of each cell that has another type."""
    if column.kind in ("integer", "number"):
        return _numbers(column, values)
    if column.kind == "boolean" and pd.api.types.is_bool_dtype(values):
        return values.astype("boolean"), []
    text = _text(values)
    if column.kind == "boolean":
        lower = text.str.lower()
        known = lower.map({word: word in _TRUE for word in _TRUE | _FALSE}).astype("boolean")
        return known, _wrong(text, known.isna(), "must be 0 or 1")
    if column.kind in ("date", "datetime"):
        bad = text.notna() & ~text.map(
            _is_date if column.kind == "date" else _is_datetime, na_action="ignore"
        ).eq(True)
        words = (
            "an ISO date like 2018-03-31" if column.kind == "date" else "ISO 8601 like 2018-03-31T14:05:00"
        )
        return text.where(~bad), _wrong(text, bad, f"must be {words}")
    return text, []


def _text(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.StringDtype) and not values.isna().all():
        text = values.str.strip()
    else:
        text = values.map(_word, na_action="ignore").astype("str").where(values.notna()).astype("str")
    return text.where(text != "").astype("str")


def _word(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value).strip()


def _numbers(column: Column, values: pd.Series) -> tuple[pd.Series, Wrong]:
    text = values
    if not pd.api.types.is_numeric_dtype(values):
        text = _text(values)
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    wrong = _wrong(text, numbers.isna(), "must be a number with a point, like 0.143")
    if column.kind == "integer":
        broken = numbers.notna() & (numbers % 1 != 0)
        wrong += _wrong(text, broken, "must be a whole number")
        return numbers.where(~broken).astype("Int64"), wrong
    return numbers, wrong


def _wrong(text: pd.Series, bad: pd.Series, words: str) -> Wrong:
    where = np.flatnonzero((bad & text.notna()).to_numpy(dtype=bool))
    return [(int(position), str(text.iloc[position]), words) for position in where]


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def _is_datetime(text: str) -> bool:
    try:
        return bool(datetime.datetime.fromisoformat(text))
    except ValueError:
        return False


def free_column(values: pd.Series) -> pd.Series:
    """Numbers stay or become numbers where no text would be lost by it, everything else is text."""
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_integer_dtype(values):
        return values.astype("Int64")
    if not (pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)):
        return values
    filled = values.dropna()
    numbers = pd.to_numeric(filled, errors="coerce")
    padded = filled.astype("str").str.match(r"[+-]?0\d|.*[_\s]|[+-]?(?:inf|nan)", case=False)
    if filled.empty or numbers.isna().any() or padded.any():
        return values.astype("str").where(values.notna())
    whole = (numbers % 1 == 0).all() and not filled.astype("str").str.contains(r"[.eE]").any()
    return pd.to_numeric(values).astype("Int64" if whole else "float64")
