"""Say where in a table something stands, in rows as a spreadsheet counts them."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

_ROWS_NAMED = 8


def row_words(rows: Sequence[int]) -> str:
    """In words: ``row 7``, ``rows 3, 9``, or the first eight rows and how many more.

    >>> row_words([9, 3])
    'rows 3, 9'
    """
    rows = sorted({int(row) for row in rows})
    shown = ", ".join(map(str, rows[:_ROWS_NAMED]))
    more = f" and {len(rows) - _ROWS_NAMED} more" if len(rows) > _ROWS_NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def place(frame: pd.DataFrame, table: str, mask: Iterable[bool], column: str) -> str:
    """Table, rows where ``mask`` is true, and column.

    The header is row 1 and the first record row 2, unless the frame's index is named ``row``: then the
    index holds the rows of the file (`numbered`).
    """
    return places(frame, table, np.flatnonzero(np.asarray(mask, dtype=bool)), column)


def places(frame: pd.DataFrame, table: str, positions: Sequence[int], column: str) -> str:
    """Like `place`, for positions of records counted from 0."""
    rows = frame.index[positions] if frame.index.name == "row" else np.asarray(positions) + 2
    return f"{table}, {row_words(rows)}, column {column}"


def numbered(frame: pd.DataFrame, rows: Sequence[int] | None) -> pd.DataFrame:
    """The frame with the rows of its file as index, for messages of checks."""
    return frame if rows is None else frame.set_axis(pd.Index(rows, name="row"))


def by_value(frame: pd.DataFrame, mask: pd.Series, column: str) -> Iterator[tuple[object, np.ndarray]]:
    """Each value of a column among the rows of ``mask``, with the positions where it stands."""
    positions = np.flatnonzero(mask.to_numpy(dtype=bool))
    chosen = frame[column].iloc[positions].reset_index(drop=True)
    for value, where in chosen.groupby(chosen, sort=False).indices.items():
        yield value, positions[where]
