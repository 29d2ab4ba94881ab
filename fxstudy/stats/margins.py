"""Non-inferiority and equivalence of a difference, against a margin fixed beforehand."""

import math
from dataclasses import dataclass

from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import warn
from fxstudy.stats.normal import PValue, quantile, t_p_value, z_p_value
from fxstudy.stats.result import Composite, Result, p_text


@dataclass(frozen=True)
class MarginTest(Composite):
    """A difference a − b held against a margin.

    Attributes
    ----------
    difference : Result
        As it came, with its two-sided interval.
    test : Result
        Statistic and p of the hypothesis that the difference lies outside the margin.
    margin : float
    shown : bool
        Whether the interval lies on the right side of the margin.
    kind : str
        "non-inferiority" or "equivalence".
    """

    difference: Result
    test: Result
    margin: float
    shown: bool
    kind: str

    @property
    def results(self) -> tuple[Result, ...]:
        return self.difference, self.test

    def summary(self) -> str:
        side = f"above −{self.margin:g}" if self.kind == "non-inferiority" else f"within ±{self.margin:g}"
        where = "lies" if self.shown else "does not lie"
        return (
            f"{self.difference.name} was {self.difference.text()}; its interval {where} wholly {side}, so "
            f"{self.kind} is {'shown' if self.shown else 'not shown'} "
            f"(one-sided {p_text(self.test.p_value, self.test.log10_p)})."
        )


def noninferiority(difference: Result, margin: float) -> MarginTest:
    """Test that a is not worse than b by ``margin`` or more.

    The statistic is (difference + margin) / standard error, the standard error being read from the statistic
    or, where the interval is not symmetric (Tango), from the interval: then only the interval decides and the
    p-value comes from its lower half.

    Parameters
    ----------
    difference : Result
        a − b of a measure where larger is better, with a two-sided interval.
    margin : float
        Largest acceptable loss, positive, fixed before the data were seen.
    """
    margin = _margin(margin)
    p, statistic, note = _beyond(difference, -margin, "greater")
    shown = difference.low > -margin
    return _told(difference, margin, bool(shown), "non-inferiority", statistic, p, note)


def equivalence(difference: Result, margin: float) -> MarginTest:
    """Two one-sided tests that a and b differ by less than ``margin`` (Schuirmann 1987).

    Shown when the two-sided interval at ``level`` lies within ±margin; p is the larger of the two
    one-sided p, so a 95 % interval corresponds to p < 0.025.
    """
    margin = _margin(margin)
    sides = [_beyond(difference, -margin, "greater"), _beyond(difference, margin, "less")]
    p, statistic, note = max(sides, key=lambda side: -1.0 if math.isnan(side[0].value) else side[0].value)
    shown = -margin < difference.low and difference.high < margin
    return _told(difference, margin, bool(shown), "equivalence", statistic, p, note)


def _margin(margin: float) -> float:
    if not 0 < margin < math.inf:
        raise StatisticsError(f"margin must be positive, the largest acceptable loss, not {margin}")
    return float(margin)


def _beyond(difference: Result, bound: float, alternative: str) -> tuple[PValue, float, str]:
    """p that the true difference lies on the wrong side of ``bound``."""
    limit = difference.low if alternative == "greater" else difference.high
    if math.isnan(difference.estimate) or math.isnan(limit):
        note = warn("no interval of the difference, so no test of a margin")
        return PValue(math.nan, math.nan), math.nan, note
    df = difference.df if isinstance(difference.df, float) else None
    width = quantile(difference.level) if df is None else float(stats.t.isf((1 - difference.level) / 2, df))
    error = abs(difference.estimate - limit) / width
    gap = difference.estimate - bound
    if error == 0:
        inside = gap > 0 if alternative == "greater" else gap < 0
        note = warn("the interval has no width: the margin is judged by the estimate alone")
        return PValue(0.5 if gap == 0 else float(not inside), math.nan), math.copysign(math.inf, gap), note
    statistic = gap / error
    p = z_p_value(statistic, alternative) if df is None else t_p_value(statistic, df, alternative)
    return p, statistic, ""


def _told(
    difference: Result, margin: float, shown: bool, kind: str, statistic: float, p: PValue, note: str
) -> MarginTest:
    test = Result(
        name=f"{kind} within {margin:g}",
        estimate=difference.estimate,
        low=difference.low,
        high=difference.high,
        level=difference.level,
        statistic=statistic,
        p_value=p.value,
        log10_p=p.log10,
        df=difference.df,
        n=difference.n,
        method=f"{kind} by confidence interval and one-sided test",
        reference="Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680"
        if kind == "equivalence"
        else "Piaggio G et al. JAMA 2012;308:2594-2604",
        note=note,
        assumes="The margin was fixed before the data were seen.",
    )
    return MarginTest(difference, test, margin, shown, kind)
