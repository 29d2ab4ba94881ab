"""Agreement between raters: kappa, Fleiss' kappa, intraclass correlation, Krippendorff's alpha."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import check_choice, check_level, warn
from fxstudy.stats.normal import quantile, z_p_value
from fxstudy.stats.result import Result

WEIGHTS = ("none", "linear", "quadratic")
ICC_FORMS = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")
_FLEISS = "Fleiss JL. Psychol Bull 1971;76:378-382; Gwet KL. Handbook of Inter-Rater Reliability, 2014"
_WORDS = ((0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"), (1.01, "almost perfect"))


def cohen_kappa(
    a: Any, b: Any, *, weights: str = "none", labels: list | None = None, level: float = 0.95
) -> Result:
    """Cohen's kappa of two raters, weighted for ordered classes, with the interval of Fleiss, Cohen and
    Everitt.

    Parameters
    ----------
    a, b : array-like of shape (n,)
        Classes given by the two raters (or twice by one) to the same cases.
    weights : {"none", "linear", "quadratic"}
        Disagreement grows with the distance in ``labels``.
    labels : list, optional
        Classes in their order; default sorted. Needed where sorting is not the order (Garden stages as text).
    """
    check_level(level)
    check_choice(weights, WEIGHTS, "weights")
    table = agreement_table(a, b, labels=labels).to_numpy()
    n = int(table.sum())
    facts = {"name": f"{'' if weights == 'none' else weights + ' weighted '}kappa", "level": level, "n": n}
    facts |= {"method": "asymptotic interval", "reference": "Fleiss JL et al. Psychol Bull 1969;72:323-327"}
    facts["assumes"] = "Cases are independent; the two raters decided independently of each other."
    used = (table.sum(axis=0) + table.sum(axis=1)) > 0
    if used.sum() < 2:
        note = warn("kappa is not defined: both raters gave all cases the same class")
        return Result(estimate=math.nan, note=note, **facts)
    found = cohens_kappa(table, wt=None if weights == "none" else weights)
    estimate, error, error_0 = float(found.kappa), math.sqrt(max(found.var_kappa, 0)), found.std_kappa0
    z = estimate / error_0 if error_0 > 0 else math.nan
    p = z_p_value(z)
    half = quantile(level) * error
    note = f"observed agreement {np.trace(table)} of {n}"
    if error < 1e-12:
        note += "; " + warn("the raters agree everywhere, so the interval of kappa has no width")
    return Result(
        estimate=estimate,
        low=max(estimate - half, -1.0),
        high=min(estimate + half, 1.0),
        statistic=z,
        p_value=p.value,
        log10_p=p.log10,
        note=note,
        meaning=_kappa_words(estimate),
        **facts,
    )


def agreement_table(a: Any, b: Any, *, labels: list | None = None) -> pd.DataFrame:
    """Cross table of two raters, classes of a in rows, all classes of either in both."""
    a, b = pd.Series(np.asarray(a, dtype=object)), pd.Series(np.asarray(b, dtype=object))
    if a.size != b.size or a.size == 0:
        raise StatisticsError(f"both raters must rate the same cases: {a.size} and {b.size} ratings")
    if a.isna().any() or b.isna().any():
        raise StatisticsError("ratings must not be missing; leave the case out or use krippendorff_alpha")
    found = set(a) | set(b)
    labels = sorted(found) if labels is None else list(labels)
    if found - set(labels):
        raise StatisticsError(
            f"labels must name every class; {sorted(found - set(labels), key=str)} is missing"
        )
    return pd.crosstab(a, b).reindex(index=labels, columns=labels, fill_value=0)


def fleiss_kappa(ratings: Any, *, level: float = 0.95) -> Result:
    """Fleiss' kappa of several raters, each case rated by the same number (not always the same persons).

    Parameters
    ----------
    ratings : array-like of shape (cases, raters)
        Classes. The interval uses Gwet's variance over cases; the test Fleiss' variance without agreement.
    """
    check_level(level)
    table = _class_counts(ratings)
    n, raters = table.shape[0], int(table[0].sum())
    facts = {"name": "Fleiss' kappa", "level": level, "n": n, "reference": _FLEISS}
    facts |= {"method": "interval by Gwet's variance", "assumes": "Cases are independent."}
    share = table.mean(axis=0) / raters
    chance = float((share**2).sum())
    if chance > 1 - 1e-12:
        note = warn("kappa is not defined: all ratings are the same class")
        return Result(estimate=math.nan, note=note, **facts)
    agreed = (table * (table - 1)).sum(axis=1) / (raters * (raters - 1))
    estimate = float((agreed.mean() - chance) / (1 - chance))
    by_case = (agreed - chance) / (1 - chance)
    expected = table @ share / raters
    linear = by_case - 2 * (1 - estimate) * (expected - chance) / (1 - chance)
    error = math.sqrt(float(((linear - estimate) ** 2).sum()) / (n * (n - 1))) if n > 1 else math.nan
    q = share * (1 - share)
    spread = q.sum() ** 2 - (q * (1 - 2 * share)).sum()
    error_0 = math.sqrt(2 * spread / (n * raters * (raters - 1))) / q.sum()
    p = z_p_value(estimate / error_0)
    half = quantile(level) * error
    return Result(
        estimate=estimate,
        low=max(estimate - half, -1.0),
        high=min(estimate + half, 1.0),
        statistic=estimate / error_0,
        p_value=p.value,
        log10_p=p.log10,
        note=f"{raters} ratings of each case",
        meaning=_kappa_words(estimate),
        **facts,
    )


def icc(ratings: Any, *, form: str = "2,1", level: float = 0.95) -> Result:
    """Intraclass correlation of measurements by several raters, with exact F interval and test.

    Parameters
    ----------
    ratings : array-like of shape (cases, raters)
        Numbers without gaps.
    form : {"1,1", "2,1", "3,1", "1,k", "2,k", "3,k"}
        Shrout and Fleiss: 1 raters differ from case to case, 2 the raters are a sample (absolute agreement),
        3 these very raters (consistency); ",1" for one rating, ",k" for the mean of all.

    References
    ----------
    .. [1] Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428. McGraw KO, Wong SP. Psychol Methods
    1996;1:30-46.
    """
    check_level(level)
    check_choice(form, ICC_FORMS, "form")
    values = np.asarray(ratings, dtype=float)
    if values.ndim != 2 or min(values.shape) < 2 or not np.isfinite(values).all():
        raise StatisticsError("icc needs finite numbers of at least two cases (rows) by two raters (columns)")
    n, k = values.shape
    ms_case = k * values.mean(axis=1).var(ddof=1)
    ms_rater = n * values.mean(axis=0).var(ddof=1)
    total = ((values - values.mean()) ** 2).sum()
    ms_error = (total - (n - 1) * ms_case - (k - 1) * ms_rater) / ((n - 1) * (k - 1))
    ms_within = (total - (n - 1) * ms_case) / (n * (k - 1))
    facts = {"name": f"ICC({form})", "level": level, "n": n, "method": "F interval"}
    facts["reference"] = "Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428"
    if max(ms_case, ms_within) < 1e-20:
        return Result(estimate=math.nan, note=warn("icc is not defined: all ratings are equal"), **facts)
    error = ms_within if form[0] == "1" else ms_error
    df2 = n * (k - 1) if form[0] == "1" else (n - 1) * (k - 1)
    f = ms_case / error if error > 1e-20 else math.inf
    log_p = float(stats.f.logsf(f, n - 1, df2))
    estimate, low, high = _icc_limits(form[0], ms_case, ms_rater, error, n, k, level)
    if form[2] == "k":
        estimate, low, high = (k * x / (1 + (k - 1) * x) for x in (estimate, low, high))
    return Result(
        estimate=estimate,
        low=low,
        high=high,
        statistic=f,
        df=(float(n - 1), float(df2)),
        p_value=math.exp(log_p),
        log10_p=log_p / math.log(10),
        note=f"{k} raters",
        assumes="Cases are independent; ratings vary normally with the same spread for all cases.",
        **facts,
    )


def _icc_limits(
    form: str, ms_case: float, ms_rater: float, error: float, n: int, k: int, level: float
) -> tuple[float, float, float]:
    """Single-rating estimate and limits; the mean's follow by Spearman–Brown."""
    tail = (1 - level) / 2
    if form != "2":
        df2 = n * (k - 1) if form == "1" else (n - 1) * (k - 1)
        f = ms_case / error if error > 1e-20 else math.inf
        bounds = f / stats.f.isf(tail, n - 1, df2), f * stats.f.isf(tail, df2, n - 1)
        return tuple(1.0 if math.isinf(x) else float((x - 1) / (x + k - 1)) for x in (f, *bounds))
    estimate = (ms_case - error) / (ms_case + (k - 1) * error + k * (ms_rater - error) / n)
    a, b = k * estimate / (n * (1 - estimate)), 1 + k * estimate * (n - 1) / (n * (1 - estimate))
    spread = (a * ms_rater) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    df = (a * ms_rater + b * error) ** 2 / spread if spread > 0 else math.inf
    upper, lower = stats.f.isf(tail, n - 1, df), stats.f.isf(tail, df, n - 1)
    common = k * ms_rater + (k * n - k - n) * error
    low = n * (ms_case - upper * error) / (upper * common + n * ms_case)
    high = n * (lower * ms_case - error) / (common + n * lower * ms_case)
    return float(estimate), float(low), float(high)


