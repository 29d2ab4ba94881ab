"""Boxes and circles that somebody drew with another program, read for a table of images."""

from pathlib import Path

import pandas as pd
import yaml

from fxstudy.cohort.columns import ROIS
from fxstudy.cohort.importers.boxes import Sizes, read_coco, read_vgg, read_voc, read_yolo
from fxstudy.cohort.tables import read_text_table
from fxstudy.errors import CohortError


def read_boxes(path: str | Path, images: pd.DataFrame) -> pd.DataFrame:
    """Boxes of a COCO or VGG file, a CSV, or a folder of VOC or YOLO files; the format is recognised.

    Parameters
    ----------
    path : path
        ``*.json`` (COCO or VGG), ``*.csv`` (columns of the boxes table), or a folder with one ``.xml`` or
        ``.txt`` per image. The classes of YOLO stand in ``classes.txt``, ``labels.txt`` or ``meta.yaml`` in
        the folder or above it.
    images : DataFrame
        image_id, path, rows, columns; annotation files carry the image_id or the image's file name.

    Returns
    -------
    DataFrame
        The boxes table.
    """
    path = Path(path)
    sizes = _sizes(images)
    if path.suffix.lower() == ".csv":
        return read_text_table(path)[0]
    if path.suffix.lower() == ".json":
        found = (
            read_coco(path, sizes) if '"annotations"' in path.read_text("utf-8") else read_vgg(path, sizes)
        )
    elif path.is_dir() and any(path.glob("*.xml")):
        found = read_voc(path, sizes)
    elif path.is_dir() and any(path.glob("*.txt")):
        found = read_yolo(path, sizes, names=_yolo_names(path))
    else:
        raise CohortError(
            f"boxes '{path.name}' must be a COCO, VGG or CSV file, or a folder of VOC or YOLO files"
        )
    return _by_image_id(found, images)


def read_rois(path: str | Path) -> pd.DataFrame:
    """Circles of a CSV with the columns image_id, x_centre, y_centre, radius and perhaps annotator."""
    text = read_text_table(Path(path))[0]
    absent = [name for name in ROIS.names[:4] if name not in text]
    if absent:
        raise CohortError(f"{Path(path).name}: must have the columns {', '.join(ROIS.names[:4])}")
    return text


def _sizes(images: pd.DataFrame) -> Sizes:
    """Rows and columns under the image_id and under the file's own name."""
    sizes = {}
    for row in images.itertuples():
        if pd.notna(row.rows):
            size = (int(row.rows), int(row.columns))
            sizes[row.image_id] = size
            sizes.setdefault(Path(row.path).stem, size)
    return sizes


def _by_image_id(boxes: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    names = dict(zip(images["image_id"], images["image_id"], strict=True))
    for row in images.itertuples():
        names.setdefault(Path(row.path).stem, row.image_id)
    boxes = boxes.assign(image_id=boxes["image_id"].map(names))
    return boxes.drop_duplicates([name for name in boxes if name != "box_id"]).reset_index(drop=True)


def _yolo_names(folder: Path) -> list[str]:
    for place in (folder, folder.parent):
        for name in ("classes.txt", "labels.txt"):
            if (place / name).is_file():
                return (place / name).read_text(encoding="utf-8-sig").split("\n")
        for file in sorted(place.glob("*.yaml")):
            names = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("names")
            if names:
                return [names[i] for i in sorted(names)] if isinstance(names, dict) else list(names)
    raise CohortError(
        f"folder '{folder.name}' of YOLO files must hold classes.txt, labels.txt or a meta.yaml"
    )
