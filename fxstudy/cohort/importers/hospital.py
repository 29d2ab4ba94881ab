"""A hospital's own images: a folder of files with a label table, one CSV, or a BIDS-like tree."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from fxstudy.cohort.headers import body_part, view
from fxstudy.cohort.importers.annotations import read_boxes, read_rois
from fxstudy.cohort.importers.files import Source, list_files, read_files, resume_file, take_in
from fxstudy.cohort.importers.labels import join_labels, read_labels
from fxstudy.cohort.importers.report import ImportReport
from fxstudy.cohort.scan import examine_all
from fxstudy.cohort.scope import SCOPES, Scope
from fxstudy.cohort.splits import DEFAULT_FRACTIONS
from fxstudy.errors import CohortError, Fault

_SIDECAR = {
    "Manufacturer": "manufacturer",
    "ManufacturersModelName": "model_name",
    "KVP": "kvp",
    "Exposure": "exposure_mas",
    "Modality": "modality",
    "Laterality": "laterality",
    "PatientSex": "sex",
    "PatientAge": "age_years",
}
_DEFAULTS = {"modality": "DX", "reference": "report", "deidentified": "UNKNOWN", "burned_in": "UNKNOWN"}


def import_dicom_folder(
    folder: str | Path,
    *,
    labels: str | Path,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    scope: str | Scope = "any",
    to: str | Path | None = None,
    boxes: str | Path | None = None,
    rois: str | Path | None = None,
    description: Mapping[str, object] | None = None,
    fractions: Mapping[str, float] | None = DEFAULT_FRACTIONS,
    stratify: Sequence[str] = ("label",),
    seed: int = 0,
    workers: int | None = None,
) -> ImportReport:
    """Make a cohort of a folder of DICOM files (JPEG and PNG beside them are read too) and a label table.

    The headers fill the images table; the label table is joined by path, SOP Instance UID (image_id), study
    or patient, whichever it has first, and wins where both say something. Files that name a patient are
    refused: de-identify them first.

    Parameters
    ----------
    folder : path
    labels : path
        CSV with a label and one of the columns path, image_id, study_id, patient_id.
    columns, values : mapping, optional
        Own column names and own labels → the study's (`read_labels`).
    scope : str or Scope
        "any", "wrist", "hip": files of other modalities and body parts are refused.
    boxes : path, optional
        COCO file, or folder of VOC or YOLO files named as the images.
    rois : path, optional
        CSV of circles: image_id, x_centre, y_centre, radius.
    description : mapping, optional
        Title, classes, positive class, licence and other facts of cohort.yaml.
    to, fractions, stratify, seed, workers
        As in `fxstudy.cohort.import_fracatlas`.

    Raises
    ------
    CohortError
        If the label table does not fit the files, with every misfit.
    """
    root = Path(folder)
    paths = list_files(root)
    if not paths:
        raise CohortError(f"folder '{root.name}' holds no image files")
    facts = examine_all(root, paths, label="reading images", resume=resume_file(to), workers=workers)
    found = _found(facts)
    text = read_labels(labels, columns=columns, values=values)
    withheld = facts["header"].map(lambda header: bool(header.get("names_patient"))).any()
    table = join_labels(found, text, name=Path(labels).name, complete=not withheld)
    source = Source(root, table, dict(description or {}))
    return _hospital(
        source,
        facts=facts,
        scope=scope,
        boxes=boxes,
        rois=rois,
        to=to,
        fractions=fractions,
        stratify=stratify,
        seed=seed,
    )


def import_table(
    table: str | Path,
    *,
    root: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    scope: str | Scope = "any",
    to: str | Path | None = None,
    boxes: str | Path | None = None,
    rois: str | Path | None = None,
    description: Mapping[str, object] | None = None,
    fractions: Mapping[str, float] | None = DEFAULT_FRACTIONS,
    stratify: Sequence[str] = ("label",),
    seed: int = 0,
    workers: int | None = None,
) -> ImportReport:
    """Make a cohort of one CSV that names every image: path, patient_id, label and whatever else is known.

    Parameters
    ----------
    table : path
        CSV with at least path, patient_id and label under their own names or those of ``columns``.
    root : path, optional
        Folder the paths start from; by default that of the CSV.
    fractions : mapping, optional
        None keeps the column split of the CSV.

    The other parameters are those of `import_dicom_folder`.
    """
    text = read_labels(table, columns=columns, values=values)
    absent = [name for name in ("path", "patient_id", "label") if name not in text]
    if absent:
        faults = [Fault(f"{Path(table).name}, row 1", f"there is no column '{name}'") for name in absent]
        raise CohortError(f"the table {Path(table).name} cannot be used:", faults)
    if "image_id" not in text:
        text["image_id"] = text["path"].map(image_id_of, na_action="ignore")
    for name, value in _DEFAULTS.items():
        text[name] = text[name].fillna(value) if name in text else value
    source = Source(Path(root or Path(table).parent), text.drop(columns="row"), dict(description or {}))
    return _hospital(
        source,
        scope=scope,
        boxes=boxes,
        rois=rois,
        to=to,
        fractions=fractions,
        stratify=stratify,
        seed=seed,
        workers=workers,
    )


def import_bids(
    folder: str | Path,
    *,
    labels: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    scope: str | Scope = "any",
    to: str | Path | None = None,
    description: Mapping[str, object] | None = None,
    fractions: Mapping[str, float] | None = DEFAULT_FRACTIONS,
    stratify: Sequence[str] = ("label",),
    seed: int = 0,
    workers: int | None = None,
) -> ImportReport:
    """Make a cohort of a BIDS-like tree, ``sub-*/[ses-*/]…/*.{png,jpg,dcm}`` with JSON sidecars.

    The subject is the patient, the session the examination. Labels come from the label table, or from the
    column label of ``participants.tsv``.

    The parameters are those of `import_dicom_folder`.
    """
    root = Path(folder)
    found = [row for path in list_files(root) if (row := _bids_row(root, path))]
    if not found:
        raise CohortError(f"folder '{root.name}' holds no images below sub-*/")
    people = root / "participants.tsv"
    if labels is None and not people.is_file():
        raise CohortError("labels must name a label table, for the folder has no participants.tsv")
    names = dict(columns or {}) | ({"participant_id": "patient_id"} if labels is None else {})
    text = read_labels(labels or people, columns=names, values=values)
    if labels is None:
        text["patient_id"] = text["patient_id"].str.removeprefix("sub-")
    table = join_labels(pd.DataFrame(found), text, name=Path(labels or people).name)
    source = Source(root, table, dict(description or {}))
    return _hospital(
        source, scope=scope, to=to, fractions=fractions, stratify=stratify, seed=seed, workers=workers
    )


