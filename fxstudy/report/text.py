"""Numbers as journals print them.

P values: three decimals, "P < 0.001" below that, and never rounded across 0.05. Areas under the curve
and other proportions: three decimals. Percentages: one decimal. Intervals: "0.954 (0.921 to 0.987)".
"""

import math
from typing import Any

NOT_DEFINED = "not defined"
MISSING = "–"
MINUS = "\N{MINUS SIGN}"


def number_text(value: float | None, *, digits: int = 3, percent: bool = False) -> str:
    """A number with a fixed count of decimals; with `percent`, a proportion as a percentage.

    A true minus sign is used, a rounded negative zero loses its sign, a missing value is a dash.
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    scaled = value * 100 if percent else value
    text = f"{scaled:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def p_text(p: float | None, *, log10_p: float | None = None, name: str = "P") -> str:
    """A P value as text, such as "P = 0.034", "P < 0.001" or, for none, a dash.

    Parameters
    ----------
    p : float or None
        The P value, 0 to 1.
    log10_p : float, optional
        Its decimal logarithm, used where `p` underflowed to 0.
    name : str
        What stands before the sign; empty gives the bare number, such as "0.034" or "<0.001".
    """
    if p is None or (math.isnan(p) and log10_p is None):
        return MISSING
    if math.isnan(p):
        p = 10.0**log10_p  # type: ignore[operator]
    digits = 3
    if p < 0.05:
        while digits < 6 and float(f"{p:.{digits}f}") >= 0.05:
            digits += 1
    if p < 0.001:
        sign, text = "<", "0.001"
    elif p > 0.999:
        sign, text = ">", "0.999"
    else:
        sign, text = "=", f"{p:.{digits}f}"
    if name:
        return f"{name} {sign} {text}"
    return text if sign == "=" else sign + text


def interval_text(low: float | None, high: float | None, *, digits: int = 3, percent: bool = False) -> str:
    """An interval, "0.921 to 0.987", or a dash."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return MISSING
    ends = (number_text(end, digits=digits, percent=percent) for end in (low, high))
    return " to ".join(ends)


def estimate_text(result: Any, *, digits: int | None = None, percent: bool = False) -> str:
    """An estimate with its interval: "0.954 (0.921 to 0.987)", as a percentage "95.4 (92.1 to 98.7)".

    Parameters
    ----------
    result : Result
        Anything with `estimate`, `low` and `high`.
    digits : int, optional
        Decimals; 3, or 1 for a percentage.
    percent : bool
        Show a proportion as a percentage; the unit belongs in the heading of the column.
    """
    places = digits if digits is not None else (1 if percent else 3)
    if result.estimate is None or math.isnan(result.estimate):
        return NOT_DEFINED
    estimate = number_text(result.estimate, digits=places, percent=percent)
    interval = interval_text(result.low, result.high, digits=places, percent=percent)
    return estimate if interval == MISSING else f"{estimate} ({interval})"


def mean_sd_text(mean: float, sd: float | None, *, digits: int = 1, percent: bool = False) -> str:
    """Mean and standard deviation, "90.3 ± 1.4"."""
    centre = number_text(mean, digits=digits, percent=percent)
    spread = number_text(sd, digits=digits, percent=percent)
    return centre if spread == MISSING else f"{centre} ± {spread}"


def count_text(count: int | None, total: int | None = None) -> str:
    """A count with thousands separated by commas, and its share of a total: "1,711 (65.6%)"."""
    if count is None:
        return MISSING
    text = f"{count:,}"
    return text if not total else f"{text} ({count / total * 100:.1f}%)"
