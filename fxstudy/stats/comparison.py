"""Any number of AUCs on the same cases: one joint test, then all pairs."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_groups, as_scores, as_truth, check_choice, check_level
from fxstudy.stats.clustered import clustered_auc, clustered_covariance, clustered_delong
from fxstudy.stats.delong import delong_test
from fxstudy.stats.group_tests import ADJUSTMENTS, adjust_p
from fxstudy.stats.normal import PValue, chi2_p_value
from fxstudy.stats.placements import delong_covariance, placements
from fxstudy.stats.result import Composite, Result, p_text
from fxstudy.stats.roc import DELONG, auc


@dataclass(frozen=True)
class AucComparison(Composite):
    """AUCs of k models on the same cases.

    Attributes
    ----------
    names : tuple of str
    aucs : tuple of Result
    joint : Result
        Test that all AUCs are equal.
    pairs : tuple of Result
        Differences, first minus second, of all pairs in the order of ``itertools.combinations``.
    adjusted : numpy.ndarray
        Adjusted p-value of each pair.
    adjustment : str
    covariance : numpy.ndarray of shape (k, k)
        Of the AUC estimates.
    """

    names: tuple[str, ...]
    aucs: tuple[Result, ...]
    joint: Result
    pairs: tuple[Result, ...]
    adjusted: np.ndarray
    adjustment: str
    covariance: np.ndarray

    @property
    def results(self) -> tuple[Result, ...]:
        return *self.aucs, self.joint, *self.pairs

    def to_frame(self) -> pd.DataFrame:
        """One row per AUC, joint test and pair, with a column ``p_adjusted``."""
        frame = super().to_frame()
        frame["p_adjusted"] = [math.nan] * (len(self.aucs) + 1) + list(self.adjusted)
        return frame

    def summary(self) -> str:
        told = [f"The AUCs of {len(self.names)} models on the same {self.aucs[0].n} cases "]
        told.append(f"{'differ' if self._rejected(self.joint.p_value) else 'do not demonstrably differ'} ")
        told.append(f"({p_text(self.joint.p_value, self.joint.log10_p)}). ")
        apart = [
            f"{a} and {b} ({pair.text()}, adjusted {p_text(p)})"
            for (a, b), pair, p in zip(combinations(self.names, 2), self.pairs, self.adjusted, strict=True)
            if self._rejected(p)
        ]
        told.append(
            f"Pairs that differ after {self.adjustment} adjustment: {', '.join(apart)}."
            if apart
            else f"No pair differs after {self.adjustment} adjustment."
        )
        return "".join(told)

    def _rejected(self, p: float) -> bool:
        return p < 1 - self.aucs[0].level


def compare_aucs(
    truth: Any,
    scores: Mapping[str, Any],
    *,
    cluster: Any = None,
    level: float = 0.95,
    interval: str = "delong",
    adjustment: str = "holm",
) -> AucComparison:
    """Compare the AUCs of two or more models on the same cases.

    The joint test is the Wald chi-square of k − 1 differences with DeLong's covariance matrix [1]_
    (Obuchowski's with ``cluster``). Pairs are tested with DeLong's test and adjusted for their number.

    Parameters
    ----------
    truth : array-like of shape (n,)
    scores : mapping of name to array-like of shape (n,), or DataFrame
    cluster : array-like of shape (n,), optional
        Patient of each case.
    interval : {"delong", "logit"}
    adjustment : {"holm", "benjamini-hochberg", "bonferroni"}

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    """
    truth = as_truth(truth)
    names = tuple(str(name) for name in scores)
    if len(names) < 2:
        raise StatisticsError(f"a comparison needs at least two models, not {len(names)}")
    check_level(level)
    check_choice(adjustment, tuple(ADJUSTMENTS), "adjustment")
    columns = {str(name): as_scores(scores[name], n=truth.size, name=str(name)) for name in scores}
    options = {"level": level, "interval": interval}
    placed = np.stack([placements(truth, column) for column in columns.values()])
    if cluster is None:
        covariance = delong_covariance(truth, placed)
        single = [auc(truth, column, name=f"AUC of {name}", **options) for name, column in columns.items()]
    else:
        covariance = clustered_covariance(truth, placed, as_groups(cluster, n=truth.size))
        single = [
            clustered_auc(truth, column, cluster, name=f"AUC of {name}", **options)
            for name, column in columns.items()
        ]
    pairs = tuple(_pair(truth, columns, pair, cluster, options) for pair in combinations(names, 2))
    joint = _joint(placed[:, truth].mean(axis=1), covariance, truth.size, clustered=cluster is not None)
    adjusted = adjust_p([pair.p_value for pair in pairs], method=adjustment)
    return AucComparison(names, tuple(single), joint, pairs, adjusted, adjustment, covariance)


def _pair(
    truth: np.ndarray,
    columns: Mapping[str, np.ndarray],
    names: tuple[str, str],
    cluster: Any,
    options: dict[str, Any],
) -> Result:
    with warnings.catch_warnings():  # the single AUCs have warned already
        warnings.filterwarnings("ignore", message="the (classes are separated|score does not vary)")
        if cluster is None:
            test = delong_test(truth, columns[names[0]], columns[names[1]], names=names, **options)
        else:
            test = clustered_delong(
                truth, columns[names[0]], columns[names[1]], cluster, names=names, **options
            )
    return test.difference


def _joint(areas: np.ndarray, covariance: np.ndarray, n: int, *, clustered: bool) -> Result:
    """Wald test of equal areas; redundant models (equal rankings) lower the degrees of freedom."""
    contrast = np.eye(areas.size)[:-1] - np.eye(areas.size)[1:]
    gaps, spread = contrast @ areas, contrast @ covariance @ contrast.T
    df, note = math.nan, ""
    if np.isnan(spread).any():
        statistic, p = math.nan, PValue(math.nan, math.nan)
    else:
        df = int(np.linalg.matrix_rank(spread, tol=1e-12))
        left = gaps - spread @ np.linalg.pinv(spread, rcond=1e-10) @ gaps
        if np.abs(left).max() > 1e-9:
            statistic, p = math.inf, PValue(math.nan, math.nan)
            note = "some AUCs differ though their difference has no variance; see the pairs"
        else:
            statistic = float(gaps @ np.linalg.pinv(spread, rcond=1e-10) @ gaps)
            p = chi2_p_value(statistic, df) if df else PValue(1.0, 0.0)
        if df < areas.size - 1:
            note = note or "some models rank the cases alike, which lowers the degrees of freedom"
    return Result(
        name="joint test of equal AUCs",
        estimate=statistic,
        statistic=statistic,
        p_value=p.value,
        log10_p=p.log10,
        df=df,
        n=n,
        method=f"Wald chi-square with {'Obuchowski' if clustered else 'DeLong'} covariance",
        reference=DELONG,
        note=note,
        assumes="Patients are independent." if clustered else "Cases are independent.",
    )
