"""Permutation tests: one AUC against chance, two AUCs, and the shape of two curves."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_scores, as_truth, check_choice
from fxstudy.stats.normal import ALTERNATIVES
from fxstudy.stats.placements import area, midranks
from fxstudy.stats.result import Result

_EXCHANGE = "Bandos AI, Rockette HE, Gur D. Stat Med 2005;24:2873-2893"
_VENKATRAMAN = "Venkatraman ES, Begg CB. Biometrika 1996;83:835-848"


def permutation_auc(
    truth: Any,
    score: Any,
    *,
    alternative: str = "two-sided",
    permutations: int = 9999,
    seed: int | np.random.Generator = 0,
) -> Result:
    """Test of an AUC against 0.5: the labels are shuffled among the cases.

    p = (1 + number of shuffles at least as extreme) / (1 + number of shuffles), so it is never 0.
    """
    truth = as_truth(truth)
    score = as_scores(score, n=truth.size)
    rng, ranks = np.random.default_rng(seed), midranks(score)
    m, n = int(truth.sum()), int((~truth).sum())
    estimate, centre = area(truth, score), m * (m + 1) / 2
    shuffled = np.array([ranks[rng.permutation(truth)].sum() for _ in range(_enough(permutations))])
    found, reference = (shuffled - centre) / (m * n) - 0.5, "Pesarin F. Multivariate Permutation Tests, 2001"
    method = "permutation of the labels"
    return _told("AUC", estimate, found, estimate - 0.5, alternative, truth.size, method, reference)


def permutation_test(
    truth: Any,
    score_a: Any,
    score_b: Any,
    *,
    alternative: str = "two-sided",
    permutations: int = 2000,
    seed: int | np.random.Generator = 0,
    names: tuple[str, str] = ("A", "B"),
) -> Result:
    """Test of two AUCs on the same cases: both models' ranks are exchanged within random cases.

    Tests whether the two models are exchangeable, which is more than equal areas.
    """
    truth, ranks, rng = _ranked(truth, score_a, score_b, seed)
    observed = area(truth, ranks[0]) - area(truth, ranks[1])

    def difference(first: np.ndarray, second: np.ndarray) -> float:
        return area(truth, first) - area(truth, second)

    found = _exchanged(ranks, rng, _enough(permutations), difference)
    name = f"AUC difference {names[0]} − {names[1]}"
    method = "permutation of the models within cases"
    return _told(name, observed, found, observed, alternative, truth.size, method, _EXCHANGE)


def venkatraman_test(
    truth: Any,
    score_a: Any,
    score_b: Any,
    *,
    ties: str = "random",
    permutations: int = 2000,
    seed: int | np.random.Generator = 0,
) -> Result:
    """Test that two ROC curves on the same cases are equal at every operating point.

    E sums, over all ranks k, how many more errors one model makes than the other when the k lowest ranks are
    called negative. Two curves that cross can have equal areas and still differ here.

    Parameters
    ----------
    ties : {"random", "first"}
        How equal ranks are broken, in the data and after every exchange: at random (seeded), or by the order
        of the rows as pROC does by default, which misleads where rows are sorted by outcome.
    """
    check_choice(ties, ("random", "first"), "ties")
    truth, ranks, rng = _ranked(truth, score_a, score_b, seed)
    source = rng if ties == "random" else None
    ranks = tuple(_break_ties(rank, source) for rank in ranks)

    def errors(first: np.ndarray, second: np.ndarray) -> float:
        gaps = _errors(truth, _break_ties(first, source)) - _errors(truth, _break_ties(second, source))
        return float(np.abs(gaps).sum())

    observed = errors(*ranks)
    found = _exchanged(ranks, rng, _enough(permutations), errors)
    name, method = "difference of two ROC curves (E)", "Venkatraman's permutation test for paired curves"
    return _told(name, observed, found, observed, "greater", truth.size, method, _VENKATRAMAN)


def _enough(permutations: int) -> int:
    if permutations < 99:
        raise StatisticsError(f"permutations must be at least 99, not {permutations}")
    return int(permutations)


def _ranked(
    truth: Any, score_a: Any, score_b: Any, seed: int | np.random.Generator
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.random.Generator]:
    truth = as_truth(truth)
    scores = [as_scores(s, n=truth.size, name=f"score_{k}") for s, k in ((score_a, "a"), (score_b, "b"))]
    return truth, (midranks(scores[0]), midranks(scores[1])), np.random.default_rng(seed)


def _exchanged(
    ranks: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
    permutations: int,
    statistic: Callable[[np.ndarray, np.ndarray], float],
) -> np.ndarray:
    """The statistic after exchanging both ranks in a random half of the cases, many times."""
    values = np.empty(permutations)
    for k in range(permutations):
        swap = rng.random(ranks[0].size) < 0.5
        values[k] = statistic(np.where(swap, ranks[1], ranks[0]), np.where(swap, ranks[0], ranks[1]))
    return values


def _errors(truth: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Errors when ranks up to k are called negative, for k = 1 … n."""
    limits = np.arange(1, truth.size + 1)
    missed = np.searchsorted(np.sort(ranks[truth]), limits, side="right")
    rejected = np.searchsorted(np.sort(ranks[~truth]), limits, side="right")
    return missed - rejected


def _break_ties(ranks: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
    order = np.argsort(ranks, kind="stable") if rng is None else np.lexsort((rng.random(ranks.size), ranks))
    broken = np.empty(ranks.size)
    broken[order] = np.arange(1, ranks.size + 1)
    return broken


def _told(
    name: str,
    estimate: float,
    found: np.ndarray,
    observed: float,
    alternative: str,
    n: int,
    method: str,
    reference: str,
) -> Result:
    check_choice(alternative, ALTERNATIVES, "alternative")
    sides = {
        "two-sided": (np.abs(found), abs(observed)),
        "greater": (found, observed),
        "less": (-found, -observed),
    }
    values, limit = sides[alternative]
    p = (1 + int((values >= limit - 1e-12).sum())) / (1 + found.size)
    return Result(
        name=name,
        estimate=estimate,
        statistic=observed,
        p_value=p,
        log10_p=float(np.log10(p)),
        n=n,
        method=f"{method}, {found.size} permutations, {alternative}",
        reference=reference,
        note=f"the smallest p that {found.size} permutations can give is {1 / (1 + found.size):.2g}",
        assumes="Cases are independent and exchangeable.",
    )
