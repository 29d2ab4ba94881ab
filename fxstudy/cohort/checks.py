"""Checks that no schema language expresses: what rows of a cohort must be to each other.

Each check returns a list of faults; `table_faults` runs all of them. Rows are counted as a spreadsheet
counts them, the header being row 1. Faults that let a model see its own test are marked as `Leak`.
"""

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from fxstudy.cohort.columns import EVALUATED_SPLITS
from fxstudy.cohort.leakage import leaks
from fxstudy.cohort.places import by_value, place, places
from fxstudy.errors import Fault

_IDENTIFIERS = re.compile(
    r"(^|_)(first|last|family|given|sur|full|patient|birth)?_?names?$|(^|_)(birth|dob|birthday|geb)"
    r"|(^|_)(mrn|ssn|nhs|accession|insurance|passport|phone|telephone|mobile|e?mail|address|street|zip|postcode)"
    r"(_|$)|patients?name|accessionnumber|birthdate",
    re.IGNORECASE,
)
_ALLOWED_NAMES = {"model_name"}


def table_faults(
    images: pd.DataFrame,
    boxes: pd.DataFrame | None = None,
    description: Mapping[str, object] | None = None,
    more: Mapping[str, pd.DataFrame] | None = None,
) -> list[Fault]:
    """Every fault between the rows of a cohort's tables; the tables are typed (`schema.parse`)."""
    faults = [
        *leaks(images),
        *_studies(images),
        *_parents(images),
        *_opposite_copies(images),
        *_exclusions(images),
        *_classes(images, description or {}),
        *_deidentification(images),
        *_identifier_columns(images),
        *_paths_used_twice(images),
    ]
    for name, frame in {"boxes": boxes, **(more or {})}.items():
        if frame is not None and len(frame):
            faults += _pointers(images, frame, name)
    if boxes is not None and len(boxes):
        faults += _box_edges(images, boxes)
    return faults


def _studies(images: pd.DataFrame) -> list[Fault]:
    pairs = images[["study_id", "patient_id"]].dropna().drop_duplicates()
    shared = pairs.loc[pairs["study_id"].duplicated(), "study_id"]
    return [
        Fault(places(images, "images", where, "study_id"), f"study '{study}' belongs to several patients")
        for study, where in by_value(images, images["study_id"].isin(shared), "study_id")
    ]


def _parents(images: pd.DataFrame) -> list[Fault]:
    child = images["source_image_id"].notna()
    if not child.any():
        return []
    patients = images.drop_duplicates("image_id").set_index("image_id")["patient_id"]
    lost = child & ~images["source_image_id"].isin(patients.index)
    other = child & ~lost & (images["source_image_id"].map(patients) != images["patient_id"])
    faults = []
    for mask, words in ((lost, "is no image of this cohort"), (other, "belongs to another patient")):
        if mask.any():
            faults.append(Fault(place(images, "images", mask, "source_image_id"), f"the parent {words}"))
    return faults


def _opposite_copies(images: pd.DataFrame) -> list[Fault]:
    used = images["split"].ne("exclude") & images["sha256"].notna()
    pairs = images.loc[used, ["sha256", "label"]].dropna().drop_duplicates()
    torn = pairs.loc[pairs["sha256"].duplicated(), "sha256"]
    faults = []
    for _, where in by_value(images, used & images["sha256"].isin(torn), "sha256"):
        labels = ", ".join(sorted(set(images["label"].iloc[where].dropna())))
        faults.append(
            Fault(places(images, "images", where, "label"), f"one film has several labels: {labels}")
        )
    return faults


def _exclusions(images: pd.DataFrame) -> list[Fault]:
    excluded = images["split"].eq("exclude")
    silent, stray = excluded & images["exclude_reason"].isna(), ~excluded & images["exclude_reason"].notna()
    faults = []
    if silent.any():
        where = place(images, "images", silent, "exclude_reason")
        faults.append(Fault(where, "must say why, since split is exclude"))
    if stray.any():
        where = place(images, "images", stray, "exclude_reason")
        faults.append(Fault(where, "must be empty, since split is not exclude"))
    return faults


