"""Audit of a printed two-by-two table: every integer confusion matrix that fits the rounded figures."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.intervals import METHODS, limits
from fxstudy.stats.printed import Printed, read_printed

Measure = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
_LARGEST = 6_000_000


def _share(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, np.nan), where=bottom != 0)


def _mcc(tp: np.ndarray, fn: np.ndarray, fp: np.ndarray, tn: np.ndarray) -> np.ndarray:
    root = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return _share(tp * tn - fp * fn, root)


def _kappa(tp: np.ndarray, fn: np.ndarray, fp: np.ndarray, tn: np.ndarray) -> np.ndarray:
    n = tp + fn + fp + tn
    chance = ((tp + fn) * (tp + fp) + (tn + fp) * (tn + fn)) / n**2
    return _share((tp + tn) / n - chance, 1 - chance)


MEASURES: dict[str, Measure] = {
    "sensitivity": lambda tp, fn, fp, tn: _share(tp, tp + fn),
    "specificity": lambda tp, fn, fp, tn: _share(tn, tn + fp),
    "ppv": lambda tp, fn, fp, tn: _share(tp, tp + fp),
    "npv": lambda tp, fn, fp, tn: _share(tn, tn + fn),
    "accuracy": lambda tp, fn, fp, tn: (tp + tn) / (tp + fn + fp + tn),
    "f1": lambda tp, fn, fp, tn: _share(2 * tp, 2 * tp + fp + fn),
    "balanced_accuracy": lambda tp, fn, fp, tn: (_share(tp, tp + fn) + _share(tn, tn + fp)) / 2,
    "youden": lambda tp, fn, fp, tn: _share(tp, tp + fn) + _share(tn, tn + fp) - 1,
    "mcc": _mcc,
    "kappa": _kappa,
    "lr_positive": lambda tp, fn, fp, tn: _share(_share(tp, tp + fn), _share(fp, tn + fp)),
    "lr_negative": lambda tp, fn, fp, tn: _share(_share(fn, tp + fn), _share(tn, tn + fp)),
    "dor": lambda tp, fn, fp, tn: _share(tp * tn, fp * fn),
    "tp": lambda tp, fn, fp, tn: tp,
    "fn": lambda tp, fn, fp, tn: fn,
    "fp": lambda tp, fn, fp, tn: fp,
    "tn": lambda tp, fn, fp, tn: tn,
    "errors": lambda tp, fn, fp, tn: fp + fn,
}
SWAPS = {
    "sensitivity and specificity": {"sensitivity": "specificity", "specificity": "sensitivity"},
    "predictive values": {"ppv": "npv", "npv": "ppv"},
    "both classes": {
        "sensitivity": "specificity",
        "specificity": "sensitivity",
        "ppv": "npv",
        "npv": "ppv",
    },
}
MACRO: dict[str, Measure] = {
    "sensitivity": MEASURES["balanced_accuracy"],
    "specificity": MEASURES["balanced_accuracy"],
    "ppv": lambda tp, fn, fp, tn: (_share(tp, tp + fp) + _share(tn, tn + fn)) / 2,
    "npv": lambda tp, fn, fp, tn: (_share(tp, tp + fp) + _share(tn, tn + fn)) / 2,
    "f1": lambda tp, fn, fp, tn: (_share(2 * tp, 2 * tp + fp + fn) + _share(2 * tn, 2 * tn + fp + fn)) / 2,
}


@dataclass(frozen=True)
class TwoByTwoAudit:
    """What printed figures of one two-by-two table say about its counts.

    Attributes
    ----------
    printed : dict of str to Printed
    solutions : pandas.DataFrame
        Every (tp, fn, fp, tn) that fits all figures, with all measures.
    impossible : tuple of str
        Figures that no table of these sizes gives, each by itself.
    repairs : tuple of tuple of str
        Smallest sets of figures without which the rest fits.
    swaps : tuple of str
        Mix-ups of labels under which everything fits.
    macro : bool
        Whether everything fits when the figures are averages over both classes.
    """

    printed: dict[str, Printed]
    solutions: pd.DataFrame
    impossible: tuple[str, ...]
    repairs: tuple[tuple[str, ...], ...]
    swaps: tuple[str, ...]
    macro: bool

    @property
    def consistent(self) -> bool:
        """Whether at least one table fits."""
        return len(self.solutions) > 0

    def ranges(self) -> pd.DataFrame:
        """Smallest and largest value of every measure over the solutions, printed or not."""
        rows = [
            {"measure": name, "low": values.min(), "high": values.max(), "printed": name in self.printed}
            for name, values in self.solutions.items()
        ]
        return pd.DataFrame(rows, columns=["measure", "low", "high", "printed"])

    def verdict(self) -> str:
        """The audit in words, with its arithmetic."""
        told = ", ".join(f"{name} {figure.text}" for name, figure in self.printed.items())
        if self.consistent:
            first, count = self.solutions.iloc[0], len(self.solutions)
            example = f"TP {first.tp:.0f}, FN {first.fn:.0f}, FP {first.fp:.0f}, TN {first.tn:.0f}"
            many = "exactly one table fits" if count == 1 else f"{count} tables fit, such as"
            return f"Consistent: {told}; {many}: {example}."
        parts = [f"Inconsistent: no table of these sizes gives {told}."]
        if self.impossible:
            parts.append(f"Impossible by itself: {', '.join(self.impossible)}.")
        if self.repairs:
            parts.append(
                f"The rest fits without {' or without '.join(' and '.join(r) for r in self.repairs)}."
            )
        if self.swaps:
            parts.append(f"All figures fit when {' or '.join(self.swaps)} are taken as exchanged.")
        if self.macro:
            parts.append("All figures fit as averages over both classes (macro), not as those of one class.")
        return " ".join(parts)

    def to_frame(self) -> pd.DataFrame:
        """All solutions."""
        return self.solutions.copy()

    def _repr_html_(self) -> str:
        table = self.ranges().to_html(index=False) if self.consistent else ""
        return f"<p>{self.verdict()}</p>{table}"


def audit_two_by_two(
    printed: Mapping[str, str | Printed],
    *,
    positive: int | None = None,
    negative: int | None = None,
    total: int | None = None,
) -> TwoByTwoAudit:
    """List every two-by-two table that fits rounded figures, or say which figures clash.

    Parameters
    ----------
    printed : mapping of measure to printed text
        Measures as in ``MEASURES``: sensitivity, specificity, ppv, npv, accuracy, f1, mcc, kappa, errors, tp
        …
    positive, negative : int, optional
        Class sizes.
    total : int, optional
        All cases, when the class sizes are not printed.
    """
    figures = {name: _figure(name, text) for name, text in printed.items()}
    sizes = _sizes(positive, negative, total)
    grid = _grid(figures, sizes, prune=True)
    solutions = _fitting(grid, figures, MEASURES)
    table = pd.DataFrame({name: measure(*solutions) for name, measure in MEASURES.items()})
    counts = ["tp", "fn", "fp", "tn"]
    table = table[counts + [name for name in MEASURES if name not in counts]]
    if len(table) or not figures:
        return TwoByTwoAudit(figures, table, (), (), (), False)
    grid = _grid(figures, sizes, prune=False)
    masks = {name: figure.fits(MEASURES[name](*grid)) for name, figure in figures.items()}
    impossible = tuple(name for name, mask in masks.items() if not mask.any())
    swaps = tuple(
        label
        for label, swap in SWAPS.items()
        if set(swap) & set(figures)
        and _any(grid, {swap.get(name, name): figure for name, figure in figures.items()}, MEASURES)
    )
    macro = bool(set(MACRO) & set(figures)) and _any(grid, figures, MEASURES | MACRO)
    return TwoByTwoAudit(figures, table, impossible, _repairs(masks), swaps, macro)


def interval_origin(
    printed: str,
    low: str,
    high: str,
    *,
    sizes: Mapping[str, int],
    level: float = 0.95,
) -> pd.DataFrame:
    """Which method and which denominator reproduce a printed interval of a proportion.

    Parameters
    ----------
    printed, low, high : str
        Estimate and limits as printed.
    sizes : mapping of what is counted to its number
        Candidate denominators, such as {"fractures": 500, "all images": 1000}.

    Returns
    -------
    pandas.DataFrame
        One row per fit: counted, n, method, count.
    """
    estimate, bounds = read_printed(printed), (read_printed(low), read_printed(high))
    rows = []
    for label, n in sizes.items():
        counts = np.arange(math.ceil(estimate.low * n - 1e-9), math.floor(estimate.high * n + 1e-9) + 1)
        for count in counts:
            for method in METHODS:
                found = limits(int(count), n, level, method)
                if all(bound.fits(value) for bound, value in zip(bounds, found, strict=True)):
                    rows.append({"counted": label, "n": n, "method": method, "count": int(count)})
    return pd.DataFrame(rows, columns=["counted", "n", "method", "count"])


def _figure(name: str, text: str | Printed) -> Printed:
    if name not in MEASURES:
        raise StatisticsError(f"{name!r} is not a measure of the audit; it knows {', '.join(MEASURES)}")
    plain = name in ("tp", "fn", "fp", "tn", "errors", "lr_positive", "lr_negative", "dor")
    return read_printed(text, percent=False if plain else None)


def _sizes(positive: int | None, negative: int | None, total: int | None) -> list[tuple[int, int]]:
    if positive is not None and negative is None and total is not None:
        negative = total - positive
    if negative is not None and positive is None and total is not None:
        positive = total - negative
    if positive is not None and negative is not None:
        if min(positive, negative) < 0 or total not in (None, positive + negative):
            raise StatisticsError(f"{positive} positive and {negative} negative cases do not make {total}")
        return [(int(positive), int(negative))]
    if total is None or total < 2:
        raise StatisticsError("give positive and negative, or total")
    return [(k, int(total) - k) for k in range(1, int(total))]


def _grid(
    figures: Mapping[str, Printed], sizes: list[tuple[int, int]], *, prune: bool
) -> tuple[np.ndarray, ...]:
    """All (tp, fn, fp, tn) of these class sizes, thinned by sensitivity and specificity when ``prune``."""
    parts, cells = [], 0
    for m, n in sizes:
        tp, tn = np.arange(m + 1), np.arange(n + 1)
        if prune and "sensitivity" in figures and m:
            tp = tp[figures["sensitivity"].fits(tp / m)]
        if prune and "specificity" in figures and n:
            tn = tn[figures["specificity"].fits(tn / n)]
        cells += tp.size * tn.size
        if cells > _LARGEST:
            if prune:
                raise StatisticsError("too many tables to list; give class sizes or more figures")
            break
        a, b = (axis.ravel().astype(float) for axis in np.meshgrid(tp, tn, indexing="ij"))
        parts.append((a, m - a, n - b, b))
    if not parts:
        return tuple(np.zeros(0) for _ in range(4))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def _fitting(
    grid: tuple[np.ndarray, ...], figures: Mapping[str, Printed], measures: Mapping[str, Measure]
) -> tuple[np.ndarray, ...]:
    keep = np.ones(grid[0].size, dtype=bool)
    for name, figure in figures.items():
        keep &= figure.fits(measures[name](*grid))
    return tuple(column[keep] for column in grid)


def _any(
    grid: tuple[np.ndarray, ...], figures: Mapping[str, Printed], measures: Mapping[str, Measure]
) -> bool:
    return bool(_fitting(grid, figures, measures)[0].size)


def _repairs(masks: Mapping[str, np.ndarray]) -> tuple[tuple[str, ...], ...]:
    """Smallest sets of figures that have to be dropped for the rest to fit."""
    names = list(masks)
    for size in range(1, len(names)):
        found = []
        for dropped in combinations(names, size):
            kept = [masks[name] for name in names if name not in dropped]
            if np.logical_and.reduce(kept).any():
                found.append(dropped)
        if found:
            return tuple(found)
    return ()
