"""Confidence intervals of proportions and of what is computed from them."""

import math

from statsmodels.stats.proportion import proportion_confint

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import check_choice, check_counts, check_level, warn
from fxstudy.stats.normal import quantile
from fxstudy.stats.result import Result

_STATSMODELS = {
    "wilson": "wilson",
    "clopper-pearson": "beta",
    "agresti-coull": "agresti_coull",
    "jeffreys": "jeffreys",
    "wald": "normal",
}
METHODS = tuple(_STATSMODELS)
_REFERENCES = {
    "wilson": "Wilson EB. J Am Stat Assoc 1927;22:209-212",
    "clopper-pearson": "Clopper CJ, Pearson ES. Biometrika 1934;26:404-413",
    "agresti-coull": "Agresti A, Coull BA. Am Stat 1998;52:119-126",
    "jeffreys": "Brown LD, Cai TT, DasGupta A. Stat Sci 2001;16:101-133",
    "wald": "normal approximation; misleading near 0 and 1",
}


def proportion(
    count: int, n: int, *, level: float = 0.95, method: str = "wilson", name: str = "proportion"
) -> Result:
    """A proportion ``count / n`` with a confidence interval.

    Parameters
    ----------
    count, n : int
        Successes and trials, 0 ≤ count ≤ n. With n = 0 the estimate is nan, with a warning.
    method : {"wilson", "clopper-pearson", "agresti-coull", "jeffreys", "wald"}
        Wilson covers close to its level at every n; Clopper–Pearson never covers less than it claims and is
        wider. "wald" is there to reproduce papers, not to use.

    Raises
    ------
    StatisticsError
        Counts that are negative, fractional or above n; unknown method.

    Examples
    --------
    >>> proportion(45, 50).text()
    '0.900 (0.786 to 0.957)'
    """
    count, n = check_counts(count=count, n=n)
    check_level(level)
    check_choice(method, METHODS, "method")
    if count > n:
        raise StatisticsError(f"count must not be above n, but {count} of {n} were given")
    facts = {"name": name, "level": level, "n": n, "method": f"binomial proportion, {method} interval"}
    facts["reference"] = _REFERENCES[method]
    if n == 0:
        return Result(estimate=math.nan, note=warn(f"{name}: no cases in the denominator"), **facts)
    low, high = proportion_confint(count, n, alpha=1 - level, method=_STATSMODELS[method])
    low, high = (0.0 if count == 0 else max(float(low), 0.0)), (1.0 if count == n else min(float(high), 1.0))
    return Result(
        estimate=count / n,
        low=low,
        high=high,
        note=f"{count} of {n}",
        assumes="Cases are independent.",
        **facts,
    )


def limits(count: float, n: float, level: float, method: str = "wilson") -> tuple[float, float]:
    """Limits of a proportion for counts that need not be whole (expected counts, effective sample sizes)."""
    low, high = proportion_confint(count, n, alpha=1 - level, method=_STATSMODELS[method])
    return (0.0 if count == 0 else float(low)), (1.0 if count == n else float(high))


def mover(a: Result, b: Result, *, sign: int = 1) -> tuple[float, float]:
    """Limits of a + b (``sign=1``) or a − b (``sign=-1``) of independent estimates from their own limits.

    Method of variance estimates recovery (Zou and Donner 2008; Newcombe's for two proportions).
    """
    low_b, high_b = (b.low, b.high) if sign > 0 else (-b.high, -b.low)
    centre_b = sign * b.estimate
    centre = a.estimate + centre_b
    low = centre - math.hypot(a.estimate - a.low, centre_b - low_b)
    high = centre + math.hypot(a.high - a.estimate, high_b - centre_b)
    return low, high


def log_interval(estimate: float, log_se: float, level: float) -> tuple[float, float]:
    """Limits of a ratio from the standard error of its logarithm."""
    factor = math.exp(quantile(level) * log_se)
    return estimate / factor, estimate * factor
