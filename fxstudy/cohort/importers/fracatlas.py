"""FracAtlas: 4,083 radiographs of hand, leg, hip and shoulder with fracture labels and boxes.

Official layout: ``dataset.csv``, ``images/{Fractured,Non_fractured}/*.jpg``, ``Annotations/`` in four
formats. There is no patient number: neighbouring film numbers are the best stand-in, so groups come from
the list of films or from runs of consecutive numbers. frontal is written as PA for the hand and wrist and
as AP elsewhere, lateral as LATERAL, oblique as OBLIQUE; the side is unknown.

References
----------
Abedeen I, Rahman MA, Prottyasha FZ, et al. FracAtlas: a dataset for fracture classification, localization
and segmentation of musculoskeletal radiographs. Sci Data 2023;10:521.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from fxstudy.cohort.columns import TABLES
from fxstudy.cohort.importers.boxes import compare_boxes, read_coco, read_vgg, read_voc, read_yolo
from fxstudy.cohort.importers.copies import single_films
from fxstudy.cohort.importers.report import ImportReport, finish_import, refused_frame
from fxstudy.cohort.manifest import Cohort
from fxstudy.cohort.scan import FileFacts, examine_all
from fxstudy.cohort.schema import parse
from fxstudy.cohort.splits import DEFAULT_FRACTIONS
from fxstudy.cohort.tables import read_text_table
from fxstudy.errors import CohortError, Fault

FOLDERS = {"Fractured": "fracture", "Non_fractured": "none"}
REGIONS = {"hand": "HAND", "wrist": "WRIST", "leg": "LEG", "hip": "HIP", "shoulder": "SHOULDER"}
_FLAGS = ("hand", "leg", "hip", "shoulder")
_TAKEN = {"group", "fractured", "fracture_count", "frontal", "lateral", "oblique", "view", "triage", *_FLAGS}
_TAKEN |= {"image_id", "label", *FileFacts.__dataclass_fields__}
_NOTES = (
    "labels are those of FracAtlas: two radiologists, confirmed by an orthopaedic surgeon",
    "there is no patient number: patient_id is a run of neighbouring film numbers, a stand-in",
)
DESCRIPTION = {
    "title": "FracAtlas",
    "classes": ["none", "fracture"],
    "positive": "fracture",
    "synthetic": False,
    "licence": "CC BY 4.0",
    "citation": "Abedeen I, et al. FracAtlas. Sci Data 2023;10:521. doi:10.1038/s41597-023-02432-4",
    "source": "figshare, doi:10.6084/m9.figshare.22363012",
}


def import_fracatlas(
    folder: str | Path,
    *,
    films: str | Path | None = None,
    region: str = "wrist",
    to: str | Path | None = None,
    fractions: Mapping[str, float] | None = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> ImportReport:
    """Make a cohort of FracAtlas files; the images stay where they are.

    Parameters
    ----------
    folder : path
        Folder that holds ``dataset.csv`` and ``images/``.
    films : path, optional
        CSV that names the films (image_id) and may give their group and further columns (cast, view, …),
        which are kept. Without it all films tagged with ``region`` are taken.
    region : str
        hand, wrist, leg, hip, shoulder or all; FracAtlas itself does not tag the wrist.
    to : path, optional
        Folder to write the cohort to.
    fractions : mapping of split to share, optional
        Split by group, stratified by label; None leaves the images without a split.
    seed : int
        Seed of the split.

    Raises
    ------
    CohortError
        If the layout is not FracAtlas's, or a listed film is not in its table.
    """
    root = Path(folder)
    table = _film_table(root, films, region)
    table, refused = _readable(root, table)
    boxes, found = _boxes(root, table)
    table, mismatched = _consistent(table, boxes)
    table, copies = single_films(table, root)
    images = _images(table, region)
    chosen = boxes[boxes["image_id"].isin(images["image_id"])].reset_index(drop=True)
    cohort = Cohort(
        name=Path(to).name if to else f"fracatlas_{region}",
        root=root,
        images=parse(TABLES["images"], images)[0],
        boxes=parse(TABLES["boxes"], chosen)[0],
        description=DESCRIPTION | {"title": f"FracAtlas, {region}", "region": region},
        refused=refused_frame(sorted([*refused, *mismatched, *copies])),
    )
    return finish_import(cohort, to=to, fractions=fractions, seed=seed, differences=found, notes=_NOTES)


def _film_table(root: Path, films: str | Path | None, region: str) -> pd.DataFrame:
    """One row per wanted film: dataset.csv with the columns of the list of films beside it."""
    if not (root / "dataset.csv").is_file() or not (root / "images").is_dir():
        raise CohortError(f"folder '{root.name}' must hold dataset.csv and images/ as FracAtlas is published")
    official = read_text_table(root / "dataset.csv")[0]
    if films is None:
        listed = _by_region(official, region)
    else:
        if region not in (*REGIONS, "all"):
            raise CohortError(f"region must be one of {', '.join(REGIONS)}, all, not '{region}'")
        listed = read_text_table(Path(films))[0]
    if "image_id" not in listed:
        raise CohortError(f"{Path(films).name}: must have a column image_id")
    unknown = listed.loc[~listed["image_id"].isin(official["image_id"]), "image_id"]
    if len(unknown):
        faults = [
            Fault(f"{Path(films).name}, column image_id", f"no such film: '{name}'") for name in unknown
        ]
        raise CohortError("the list of films does not fit dataset.csv:", faults)
    listed = listed.drop_duplicates("image_id")
    table = listed.merge(official, on="image_id", how="left", suffixes=("", "_official"))
    if "group" not in table:
        table["group"] = neighbour_groups(table)
    return table


def _by_region(official: pd.DataFrame, region: str) -> pd.DataFrame:
    if region == "all":
        return official[["image_id"]]
    if region not in _FLAGS:
        raise CohortError(
            f"region must be one of {', '.join(_FLAGS)}, all, not '{region}'; "
            "FracAtlas has no such tag: give a list of films"
        )
    return official.loc[official[region] == "1", ["image_id"]]


def neighbour_groups(table: pd.DataFrame) -> pd.Series:
    """Group of each film: consecutive numbers with the same regions and label are taken as one patient."""
    number = table["image_id"].str.extract(r"(\d+)")[0].astype(int)
    flags = table["fractured"].astype("str").str.cat(table[list(_FLAGS)].astype("str"))
    order = number.sort_values().index
    starts = number[order].diff().ne(1) | flags[order].ne(flags[order].shift())
    first = number[order].where(starts).ffill().astype(int)
    return first.map("g{:07d}".format).reindex(table.index)


def _readable(root: Path, table: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    """Join what the files are; films that are missing or cannot be read are refused."""
    places = {
        file.name: file.relative_to(root).as_posix() for file in sorted((root / "images").glob("*/*.jpg"))
    }
    table = table.assign(path=table["image_id"].map(places))
    table["image_id"] = table["image_id"].str.removesuffix(".jpg")
    lost = table["path"].isna()
    refused = [
        (name, "", "missing file: neither in Fractured nor in Non_fractured") for name in table.image_id[lost]
    ]
    table = table[~lost]
    facts = examine_all(root, table["path"].tolist(), label="FracAtlas")
    table = table.merge(facts, on="path", how="left")
    bad = table["refused"] != ""
    refused += list(table.loc[bad, ["image_id", "path", "refused"]].itertuples(index=False, name=None))
    return table[~bad].reset_index(drop=True), refused


def _boxes(root: Path, table: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    """Boxes of the COCO file, and where VOC, YOLO or VGG say something else."""
    notes = root / "Annotations"
    sizes = {row.image_id: (row.rows, row.columns) for row in table.itertuples()}
    main = read_coco(notes / "COCO JSON" / "COCO_fracture_masks.json", sizes)
    others = {
        "PASCAL VOC": read_voc(notes / "PASCAL VOC", sizes),
        "YOLO": read_yolo(notes / "YOLO", sizes, names=("fractured",)),
        "VGG": read_vgg(notes / "VGG JSON" / "VGG_fracture_masks.json", sizes),
    }
    differences = [
        (image_id, f"{name} against COCO", what)
        for name, boxes in others.items()
        for image_id, what in compare_boxes(main, boxes)
    ]
    main = main.assign(label="fracture", annotator="fracatlas")
    return main, sorted(differences)


def _consistent(table: pd.DataFrame, boxes: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    """Refuse films whose folder, table and boxes do not say the same."""
    flag = table["fractured_official"] if "fractured_official" in table else table["fractured"]
    says = pd.DataFrame(
        {
            "folder": table["path"].str.split("/").str[1].map(FOLDERS),
            "dataset.csv": flag.map({"1": "fracture", "0": "none"}),
            "list of films": table["fractured"].map({"1": "fracture", "0": "none"}),
        }
    )
    counted = table["image_id"].map(boxes["image_id"].value_counts()).fillna(0).astype(int)
    if "fractured_official" not in table:
        says = says.drop(columns="list of films")
    says["boxes"] = counted.gt(0).map({True: "fracture", False: "none"})
    wrong = says.nunique(axis=1, dropna=False) > 1
    refused = []
    for row in table[wrong].itertuples():
        words = ", ".join(f"{source} says {label}" for source, label in says.loc[row.Index].items())
        refused.append((row.image_id, row.path, f"label mismatch: {words}"))
    table = table.assign(label=says["folder"])
    return table[~wrong].reset_index(drop=True), refused


def _images(table: pd.DataFrame, region: str) -> pd.DataFrame:
    """The images table, with the flags of the source and the list's own columns as free columns."""
    free = [name for name in table if name not in _TAKEN and not name.endswith("_official")]
    images = table[["image_id", "path", "sha256"]].copy()
    images["patient_id"] = table["group"]
    images["modality"] = "DX"
    images["body_part"] = REGIONS.get(region) or _regions(table)
    images["view"] = _views(table)
    images["laterality"] = "U"
    for name in ("photometric", "rows", "columns", "label"):
        images[name] = table[name]
    if "triage" in table:
        images["label_detail"] = table["triage"]
    images["reference"], images["deidentified"], images["burned_in"] = "panel", "UNKNOWN", "UNKNOWN"
    return images.join(table[free])


def _regions(table: pd.DataFrame) -> pd.Series:
    flags = table[list(_FLAGS)].eq("1")
    return flags.idxmax(axis=1).str.upper().where(flags.sum(axis=1) == 1, "OTHER")


def _views(table: pd.DataFrame) -> pd.Series:
    if "view" in table:
        return table["view"]
    names = {"frontal": "AP", "lateral": "LATERAL", "oblique": "OBLIQUE"}
    flags = table[list(names)].eq("1")
    views = flags.idxmax(axis=1).map(names).where(flags.sum(axis=1) == 1, "OTHER")
    return views.mask(views.eq("AP") & table["hand"].eq("1"), "PA")
