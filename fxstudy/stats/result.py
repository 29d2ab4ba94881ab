"""The one shape in which every statistic is told: estimate, interval, test, and what it rests on."""

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

import pandas as pd


def number(value: float | None, digits: int = 3) -> str:
    """A number as a journal prints it; nan and None become "not defined"."""
    if value is None or math.isnan(value):
        return "not defined"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if abs(value) >= 1000:
        return f"{value:.6g}"
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("-") and float(text) == 0 else text


def p_text(p_value: float | None, log10_p: float | None = None) -> str:
    """A p-value as a journal prints it, by powers of ten where it is too small for a float.

    Examples
    --------
    >>> p_text(0.0272)
    'p = 0.027'
    >>> p_text(0.0, -719.27)
    'p < 0.001 (10^-719.3)'
    """
    if p_value is None or math.isnan(p_value):
        return "p not defined"
    if p_value >= 0.0995:
        return f"p = {p_value:.2f}"
    if p_value >= 0.001:
        return f"p = {p_value:.3f}"
    if log10_p is not None and log10_p < -10:
        return f"p < 0.001 (10^{log10_p:.1f})"
    return "p < 0.001"


@dataclass(frozen=True)
class Result:
    """One estimate with its interval and, where there is one, its test.

    Attributes
    ----------
    name : str
        What was estimated.
    estimate, low, high : float
        Point estimate and confidence limits; nan where the numbers do not define them.
    level : float
        Confidence level of the interval, 0 to 1.
    statistic, df, p_value, log10_p : float or None
        The test, None where there is none. ``df`` is a pair for an F test. ``log10_p`` stays finite
        where ``p_value`` is too small for a float.
    n : int or None
        Number of units that the estimate rests on.
    method, reference, note : str
        How it was computed, the publication, and what a reader has to know about this very value.
    meaning, assumes : str
        What the number says and what it rests on, in words for a clinician.
    """

    name: str
    estimate: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    statistic: float | None = None
    p_value: float | None = None
    log10_p: float | None = None
    df: float | tuple[float, float] | None = None
    n: int | None = None
    method: str = ""
    reference: str = ""
    note: str = ""
    meaning: str = ""
    assumes: str = ""

    def text(self, digits: int = 3) -> str:
        """Estimate and limits, as in "0.954 (0.921 to 0.987)"."""
        estimate = number(self.estimate, digits)
        if math.isnan(self.low) and math.isnan(self.high):
            return estimate
        return f"{estimate} ({number(self.low, digits)} to {number(self.high, digits)})"

    def sentence(self, digits: int = 3) -> str:
        """The whole result in one sentence."""
        if math.isnan(self.estimate):
            return f"{self.name} is not defined for these numbers. {self.note}".strip()
        said = f"{self.name} was {number(self.estimate, digits)}"
        if not (math.isnan(self.low) and math.isnan(self.high)):
            limits = f"{number(self.low, digits)} to {number(self.high, digits)}"
            said += f" ({100 * self.level:g} % confidence interval {limits})"
        if self.p_value is not None:
            said += f", {p_text(self.p_value, self.log10_p)}"
        return f"{said}. {self.meaning}".strip()

    def to_frame(self) -> pd.DataFrame:
        """One row with every field and all digits."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        if isinstance(self.df, tuple):
            row["df"] = ", ".join(f"{value:g}" for value in self.df)
        return pd.DataFrame([row])

    def _repr_html_(self) -> str:
        parts = [f"<p>{html.escape(self.sentence())}</p>"]
        for label, text in (("Assumes", self.assumes), ("Note", self.note)):
            if text:
                parts.append(f"<p><small>{label}: {html.escape(text)}</small></p>")
        source = "; ".join(text for text in (self.method, self.reference) if text)
        if source:
            parts.append(f"<p><small>Method: {html.escape(source)}</small></p>")
        return "".join(parts)


def unique(texts: Iterable[str]) -> list[str]:
    """Non-empty texts, each once, in the order of first appearance."""
    return list(dict.fromkeys(text for text in texts if text))


class Composite:
    """Several results that belong together; a subclass says which and what they mean together."""

    @property
    def results(self) -> tuple[Result, ...]:
        """The single results, in the order of the table."""
        raise NotImplementedError

    def summary(self) -> str:
        """What the numbers mean together."""
        return " ".join(result.sentence() for result in self.results)

    def to_frame(self) -> pd.DataFrame:
        """One row per result with every field and all digits."""
        return pd.concat([result.to_frame() for result in self.results], ignore_index=True)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(r.name)}</td><td>{html.escape(r.text())}</td>"
            f"<td>{html.escape(p_text(r.p_value, r.log10_p) if r.p_value is not None else '')}</td></tr>"
            for r in self.results
        )
        level = 100 * self.results[0].level if self.results else 95
        head = f"<tr><th></th><th>estimate ({level:g} % CI)</th><th></th></tr>"
        parts = [f"<p>{html.escape(self.summary())}</p><table>{head}{rows}</table>"]
        notes = (
            ("Assumes", unique(r.assumes for r in self.results)),
            ("Note", unique(r.note for r in self.results)),
            ("Method", unique("; ".join(unique((r.method, r.reference))) for r in self.results)),
        )
        for label, texts in notes:
            if texts:
                parts.append(f"<p><small>{label}: {html.escape(' '.join(texts))}</small></p>")
        return "".join(parts)
