"""DeLong's test: two AUCs on the same cases, or on two independent groups of cases."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from fxstudy.stats.checks import as_scores, as_truth, check_choice, check_level, warn
from fxstudy.stats.normal import ALTERNATIVES, PValue, quantile, t_p_value, z_p_value
from fxstudy.stats.placements import class_covariance, delong_covariance, placements
from fxstudy.stats.result import Composite, Result, p_text
from fxstudy.stats.roc import DELONG, auc, auc_interval

_PAIRED = "DeLong's test for two correlated AUCs"
_UNPAIRED = "DeLong's test for two independent AUCs (Welch-Satterthwaite df)"
_INDEPENDENT = "Cases are independent (one image per patient, else use clustered_delong)."


@dataclass(frozen=True)
class DeLongTest(Composite):
    """Two AUCs and the test of their difference a − b.

    Attributes
    ----------
    auc_a, auc_b, difference : Result
        ``difference`` carries the interval of the difference, z (or t) and p.
    correlation : float
        Correlation of the two AUC estimates; 0 for independent groups, nan where a variance is 0.
    standard_error : float
        Standard error of the difference.
    """

    auc_a: Result
    auc_b: Result
    difference: Result
    correlation: float = 0.0
    standard_error: float = math.nan

    @property
    def results(self) -> tuple[Result, ...]:
        return self.auc_a, self.auc_b, self.difference

    def summary(self) -> str:
        difference = self.difference
        said = (
            f"{self.auc_a.name} was {self.auc_a.text()}, {self.auc_b.name} {self.auc_b.text()}; the "
            f"difference {difference.text()}, {p_text(difference.p_value, difference.log10_p)}. "
        )
        if difference.p_value is None or math.isnan(difference.p_value):
            return said + "These cases cannot tell the two apart or together."
        if difference.p_value < 1 - difference.level:
            return said + "A difference this large would be rare if both models ranked cases equally well."
        return said + (
            "A difference this large is compatible with chance; "
            "the interval shows which true differences these cases leave open."
        )


def delong_test(
    truth: Any,
    score_a: Any,
    score_b: Any,
    *,
    level: float = 0.95,
    alternative: str = "two-sided",
    interval: str = "delong",
    names: tuple[str, str] = ("A", "B"),
) -> DeLongTest:
    """Compare two AUCs measured on the same cases.

    z = (AUC_a − AUC_b) / sqrt(var_a + var_b − 2 cov), the covariance from the placement values of both scores
    [1]_. The interval is always the two-sided one of the difference a − b.

    Parameters
    ----------
    truth : array-like of shape (n,)
        Labels 0/1.
    score_a, score_b : array-like of shape (n,)
        Scores of both models on the same cases in the same order.
    alternative : {"two-sided", "greater", "less"}
        "greater": a ranks better than b.
    interval : {"delong", "logit"}
        Scale of the two single intervals.
    names : tuple of str
        What to call the models.

    Notes
    -----
    Models that rank alike have difference 0 and p = 1. When every case shifts by the same amount (a perfect
    against a constant or inverse score) the variance is 0 though the difference is not: p then is the exact
    sign-flip one, 2^(1 − n), with a warning, never 0.

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    """
    truth = as_truth(truth)
    scores = [as_scores(s, n=truth.size, name=f"score_{k}") for s, k in ((score_a, "a"), (score_b, "b"))]
    check_level(level)
    check_choice(alternative, ALTERNATIVES, "alternative")
    placed = np.stack([placements(truth, score) for score in scores])
    positive, negative = placed[:, truth], placed[:, ~truth]
    covariance = class_covariance(positive, negative)
    pairs = min(positive.shape[1], negative.shape[1])
    singles = [
        _single(positive[k], truth.size, covariance[k, k], pairs, level, interval, f"AUC of {names[k]}")
        for k in (0, 1)
    ]
    shift = placed[0] - placed[1]
    variance = float(class_covariance(positive[:1] - positive[1:], negative[:1] - negative[1:])[0, 0])
    difference = paired_difference(shift, truth, variance, level=level, alternative=alternative, names=names)
    product = math.sqrt(covariance[0, 0] * covariance[1, 1])
    correlation = float(covariance[0, 1] / product) if product > 0 else math.nan
    return DeLongTest(*singles, difference, correlation, math.sqrt(variance))


def paired_difference(
    shift: np.ndarray,
    truth: np.ndarray,
    variance: float,
    *,
    level: float,
    alternative: str,
    names: tuple[str, str],
) -> Result:
    """Test and interval of a difference of AUCs, safe where the variance is 0 or nan.

    ``shift`` holds the difference of the placement values of every case, shape (n,).
    """
    estimate = float(shift[truth].mean()) if shift.any() else 0.0
    variance, z, p, note = _z_test(shift, estimate, variance, alternative)
    half = quantile(level) * math.sqrt(variance)
    return Result(
        name=f"AUC difference {names[0]} − {names[1]}",
        estimate=estimate,
        low=max(estimate - half, -1.0),
        high=min(estimate + half, 1.0),
        level=level,
        statistic=z,
        p_value=p.value,
        log10_p=p.log10,
        n=truth.size,
        method=f"{_PAIRED}, {alternative}",
        reference=DELONG,
        note=note,
        meaning="The interval shows which true differences these cases leave open.",
        assumes=_INDEPENDENT,
    )


def delong_unpaired(
    truth_a: Any,
    score_a: Any,
    truth_b: Any,
    score_b: Any,
    *,
    level: float = 0.95,
    alternative: str = "two-sided",
    names: tuple[str, str] = ("A", "B"),
) -> DeLongTest:
    """Compare two AUCs measured on different, independent cases (two hospitals, children and adults).

    D = (AUC_a − AUC_b) / sqrt(var_a + var_b) against t with Welch–Satterthwaite degrees of freedom, as in
    pROC.
    """
    samples = []
    for truth, score, key in ((truth_a, score_a, "a"), (truth_b, score_b, "b")):
        truth = as_truth(truth, name=f"truth_{key}")
        score = as_scores(score, n=truth.size, name=f"score_{key}")
        variance = float(delong_covariance(truth, placements(truth, score)[None])[0, 0])
        samples.append((truth, score, variance))
    check_level(level)
    singles = [
        auc(truth, score, level=level, name=f"AUC of {name}")
        for (truth, score, _), name in zip(samples, names, strict=True)
    ]
    variances = [variance for _, _, variance in samples]
    total, shift = sum(variances), singles[0].estimate - singles[1].estimate
    spread = sum(v**2 / (truth.size - 1) for truth, _, v in samples)
    df = total**2 / spread if total > 0 else math.nan
    result = _unpaired_difference(shift, total, df, level=level, alternative=alternative, names=names)
    return DeLongTest(*singles, result, 0.0, math.sqrt(total))


def _unpaired_difference(
    shift: float, variance: float, df: float, *, level: float, alternative: str, names: tuple[str, str]
) -> Result:
    note, half = "", math.nan
    if variance > 0:
        d = shift / math.sqrt(variance)
        p = t_p_value(d, df, alternative)
        half = float(stats.t.isf((1 - level) / 2, df)) * math.sqrt(variance)
    else:
        note = warn("neither AUC has a usable variance: no interval and no test of the difference")
        d, p, df = math.nan, PValue(math.nan, math.nan), None
    return Result(
        name=f"AUC difference {names[0]} − {names[1]}",
        estimate=shift,
        low=max(shift - half, -1.0),
        high=min(shift + half, 1.0),
        level=level,
        statistic=d,
        p_value=p.value,
        log10_p=p.log10,
        df=df,
        method=f"{_UNPAIRED}, {alternative}",
        reference=DELONG,
        note=note,
        assumes="The two groups share no case and no patient.",
    )


def _single(
    positive: np.ndarray, n: int, variance: float, pairs: int, level: float, interval: str, name: str
) -> Result:
    estimate = float(positive.mean())
    estimate = round(estimate) if abs(estimate - round(estimate)) < 1e-12 else estimate
    low, high, note = auc_interval(estimate, float(variance), level=level, interval=interval, pairs=pairs)
    return Result(
        name=name,
        estimate=float(estimate),
        low=low,
        high=high,
        level=level,
        n=n,
        method=f"empirical AUC, {interval} interval",
        reference=DELONG,
        note=note,
        assumes=_INDEPENDENT,
    )


def _z_test(
    shift: np.ndarray, estimate: float, variance: float, alternative: str
) -> tuple[float, float, PValue, str]:
    """Variance, z, p and a note where they are not what they seem."""
    if not shift.any():
        return 0.0, 0.0, z_p_value(0.0, alternative), "both scores rank the cases alike"
    if math.isnan(variance):
        note = warn("one class has a single case: the difference has no variance estimate, interval or test")
        return math.nan, math.nan, PValue(math.nan, math.nan), note
    if variance > 1e-24:
        z = estimate / math.sqrt(variance)
        return variance, z, z_p_value(z, alternative), ""
    note = warn(
        "every case shifts by the same amount, so DeLong's variance is 0: the interval has no width and p is "
        "the exact sign-flip one"
    )
    if abs(estimate) < 1e-12:
        return 0.0, 0.0, z_p_value(0.0, alternative), note
    return 0.0, math.copysign(math.inf, estimate), _sign_flip(estimate, shift.size, alternative), note


def _sign_flip(shift: float, n: int, alternative: str) -> PValue:
    """Exact p when all n differences are equal: 2 of 2^n sign patterns are as extreme."""
    if alternative != "two-sided" and (shift > 0) != (alternative == "greater"):
        return PValue(1.0, 0.0)
    power = (1 if alternative == "two-sided" else 0) - n
    return PValue(2.0**power if power > -1074 else 0.0, power * math.log10(2))