def _classes(images: pd.DataFrame, description: Mapping[str, object]) -> list[Fault]:
    faults = []
    classes = [str(name) for name in description.get("classes") or []]
    if classes and description.get("positive") not in (None, *classes):
        words = f"positive must be one of the classes {', '.join(classes)}, not '{description['positive']}'"
        faults.append(Fault("cohort.yaml", words))
    for label in sorted(set(images["label"].dropna()) - set(classes)) if classes else []:
        where = place(images, "images", images["label"].eq(label), "label")
        faults.append(Fault(where, f"must be one of the classes {', '.join(classes)}, not '{label}'"))
    for split in (*EVALUATED_SPLITS, "train"):
        present = set(images.loc[images["split"].eq(split), "label"].dropna())
        lacking = [name for name in classes if name not in present]
        if present and lacking:
            faults.append(Fault(f"images, split {split}", f"has no image of class {', '.join(lacking)}"))
    return faults


def _deidentification(images: pd.DataFrame) -> list[Fault]:
    named = images["deidentified"].eq("NO")
    if not named.any():
        return []
    words = "NO: these files name patients; run `fxstudy cohort deidentify` first"
    return [Fault(place(images, "images", named, "deidentified"), words)]


def _identifier_columns(images: pd.DataFrame) -> list[Fault]:
    suspects = [name for name in images.columns if looks_like_identifier(name)]
    words = "looks like a direct identifier; remove the column or give it another name"
    return [Fault(f"images, row 1, column {name}", words) for name in suspects]


def looks_like_identifier(name: str) -> bool:
    """True if a column of this name would identify a patient: names, birth dates, addresses, numbers."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s\-.]+", "_", str(name))
    return name not in _ALLOWED_NAMES and bool(_IDENTIFIERS.search(snake))


def _paths_used_twice(images: pd.DataFrame) -> list[Fault]:
    twice = images["path"].duplicated(keep=False) & images["path"].notna()
    return [
        Fault(places(images, "images", where, "path"), f"'{path}' stands {len(where)} times")
        for path, where in by_value(images, twice, "path")
    ]


def _pointers(images: pd.DataFrame, frame: pd.DataFrame, table: str) -> list[Fault]:
    lost = frame["image_id"].notna() & ~frame["image_id"].isin(images["image_id"])
    if not lost.any():
        return []
    names = ", ".join(f"'{name}'" for name in frame.loc[lost, "image_id"].unique()[:5])
    return [Fault(place(frame, table, lost, "image_id"), f"no such image in the images table: {names}")]


def _box_edges(images: pd.DataFrame, boxes: pd.DataFrame) -> list[Fault]:
    known = images.drop_duplicates("image_id").set_index("image_id")
    width = boxes["image_id"].map(known["columns"]).astype("float64")
    height = boxes["image_id"].map(known["rows"]).astype("float64")
    wrong = {
        "x_max": ((boxes["x_max"] <= boxes["x_min"]), "must be greater than x_min"),
        "y_max": ((boxes["y_max"] <= boxes["y_min"]), "must be greater than y_min"),
        "x_max ": ((boxes["x_max"] > width), "the box reaches beyond the right edge of the image"),
        "y_max ": ((boxes["y_max"] > height), "the box reaches beyond the lower edge of the image"),
    }
    return [
        Fault(place(boxes, "boxes", mask, column.strip()), words)
        for column, (mask, words) in wrong.items()
        if mask.any()
    ]


def file_faults(images: pd.DataFrame, root: Path) -> list[Fault]:
    """Images that are missing below ``root``, or whose bytes have another SHA-256 than the table says."""
    paths = images["path"].fillna("").tolist()
    with ThreadPoolExecutor(4) as pool:
        found = pd.Series(list(pool.map(lambda path: sha256_of(root / path) if path else None, paths)))
    missing = found.isna().to_numpy() & images["path"].notna().to_numpy()
    changed = (
        ~missing & images["sha256"].notna().to_numpy() & (found.to_numpy() != images["sha256"].to_numpy())
    )
    faults = []
    for mask, column, words in (
        (missing, "path", "no such file below the data root"),
        (changed, "sha256", "the file is not the one that was entered: its SHA-256 differs"),
    ):
        if mask.any():
            names = ", ".join(images["path"].to_numpy()[mask][:3])
            faults.append(Fault(place(images, "images", mask, column), f"{words} ({names})"))
    return faults


def sha256_of(path: Path) -> str | None:
    """SHA-256 of a file in hexadecimal, None if there is no such file."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
