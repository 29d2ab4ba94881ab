"""Divide a cohort into training, tuning and test so that no patient stands on two sides.

Every function takes the images table and returns a Series of split names with the table's index;
`assign` stores it in the cohort. Rows already excluded stay so. Images made from others (DRR, GAN) follow
their parent: into train with it, otherwise they are excluded.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fxstudy.cohort.columns import SPLITS, SYNTHETIC_MODALITIES
from fxstudy.cohort.manifest import Cohort
from fxstudy.errors import CohortError, Fault

DEFAULT_FRACTIONS = {"train": 0.6, "tune": 0.15, "test": 0.25}
CHILD_REASON = "made from an image outside train"


def assign(cohort: Cohort, split: pd.Series, *, reason: str = "not in the split") -> Cohort:
    """Store a split in the cohort; newly excluded images get a reason.

    Parameters
    ----------
    cohort : Cohort
    split : Series of str
        As returned by the functions of this module; ``split.attrs["reasons"]`` may give reasons by index.
    reason : str
        Why images are excluded for which no other reason is known.
    """
    images = cohort.images.copy()
    split = split.reindex(images.index)
    reasons = pd.Series(split.attrs.get("reasons", {}), dtype="str").reindex(images.index)
    excluded = split.eq("exclude")
    images["split"] = split.astype("str")
    kept = images["exclude_reason"].where(excluded)
    images["exclude_reason"] = kept.fillna(reasons.where(excluded)).fillna(
        pd.Series(reason, index=images.index).where(excluded)
    )
    return cohort.with_images(images)


def split_by_group(
    images: pd.DataFrame,
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    group: str = "patient_id",
    stratify: Sequence[str] = ("label",),
    seed: int = 0,
) -> pd.Series:
    """Split at random by patient (or another group), alike in the columns of ``stratify``.

    Groups are taken in random order, those with the rarest stratum first; each goes to the split that
    lacks most of what the group holds (iterative stratification for groups).

    Parameters
    ----------
    images : DataFrame
    fractions : mapping of split name to share
        Shares of images; must sum to 1.
    group : str
        Column whose values stay together.
    stratify : sequence of str
        Columns whose combined values are spread alike, such as label and site.
    seed : int

    Returns
    -------
    Series of str

    References
    ----------
    Sechidis K, Tsoumakas G, Vlahavas I. On the stratification of multi-label data. ECML PKDD 2011.
    """
    _check_fractions(fractions)
    free = open_rows(images, group)
    rows = images.loc[free, [group, *stratify]]
    strata = strata_of(rows, stratify)
    sides = deal_groups(rows[group], strata, list(fractions.values()), seed=seed)
    return _finish(images, pd.Series(np.array(list(fractions))[sides], index=rows.index))


def deal_groups(group: pd.Series, strata: pd.Series, shares: Sequence[float], *, seed: int) -> np.ndarray:
    """Side of each row: groups stay together, the sides hold ``shares`` of each stratum.

    Parameters
    ----------
    group, strata : Series of equal length
    shares : sequence of float
        One share per side.
    seed : int

    Returns
    -------
    ndarray of int, from 0 to the number of sides less one
    """
    groups, names = pd.factorize(group, sort=True)
    kinds, words = pd.factorize(strata, sort=True)
    counts = np.zeros((len(names), len(words)))
    np.add.at(counts, (groups, kinds), 1)
    return _deal(counts, np.asarray(shares, dtype=float), seed)[groups]


def strata_of(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """One word per row that joins its values in ``columns``."""
    words = pd.Series("", index=rows.index, dtype="str")
    for name in columns:
        words = words.str.cat(rows[name].astype("str").fillna(""), sep="\x1f")
    return words


def _deal(counts: np.ndarray, shares: np.ndarray, seed: int) -> np.ndarray:
    """Side of each group (row of ``counts``: images per stratum), filling the sides as ``shares`` say."""
    totals = counts.sum(axis=0)
    lacking = np.outer(shares, totals)
    weights = counts / totals
    rarest = np.where(counts > 0, totals, np.inf).min(axis=1)
    order = np.random.default_rng(seed).permutation(len(counts))
    order = order[np.argsort(rarest[order], kind="stable")]
    sides = np.zeros(len(counts), dtype=int)
    for row in order:
        need = lacking @ weights[row] / np.maximum(shares, 1e-12)
        need[shares <= 0] = -np.inf
        sides[row] = int(np.argmax(need))
        lacking[sides[row]] -= counts[row]
    return sides


def split_temporal(
    images: pd.DataFrame,
    *,
    test_from: str,
    tune_fraction: float = 0.1,
    group: str = "patient_id",
    stratify: Sequence[str] = ("label",),
    seed: int = 0,
) -> pd.Series:
    """Split by date: examinations from ``test_from`` on are the test; some earlier patients tune.

    A patient whose first film is earlier belongs to the earlier part; later films of that patient are
    excluded, so that no patient stands on two sides.

    Parameters
    ----------
    test_from : str
        First day of the test period, ISO date.
    tune_fraction : float
        Share of the earlier patients that are set apart for tuning.

    Raises
    ------
    CohortError
        If a date is missing, or nothing lies before or after ``test_from``.
    """
    free = open_rows(images, group)
    dates = pd.to_datetime(images["study_date"], format="%Y-%m-%d", errors="coerce")
    undated = free & dates.isna()
    if undated.any():
        from fxstudy.cohort.places import place

        fault = Fault(place(images, "images", undated, "study_date"), "must be an ISO date")
        raise CohortError("a temporal split needs the date of every image:", [fault])
    later = dates >= pd.Timestamp(test_from)
    first = dates.where(free).groupby(images[group]).transform("min")
    early = free & (first < pd.Timestamp(test_from))
    if not early.any() or not (free & later & ~early).any():
        raise CohortError(f"test_from must lie between the first and the last study_date, not {test_from}")
    within = images[early & ~later]
    shares = {"train": 1 - tune_fraction, "tune": tune_fraction}
    inner = split_by_group(within, fractions=shares, group=group, stratify=stratify, seed=seed)
    split = pd.Series("exclude", index=images.index, dtype="str")
    split[within.index] = inner
    split[free & later & ~early] = "test"
    split = _finish(images, split[free])
    late = free & later & early & split.eq("exclude")
    split.attrs["reasons"] |= dict.fromkeys(images.index[late], "patient already in the training period")
    return split


def split_from_list(images: pd.DataFrame, listed: Mapping[str, str] | pd.DataFrame) -> pd.Series:
    """Take over an official or earlier split.

    Parameters
    ----------
    images : DataFrame
    listed : mapping or DataFrame
        Split by image_id, or a table with the columns image_id and split. Images that are not listed are
        excluded.

    Raises
    ------
    CohortError
        If the list names unknown images or unknown splits, or splits a patient.
    """
    if isinstance(listed, pd.DataFrame):
        listed = dict(zip(listed["image_id"].astype("str"), listed["split"], strict=True))
    unknown = [name for name in listed if name not in set(images["image_id"])]
    wrong = sorted({str(value) for value in listed.values()} - set(SPLITS))
    faults = [Fault(f"list, image {name}", "is not in the cohort") for name in unknown[:50]]
    faults += [
        Fault("list, column split", f"must be one of {', '.join(SPLITS)}, not '{name}'") for name in wrong
    ]
    if faults:
        raise CohortError("the list of splits does not fit the cohort:", faults)
    split = images["image_id"].map(dict(listed)).fillna("exclude").astype("str")
    free = images["split"].ne("exclude")
    result = _finish(images, split[free])
    result.attrs["reasons"] |= dict.fromkeys(
        images.index[free & split.eq("exclude")], "not in the list of splits"
    )
    return result


def _check_fractions(fractions: Mapping[str, float]) -> None:
    unknown = [name for name in fractions if name not in SPLITS[:4]]
    if unknown:
        raise CohortError(f"fractions must name splits of {', '.join(SPLITS[:4])}, not '{unknown[0]}'")
    total = sum(fractions.values())
    if abs(total - 1) > 1e-6 or min(fractions.values()) < 0:
        raise CohortError(f"fractions must be 0 or more and sum to 1, not {total:g}")


def _children(images: pd.DataFrame) -> pd.Series:
    return images["source_image_id"].notna() | images["modality"].isin(SYNTHETIC_MODALITIES)


def open_rows(images: pd.DataFrame, group: str) -> pd.Series:
    """Rows that a split decides on: not excluded before, not made from another image."""
    if group not in images:
        raise CohortError(f"group must be a column of the images table, not '{group}'")
    return images["split"].ne("exclude") & ~_children(images)


def _finish(images: pd.DataFrame, chosen: pd.Series) -> pd.Series:
    """Fill in the rows that were excluded before, and let children follow their parents."""
    split = chosen.reindex(images.index).astype("str")
    kept = images["split"].eq("exclude")
    child = _children(images) & ~kept
    parents = images["source_image_id"].map(dict(zip(images["image_id"], split, strict=True)))
    follows = parents.eq("train") | images["source_image_id"].isna()
    split = split.where(~child, follows.map({True: "train", False: "exclude"})).where(~kept, "exclude")
    split.name = "split"
    split.attrs["reasons"] = dict.fromkeys(images.index[child & split.eq("exclude")], CHILD_REASON)
    return split
