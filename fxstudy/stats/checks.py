"""What every statistic demands of its input, said once."""

import warnings
from typing import Any

import numpy as np

from fxstudy.errors import StatisticsError


class StatisticsWarning(UserWarning):
    """A statistic is defined only by convention, or not at all, for these numbers."""


def warn(message: str) -> str:
    """Warn of a degenerate value; returns the message, for the note of the result."""
    warnings.warn(message, StatisticsWarning, stacklevel=3)
    return message


def as_truth(truth: Any, *, name: str = "truth", both: bool = True) -> np.ndarray:
    """Reference labels as a boolean array of shape (n,), True for the positive class.

    Raises
    ------
    StatisticsError
        Not one-dimensional, empty, missing or other values than 0 and 1, or (with ``both``) one class only.
    """
    array = np.asarray(truth)
    if array.ndim != 1 or array.size == 0:
        raise StatisticsError(f"{name} must be a list of 0 and 1, not an array of shape {array.shape}")
    if array.dtype != bool:
        values = _numeric(array, name=name, wanted="only 0 and 1")
        wrong = ~((values == 0) | (values == 1))
        if wrong.any():
            where = int(np.flatnonzero(wrong)[0])
            raise StatisticsError(
                f"{name} must hold only 0 (negative) and 1 (positive), not {array[where]} at position "
                f"{where} ({int(wrong.sum())} such values); recode the labels, the direction is never guessed"
            )
        array = values == 1
    if both and (array.all() or not array.any()):
        found = "positive" if array.all() else "negative"
        raise StatisticsError(f"{name} must hold both classes, all {array.size} cases are {found}")
    return array


def as_scores(score: Any, *, n: int | None = None, name: str = "score") -> np.ndarray:
    """Scores as float64 of shape (n,), all finite; higher means more likely positive."""
    array = np.asarray(score)
    if array.ndim != 1:
        raise StatisticsError(f"{name} must be a list of numbers, not an array of shape {array.shape}")
    values = _numeric(array, name=name, wanted="numbers")
    if n is not None and values.size != n:
        raise StatisticsError(f"{name} must have one value per case: {values.size} values for {n} cases")
    wrong = ~np.isfinite(values)
    if wrong.any():
        where = int(np.flatnonzero(wrong)[0])
        raise StatisticsError(
            f"{name} must be finite, not {values[where]} at position {where} ({int(wrong.sum())} such "
            "values); decide what a missing score means before any statistic"
        )
    return values


def as_groups(cluster: Any, *, n: int, name: str = "cluster") -> np.ndarray:
    """Cluster labels (patients) as codes 0, 1, … of shape (n,)."""
    array = np.asarray(cluster, dtype=object)
    if array.shape != (n,):
        raise StatisticsError(f"{name} must have one value per case: shape {array.shape} for {n} cases")
    if any(value is None or value != value for value in array):
        raise StatisticsError(f"{name} must not be missing: give every case the id of its patient")
    return np.unique(array.astype(str), return_inverse=True)[1]


def check_level(level: float) -> float:
    """A confidence level strictly between 0 and 1."""
    if not 0 < level < 1:
        raise StatisticsError(f"level must be between 0 and 1 (0.95 for 95 %), not {level}")
    return float(level)


def check_choice(value: str, allowed: tuple[str, ...], name: str) -> str:
    """One of the named choices."""
    if value not in allowed:
        raise StatisticsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def check_counts(**counts: int) -> tuple[int, ...]:
    """Whole numbers that are not negative, in the order given."""
    for name, value in counts.items():
        if isinstance(value, bool) or value != value or value < 0 or int(value) != value:
            raise StatisticsError(f"{name} must be a whole number of at least 0, not {value}")
    return tuple(int(value) for value in counts.values())


def _numeric(array: np.ndarray, *, name: str, wanted: str) -> np.ndarray:
    if array.dtype.kind in "USOMm":
        missing = [i for i, value in enumerate(array.tolist()) if value is None or value != value]
        if missing:
            raise StatisticsError(f"{name} must hold {wanted}: missing at position {missing[0]}")
        if any(isinstance(value, str) for value in array.tolist()):
            raise StatisticsError(f"{name} must hold {wanted}, not text such as {array.tolist()[0]!r}")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise StatisticsError(f"{name} must hold {wanted}, not {array.dtype}") from error
