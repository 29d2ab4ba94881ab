"""Several images per patient: AUCs and proportions whose variance respects the clusters (Obuchowski 1997)."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from fxstudy.stats.checks import as_groups, as_scores, as_truth, check_choice, check_level, warn
from fxstudy.stats.delong import DeLongTest, paired_difference
from fxstudy.stats.intervals import limits
from fxstudy.stats.normal import ALTERNATIVES
from fxstudy.stats.placements import area, delong_covariance, placements
from fxstudy.stats.result import Result
from fxstudy.stats.roc import auc_interval

OBUCHOWSKI = "Obuchowski NA. Biometrics 1997;53:567-578"
_METHOD = "empirical AUC, Obuchowski's variance for clustered cases"
_ASSUMES = "Patients are independent; images of one patient need not be."


def clustered_covariance(truth: np.ndarray, placed: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Obuchowski's covariance matrix of k AUCs, shape (k, k).

    Parameters
    ----------
    truth : bool array of shape (n,)
    placed : array of shape (k, n)
        Placement values of each score.
    cluster : int array of shape (n,)
        Codes 0, 1, …

    Notes
    -----
    S10 and S01 are the covariances of the cluster sums of the placement values of positives and negatives
    about m_i·AUC and n_i·AUC, S11 their cross product; cov = S10/M + S01/N + 2·S11/(M·N), S11 made symmetric.
    With one case per cluster it is DeLong's.
    """
    m, n = int(truth.sum()), int((~truth).sum())
    size = int(cluster.max()) + 1
    centre = placed[:, truth].mean(axis=1, keepdims=True)
    deviation = placed - centre
    with_positive, with_negative = np.unique(cluster[truth]).size, np.unique(cluster[~truth]).size
    if min(with_positive, with_negative) < 2:
        return np.full((placed.shape[0], placed.shape[0]), np.nan)
    of_positive = np.stack([np.bincount(cluster[truth], row[truth], size) for row in deviation])
    of_negative = np.stack([np.bincount(cluster[~truth], row[~truth], size) for row in deviation])
    s10 = of_positive @ of_positive.T * with_positive / ((with_positive - 1) * m)
    s01 = of_negative @ of_negative.T * with_negative / ((with_negative - 1) * n)
    s11 = of_positive @ of_negative.T * size / (size - 1)
    return s10 / m + s01 / n + (s11 + s11.T) / (m * n)


