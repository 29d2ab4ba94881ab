"""Placement values: the share of the other class that each case outranks.

All AUC variances rest on them: DeLong 1988 for independent cases, Obuchowski 1997 for clusters. One sort and
counts per tie group give them for a million cases in a tenth of a second.
"""

import numpy as np


def midranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing their mean rank. Shape (n,) to (n,)."""
    order = np.argsort(values)
    sizes = _grouped(values[order], np.zeros(values.size, dtype=bool))[3]
    last = np.cumsum(sizes)
    ranks = np.empty(values.size)
    ranks[order] = np.repeat(last - (sizes - 1) / 2, sizes)
    return ranks


def placements(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Placement of every case, shape (n,).

    A positive gets the share of negatives below it, a negative the share of positives above it, ties counting
    half. The mean over either class is the AUC.
    """
    order = np.argsort(score)
    ordered, hit = score[order], truth[order]
    values = np.empty(score.size)
    if (ordered[1:] == ordered[:-1]).any():
        _, positive, negative, sizes = _grouped(ordered, hit)
        below = np.cumsum(negative) - negative / 2
        above = positive.sum() - np.cumsum(positive) + positive / 2
        group = np.repeat(np.arange(sizes.size), sizes)
        values[order] = np.where(hit, (below / negative.sum())[group], (above / positive.sum())[group])
        return values
    at, other = np.flatnonzero(hit), np.flatnonzero(~hit)
    m, n = at.size, other.size
    values[order[at]] = (at - np.arange(m)) / n
    values[order[other]] = (m - other + np.arange(n)) / m
    return values


def area(truth: np.ndarray, score: np.ndarray) -> float:
    """Empirical AUC, exact in integers: (pairs in order + half the tied pairs) / all pairs."""
    order = np.argsort(score)
    _, positive, negative, _ = _grouped(score[order], truth[order])
    doubled = int((positive * (2 * np.cumsum(negative) - negative)).sum())
    return doubled / (2 * int(positive.sum()) * int(negative.sum()))


def delong_covariance(truth: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """DeLong's covariance matrix of k AUCs, shape (k, k), from placements of shape (k, n).

    nan where a class has fewer than two cases.
    """
    return class_covariance(placed[:, truth], placed[:, ~truth])


def class_covariance(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """As ``delong_covariance``, from the placements of either class, shapes (k, m) and (k, n)."""
    if min(positive.shape[1], negative.shape[1]) < 2:
        return np.full((positive.shape[0], positive.shape[0]), np.nan)
    return _covariance(positive) / positive.shape[1] + _covariance(negative) / negative.shape[1]


def _covariance(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred @ centred.T / (rows.shape[1] - 1)


def _grouped(ordered: np.ndarray, hit: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """First index, positives, negatives and size of every group of equal scores, in ascending order."""
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    sizes = np.diff(np.append(starts, ordered.size))
    positive = np.add.reduceat(hit.astype(np.int64), starts)
    return starts, positive, sizes - positive, sizes
