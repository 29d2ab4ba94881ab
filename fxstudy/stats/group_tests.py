"""The right test for a variable between groups, and how far apart the groups are."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.diagnostic import lilliefors
from statsmodels.stats.multitest import multipletests

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import check_choice, warn

NORMALITY = ("shapiro", "kolmogorov-smirnov")
ADJUSTMENTS = {"holm": "holm", "benjamini-hochberg": "fdr_bh", "bonferroni": "bonferroni"}


@dataclass(frozen=True)
class GroupTest:
    """A test between groups: its name, statistic, p and why it was taken."""

    name: str
    statistic: float
    p_value: float
    why: str = ""


def normality_p(values: np.ndarray, *, method: str = "shapiro") -> float:
    """p of the hypothesis that the values come from a normal distribution; nan below three values.

    Parameters
    ----------
    method : {"shapiro", "kolmogorov-smirnov"}
        Shapiro–Wilk, or Kolmogorov–Smirnov with mean and SD estimated from the data (Lilliefors' correction).
    """
    check_choice(method, NORMALITY, "normality")
    values = np.asarray(values, dtype=float)
    if values.size < 3 or np.ptp(values) == 0:
        return math.nan
    if method == "kolmogorov-smirnov":
        if values.size < 4:
            return math.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(lilliefors(values, pvalmethod="table")[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scipy doubts its p above 5,000 values, not the verdict
        return float(stats.shapiro(values).pvalue)


def compare_continuous(
    groups: Sequence[np.ndarray],
    *,
    normality: str = "shapiro",
    parametric: bool | None = None,
    equal_variance: bool = True,
) -> GroupTest:
    """Compare a measured variable between groups.

    Two groups: Student's t (Welch's without ``equal_variance``) where every group passes the normality test
    at 0.05, Mann–Whitney otherwise. More groups: one-way analysis of variance or Kruskal–Wallis.

    Parameters
    ----------
    groups : sequence of arrays
        The values of each group, without missing ones.
    parametric : bool, optional
        True or False to decide yourself, as a protocol should.
    """
    if len(groups) < 2:
        raise StatisticsError(f"a comparison needs at least two groups, not {len(groups)}")
    if min(len(group) for group in groups) < 2:
        return GroupTest("none", math.nan, math.nan, warn("a group has fewer than two values: not tested"))
    if np.ptp(np.concatenate(groups)) == 0:
        return GroupTest("none", math.nan, 1.0, "all values are equal")
    if parametric is None:
        p_values = [normality_p(group, method=normality) for group in groups]
        parametric = all(p >= 0.05 for p in p_values)
        why = f"{normality} p {', '.join(f'{p:.3g}' for p in p_values)}"
    else:
        why = "chosen by the user"
    if len(groups) == 2 and parametric:
        found = stats.ttest_ind(*groups, equal_var=equal_variance)
        return _named("Student's t" if equal_variance else "Welch's t", found, why)
    if len(groups) == 2:
        return _named("Mann-Whitney", stats.mannwhitneyu(*groups), why)
    if parametric:
        return _named("analysis of variance", stats.f_oneway(*groups), why)
    return _named("Kruskal-Wallis", stats.kruskal(*groups), why)


def compare_categorical(
    counts: np.ndarray, *, yates: bool = False, seed: int | np.random.Generator = 0
) -> GroupTest:
    """Compare a categorical variable between groups.

    Chi-square where every expected count is at least 5, Fisher's exact test otherwise (beyond two by two its
    p comes from 9,999 tables drawn with fixed margins, seeded).

    Parameters
    ----------
    counts : array of shape (categories, groups)
    yates : bool
        Continuity correction of the two-by-two chi-square.
    """
    counts = np.asarray(counts)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape, default=0) < 2:
        return GroupTest("none", math.nan, math.nan, "a single category or group: nothing to test")
    found = stats.chi2_contingency(counts, correction=yates)
    smallest = float(found.expected_freq.min())
    if smallest >= 5:
        return _named("chi-square", found, f"smallest expected count {smallest:.1f}")
    why = f"smallest expected count {smallest:.1f}"
    if counts.shape == (2, 2):
        return _named("Fisher's exact", stats.fisher_exact(counts), why)
    method = stats.MonteCarloMethod(rng=np.random.default_rng(seed))
    return _named("Fisher's exact", stats.fisher_exact(counts, method=method), why)


def standardised_difference(a: pd.Series, b: pd.Series, *, kind: str) -> float:
    """How many standard deviations two groups lie apart, whatever their size (0.1 is small).

    Continuous: difference of means over the root of the mean variance; categorical: Mahalanobis distance of
    the category shares (Yang and Dalton 2012). Missing values are left out.
    """
    a, b = a.dropna(), b.dropna()
    if a.empty or b.empty:
        return math.nan
    if kind == "continuous":
        spread = math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2) if min(len(a), len(b)) > 1 else math.nan
        gap = abs(float(a.mean() - b.mean()))
        return 0.0 if gap == 0 else (gap / spread if spread > 0 else math.nan)
    categories = sorted(set(a.astype(str)) | set(b.astype(str)))[1:]
    shares = [np.array([(s.astype(str) == c).mean() for c in categories]) for s in (a, b)]
    if not categories or np.allclose(*shares):
        return 0.0
    covariance = sum(np.diag(p) - np.outer(p, p) for p in shares) / 2
    gap = shares[0] - shares[1]
    squared = float(gap @ np.linalg.pinv(covariance) @ gap)
    return math.sqrt(squared) if squared > 1e-12 else math.nan


def largest_difference(groups: Sequence[pd.Series], *, kind: str) -> float:
    """Largest standardised difference between any two groups."""
    found = [standardised_difference(a, b, kind=kind) for a, b in combinations(groups, 2)]
    known = [value for value in found if not math.isnan(value)]
    return max(known) if known else math.nan


def adjust_p(p_values: Sequence[float], *, method: str = "holm") -> np.ndarray:
    """p-values adjusted for testing several hypotheses; nan stays nan and does not count.

    Parameters
    ----------
    method : {"holm", "benjamini-hochberg", "bonferroni"}
        Holm keeps the chance of any false claim, Benjamini–Hochberg the share of false claims.
    """
    check_choice(method, tuple(ADJUSTMENTS), "method")
    values = np.asarray(p_values, dtype=float)
    known = ~np.isnan(values)
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise StatisticsError("p-values must lie between 0 and 1")
    adjusted = np.full(values.shape, math.nan)
    if known.any():
        adjusted[known] = multipletests(values[known], method=ADJUSTMENTS[method])[1]
    return adjusted


def _named(name: str, found: object, why: str) -> GroupTest:
    return GroupTest(name, float(found.statistic), float(found.pvalue), why)