def krippendorff_alpha(
    ratings: Any,
    *,
    measurement: str = "nominal",
    level: float = 0.95,
    replicates: int = 1000,
    seed: int | np.random.Generator = 0,
) -> Result:
    """Krippendorff's alpha: any number of raters, gaps allowed, any level of measurement.

    Parameters
    ----------
    ratings : array-like of shape (cases, raters)
        Missing as None or nan. Text only for "nominal".
    measurement : {"nominal", "ordinal", "interval", "ratio"}
    replicates, seed
        The interval comes from drawing cases with replacement.
    """
    check_level(level)
    check_choice(measurement, ("nominal", "ordinal", "interval", "ratio"), "measurement")
    table, values = _value_counts(ratings, numeric=measurement != "nominal")
    table = table[table.sum(axis=1) > 1]
    facts = {"name": "Krippendorff's alpha", "level": level, "n": table.shape[0]}
    facts |= {
        "method": f"{measurement}, percentile bootstrap over cases",
        "assumes": "Cases are independent.",
    }
    facts["reference"] = "Krippendorff K. Content Analysis, 4th ed., 2018"
    estimate = _alpha(table, values, measurement) if len(table) else math.nan
    if math.isnan(estimate):
        note = warn("alpha is not defined: no case was rated twice, or all ratings are equal")
        return Result(estimate=math.nan, note=note, **facts)
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(table), (replicates, len(table)))
    drawn = np.array([_alpha(table[index], values, measurement) for index in draws])
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]) if drawn.size else (math.nan, math.nan)
    return Result(estimate=estimate, low=float(low), high=float(high), **facts)


