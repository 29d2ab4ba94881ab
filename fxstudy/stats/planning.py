"""How many cases and readers: power and sample size of AUCs, proportions and reader studies."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import pandas as pd
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import check_choice
from fxstudy.stats.intervals import METHODS, limits
from fxstudy.stats.reader_anova import Components

OBUCHOWSKI = "Obuchowski NA, Lieber ML, Wians FH. Clin Chem 2004;50:1118-1125"
CONNOR = "Connor RJ. Biometrics 1987;43:207-211"
HILLIS_POWER = "Hillis SL, Obuchowski NA, Berbaum KS. Acad Radiol 2011;18:129-142"


@dataclass(frozen=True)
class Plan:
    """A planned study and the power it has.

    Attributes
    ----------
    positive, negative : float
        Numbers of positive and negative cases (round up).
    power : float
    alpha : float
        Two-sided.
    question : str
        What is tested, in words.
    reference : str
    readers : int or None
    """

    positive: float
    negative: float
    power: float
    alpha: float
    question: str
    reference: str
    readers: int | None = None

    @property
    def cases(self) -> int:
        """All cases, rounded up by class."""
        return math.ceil(self.positive - 1e-9) + math.ceil(self.negative - 1e-9)

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame([asdict(self) | {"cases": self.cases}])

    def _repr_html_(self) -> str:
        people = f", {self.readers} readers" if self.readers else ""
        return (
            f"<p>{math.ceil(self.positive - 1e-9)} positive and {math.ceil(self.negative - 1e-9)} negative "
            "cases"
            f"{people} give a power of {100 * self.power:.0f} % for {self.question} at a two-sided level of "
            f"{self.alpha:g}. {self.reference}.</p>"
        )


def auc_variance(auc: float, ratio: float) -> float:
    """Obuchowski's variance function V of an AUC: its variance is V / number of positive cases.

    ``ratio`` is the number of negatives per positive.
    """
    a = 1.414 * float(stats.norm.ppf(auc))
    return 0.0099 * math.exp(-a * a / 2) * ((5 * a * a + 8) + (a * a + 8) / ratio)


def plan_auc(
    auc: float,
    *,
    positive: float | None = None,
    ratio: float = 1.0,
    power: float | None = None,
    alpha: float = 0.05,
) -> Plan:
    """One AUC against chance: give ``positive`` for the power, or ``power`` for the cases.

    Parameters
    ----------
    auc : float
        Expected AUC, above 0.5 and below 1.
    positive : float, optional
    ratio : float
        Negatives per positive.
    """
    if not 0.5 < auc < 1:
        raise StatisticsError(f"auc must lie between 0.5 and 1, not {auc}")
    null, other, gap = 0.0792 * (1 + 1 / ratio), auc_variance(auc, ratio), auc - 0.5
    return _solve(
        positive, ratio, power, alpha, null, other, gap, f"an AUC of {auc:g} against 0.5", OBUCHOWSKI
    )


def plan_paired_aucs(
    auc_a: float,
    auc_b: float,
    *,
    correlation: float = 0.5,
    positive: float | None = None,
    ratio: float = 1.0,
    power: float | None = None,
    alpha: float = 0.05,
    variances: tuple[float, float, float] | None = None,
) -> Plan:
    """Two AUCs on the same cases.

    Parameters
    ----------
    auc_a, auc_b : float
        Expected AUCs.
    correlation : float
        Of the two AUC estimates (``DeLongTest.correlation`` of a pilot).
    variances : tuple of three float, optional
        Variance of a, of b and covariance per positive case from a pilot (DeLong's times its positives),
        instead of Obuchowski's function.
    """
    if variances is None:
        a, b = auc_variance(auc_a, ratio), auc_variance(auc_b, ratio)
        shared, null = correlation * math.sqrt(a * b), 2 * a * (1 - correlation)
    else:
        a, b, shared = variances
        null = 2 * a - 2 * shared
    question = f"a difference of {auc_a:g} and {auc_b:g}"
    return _solve(
        positive, ratio, power, alpha, null, a + b - 2 * shared, auc_a - auc_b, question, OBUCHOWSKI
    )


def plan_proportion(
    expected: float, *, half_width: float, level: float = 0.95, method: str = "wilson"
) -> int:
    """Cases needed until the interval of an expected sensitivity is at most ± ``half_width`` wide.

    Counts cases of the class in question: divide by the prevalence for the whole cohort (Buderer 1996).
    """
    check_choice(method, METHODS, "method")
    if not 0 < expected < 1 or not 0 < half_width < 0.5:
        raise StatisticsError("expected must lie between 0 and 1 and half_width between 0 and 0.5")

    def wide(n: int) -> bool:
        low, high = limits(expected * n, n, level, method)
        return (high - low) / 2 > half_width

    n = 2
    while wide(n):
        n *= 2
    low = n // 2
    while n - low > 1:
        middle = (low + n) // 2
        low, n = (middle, n) if wide(middle) else (low, middle)
    return n


def plan_mcnemar(
    only_a: float, only_b: float, *, n: int | None = None, power: float | None = None, alpha: float = 0.05
) -> Plan:
    """Two sensitivities (or specificities) on the same cases by McNemar's test (Connor 1987).

    Parameters
    ----------
    only_a, only_b : float
        Expected shares of cases that only a, only b gets right.
    n : int, optional
        Cases of that class; give it for the power, or ``power`` for n.
    """
    discordant, gap = only_a + only_b, only_a - only_b
    if min(only_a, only_b) < 0 or not 0 < discordant <= 1 or gap == 0:
        raise StatisticsError("only_a and only_b must be different shares that sum to at most 1")
    question = f"a difference of {100 * gap:g} percentage points with {100 * discordant:g} % discordant cases"
    plan = _solve(n, 1.0, power, alpha, discordant, discordant - gap**2, gap, question, CONNOR)
    return Plan(plan.positive, 0.0, plan.power, alpha, question, CONNOR)


def plan_reader_study(
    components: Components,
    *,
    pilot_cases: int,
    effect: float,
    readers: int,
    cases: int,
    alpha: float = 0.05,
    random: str = "both",
) -> Plan:
    """Power of a two-treatment reader study from the components of a pilot (``ReaderStudy.components``).

    Parameters
    ----------
    components : Components
    pilot_cases : int
        Cases of the pilot; error covariances shrink in proportion.
    effect : float
        Difference of the treatments to be found.
    readers, cases : int
        Of the planned study, the pilot's share of positives.
    random : {"both", "readers", "cases"}
        What the conclusion shall hold for.

    References
    ----------
    .. [1] Hillis SL, Obuchowski NA, Berbaum KS. Acad Radiol 2011;18:129-142.
    """
    check_choice(random, ("both", "readers", "cases"), "random")
    if readers < 2 or cases < 2:
        raise StatisticsError(
            f"a reader study needs at least two readers and cases, not {readers} and {cases}"
        )
    c, shrink = components, pilot_cases / cases
    interaction, extra = max(c.treatment_by_reader, 0.0), max(c.cov2 - c.cov3, 0.0)
    error = shrink * (c.variance - c.cov1 + (readers - 1) * extra)
    single = shrink * (c.variance - c.cov1 - extra)
    if random == "cases":
        denominator, df = error, math.inf
    elif random == "readers":
        denominator, df = interaction + single, float(readers - 1)
    else:
        denominator = interaction + error
        df = (readers - 1) * (denominator / (interaction + single)) ** 2
    centre = readers * effect**2 / 2 / denominator
    if math.isinf(df):
        power = float(stats.ncx2.sf(stats.chi2.isf(alpha, 1), 1, centre))
    else:
        power = float(stats.ncf.sf(stats.f.isf(alpha, 1, df), 1, df, centre))
    question = f"a difference of {effect:g} over readers (random: {random})"
    return Plan(cases, 0.0, power, alpha, question, HILLIS_POWER, readers)


def needed_cases(power_of: Callable[[int], float], power: float = 0.8, *, largest: int = 100_000) -> int:
    """Smallest number of cases whose power reaches the goal, for any function of the number of cases."""
    low, high = 2, 4
    while power_of(high) < power:
        low, high = high, 2 * high
        if high > largest:
            raise StatisticsError(f"even {largest} cases do not reach a power of {power:g}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle) >= power else (middle, high)
    return high


def _solve(
    positive: float | None,
    ratio: float,
    power: float | None,
    alpha: float,
    null: float,
    other: float,
    gap: float,
    question: str,
    reference: str,
) -> Plan:
    """n = (z_α √V0 + z_β √V1)² / gap², for n or for z_β."""
    if (positive is None) == (power is None):
        raise StatisticsError("give either the number of cases or the power wanted, the other is computed")
    if gap == 0 or not 0 < alpha < 1 or ratio <= 0:
        raise StatisticsError(
            "the expected difference must not be 0, alpha lie within 0 to 1, ratio be positive"
        )
    z_alpha = float(stats.norm.isf(alpha / 2))
    if positive is None:
        if not 0 < power < 1:
            raise StatisticsError(f"power must lie between 0 and 1, not {power}")
        z_beta = float(stats.norm.ppf(power))
        positive = ((z_alpha * math.sqrt(null) + z_beta * math.sqrt(other)) / gap) ** 2
    else:
        z_beta = (math.sqrt(positive) * abs(gap) - z_alpha * math.sqrt(null)) / math.sqrt(other)
        power = float(stats.norm.cdf(z_beta))
    return Plan(float(positive), float(positive) * ratio, power, alpha, question, reference)
