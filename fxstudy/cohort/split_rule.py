"""The split that a study's parameters ask for, stored in the cohort and checked for leakage."""

from fxstudy.cohort.leakage import check_leakage
from fxstudy.cohort.manifest import Cohort
from fxstudy.cohort.splits import assign, split_by_group, split_temporal
from fxstudy.errors import ParameterError

RULES = ("temporal", "group", "stored")


def apply_split(
    cohort: Cohort,
    rule: str,
    *,
    test_from: str = "",
    test_share: float = 0.25,
    tune_share: float = 0.1,
    seed: int = 0,
) -> Cohort:
    """Split a cohort by one of the studies' rules.

    Parameters
    ----------
    cohort : Cohort
    rule : {'temporal', 'group', 'stored'}
        ``temporal``: examinations from ``test_from`` on are the test; ``group``: ``test_share`` of the
        patients at random, alike in label and view; ``stored``: the split that the images table holds.
    test_from : str
        ISO date of the first test examination (temporal).
    test_share, tune_share : float
        Share of the images for testing (group) and of the rest, by patient, for tuning.
    seed : int
        Seed of everything drawn.

    Raises
    ------
    LeakageError
        Something stands on two sides of the result.
    """
    if rule not in RULES:
        raise ParameterError(f"split must be one of {', '.join(RULES)}, not {rule!r}")
    if rule == "temporal":
        split = split_temporal(cohort.images, test_from=test_from, tune_fraction=tune_share, seed=seed)
        cohort = assign(cohort, split)
    elif rule == "group":
        shares = {
            "train": (1 - test_share) * (1 - tune_share),
            "tune": (1 - test_share) * tune_share,
            "test": test_share,
        }
        split = split_by_group(cohort.images, fractions=shares, stratify=("label", "view"), seed=seed)
        cohort = assign(cohort, split)
    check_leakage(cohort)
    return cohort