def _alpha(table: np.ndarray, values: np.ndarray, measurement: str) -> float:
    pairable = table.sum(axis=1)
    coincidence = (table.T / (pairable - 1)) @ table - np.diag((table / (pairable - 1)[:, None]).sum(axis=0))
    totals = coincidence.sum(axis=1)
    distance = _distance(totals, values, measurement)
    observed = float((coincidence * distance).sum())
    expected = float((np.outer(totals, totals) * distance).sum()) / (totals.sum() - 1)
    return 1 - observed / expected if expected > 0 else math.nan


def _distance(totals: np.ndarray, values: np.ndarray, measurement: str) -> np.ndarray:
    if measurement == "nominal":
        return 1.0 - np.eye(totals.size)
    if measurement == "ordinal":
        ranks = np.cumsum(totals) - totals / 2
        return (ranks[:, None] - ranks[None]) ** 2
    gap = values[:, None] - values[None]
    if measurement == "interval":
        return gap**2
    total = values[:, None] + values[None]
    return np.divide(gap, total, out=np.zeros_like(gap), where=total != 0) ** 2


def _value_counts(ratings: Any, *, numeric: bool) -> tuple[np.ndarray, np.ndarray]:
    frame = pd.DataFrame(np.asarray(ratings, dtype=object))
    flat = frame.to_numpy().ravel()
    known = flat[~pd.isna(flat)]
    values = sorted({float(v) for v in known} if numeric else set(known), key=None if numeric else str)
    cast = frame.astype(float) if numeric else frame
    table = np.stack([(cast == value).sum(axis=1).to_numpy() for value in values], axis=1).astype(float)
    return table, np.array(values, dtype=float) if numeric else np.arange(len(values), dtype=float)


def _class_counts(ratings: Any) -> np.ndarray:
    frame = pd.DataFrame(np.asarray(ratings, dtype=object))
    if frame.shape[1] < 2 or frame.empty or frame.isna().any().any():
        raise StatisticsError(
            "ratings need at least two raters (columns) and no gaps; else krippendorff_alpha"
        )
    return _value_counts(ratings, numeric=False)[0]


def _kappa_words(value: float) -> str:
    if value < 0:
        return "Agreement is worse than chance would give."
    word = next(word for limit, word in _WORDS if value < limit + 1e-12)
    return f"By the words of Landis and Koch agreement is {word}; 0 is chance, 1 perfect."
