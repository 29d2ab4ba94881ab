"""Printed, rounded figures: what true values they leave open."""

import re
from dataclasses import dataclass

import numpy as np

from fxstudy.errors import StatisticsError

_NUMBER = re.compile(r"^\s*([<>]?)\s*([-+]?\d*\.?\d+)\s*(%?)\s*$")
_SLACK = 1e-9


@dataclass(frozen=True)
class Printed:
    """A figure as printed, and the range of values that round (or cut) to it.

    Attributes
    ----------
    text : str
    low, high : float
        Closed range of true values; percentages are turned into shares.
    """

    text: str
    low: float
    high: float

    def fits(self, values: np.ndarray | float) -> np.ndarray | bool:
        """Whether values could have been printed so; nan never fits."""
        return (np.asarray(values) >= self.low - _SLACK) & (np.asarray(values) <= self.high + _SLACK)

    @property
    def middle(self) -> float:
        """The figure itself."""
        return (self.low + self.high) / 2


def read_printed(text: str | float | Printed, *, percent: bool | None = None, cut: bool = False) -> Printed:
    """The range behind a printed figure.

    Parameters
    ----------
    text : str
        As printed: "0.91", "96.1 %", "90.3", "< 0.05". Give text, not a float: "0.90" and "0.9" say different
        things.
    percent : bool, optional
        Read as a percentage; default: with a % sign, or when above 1.
    cut : bool
        The figure may have been cut off instead of rounded, which widens the range upwards.

    Examples
    --------
    >>> read_printed("96.1 %").low
    0.9605
    """
    if isinstance(text, Printed):
        return text
    found = _NUMBER.match(str(text).replace("−", "-"))
    if not found:
        raise StatisticsError(f"a printed figure must look like 0.91, 96.1 % or < 0.05, not {text!r}")
    sign, digits, mark = found.groups()
    value, decimals = float(digits), len(digits.partition(".")[2])
    half = 0.5 * 10.0**-decimals
    low, high = value - half, value + (2 * half if cut else half)
    if sign == "<":
        low, high = 0.0, value
    elif sign == ">":
        low, high = value, 1.0
    if mark or (percent if percent is not None else value > 1):
        low, high = low / 100, high / 100
    return Printed(str(text).strip(), round(low, 12), round(high, 12))
