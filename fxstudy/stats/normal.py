"""z tests whose p-value is also given by powers of ten, so that it never silently becomes 0."""

import math
from dataclasses import dataclass

from scipy import stats

from fxstudy.stats.checks import check_choice

ALTERNATIVES = ("two-sided", "greater", "less")


@dataclass(frozen=True)
class PValue:
    """A p-value and its decimal logarithm."""

    value: float
    log10: float


def quantile(level: float) -> float:
    """Half width of a two-sided normal interval in standard errors (1.96 for 0.95)."""
    return float(stats.norm.isf((1 - level) / 2))


def z_p_value(z: float, alternative: str = "two-sided") -> PValue:
    """p of a standard normal statistic, "greater" meaning large z is extreme."""
    return _p_value(z, alternative, stats.norm.logsf)


def t_p_value(t: float, df: float, alternative: str = "two-sided") -> PValue:
    """p of a t statistic with ``df`` degrees of freedom."""
    return _p_value(t, alternative, lambda value: stats.t.logsf(value, df))


def chi2_p_value(statistic: float, df: float) -> PValue:
    """p of a chi-square statistic."""
    if math.isnan(statistic):
        return PValue(math.nan, math.nan)
    logarithm = float(stats.chi2.logsf(statistic, df))
    return PValue(math.exp(logarithm), logarithm / math.log(10))


def _p_value(value: float, alternative: str, logsf) -> PValue:
    check_choice(alternative, ALTERNATIVES, "alternative")
    if math.isnan(value):
        return PValue(math.nan, math.nan)
    if alternative == "two-sided":
        logarithm = min(float(logsf(abs(value))) + math.log(2), 0.0)
    else:
        logarithm = float(logsf(value if alternative == "greater" else -value))
    return PValue(math.exp(logarithm), logarithm / math.log(10))