def clustered_auc(
    truth: Any,
    score: Any,
    cluster: Any,
    *,
    level: float = 0.95,
    interval: str = "delong",
    name: str = "AUC",
) -> Result:
    """AUC of scores when patients give several images each.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
        Labels 0/1 and scores per image.
    cluster : array-like of shape (n,)
        Patient of each image.
    interval : {"delong", "logit"}
        Plain or logit scale.

    Returns
    -------
    Result
        The note gives the number of patients and the design effect: the variance over the one that a plain
        DeLong analysis would have claimed.

    References
    ----------
    .. [1] Obuchowski NA. Nonparametric analysis of clustered ROC curve data. Biometrics 1997;53:567-578.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    codes = as_groups(cluster, n=truth.size)
    check_level(level)
    check_choice(interval, ("delong", "logit"), "interval")
    return _single(truth, placements(truth, score)[None], codes, area(truth, score), level, interval, name)


def clustered_delong(
    truth: Any,
    score_a: Any,
    score_b: Any,
    cluster: Any,
    *,
    level: float = 0.95,
    alternative: str = "two-sided",
    interval: str = "delong",
    names: tuple[str, str] = ("A", "B"),
) -> DeLongTest:
    """Compare two AUCs on the same images when patients give several images each.

    As ``delong_test``, with Obuchowski's variance; the note of the difference gives the design effect.
    """
    truth = as_truth(truth)
    scores = [as_scores(s, n=truth.size, name=f"score_{k}") for s, k in ((score_a, "a"), (score_b, "b"))]
    codes = as_groups(cluster, n=truth.size)
    check_level(level)
    check_choice(alternative, ALTERNATIVES, "alternative")
    placed = np.stack([placements(truth, score) for score in scores])
    singles = [
        _single(truth, placed[[k]], codes, area(truth, scores[k]), level, interval, f"AUC of {names[k]}")
        for k in (0, 1)
    ]
    shift = placed[0] - placed[1]
    variance = _not_negative(float(clustered_covariance(truth, shift[None], codes)[0, 0]))
    result = paired_difference(shift, truth, variance, level=level, alternative=alternative, names=names)
    covariance = clustered_covariance(truth, placed, codes)
    product = covariance[0, 0] * covariance[1, 1]
    correlation = float(covariance[0, 1] / math.sqrt(product)) if product > 0 else math.nan
    note = _join(result.note, _design_note(truth, shift[None], codes, variance))
    difference = _replace(result, note=note, method=f"Obuchowski's paired test for clusters, {alternative}")
    return DeLongTest(*singles, difference, correlation, math.sqrt(variance))


def design_effect(truth: Any, score: Any, cluster: Any) -> float:
    """Variance of the AUC with clusters over the one that independence would claim; 1 is no clustering."""
    truth = as_truth(truth)
    placed = placements(truth, as_scores(score, n=truth.size))[None]
    codes = as_groups(cluster, n=truth.size)
    plain = delong_covariance(truth, placed)[0, 0]
    return float(clustered_covariance(truth, placed, codes)[0, 0] / plain) if plain > 0 else math.nan


def repeated_patients(cluster: Any) -> int:
    """Number of patients with more than one case: above 0, methods that assume independence mislead."""
    array = np.asarray(cluster, dtype=object)
    codes = as_groups(array, n=array.size)
    return int((np.bincount(codes) > 1).sum())


def warn_if_clustered(cluster: Any, *, method: str) -> bool:
    """Warn when ``method`` assumes independent cases and patients repeat; True when it warned."""
    repeated = repeated_patients(cluster)
    if repeated:
        warn(
            f"{method} assumes one case per patient, but {repeated} patients have several: "
            "use the clustered version or one case per patient"
        )
    return repeated > 0


def clustered_proportion(
    success: Any, cluster: Any, *, level: float = 0.95, name: str = "proportion"
) -> Result:
    """A proportion of images when patients give several: ratio estimator with a Wilson interval.

    The variance is that of the ratio estimator over patients (Rao and Scott 1992); the interval is Wilson's
    with the count of images divided by the design effect.
    """
    success = as_truth(success, name="success", both=False)
    codes = as_groups(cluster, n=success.size)
    check_level(level)
    n, patients = success.size, int(codes.max()) + 1
    share = float(success.mean())
    if patients < 2:
        note = warn("a single patient: the proportion has no interval")
        return Result(name, share, level=level, n=n, note=note)
    residual = np.bincount(codes, success - share)
    variance = patients / (patients - 1) * float(residual @ residual) / n**2
    binomial = share * (1 - share) / n
    effect = max(variance / binomial, 1.0) if binomial > 0 else n / patients
    low, high = limits(share * n / effect, n / effect, level)
    return Result(
        name=name,
        estimate=share,
        low=low,
        high=high,
        level=level,
        n=n,
        method="Wilson interval on the effective sample size",
        reference="Rao JNK, Scott AJ. Biometrics 1992;48:577-585",
        note=f"{n} images of {patients} patients, design effect {effect:.2f}",
        assumes=_ASSUMES,
    )


def _single(
    truth: np.ndarray,
    placed: np.ndarray,
    codes: np.ndarray,
    estimate: float,
    level: float,
    interval: str,
    name: str,
) -> Result:
    variance = _not_negative(float(clustered_covariance(truth, placed, codes)[0, 0]))
    pairs = min(np.unique(codes[truth]).size, np.unique(codes[~truth]).size)
    if pairs < 2:
        note = warn("one class comes from a single patient: the AUC has no variance estimate and no interval")
        low = high = math.nan
    else:
        disjoint = min(pairs, (int(codes.max()) + 1) // 2)
        low, high, note = auc_interval(
            estimate, variance, level=level, interval=interval, pairs=max(disjoint, 1)
        )
    return Result(
        name=name,
        estimate=estimate,
        low=low,
        high=high,
        level=level,
        n=truth.size,
        method=_METHOD,
        reference=OBUCHOWSKI,
        note=_join(note, _design_note(truth, placed, codes, variance)),
        meaning="It is the chance that a randomly drawn positive image scores higher than a negative one.",
        assumes=_ASSUMES,
    )


def _design_note(truth: np.ndarray, placed: np.ndarray, codes: np.ndarray, variance: float) -> str:
    plain = delong_covariance(truth, placed)[0, 0]
    said = f"{truth.size} images of {int(codes.max()) + 1} patients"
    return f"{said}, design effect {variance / plain:.2f}" if plain > 0 else said


def _not_negative(variance: float) -> float:
    return max(variance, 0.0) if not math.isnan(variance) else variance


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _replace(result: Result, **changes: str) -> Result:
    return replace(result, reference=OBUCHOWSKI, assumes=_ASSUMES, **changes)
