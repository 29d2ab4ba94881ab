"""Two tests on the same cases: predictive values and likelihood ratios compared."""

import math

import numpy as np

from fxstudy.stats.checks import check_choice, check_level, warn
from fxstudy.stats.normal import chi2_p_value, quantile
from fxstudy.stats.paired_binary import SAID_A, SAID_B, TRUTH, PairedCounts, log_ratio
from fxstudy.stats.result import Result

KOSINSKI = "Kosinski AS. Stat Med 2013;32:964-977"
LEISENRING = "Leisenring W, Alonzo T, Pepe MS. Biometrics 2000;56:345-351"
MOSKOWITZ = "Moskowitz CS, Pepe MS. Clin Trials 2006;3:272-279"
GU_PEPE = "Gu W, Pepe MS. Stat Med 2009;28:3043-3059"
_ASSUMES = (
    "Cases are independent and sampled without regard to their truth, or predictive values mean little."
)


def predictive_difference(
    counts: PairedCounts, *, of: str = "ppv", method: str = "weighted", level: float = 0.95
) -> Result:
    """Difference a − b of two predictive values measured on the same cases.

    Parameters
    ----------
    counts : PairedCounts
    of : {"ppv", "npv"}
    method : {"weighted", "score"}
        Weighted generalised score (Kosinski 2013) or the plain generalised score (Leisenring 2000). The
        weighted one becomes the ordinary score test of two proportions when no case is shared.
    level : float
        Of the delta-method interval.
    """
    check_choice(method, ("weighted", "score"), "method")
    check_level(level)
    cells, good, in_a, in_b = _frame(counts, of)
    sizes, hits = _sizes(cells, good, in_a, in_b)
    label = "positive" if of == "ppv" else "negative"
    facts = {
        "name": f"difference of {label} predictive values",
        "level": level,
        "n": int(cells.sum()),
        "method": "weighted " * (method == "weighted") + "generalised score test, delta-method interval",
        "reference": KOSINSKI if method == "weighted" else LEISENRING,
        "assumes": _ASSUMES,
    }
    if min(sizes) == 0:
        return Result(estimate=math.nan, note=warn(f"a test called no case {label}"), **facts)
    values = hits / sizes
    estimate = float(values[0] - values[1])
    influence = in_a * (good - values[0]) / sizes[0] - in_b * (good - values[1]) / sizes[1]
    half = quantile(level) * math.sqrt(float(cells @ influence**2))
    statistic = _score(cells, good, in_a, in_b, method)
    p = chi2_p_value(statistic, 1)
    return Result(
        estimate=estimate,
        low=max(estimate - half, -1.0),
        high=min(estimate + half, 1.0),
        statistic=statistic,
        p_value=p.value,
        log10_p=p.log10,
        df=1,
        **facts,
    )


def relative_predictive_value(counts: PairedCounts, *, of: str = "ppv", level: float = 0.95) -> Result:
    """Ratio a / b of two predictive values measured on the same cases (Moskowitz and Pepe 2006)."""
    cells, good, in_a, in_b = _frame(counts, of)
    sizes, hits = _sizes(cells, good, in_a, in_b)
    name = f"ratio of {'positive' if of == 'ppv' else 'negative'} predictive values"
    ratio, variance = math.nan, math.nan
    if min(*sizes, *hits) > 0:
        ratio = float(hits[0] / sizes[0] / (hits[1] / sizes[1]))
        rows = zip((in_a, in_b), hits, sizes, strict=True)
        influence = [inside * (good / hit - 1 / size) for inside, hit, size in rows]
        variance = float(cells @ (influence[0] - influence[1]) ** 2)
    return log_ratio(name, ratio, variance, level=level, n=int(cells.sum()), reference=MOSKOWITZ)


def likelihood_ratio_ratio(counts: PairedCounts, *, of: str = "positive", level: float = 0.95) -> Result:
    """Ratio a / b of two likelihood ratios on the same cases (Gu and Pepe 2009).

    Parameters
    ----------
    of : {"positive", "negative"}
        LR+ (how much a positive result raises the odds of fracture) or LR−.
    """
    check_choice(of, ("positive", "negative"), "of")
    said = (SAID_A, SAID_B) if of == "positive" else (~SAID_A, ~SAID_B)
    cells = counts.cells
    hits = [np.array([cells @ (inside & TRUTH), cells @ (inside & ~TRUTH)]) for inside in said]
    ratio, variance = math.nan, math.nan
    if min(hits[0].min(), hits[1].min()) > 0:
        ratio = float(hits[0][0] / hits[0][1] / (hits[1][0] / hits[1][1]))
        rows = zip(said, hits, strict=True)
        influence = [np.where(TRUTH, inside / hit[0], inside / hit[1]) for inside, hit in rows]
        variance = float(cells @ (influence[0] - influence[1]) ** 2)
    name = f"ratio of {of} likelihood ratios"
    return log_ratio(name, ratio, variance, level=level, n=int(cells.sum()), reference=GU_PEPE)


def _frame(counts: PairedCounts, of: str) -> tuple[np.ndarray, ...]:
    """Cell counts, whether a cell was rightly called, and whether a and b called it so."""
    check_choice(of, ("ppv", "npv"), "of")
    if of == "ppv":
        return counts.cells, TRUTH.astype(float), SAID_A.astype(float), SAID_B.astype(float)
    return counts.cells, (~TRUTH).astype(float), (~SAID_A).astype(float), (~SAID_B).astype(float)


def _sizes(
    cells: np.ndarray, good: np.ndarray, in_a: np.ndarray, in_b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Number of cases called so by a and b, and how many of them rightly."""
    called = np.stack([in_a, in_b])
    return called @ cells, called @ (cells * good)


def _score(cells: np.ndarray, good: np.ndarray, in_a: np.ndarray, in_b: np.ndarray, method: str) -> float:
    sizes, hits = _sizes(cells, good, in_a, in_b)
    pooled, total = hits.sum() / sizes.sum(), sizes.sum()
    if method == "weighted":
        gap = hits[0] / sizes[0] - hits[1] / sizes[1]
        shared = float(cells @ (in_a * in_b * (good - pooled) ** 2)) / total
        squared, spread = gap**2, (pooled * (1 - pooled) - 2 * shared) * (1 / sizes).sum()
    else:
        share = sizes[1] / total
        squared = (hits[1] - share * hits.sum()) ** 2
        spread = float(cells @ ((good - pooled) * (in_b * (1 - share) - in_a * share)) ** 2)
    if squared < 1e-20:
        return 0.0
    return float(squared / spread) if spread > 1e-20 else math.nan
