"""Placement values: the share of the other class that each case outranks.

All AUC variances rest on them: DeLong 1988 for independent cases, Obuchowski 1997 for clusters. One sort and
counts per tie group give them for a million cases in a tenth of a second.
"""

import numpy as np


def midranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing their mean rank. Shape (n,) to (n,)."""
    order, sizes = _tie_groups(values)
    last = np.cumsum(sizes)
    ranks = np.empty(values.size)
    ranks[order] = np.repeat(last - (sizes - 1) / 2, sizes)
    return ranks


def placements(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Placement of every case, shape (n,).

    A positive gets the share of negatives below it, a negative the share of positives above it, ties counting
    half. The mean over either class is the AUC.
    """
    order, positive, negative, sizes = _counts(truth, score)
    below = np.cumsum(negative) - negative + negative / 2
    above = positive.sum() - np.cumsum(positive) + positive / 2
    of_positive, of_negative = below / negative.sum(), above / positive.sum()
    if sizes.size == score.size:
        sorted_values = np.where(truth[order], of_positive, of_negative)
    else:
        group = np.repeat(np.arange(sizes.size), sizes)
        sorted_values = np.where(truth[order], of_positive[group], of_negative[group])
    values = np.empty(score.size)
    values[order] = sorted_values
    return values


def area(truth: np.ndarray, score: np.ndarray) -> float:
    """Empirical AUC, exact in integers: (pairs in order + half the tied pairs) / all pairs."""
    _, positive, negative, _ = _counts(truth, score)
    doubled = int((positive * (2 * np.cumsum(negative) - negative)).sum())
    return doubled / (2 * int(positive.sum()) * int(negative.sum()))


def delong_covariance(truth: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """DeLong's covariance matrix of k AUCs, shape (k, k), from placements of shape (k, n).

    nan where a class has fewer than two cases.
    """
    positive, negative = placed[:, truth], placed[:, ~truth]
    if min(positive.shape[1], negative.shape[1]) < 2:
        return np.full((placed.shape[0], placed.shape[0]), np.nan)
    return _covariance(positive) / positive.shape[1] + _covariance(negative) / negative.shape[1]


def _covariance(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred @ centred.T / (rows.shape[1] - 1)


def _tie_groups(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(values)
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return order, np.diff(np.append(starts, values.size))


def _counts(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sort order, positives and negatives per tie group (ascending score), and group sizes."""
    order, sizes = _tie_groups(score)
    ordered = truth[order].astype(np.int64)
    tied = sizes.size < score.size
    positive = np.add.reduceat(ordered, np.cumsum(sizes) - sizes) if tied else ordered
    return order, positive, sizes - positive, sizes
