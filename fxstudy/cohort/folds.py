"""Splits by hospital and repeated splits: external sites, leave one site out, nested cross-validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fxstudy.cohort.splits import DEFAULT_FRACTIONS, deal_groups, open_rows, split_by_group, strata_of
from fxstudy.errors import CohortError

TWO_SITES = "patient also has images at a held-out site"


@dataclass(frozen=True, eq=False)
class Fold:
    """One training of a nested cross-validation.

    Attributes
    ----------
    outer, inner : int
        Number of the test fold and of the tuning fold, from 1.
    split : Series of str
        train, tune, test or exclude, with the index of the images.
    """

    outer: int
    inner: int
    split: pd.Series


def split_by_site(
    images: pd.DataFrame,
    *,
    external: Sequence[str],
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    group: str = "patient_id",
    stratify: Sequence[str] = ("label", "site"),
    seed: int = 0,
) -> pd.Series:
    """Hold whole hospitals out as external test; split the others by patient.

    Parameters
    ----------
    external : sequence of str
        Sites that nobody trains on. Patients who were there leave the other sites, with the reason.

    The other parameters are those of `split_by_group`.

    Raises
    ------
    CohortError
        If a site does not exist, an image has none, or no other site is left.
    """
    sites = _sites(images)
    unknown = [name for name in external if name not in sites]
    if unknown or not external:
        raise CohortError(
            f"external must name sites of {', '.join(sites)}, not '{(unknown or ['nothing'])[0]}'"
        )
    if set(external) == set(sites):
        raise CohortError("external must leave at least one site to train on")
    return _hold_out(images, list(external), "external", fractions, group, stratify, seed)


def leave_one_site_out(
    images: pd.DataFrame,
    *,
    tune_fraction: float = 0.15,
    group: str = "patient_id",
    stratify: Sequence[str] = ("label", "site"),
    seed: int = 0,
) -> dict[str, pd.Series]:
    """For each site a split in which it is the test and the others train and tune.

    Returns
    -------
    dict of str to Series
        Split by the name of the site that is left out.
    """
    sites = _sites(images)
    if len(sites) < 2:
        raise CohortError(f"leaving one site out needs at least 2 sites, not {len(sites)}")
    shares = {"train": 1 - tune_fraction, "tune": tune_fraction}
    return {
        site: _hold_out(images, [site], "test", shares, group, stratify, seed + number)
        for number, site in enumerate(sites)
    }


def nested_folds(
    images: pd.DataFrame,
    *,
    outer: int = 5,
    inner: int = 4,
    group: str = "patient_id",
    stratify: Sequence[str] = ("label",),
    seed: int = 0,
) -> list[Fold]:
    """All splits of a nested cross-validation by group: each outer fold is the test once, and within the
    rest each inner fold tunes once.

    Returns
    -------
    list of Fold
        ``outer`` × ``inner`` of them.
    """
    if outer < 2 or inner < 2:
        raise CohortError(f"outer and inner must be 2 or more, not {outer} and {inner}")
    tests = fold_numbers(images, folds=outer, group=group, stratify=stratify, seed=seed)
    found = []
    for test in range(1, outer + 1):
        held = tests.eq(test)
        rest = images[~held & tests.notna()]
        tunes = fold_numbers(rest, folds=inner, group=group, stratify=stratify, seed=seed + test)
        for tune in range(1, inner + 1):
            split = pd.Series("exclude", index=images.index, dtype="str", name="split")
            split[rest.index] = np.where(tunes.eq(tune), "tune", "train")
            split[held] = "test"
            found.append(Fold(test, tune, _with_children(images, split)))
    return found


def fold_numbers(
    images: pd.DataFrame,
    *,
    folds: int,
    group: str = "patient_id",
    stratify: Sequence[str] = ("label",),
    seed: int = 0,
) -> pd.Series:
    """Fold of each image, 1 to ``folds``, by group and stratified; missing for excluded and made images."""
    free = open_rows(images, group)
    rows = images.loc[free, [group, *stratify]]
    if rows[group].nunique() < folds:
        raise CohortError(f"folds must be at most the number of groups, {rows[group].nunique()}, not {folds}")
    numbers = pd.Series(pd.NA, index=images.index, dtype="Int64", name="fold")
    numbers[free] = deal_groups(rows[group], strata_of(rows, stratify), [1 / folds] * folds, seed=seed) + 1
    return numbers


def compare_with_published(images: pd.DataFrame, published: Mapping[str, Mapping[str, int]]) -> pd.DataFrame:
    """The split beside that of a paper.

    Parameters
    ----------
    images : DataFrame
        With split and label.
    published : mapping of split to mapping of label to count of images

    Returns
    -------
    DataFrame
        split, label, n_images, share (of the split), published, published_share.
    """
    rows = []
    for split, counts in published.items():
        chosen = images.loc[images["split"].eq(split), "label"]
        total = sum(counts.values())
        for label, count in counts.items():
            here = int(chosen.eq(label).sum())
            share = here / len(chosen) if len(chosen) else float("nan")
            rows.append((split, label, here, share, count, count / total))
    names = ["split", "label", "n_images", "share", "published", "published_share"]
    return pd.DataFrame(rows, columns=names)


def _sites(images: pd.DataFrame) -> list[str]:
    used = images["split"].ne("exclude")
    if images.loc[used, "site"].isna().any():
        raise CohortError("column site must be filled in for every image to split by site")
    return sorted(images.loc[used, "site"].unique())


def _hold_out(
    images: pd.DataFrame,
    sites: list[str],
    side: str,
    fractions: Mapping[str, float],
    group: str,
    stratify: Sequence[str],
    seed: int,
) -> pd.Series:
    held = images["site"].isin(sites) & images["split"].ne("exclude")
    visitors = ~held & images["split"].ne("exclude") & images[group].isin(images.loc[held, group])
    home = images[~held & ~visitors]
    inside = split_by_group(home, fractions=fractions, group=group, stratify=stratify, seed=seed)
    split = pd.Series("exclude", index=images.index, dtype="str", name="split")
    split[home.index] = inside
    made = images["source_image_id"].notna() | images["modality"].isin(("DRR", "GAN"))
    split[held & ~made] = side
    split.attrs["reasons"] = inside.attrs["reasons"] | dict.fromkeys(images.index[visitors], TWO_SITES)
    return split


def _with_children(images: pd.DataFrame, split: pd.Series) -> pd.Series:
    """Images made from others join train with their parent."""
    child = images["source_image_id"].notna() & images["split"].ne("exclude")
    home = dict(zip(images["image_id"], split, strict=True))
    return split.mask(child & images["source_image_id"].map(home).eq("train"), "train")
