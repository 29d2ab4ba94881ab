"""Two decisions on the same cases: sensitivity and specificity compared."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, stats

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_truth, check_choice, check_counts, check_level, warn
from fxstudy.stats.normal import PValue, chi2_p_value, quantile, z_p_value
from fxstudy.stats.result import Result

MCNEMAR = ("mid-p", "exact", "asymptotic", "corrected")
_MCNEMAR_REFERENCE = "Fagerland MW, Lydersen S, Laake P. BMC Med Res Methodol 2013;13:91"
_TANGO = "Tango T. Stat Med 1998;17:891-908"
_SAME_CASES = "Both decisions were made on the same cases, which are independent of each other."


@dataclass(frozen=True)
class PairedCounts:
    """Cases by truth and by what two tests said: (both positive, only a, only b, neither).

    Attributes
    ----------
    positive, negative : tuple of four int
        Counts among the truly positive and the truly negative.
    """

    positive: tuple[int, int, int, int]
    negative: tuple[int, int, int, int]

    def __post_init__(self) -> None:
        names = ("both", "only_a", "only_b", "neither")
        for label, cells in (("positive", self.positive), ("negative", self.negative)):
            if len(cells) != 4:
                raise StatisticsError(f"{label} must hold four counts (both, only a, only b, neither)")
            check_counts(**{f"{label}_{name}": cell for name, cell in zip(names, cells, strict=True)})

    @property
    def cells(self) -> np.ndarray:
        """All eight counts, positives first."""
        return np.array([*self.positive, *self.negative], dtype=float)


# Rows of PairedCounts.cells: is the case positive, did a say so, did b say so.
TRUTH = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
SAID_A = np.array([1, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
SAID_B = np.array([1, 0, 1, 0, 1, 0, 1, 0], dtype=bool)


def paired_counts(truth: Any, decision_a: Any, decision_b: Any) -> PairedCounts:
    """Count the cases of two tests by what both said.

    Parameters
    ----------
    truth, decision_a, decision_b : array-like of shape (n,)
        0/1 each, same cases in the same order.
    """
    truth = as_truth(truth, both=False)
    a, b = (as_truth(d, name=f"decision_{k}", both=False) for d, k in ((decision_a, "a"), (decision_b, "b")))
    if not truth.size == a.size == b.size:
        raise StatisticsError(
            f"one decision per case and test: {truth.size} cases, {a.size} and {b.size} given"
        )
    cells = [
        int(((truth == t) & (a == said_a) & (b == said_b)).sum())
        for t, said_a, said_b in zip(TRUTH, SAID_A, SAID_B, strict=True)
    ]
    return PairedCounts(tuple(cells[:4]), tuple(cells[4:]))


def mcnemar_test(only_a: int, only_b: int, *, method: str = "mid-p") -> tuple[float, PValue]:
    """McNemar's test from the discordant counts: statistic and p.

    Parameters
    ----------
    only_a, only_b : int
        Cases that only a, only b called positive.
    method : {"mid-p", "exact", "asymptotic", "corrected"}
        Mid-p keeps close to the nominal level at every n and is advised; "exact" is conservative (p never
        above 1); "corrected" subtracts 1 from the difference (Edwards).

    Returns
    -------
    tuple
        Chi-square statistic (1 df; for the exact methods that of the plain test) and p.
    """
    only_a, only_b = check_counts(only_a=only_a, only_b=only_b)
    check_choice(method, MCNEMAR, "method")
    total, gap = only_a + only_b, abs(only_a - only_b)
    if total == 0 or gap == 0:
        return 0.0, PValue(1.0, 0.0)
    if method in ("asymptotic", "corrected"):
        statistic = max(gap - (method == "corrected"), 0) ** 2 / total
        return statistic, chi2_p_value(statistic, 1)
    tail = stats.binom.logcdf(min(only_a, only_b), total, 0.5)
    p = 2 * math.exp(tail)
    if method == "mid-p":
        p -= stats.binom.pmf(min(only_a, only_b), total, 0.5)
    p = min(float(p), 1.0)
    log10 = math.log10(p) if p > 0 else (float(tail) + math.log(2)) / math.log(10)
    return gap**2 / total, PValue(p, log10)


def tango_interval(only_a: int, only_b: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Score interval of the difference of two paired proportions, (only_a − only_b) / n.

    The limits are where Tango's score statistic equals ±z; inside −1…1 by construction and never with the
    sign turned.
    """
    only_a, only_b, n = check_counts(only_a=only_a, only_b=only_b, n=n)
    check_level(level)
    if n < max(only_a + only_b, 1):
        raise StatisticsError(f"n must be at least the {only_a + only_b} discordant cases and 1, not {n}")
    z, estimate = quantile(level), (only_a - only_b) / n

    def excess(delta: float, sign: int) -> float:
        return _tango_score(only_a, only_b, n, delta) - sign * z

    edge = 1 - 1e-12
    low = -1.0 if estimate == -1 else optimize.brentq(excess, -edge, estimate, args=(1,), xtol=1e-13)
    high = 1.0 if estimate == 1 else optimize.brentq(excess, estimate, edge, args=(-1,), xtol=1e-13)
    return float(low), float(high)


