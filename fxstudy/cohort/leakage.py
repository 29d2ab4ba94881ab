"""Nothing may stand on two sides of a split: the commonest fault of published fracture AI.

References
----------
Kapoor S, Narayanan A. Leakage and the reproducibility crisis in machine-learning-based science.
Patterns 2023;4:100804.
"""

from dataclasses import dataclass

import pandas as pd

from fxstudy.cohort.columns import EVALUATED_SPLITS, SYNTHETIC_MODALITIES
from fxstudy.cohort.places import by_value, place, places
from fxstudy.errors import CohortError, Fault, LeakageError

_NAMED = 50


@dataclass(frozen=True)
class Leak(Fault):
    """A fault through which training sees what is tested."""


def check_leakage(cohort_or_images: object, *, group: str = "patient_id") -> None:
    """Raise LeakageError if anything stands on two sides of a split.

    Checked: patients (or ``group``), byte copies, children of synthetic images, sites held out as
    external. Near copies need the pixels: `fxstudy.cohort.near_duplicates`.

    Parameters
    ----------
    cohort_or_images : Cohort or DataFrame
    group : str
        Column whose values must stay on one side.
    """
    images = getattr(cohort_or_images, "images", cohort_or_images)
    lacking = [name for name in ("split", group) if name not in images]
    if lacking:
        raise CohortError(f"images must have a column '{lacking[0]}', or leakage cannot be checked")
    found = leaks(images, group=group)
    if found:
        raise LeakageError("training and test are not separate. Split again by patient:", found)


def leaks(images: pd.DataFrame, *, group: str = "patient_id") -> list[Leak]:
    """Everything that stands on two sides of a split, without raising."""
    if "split" not in images or not images["split"].notna().any():
        return []
    used = images["split"].notna() & images["split"].ne("exclude")
    return [
        *_across(images, used, group, "stands in"),
        *_across(images, used, "sha256", "the same file stands in"),
        *_synthetic_outside_train(images, used),
        *_external_sites(images, used),
    ]


def _across(images: pd.DataFrame, used: pd.Series, column: str, words: str) -> list[Leak]:
    if column not in images:
        return []
    pairs = images.loc[used, [column, "split"]].dropna().drop_duplicates()
    torn = used & images[column].isin(pairs.loc[pairs[column].duplicated(), column])
    found = []
    for value, where in by_value(images, torn, column):
        sides = " and ".join(sorted(set(images["split"].iloc[where])))
        shown = f"{str(value)[:12]}…" if column == "sha256" else value
        found.append(Leak(places(images, "images", where, column), f"'{shown}' {words} {sides}"))
    return _shortened(found)


def _shortened(found: list[Leak]) -> list[Leak]:
    if len(found) <= _NAMED:
        return found
    return [*found[:_NAMED], Leak("images", f"{len(found) - _NAMED} more like these")]


def _synthetic(images: pd.DataFrame) -> pd.Series:
    return images["modality"].isin(SYNTHETIC_MODALITIES) | images["source_image_id"].notna()


def _synthetic_outside_train(images: pd.DataFrame, used: pd.Series) -> list[Leak]:
    if not {"modality", "source_image_id", "image_id"} <= set(images.columns):
        return []
    found = []
    outside = used & _synthetic(images) & images["split"].ne("train")
    if outside.any():
        words = "augmentation (DRR, GAN or made from another image) may stand in train only"
        found.append(Leak(place(images, "images", outside, "split"), words))
    home = images.set_index("image_id")["split"]
    home = home[~home.index.duplicated()]
    parents = images["source_image_id"].map(home, na_action="ignore")
    leaked = used & images["split"].eq("train") & parents.isin(EVALUATED_SPLITS)
    if leaked.any():
        words = "made from an image that is evaluated; its parent must stand in train too"
        found.append(Leak(place(images, "images", leaked, "source_image_id"), words))
    return found


def _external_sites(images: pd.DataFrame, used: pd.Series) -> list[Leak]:
    if "site" not in images:
        return []
    external = used & images["split"].eq("external")
    shared = set(images.loc[external, "site"].dropna()) & set(images.loc[used & ~external, "site"].dropna())
    return [
        Leak(
            place(images, "images", external & images["site"].eq(site), "site"),
            f"external site '{site}' also has images in training, tuning or test",
        )
        for site in sorted(shared)
    ]
