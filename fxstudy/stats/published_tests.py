"""Audit of printed AUCs and p-values: what an operating point, counts or means with SDs imply."""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy import optimize, stats

from fxstudy.errors import StatisticsError
from fxstudy.stats.paired_binary import mcnemar_test
from fxstudy.stats.printed import Printed, read_printed


@dataclass(frozen=True)
class Recomputed:
    """A printed number beside the range that the other printed numbers imply.

    Attributes
    ----------
    what : str
    printed : Printed or None
    low, high : float
        Range implied by the other figures, rounding included.
    arithmetic : str
        How it was computed, with the numbers.
    """

    what: str
    printed: Printed | None
    low: float
    high: float
    arithmetic: str

    @property
    def consistent(self) -> bool:
        """Whether the printed number lies in the implied range (True when none is printed)."""
        if self.printed is None:
            return True
        return self.printed.high >= self.low - 1e-9 and self.printed.low <= self.high + 1e-9

    def verdict(self) -> str:
        """The comparison in words."""
        said = f"{self.what}: the other figures imply {self.low:.4g} to {self.high:.4g} ({self.arithmetic})"
        if self.printed is None:
            return said + "."
        return (
            f"{said}; printed is {self.printed.text}: {'consistent' if self.consistent else 'inconsistent'}."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        printed = self.printed.text if self.printed else None
        row = {"what": self.what, "printed": printed, "low": self.low, "high": self.high}
        return pd.DataFrame([row | {"consistent": self.consistent, "arithmetic": self.arithmetic}])

    def _repr_html_(self) -> str:
        return f"<p>{self.verdict()}</p>"


def auc_bounds(
    sensitivity: str, specificity: str, *, auc: str | None = None, shape: str = "any", youden: bool = False
) -> Recomputed:
    """Range of AUCs that a curve through a printed operating point can have.

    Parameters
    ----------
    sensitivity, specificity : str
        As printed.
    auc : str, optional
        The printed AUC.
    shape : {"any", "concave"}
        Any monotone curve: Se·Sp to 1 − (1 − Se)(1 − Sp). A concave one (no hooks): at least (Se + Sp) / 2.
    youden : bool
        The point is the best by Youden's index J, so no point lies above it: at most 1/2 + J − J²/2.
    """
    se, sp = read_printed(sensitivity), read_printed(specificity)
    low = se.low * sp.low
    high = 1 - (1 - se.high) * (1 - sp.high)
    told = f"Se·Sp = {low:.4f}, 1 − (1 − Se)(1 − Sp) = {high:.4f}"
    if shape == "concave":
        low, high = (se.low + sp.low) / 2, min(high, _concave(1 - sp.high, se.high))
        told = f"(Se + Sp) / 2 = {low:.4f}, largest concave curve {high:.4f}"
    elif shape != "any":
        raise StatisticsError(f"shape must be any or concave, not {shape!r}")
    if youden:
        j = se.high + sp.high - 1
        high = min(high, 0.5 + j - j * j / 2)
        told += f"; with J = {j:.3f} at most 1/2 + J − J²/2 = {0.5 + j - j * j / 2:.4f}"
    return Recomputed("AUC", None if auc is None else read_printed(auc), low, high, told)


def _concave(f: float, s: float) -> float:
    """Largest area of a concave curve through (f, s): the best supporting line cut at 1."""
    if f <= 0:
        return (1 + s) / 2 if s < 1 else 1.0

    def minus_area(slope: float) -> float:
        start = s - slope * f
        reach = 1.0 if slope <= 0 else min((1 - start) / slope, 1.0)
        return -(start * reach + slope * reach**2 / 2 + (1 - reach))

    found = optimize.minimize_scalar(
        minus_area, bounds=(0, s / f), method="bounded", options={"xatol": 1e-10}
    )
    return float(-min(found.fun, minus_area(0.0), minus_area(s / f)))


def paired_p_range(
    right_a: int, right_b: int, n: int, *, p: str | None = None, method: str = "mid-p"
) -> Recomputed:
    """Range of McNemar's p that two printed margins of the same n cases leave open.

    The discordant counts are not printed: only their difference right_a − right_b is known.
    """
    if not 0 <= min(right_a, right_b) <= max(right_a, right_b) <= n:
        raise StatisticsError(f"right_a and right_b must lie within 0 to {n}, not {right_a} and {right_b}")
    gap = right_a - right_b
    fewest, most = max(0, -gap), min(right_b, n - right_a)
    values = [mcnemar_test(b + gap, b, method=method)[1].value for b in range(fewest, most + 1)]
    told = (
        f"{right_a} against {right_b} right of {n}; only b right in {fewest} to {most} cases, "
        f"only a in {fewest + gap} to {most + gap}; McNemar {method}"
    )
    figure = None if p is None else read_printed(p, percent=False)
    return Recomputed("McNemar's p", figure, min(values), max(values), told)


def p_from_counts(table: np.ndarray, *, p: str | None = None) -> pd.DataFrame:
    """p of a table of counts by every usual test, and which of them gives the printed one.

    Parameters
    ----------
    table : array of shape (rows, columns)
        Counts as printed.
    """
    table = np.asarray(table)
    rows = [("chi-square", stats.chi2_contingency(table, correction=False).pvalue)]
    if table.shape == (2, 2):
        rows.append(("chi-square with Yates' correction", stats.chi2_contingency(table).pvalue))
        rows.append(("Fisher's exact", stats.fisher_exact(table).pvalue))
    figure = None if p is None else read_printed(p, percent=False)
    frame = pd.DataFrame(rows, columns=["test", "p_value"])
    frame["fits"] = [figure is None or bool(figure.fits(value)) for value in frame.p_value]
    return frame


def p_from_means(
    first: tuple[str, str, int], second: tuple[str, str, int], *, p: str | None = None, welch: bool = False
) -> Recomputed:
    """Range of the t test's p that printed means, SDs and group sizes leave open.

    Parameters
    ----------
    first, second : tuple of (mean, SD, n)
        Mean and SD as printed text.
    """
    figures = [
        (read_printed(mean, percent=False), read_printed(sd, percent=False))
        for mean, sd, _ in (first, second)
    ]
    sizes = first[2], second[2]
    corners = product(*((f.low, f.high) for pair in figures for f in pair))
    values = [
        stats.ttest_ind_from_stats(m1, s1, sizes[0], m2, s2, sizes[1], equal_var=not welch).pvalue
        for m1, s1, m2, s2 in corners
    ]
    (mean_1, _), (mean_2, _) = figures
    if mean_1.low <= mean_2.high and mean_2.low <= mean_1.high:
        values.append(1.0)
    told = f"{first[0]} ± {first[1]} (n = {first[2]}) against {second[0]} ± {second[1]} (n = {second[2]})"
    figure = None if p is None else read_printed(p, percent=False)
    return Recomputed(f"{'Welch' if welch else 'Student'}'s p", figure, min(values), max(values), told)


def implied_correlation(
    auc_a: str, auc_b: str, *, positive: int, negative: int, p: str, errors: tuple[float, float] | None = None
) -> Recomputed:
    """Correlation between two AUCs that a printed paired p needs; outside −1 to 1 the p cannot be right.

    Parameters
    ----------
    auc_a, auc_b, p : str
        As printed; p may be "< 0.05".
    positive, negative : int
        Class sizes, for Hanley and McNeil's standard errors.
    errors : tuple of float, optional
        Standard errors of the two AUCs where they or their intervals are printed.
    """
    a, b, figure = read_printed(auc_a), read_printed(auc_b), read_printed(p, percent=False)
    spread = errors or tuple(hanley_error(x.middle, positive, negative) for x in (a, b))
    gaps = max(a.high - b.low, b.high - a.low), max(a.low - b.high, b.low - a.high, 0.0)

    def needed(gap: float, p_value: float) -> float:
        z = stats.norm.isf(max(p_value, 1e-300) / 2)
        if z <= 0:
            return -math.inf
        return (spread[0] ** 2 + spread[1] ** 2 - (gap / z) ** 2) / (2 * spread[0] * spread[1])

    ends = [needed(gap, value) for gap in gaps for value in (figure.low, figure.high)]
    told = (
        f"standard errors {spread[0]:.4f} and {spread[1]:.4f}, difference {gaps[1]:.4f} to {gaps[0]:.4f}, "
        f"r = (a² + b² − (difference / z)²) / 2ab with p {figure.text}"
    )
    return Recomputed("correlation of the AUCs", Printed("−1 to 1", -1.0, 1.0), min(ends), max(ends), told)


def hanley_error(auc: float, positive: int, negative: int) -> float:
    """Standard error of an AUC from its value and the class sizes (Hanley and McNeil 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positive - 1) * (q1 - auc**2) + (negative - 1) * (q2 - auc**2)
    return math.sqrt(variance / (positive * negative))