def _tango_score(only_a: int, only_b: int, n: int, delta: float) -> float:
    linear = -only_a - only_b + (2 * n - only_a + only_b) * delta
    constant = -only_b * delta * (1 - delta)
    root = math.sqrt(max(linear**2 - 8 * n * constant, 0.0))
    share = (root - linear) / (4 * n)
    variance = n * (2 * share + delta * (1 - delta))
    gap = only_a - only_b - n * delta
    if variance <= 0:
        return 0.0 if gap == 0 else math.copysign(1e9, gap)
    return gap / math.sqrt(variance)


def paired_proportions(
    only_a: int,
    only_b: int,
    n: int,
    *,
    level: float = 0.95,
    method: str = "mid-p",
    name: str = "difference of proportions",
) -> Result:
    """Difference a − b of two proportions on the same n cases, Tango's interval and McNemar's test."""
    only_a, only_b, n = check_counts(only_a=only_a, only_b=only_b, n=n)
    facts = {"name": name, "level": level, "n": n, "method": f"McNemar's test ({method}), Tango's interval"}
    facts["reference"] = f"{_MCNEMAR_REFERENCE}; {_TANGO}"
    if n == 0:
        return Result(estimate=math.nan, note=warn(f"{name}: no cases"), **facts)
    low, high = tango_interval(only_a, only_b, n, level=level)
    statistic, p = mcnemar_test(only_a, only_b, method=method)
    return Result(
        estimate=(only_a - only_b) / n,
        low=low,
        high=high,
        statistic=statistic,
        p_value=p.value,
        log10_p=p.log10,
        df=1,
        note=f"{only_a} cases only by a, {only_b} only by b, of {n}",
        meaning="Only the cases on which the two disagree carry information about the difference.",
        assumes=_SAME_CASES,
        **facts,
    )


def generalised_mcnemar(counts: PairedCounts) -> Result:
    """One test that sensitivity and specificity are both equal (Lachenbruch and Lynch 1998).

    The sum of the two McNemar statistics, chi-square with 2 degrees of freedom; the estimate is that sum.
    """
    groups = (counts.positive, counts.negative)
    parts = [mcnemar_test(cells[1], cells[2], method="asymptotic")[0] for cells in groups]
    statistic = sum(parts)
    p = chi2_p_value(statistic, 2)
    return Result(
        name="joint test of sensitivity and specificity",
        estimate=statistic,
        statistic=statistic,
        p_value=p.value,
        log10_p=p.log10,
        df=2,
        n=int(counts.cells.sum()),
        method="generalised McNemar test, chi-square with 2 df",
        reference="Lachenbruch PA, Lynch CJ. Stat Med 1998;17:2207-2217",
        assumes=_SAME_CASES,
    )


def relative_rate(counts: PairedCounts, *, of: str, level: float = 0.95) -> Result:
    """Ratio a / b of two sensitivities or specificities on the same cases.

    Parameters
    ----------
    of : {"sensitivity", "specificity"}
    """
    check_choice(of, ("sensitivity", "specificity"), "of")
    cells = counts.positive if of == "sensitivity" else counts.negative
    both, only_a, only_b, _ = cells if of == "sensitivity" else cells[::-1]
    right_a, right_b = both + only_a, both + only_b
    return log_ratio(
        f"ratio of {of}",
        right_a / right_b if right_b else math.nan,
        ((only_a + only_b) / (right_a * right_b)) if right_a and right_b else math.nan,
        level=level,
        n=sum(cells),
        reference="Alonzo TA, Pepe MS, Moskowitz CS. Stat Med 2002;21:835-852",
    )


def log_ratio(
    name: str, ratio: float, log_variance: float, *, level: float, n: int, reference: str
) -> Result:
    """A ratio with the interval and test of its logarithm; 1 means equal."""
    check_level(level)
    facts = {"name": name, "level": level, "n": n, "reference": reference}
    facts |= {"method": "interval and test on the log scale", "assumes": _SAME_CASES}
    if math.isnan(ratio) or math.isnan(log_variance) or ratio <= 0 or math.isinf(ratio):
        return Result(estimate=ratio, note=warn(f"{name}: not defined, one of the counts is 0"), **facts)
    if log_variance <= 0:
        z, p = (0.0, PValue(1.0, 0.0)) if ratio == 1 else (math.nan, PValue(math.nan, math.nan))
    else:
        z = math.log(ratio) / math.sqrt(log_variance)
        p = z_p_value(z)
    factor = math.exp(quantile(level) * math.sqrt(max(log_variance, 0.0)))
    return Result(
        estimate=ratio,
        low=ratio / factor,
        high=ratio * factor,
        statistic=z,
        p_value=p.value,
        log10_p=p.log10,
        **facts,
    )