def image_id_of(path: str) -> str:
    """An image_id made of a path: folders joined by '_', without the file's ending.

    >>> image_id_of("series 1/film.dcm")
    'series_1_film'
    """
    plain = re.sub(r"\.(png|jpe?g|dcm|dicom|ima)$", "", path, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9_.\-]+", "_", plain)


def _found(facts: pd.DataFrame) -> pd.DataFrame:
    """One row per file with what its header says; without one the path gives the names."""
    rows = []
    for path, header in zip(facts["path"], facts["header"], strict=True):
        row = {name: header.get(name) for name in ("image_id", "patient_id", "study_id")}
        row["image_id"] = row["image_id"] or image_id_of(path)
        rows.append({"path": path, **row})
    return pd.DataFrame(rows, dtype=object)


def _bids_row(root: Path, path: str) -> dict[str, object] | None:
    subject = re.search(r"(?:^|/)sub-([A-Za-z0-9]+)/", path)
    if not subject:
        return None
    session = re.search(r"/ses-([A-Za-z0-9]+)/", path)
    stem = path.rsplit("/", 1)[1].split(".")[0]
    row: dict[str, object] = {"path": path, "image_id": stem, "patient_id": subject[1]}
    row["study_id"] = f"{subject[1]}_{session[1]}" if session else None
    sidecar = (root / path).with_name(f"{stem}.json")
    if sidecar.is_file():
        try:
            facts = json.loads(sidecar.read_text(encoding="utf-8"))
        except ValueError as error:
            raise CohortError(f"{sidecar.name}: not readable JSON ({error})") from None
        row |= {column: facts[name] for name, column in _SIDECAR.items() if name in facts}
        row["body_part"] = body_part(str(facts.get("BodyPart", facts.get("BodyPartExamined", ""))))
        row["view"] = view(str(facts.get("ViewPosition", "")))
    return row


def _hospital(
    source: Source,
    *,
    scope: str | Scope,
    to: str | Path | None,
    fractions: Mapping[str, float] | None,
    stratify: Sequence[str],
    seed: int,
    facts: pd.DataFrame | None = None,
    boxes: str | Path | None = None,
    rois: str | Path | None = None,
    workers: int | None = None,
) -> ImportReport:
    """What the three importers do alike once files and labels are joined."""
    read_files(source, scope=_scope(scope), facts=facts, resume=resume_file(to), workers=workers)
    source.refuse(source.table["label"].isna(), "no label: the label table does not name this file")
    for name, value in _DEFAULTS.items():
        known = source.table.get(name, pd.Series(None, index=source.table.index, dtype=object))
        source.table[name] = known.where(known.notna(), value)
    source.boxes = None if boxes is None else read_boxes(boxes, source.table)
    source.rois = None if rois is None else read_rois(rois)
    _check_classes(source)
    return take_in(source, name=source.root.name, to=to, fractions=fractions, seed=seed, stratify=stratify)


def _scope(scope: str | Scope) -> Scope:
    if isinstance(scope, Scope):
        return scope
    if scope not in SCOPES:
        raise CohortError(f"scope must be one of {', '.join(SCOPES)}, not '{scope}'")
    return SCOPES[scope]


def _check_classes(source: Source) -> None:
    found = sorted(source.table["label"].dropna().unique())
    if "classes" not in source.description and not set(found) <= {"none", "fracture"}:
        raise CohortError(
            f"the labels are {', '.join(found)}: map them to none and fracture in `values`, or give classes "
            "and positive in `description`"
        )
    if source.table.empty:
        raise CohortError("no image is left to take in; the commonest reason: " + _commonest(source))


def _commonest(source: Source) -> str:
    reasons = pd.Series([reason for _, _, reason in source.refused])
    return str(reasons.value_counts().index[0]) if len(reasons) else "the table is empty"
