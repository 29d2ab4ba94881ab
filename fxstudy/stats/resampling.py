"""Bootstrap weights on tie groups: thousands of replicates of a ROC curve without sorting again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fxstudy.errors import StatisticsError

_CELLS = 4_000_000


@dataclass(frozen=True)
class RankTable:
    """Cases of both classes by the index of their tie group, scores ascending.

    Attributes
    ----------
    positive, negative : numpy.ndarray
        Group index of each case, shape (m,) and (n,).
    values : numpy.ndarray
        Distinct scores, shape (groups,).
    """

    positive: np.ndarray
    negative: np.ndarray
    values: np.ndarray

    @property
    def groups(self) -> int:
        """Number of distinct scores."""
        return self.values.size


def rank_table(truth: np.ndarray, score: np.ndarray) -> RankTable:
    """Tie groups of the scores of both classes."""
    values, index = np.unique(score, return_inverse=True)
    return RankTable(index[truth], index[~truth], values)


def stratified_draws(
    m: int, n: int, replicates: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Case numbers drawn with replacement within each class, in blocks of replicates.

    Yields arrays of shape (block, m) and (block, n).
    """
    block = max(1, min(replicates, _CELLS // (m + n)))
    for start in range(0, replicates, block):
        size = min(block, replicates - start)
        yield tuple(rng.integers(0, k, (size, k), dtype=_narrow(k)) for k in (m, n))


def cluster_draws(
    truth: np.ndarray, cluster: np.ndarray, replicates: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """How often each case is drawn when whole patients are drawn with replacement.

    Draws without a case in each class are drawn again. Yields weights of the positives, shape (block, m), and
    of the negatives, shape (block, n).
    """
    size = int(cluster.max()) + 1
    block = max(1, min(replicates, _CELLS // (truth.size + size)))
    done = 0
    while done < replicates:
        drawn = rng.integers(0, size, (min(block, replicates - done), size))
        counts = _bincount_rows(drawn, size)[:, cluster]
        positive, negative = counts[:, truth], counts[:, ~truth]
        usable = positive.any(axis=1) & negative.any(axis=1)
        done += int(usable.sum())
        yield positive[usable], negative[usable]


def group_counts(group: np.ndarray, drawn: np.ndarray, groups: int) -> np.ndarray:
    """Number of drawn cases in each tie group, shape (block, groups)."""
    return _bincount_rows(group[drawn], groups)


def weighted_group_counts(group: np.ndarray, weights: np.ndarray, groups: int) -> np.ndarray:
    """Sum of weights in each tie group, shape (block, groups)."""
    offsets = np.arange(weights.shape[0])[:, None] * groups
    flat = np.bincount((group + offsets).ravel(), weights.ravel(), weights.shape[0] * groups)
    return flat.reshape(weights.shape[0], groups)


Counts = tuple[np.ndarray, np.ndarray]


def replicate_counts(
    tables: Sequence[RankTable],
    replicates: int,
    rng: np.random.Generator,
    *,
    truth: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
) -> Iterator[list[Counts]]:
    """Counts of positives and negatives per tie group of every score, in blocks of replicates.

    All scores see the same draws: cases within each class, or whole patients when ``truth`` and ``cluster``
    are given. Each item of the list holds two arrays of shape (block, groups).
    """
    if replicates < 100:
        raise StatisticsError(f"replicates must be at least 100, not {replicates}")
    first = tables[0]
    if cluster is None:
        draws = stratified_draws(first.positive.size, first.negative.size, replicates, rng)
        count = group_counts
    else:
        draws = cluster_draws(truth, cluster, replicates, rng)
        count = weighted_group_counts
    for positive, negative in draws:
        yield [(count(t.positive, positive, t.groups), count(t.negative, negative, t.groups)) for t in tables]


def observed_counts(table: RankTable) -> Counts:
    """Counts of the data themselves, as a block of one."""
    return tuple(
        np.bincount(group, minlength=table.groups)[None] for group in (table.positive, table.negative)
    )


def areas(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """AUC of every replicate from its counts per tie group, shape (block,)."""
    below = np.cumsum(negative, axis=1) - 0.5 * negative
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return np.einsum("ij,ij->i", positive, below) / pairs


def area_replicates(
    tables: Sequence[RankTable], replicates: int, rng: np.random.Generator
) -> Iterator[list[np.ndarray]]:
    """AUC of every score for every stratified replicate, in blocks; the same draws as ``replicate_counts``.

    Only the drawn negatives are counted; the drawn positives look up how many of them lie below.
    """
    if replicates < 100:
        raise StatisticsError(f"replicates must be at least 100, not {replicates}")
    m, n = tables[0].positive.size, tables[0].negative.size
    sides = [_below(table) for table in tables]
    for positive, negative in stratified_draws(m, n, replicates, rng):
        found = []
        for order, low, high in sides:
            counts = _bincount_rows(order[negative], n)
            below = np.zeros((counts.shape[0], n + 1), dtype=np.int64)
            np.cumsum(counts, axis=1, out=below[:, 1:])
            flat, rows = below.ravel(), np.arange(counts.shape[0])[:, None] * (n + 1)
            twice = flat[low[positive] + rows].sum(axis=1)
            twice = 2 * twice if high is None else twice + flat[high[positive] + rows].sum(axis=1)
            found.append(twice / (2 * m * n))
        yield found


def _below(table: RankTable) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Rank of every negative, and the number of negatives below, and at or below, every positive."""
    order = np.empty(table.negative.size, dtype=np.int64)
    order[np.argsort(table.negative, kind="stable")] = np.arange(table.negative.size)
    ranked = np.sort(table.negative)
    low = np.searchsorted(ranked, table.positive, side="left")
    high = np.searchsorted(ranked, table.positive, side="right")
    return order, low, None if (low == high).all() else high


def _narrow(size: int) -> type:
    return np.uint16 if size <= 2**16 else np.int64


def _bincount_rows(index: np.ndarray, size: int) -> np.ndarray:
    offsets = np.arange(index.shape[0])[:, None] * size
    return np.bincount((index + offsets).ravel(), minlength=index.shape[0] * size).reshape(-1, size)
