"""The part that all importers share: read the files of a table, refuse, join boxes, split, check, write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from fxstudy.cohort.columns import TABLES
from fxstudy.cohort.importers.copies import single_films
from fxstudy.cohort.importers.report import ImportReport, finish_import, refused_frame
from fxstudy.cohort.manifest import Cohort
from fxstudy.cohort.scan import FileFacts, examine_all
from fxstudy.cohort.schema import parse
from fxstudy.cohort.scope import Scope
from fxstudy.errors import CohortError

PICTURES = (".png", ".jpg", ".jpeg", ".dcm", ".dicom", ".ima", "")
_HEADER_ONLY = ("image_id", "patient_id", "study_id", "names_patient", "body_part_examined")
_FACTS = ("sha256", "rows", "columns", "photometric", "pixel_spacing_mm")

_INTERNAL = {"group", *FileFacts.__dataclass_fields__} - {"path", *_FACTS}


@dataclass
class Source:
    """Where an importer's table comes from, and what it has found out so far.

    Attributes
    ----------
    root : Path
        Folder the paths of ``table`` start from.
    table : DataFrame
        At least image_id, path, patient_id and label; further columns are kept.
    description : dict
        For cohort.yaml.
    refused : list of (image_id, path, reason)
    notes : list of str
    boxes, rois : DataFrame, optional
    """

    root: Path
    table: pd.DataFrame
    description: dict
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    differences: list[tuple[str, str, str]] = field(default_factory=list)
    boxes: pd.DataFrame | None = None
    rois: pd.DataFrame | None = None

    def refuse(self, bad: pd.Series, reasons: pd.Series | str) -> None:
        """Take the rows of ``bad`` out of the table and note why."""
        reasons = pd.Series(reasons, index=self.table.index)
        for i in self.table.index[bad]:
            self.refused.append(
                (str(self.table.at[i, "image_id"]), str(self.table.at[i, "path"]), reasons[i])
            )
        self.table = self.table[~bad].reset_index(drop=True)


def list_files(root: Path) -> list[str]:
    """Files below a folder that may be images, relative to it; hidden files (``._*``) are skipped."""
    if not root.is_dir():
        raise CohortError(f"folder '{root.name}' does not exist")
    found = []
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if not hidden and path.suffix.lower() in PICTURES and path.is_file():
            found.append(path.relative_to(root).as_posix())
    return found


def resume_file(to: str | Path | None) -> Path | None:
    """File beside a cohort that keeps what an interrupted import has read; removed at its end."""
    return Path(to) / "scan.jsonl" if to else None


def read_files(
    source: Source,
    *,
    scope: Scope,
    label: str = "reading images",
    facts: pd.DataFrame | None = None,
    resume: Path | None = None,
    workers: int | None = None,
) -> None:
    """Read every file of the table: fill in hash, size and spacing, refuse what is no radiograph in scope.

    ``facts`` of `examine_all` for the same files are used where they are known already.
    """
    table = source.table.reset_index(drop=True)
    if facts is None:
        paths = table["path"].tolist()
        facts = examine_all(source.root, paths, label=label, resume=resume, workers=workers)
    facts = facts.set_index("path").loc[table["path"]].reset_index()
    headers = pd.DataFrame(facts["header"].tolist(), index=table.index)
    for name in headers.columns.difference(list(_HEADER_ONLY)):
        _fill(table, name, headers[name])
    for name in (*_FACTS, "thumbnail"):
        _fill(table, name, facts[name])
    reasons = _reasons(table, facts, headers, scope)
    source.table = table
    source.refuse(reasons.ne(""), reasons)
    source.notes += [note for note in [scope.doubts(source.table.get("body_part", []))] if note]


def _fill(table: pd.DataFrame, name: str, values: pd.Series) -> None:
    if name in table:
        known = table[name].astype(object)
        values = known.where(known.notna(), values.astype(object))
    table[name] = values


def _reasons(table: pd.DataFrame, facts: pd.DataFrame, headers: pd.DataFrame, scope: Scope) -> pd.Series:
    """Why each file is refused, empty where it is not: unreadable, out of scope, or naming a patient."""
    modality = _column(table, "modality")
    part = _column(headers, "body_part_examined", table.index)
    part = part.where(part != "", _column(table, "body_part"))
    named = _column(headers, "names_patient", table.index)
    reasons = []
    for i in table.index:
        reason = facts.at[i, "refused"] or scope.refusal(modality=modality[i], part=part[i])
        if not reason and named[i]:
            reason = (
                f"names a patient: {', '.join(named[i])} is filled; run `fxstudy cohort deidentify` first"
            )
        reasons.append(reason)
    return pd.Series(reasons, index=table.index, dtype="str")


def _column(frame: pd.DataFrame, name: str, index: pd.Index | None = None) -> pd.Series:
    index = frame.index if index is None else index
    values = frame[name] if name in frame else pd.Series("", index=index, dtype=object)
    return values.astype(object).where(values.notna(), "")


def take_in(
    source: Source,
    *,
    name: str,
    to: str | Path | None,
    fractions: Mapping[str, float] | None,
    seed: int,
    stratify: Sequence[str] = ("label",),
) -> ImportReport:
    """Refuse copies, type the tables, split, check and write the cohort of a source."""
    if "thumbnail" in source.table and len(source.table):
        table = source.table.assign(group=source.table["patient_id"])
        table, copies = single_films(table, source.root)
        source.table, source.refused = table.assign(patient_id=table["group"]), [*source.refused, *copies]
    dropped = [c for c in source.table if c in _INTERNAL]
    images = parse(TABLES["images"], source.table.drop(columns=dropped))[0]
    more = {}
    if source.rois is not None:
        more["rois"] = _of(images, source.rois, "rois")
    cohort = Cohort(
        name=Path(to).name if to else name,
        root=source.root,
        images=images,
        boxes=_of(images, source.boxes if source.boxes is not None else pd.DataFrame(), "boxes"),
        description=source.description,
        refused=refused_frame(sorted(source.refused)),
        more=more,
    )
    report = finish_import(
        cohort,
        to=to,
        fractions=fractions,
        seed=seed,
        stratify=stratify,
        differences=source.differences,
        notes=tuple(source.notes),
    )
    if to:
        resume_file(to).unlink(missing_ok=True)
    return report


def _of(images: pd.DataFrame, frame: pd.DataFrame, table: str) -> pd.DataFrame:
    if len(frame):
        frame = frame[frame["image_id"].isin(images["image_id"])].reset_index(drop=True)
    return parse(TABLES[table], frame)[0]
