"""GRAZPEDWRI-DX: 20,327 radiographs of 6,091 children's wrists from Graz, with AO codes and boxes.

Official layout: ``dataset.csv`` (with BOM), ``images_part1`` … ``images_part4`` of 16-bit PNGs, and boxes in
``yolov5/labels`` (classes in ``yolov5/meta.yaml``). An empty flag means no. Projection 1 is written as AP,
2 as LATERAL, 3 as OBLIQUE. There is no official split.

References
----------
Nagy E, Janisch M, Hržić F, Sorantin E, Tschauner S. A pediatric wrist trauma X-ray dataset
(GRAZPEDWRI-DX) for machine learning. Sci Data 2022;9:222.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import yaml

from fxstudy.cohort.importers.boxes import read_yolo
from fxstudy.cohort.importers.files import Source, read_files, resume_file, take_in
from fxstudy.cohort.importers.report import ImportReport
from fxstudy.cohort.scope import Scope
from fxstudy.cohort.splits import DEFAULT_FRACTIONS
from fxstudy.cohort.tables import read_text_table
from fxstudy.errors import CohortError

COLUMNS = (
    "filestem", "patient_id", "study_number", "timehash", "gender", "age", "laterality", "projection",
    "initial_exam", "ao_classification", "cast", "diagnosis_uncertain", "osteopenia", "fracture_visible",
    "metal", "pixel_spacing", "device_manufacturer",
)  # fmt: skip
YOLO_CLASSES = (
    "boneanomaly", "bonelesion", "foreignbody", "fracture", "metal", "periostealreaction", "pronatorsign",
    "softtissue", "text",
)  # fmt: skip
_FLAGS = ("initial_exam", "cast", "diagnosis_uncertain", "osteopenia", "metal")
_PROJECTIONS = {"1": "AP", "2": "LATERAL", "3": "OBLIQUE"}
_NOTES = [
    "label is the flag fracture_visible; an AO code can stand without a visible fracture",
    "pixels were stretched to 16 bits per image, so exposure cannot be compared between images",
    "patients are children and adolescents; there is no official split",
]
DESCRIPTION = {
    "title": "GRAZPEDWRI-DX",
    "classes": ["none", "fracture"],
    "positive": "fracture",
    "synthetic": False,
    "licence": "CC BY 4.0",
    "citation": "Nagy E, et al. GRAZPEDWRI-DX. Sci Data 2022;9:222. doi:10.1038/s41597-022-01328-z",
    "source": "figshare, doi:10.6084/m9.figshare.14825193",
}


def import_grazpedwri(
    folder: str | Path,
    *,
    files: bool = True,
    to: str | Path | None = None,
    fractions: Mapping[str, float] | None = DEFAULT_FRACTIONS,
    seed: int = 0,
    workers: int | None = None,
) -> ImportReport:
    """Make a cohort of GRAZPEDWRI-DX files; the images stay where they are.

    Parameters
    ----------
    folder : path
        Folder that holds ``dataset.csv`` and the image folders, in any depth.
    files : bool
        Read the images and take in those that are there and whole; False takes the table alone.
    to, fractions, seed, workers
        As in `fxstudy.cohort.import_fracatlas`.

    Raises
    ------
    CohortError
        If the layout is not that of GRAZPEDWRI-DX.
    """
    root = Path(folder)
    source = Source(root, _images(root), dict(DESCRIPTION), notes=list(_NOTES))
    found = {path.stem: path.relative_to(root).as_posix() for path in sorted(root.rglob("*.png"))}
    source.table["path"] = source.table["image_id"].map(found)
    if files:
        source.refuse(source.table["path"].isna(), "missing file: no PNG of this name in the folder")
        if source.table.empty:
            raise CohortError(f"folder '{root.name}' holds none of the PNGs that dataset.csv names")
        resume = resume_file(to)
        read_files(source, scope=Scope(), label="GRAZPEDWRI-DX", resume=resume, workers=workers)
        source.boxes = _boxes(root, source)
    else:
        guessed = "images/" + source.table["image_id"] + ".png"
        source.table["path"] = source.table["path"].where(source.table["path"].notna(), guessed)
        source.notes.append("the images were not looked at: no hashes, no sizes, no boxes, no copies found")
    return take_in(source, name="grazpedwri", to=to, fractions=fractions, seed=seed)


def _images(root: Path) -> pd.DataFrame:
    if not (root / "dataset.csv").is_file():
        raise CohortError(f"folder '{root.name}' must hold dataset.csv as GRAZPEDWRI-DX is published")
    text = read_text_table(root / "dataset.csv")[0]
    absent = [name for name in COLUMNS if name not in text]
    if absent:
        raise CohortError(
            f"dataset.csv must have the columns of GRAZPEDWRI-DX; {', '.join(absent)} is missing"
        )
    stem = text["filestem"].str.split("_")
    label = text["fracture_visible"].eq("1").map({True: "fracture", False: "none"})
    table = pd.DataFrame(
        {
            "image_id": text["filestem"],
            "patient_id": stem.str[0],
            "study_id": stem.str[0] + "_" + stem.str[2],
            "site": "graz",
            "modality": "DX",
            "manufacturer": text["device_manufacturer"],
            "body_part": "WRIST",
            "view": text["projection"].map(_PROJECTIONS).fillna("OTHER"),
            "laterality": text["laterality"],
            "photometric": "MONOCHROME2",
            "pixel_spacing_mm": text["pixel_spacing"],
            "age_years": text["age"],
            "sex": text["gender"],
            "label": label,
            "label_detail": text["ao_classification"],
            "reference": "panel",
            "deidentified": "YES",
            "burned_in": "UNKNOWN",
        }
    )
    return table.assign(**{name: text[name].eq("1").astype("Int64") for name in _FLAGS})


def _boxes(root: Path, source: Source) -> pd.DataFrame:
    """YOLO boxes of the images, and a difference for each whose boxes and flag disagree."""
    folder = next((path for path in sorted(root.rglob("labels")) if path.is_dir()), None)
    if folder is None:
        source.notes.append("no folder 'labels' with YOLO boxes was found")
        return pd.DataFrame()
    sizes = {row.image_id: (int(row.rows), int(row.columns)) for row in source.table.itertuples()}
    boxes = read_yolo(folder, sizes, names=_class_names(folder.parent / "meta.yaml"))
    boxed = set(boxes.loc[boxes["label"] == "fracture", "image_id"])
    labelled = {path.stem for path in folder.glob("*.txt")}
    for row in source.table.itertuples():
        if row.image_id in labelled and (row.image_id in boxed) != (row.label == "fracture"):
            said = "a fracture box" if row.image_id in boxed else "no fracture box"
            source.differences.append(
                (row.image_id, "YOLO against dataset.csv", f"{said}, label {row.label}")
            )
    return boxes.assign(annotator="graz")


def _class_names(meta: Path) -> tuple[str, ...]:
    if not meta.is_file():
        return YOLO_CLASSES
    names = yaml.safe_load(meta.read_text(encoding="utf-8")).get("names", {})
    return tuple(names[i] for i in sorted(names)) if isinstance(names, dict) else tuple(names)
