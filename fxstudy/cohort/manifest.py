"""A cohort: who is in the study, as tables that are checked whenever they are read or written."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import yaml

from fxstudy.cohort import checks
from fxstudy.cohort.columns import TABLES
from fxstudy.cohort.leakage import Leak
from fxstudy.cohort.places import numbered
from fxstudy.cohort.schema import parse
from fxstudy.cohort.tables import csv_bytes, read_text_table, write_bytes
from fxstudy.errors import CohortError, Fault, LeakageError

_FOLDERS = ("cohorts", "data_manifest")
_OPTIONAL = ("boxes", "rois", "masks", "readings")
_DEFAULTS = {"title": "", "classes": ["none", "fracture"], "positive": "fracture", "synthetic": False}
REFUSED_COLUMNS = ("image_id", "path", "reason")


def _no_boxes() -> pd.DataFrame:
    return parse(TABLES["boxes"], pd.DataFrame())[0]


def _none_refused() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in REFUSED_COLUMNS})


@dataclass(frozen=True)
class Cohort:
    """Radiographs of one study with their labels, boxes and splits.

    Attributes
    ----------
    name : str
        Short name, also the name of its folder.
    images : DataFrame
        One row per radiograph, columns as in ``data_manifest/datapackage.json``, then free columns.
    boxes : DataFrame
        Boxes in pixels of the stored images; empty if none were drawn.
    description : dict
        Title, classes, positive class, synthetic (bool), licence, citation and other facts of cohort.yaml.
    refused : DataFrame
        Films that were not taken in: image_id, path, reason.
    more : dict of DataFrame
        Further tables: rois, masks, readings.
    root : Path
        Folder that the images' paths start from; of this machine only, never written into results.
    """

    name: str
    images: pd.DataFrame
    root: Path = field(repr=False)
    boxes: pd.DataFrame = field(default_factory=_no_boxes)
    description: Mapping[str, object] = field(default_factory=dict)
    refused: pd.DataFrame = field(default_factory=_none_refused)
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))
        object.__setattr__(self, "description", {**_DEFAULTS, **self.description})

    def __repr__(self) -> str:
        counts = self.images["label"].value_counts().to_dict() if "label" in self.images else {}
        labels = ", ".join(f"{count} {label}" for label, count in counts.items())
        return f"Cohort '{self.name}': {len(self.images)} images ({labels})"

    @property
    def positive(self) -> str:
        """Name of the class that is looked for."""
        return str(self.description["positive"])

    @property
    def synthetic(self) -> bool:
        """True if no image is of a real patient."""
        return bool(self.description["synthetic"])

    @property
    def digest(self) -> str:
        """SHA-256 of all tables; changes with any cell, not with the place of the folder."""
        total = hashlib.sha256()
        tables = {"images": self.images, "boxes": self.boxes, **self.more}
        for name in sorted(tables):
            total.update(name.encode() + b"\0" + csv_bytes(tables[name]))
        return total.hexdigest()

    def table(self, split: str | tuple[str, ...] | None = None) -> pd.DataFrame:
        """Rows of one split or several; without a split all rows that are not excluded."""
        if split is None:
            return self.images[self.images["split"].ne("exclude")]
        return self.images[self.images["split"].isin([split] if isinstance(split, str) else list(split))]

    def path(self, image_id: str) -> Path:
        """File of one image on this machine."""
        found = self.images.loc[self.images["image_id"] == image_id, "path"]
        if found.empty:
            raise CohortError(f"image_id must be one of cohort '{self.name}', not '{image_id}'")
        return self.root / found.iloc[0]

    def with_images(self, images: pd.DataFrame) -> "Cohort":
        """The same cohort with another images table."""
        return replace(self, images=images)


def find_cohort(name: str | Path) -> Path:
    """Folder of a cohort given by path, or by name below ``cohorts/`` or ``data_manifest/``."""
    direct = Path(name)
    if (direct / "images.csv").is_file() or (direct / "images.parquet").is_file():
        return direct
    here = Path.cwd()
    places = [here, *here.parents, Path(__file__).parents[2]]
    for place in places:
        for folder in _FOLDERS:
            if any((place / folder / name / f"images.{kind}").is_file() for kind in ("csv", "parquet")):
                return place / folder / name
    raise CohortError(
        f"no cohort '{direct.name}': must be a folder with images.csv, or a name below "
        f"{' or '.join(folder + '/' for folder in _FOLDERS)}; `fxstudy cohort import` makes one"
    )


def read_cohort(name: str | Path, *, files: bool = False) -> Cohort:
    """Read and check a cohort.

    Parameters
    ----------
    name : str or Path
        A folder, or the name of one below ``cohorts/`` or ``data_manifest/``.
    files : bool
        Also check that every image exists and matches its SHA-256.

    Raises
    ------
    CohortError
        With every fault of every table at once.
    """
    folder = find_cohort(name)
    read: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for table in ("images", *_OPTIONAL):
        path = _table_file(folder, table)
        if path is None:
            continue
        text, rows, structure = read_text_table(path)
        read[table], cells = parse(TABLES[table], text, rows=rows)
        read[table] = numbered(read[table], rows)
        faults += structure + cells
    description, described = _read_description(folder)
    cohort = Cohort(
        name=folder.resolve().name,
        root=_data_root(folder),
        images=read.pop("images"),
        boxes=read.pop("boxes", _no_boxes()),
        description=description,
        refused=_read_refused(folder),
        more=read,
    )
    _raise(cohort.name, [*described, *faults, *_cross_faults(cohort, files=files)])
    return replace(
        cohort,
        images=cohort.images.reset_index(drop=True),
        boxes=cohort.boxes.reset_index(drop=True),
        more={table: frame.reset_index(drop=True) for table, frame in cohort.more.items()},
    )


def validate(cohort: Cohort, *, files: bool = False) -> Cohort:
    """Return the cohort with typed tables, or raise one CohortError that lists everything wrong in it.

    ``files=True`` also opens every image file and compares its SHA-256.
    """
    tables, faults = {}, []
    for name, frame in {"images": cohort.images, "boxes": cohort.boxes, **cohort.more}.items():
        tables[name], wrong = parse(TABLES[name], frame)
        faults += wrong
    typed = replace(cohort, images=tables.pop("images"), boxes=tables.pop("boxes"), more=tables)
    _raise(cohort.name, [*faults, *_cross_faults(typed, files=files)])
    return typed


def write_cohort(cohort: Cohort, folder: str | Path) -> Path:
    """Check a cohort and write its folder: cohort.yaml, images.csv, boxes.csv, refused.csv, data_root.txt.

    Every file is replaced atomically, images.csv last. Nothing is written if the cohort has a fault.
    """
    cohort, folder = validate(cohort), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "cohort.yaml", _yaml(cohort.description))
    for name, frame in {"boxes": cohort.boxes, **cohort.more, "refused": cohort.refused}.items():
        if len(frame):
            write_bytes(folder / f"{name}.csv", csv_bytes(frame))
        else:
            (folder / f"{name}.csv").unlink(missing_ok=True)
    if cohort.root.resolve() == folder.resolve():
        (folder / "data_root.txt").unlink(missing_ok=True)
    else:
        write_bytes(folder / "data_root.txt", f"{cohort.root.resolve()}\n".encode())
    write_bytes(folder / "images.csv", csv_bytes(cohort.images))
    return folder


def _yaml(description: Mapping[str, object]) -> bytes:
    return yaml.safe_dump(dict(description), sort_keys=False, allow_unicode=True, width=100).encode("utf-8")


def _cross_faults(cohort: Cohort, *, files: bool) -> list[Fault]:
    faults = checks.table_faults(cohort.images, cohort.boxes, cohort.description, cohort.more)
    return faults + (checks.file_faults(cohort.images, cohort.root) if files else [])


def _raise(name: str, faults: list[Fault]) -> None:
    if faults:
        kind = LeakageError if all(isinstance(fault, Leak) for fault in faults) else CohortError
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise kind(f"cohort '{name}' has {count}:", faults)


def _table_file(folder: Path, table: str) -> Path | None:
    return next((file for kind in ("csv", "parquet") if (file := folder / f"{table}.{kind}").is_file()), None)


def _read_description(folder: Path) -> tuple[dict, list[Fault]]:
    path = folder / "cohort.yaml"
    if not path.is_file():
        return {}, []
    try:
        description = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return {}, [Fault("cohort.yaml", f"is not readable YAML: {str(error).splitlines()[0]}")]
    if not isinstance(description, dict):
        return {}, [Fault("cohort.yaml", "must hold 'name: value' lines")]
    return description, []


def _read_refused(folder: Path) -> pd.DataFrame:
    path = folder / "refused.csv"
    return read_text_table(path)[0] if path.is_file() else _none_refused()


def _data_root(folder: Path) -> Path:
    override = os.environ.get("FXSTUDY_DATA")
    if override:
        inside = Path(override) / folder.resolve().name
        return inside if inside.is_dir() else Path(override)
    note = folder / "data_root.txt"
    return folder / note.read_text(encoding="utf-8").strip() if note.is_file() else folder
