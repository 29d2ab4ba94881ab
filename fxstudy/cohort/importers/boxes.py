"""Boxes as others write them: COCO, PASCAL VOC (LabelImg), YOLO and VGG, read into the boxes table.

All readers return image_id, box_id, label, x_min, y_min, x_max, y_max, annotator in pixels of the stored
image, half-open, clipped to the image. ``sizes`` gives (rows, columns) of each image by image_id; boxes of
other images are left out.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from fxstudy.cohort.columns import BOXES
from fxstudy.errors import CohortError

Sizes = Mapping[str, tuple[int, int]]
_EDGES = ["x_min", "y_min", "x_max", "y_max"]
TOLERANCE_PIXELS = 2.0


def read_coco(path: Path, sizes: Sizes) -> pd.DataFrame:
    """Boxes of a COCO file: ``bbox`` is x, y, width, height in pixels."""
    content = _json(path)
    try:
        names = {image["id"]: Path(image["file_name"]).stem for image in content["images"]}
        labels = {entry["id"]: entry["name"] for entry in content.get("categories", [])}
        found = []
        for note in content["annotations"]:
            x, y, width, height = (float(part) for part in note["bbox"])
            label = labels.get(note["category_id"], str(note["category_id"]))
            found.append((names[note["image_id"]], label, x, y, x + width, y + height))
    except (KeyError, TypeError, ValueError) as error:
        raise CohortError(
            f"{path.name}: not a COCO file of boxes ({type(error).__name__}: {error})"
        ) from None
    return _table(found, sizes)


def read_vgg(path: Path, sizes: Sizes) -> pd.DataFrame:
    """Boxes around the polygons and rectangles of a VGG Image Annotator file."""
    found = []
    for entry in _json(path).values():
        regions = entry.get("regions", {})
        for region in regions.values() if isinstance(regions, dict) else regions:
            shape = region["shape_attributes"]
            label = str(next(iter(region.get("region_attributes", {}).values()), ""))
            if "all_points_x" in shape:
                xs, ys = shape["all_points_x"], shape["all_points_y"]
                found.append((Path(entry["filename"]).stem, label, min(xs), min(ys), max(xs), max(ys)))
            elif "width" in shape:
                x, y = shape["x"], shape["y"]
                edges = (x, y, x + shape["width"], y + shape["height"])
                found.append((Path(entry["filename"]).stem, label, *edges))
    return _table(found, sizes)


def read_voc(folder: Path, sizes: Sizes) -> pd.DataFrame:
    """Boxes of PASCAL VOC files, one ``<image_id>.xml`` each, as LabelImg writes them."""
    found = []
    for image_id in sizes:
        path = Path(folder) / f"{image_id}.xml"
        if not path.is_file():
            continue
        try:
            for entry in ElementTree.parse(path).getroot().iter("object"):
                edges = (
                    float(entry.find("bndbox").find(side).text) for side in ("xmin", "ymin", "xmax", "ymax")
                )
                found.append((image_id, entry.findtext("name", ""), *edges))
        except (ElementTree.ParseError, AttributeError, TypeError, ValueError) as error:
            raise CohortError(f"{path.name}: not a PASCAL VOC file ({error})") from None
    return _table(found, sizes)


def read_yolo(folder: Path, sizes: Sizes, *, names: Sequence[str]) -> pd.DataFrame:
    """Boxes of YOLO files, one ``<image_id>.txt`` each.

    A line is ``class x_centre y_centre width height`` in shares of the image, or a class and the corners
    of a polygon. ``names`` gives the classes in their order.
    """
    found = []
    for image_id, (rows, columns) in sizes.items():
        path = Path(folder) / f"{image_id}.txt"
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
            if line.strip():
                try:
                    label, edges = _yolo_line(line, rows, columns, names)
                except (ValueError, IndexError) as error:
                    raise CohortError(f"{path.name}, row {number}: not a YOLO line ({error})") from None
                found.append((image_id, label, *edges))
    return _table(found, sizes)


def _yolo_line(line: str, rows: int, columns: int, names: Sequence[str]) -> tuple[str, tuple[float, ...]]:
    first, *rest = line.split()
    parts = [float(part) for part in rest]
    if int(first) < 0 or len(parts) < 4 or len(parts) % 2 or not all(-0.5 <= part <= 1.5 for part in parts):
        raise ValueError("must be a class and shares of the image between 0 and 1")
    if len(parts) == 4:
        x, y, width, height = parts
        xs, ys = (x - width / 2, x + width / 2), (y - height / 2, y + height / 2)
    else:
        xs, ys = parts[0::2], parts[1::2]
    return names[int(first)], (min(xs) * columns, min(ys) * rows, max(xs) * columns, max(ys) * rows)


def _json(path: Path) -> dict:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise CohortError(f"{Path(path).name}: cannot be read as JSON ({error})") from None
    if not isinstance(content, dict):
        raise CohortError(f"{Path(path).name}: must be a JSON object")
    return content


def _table(found: Iterable[tuple], sizes: Sizes) -> pd.DataFrame:
    rows, numbers = [], {}
    for image_id, label, *edges in found:
        if image_id not in sizes:
            continue
        height, width = sizes[image_id]
        x_min, y_min, x_max, y_max = (float(edge) for edge in edges)
        numbers[image_id] = numbers.get(image_id, 0) + 1
        clipped = (max(x_min, 0.0), max(y_min, 0.0), min(x_max, float(width)), min(y_max, float(height)))
        rows.append((image_id, f"{image_id}_{numbers[image_id]}", label, *clipped, None))
    return pd.DataFrame(rows, columns=list(BOXES.names))


def compare_boxes(
    main: pd.DataFrame, other: pd.DataFrame, *, tolerance: float = TOLERANCE_PIXELS
) -> list[tuple[str, str]]:
    """Images on which two annotations differ, with what differs in words.

    Boxes are paired by their order from left to right; edges further apart than ``tolerance`` pixels differ.
    """
    differences = []
    sides = [{name: part for name, part in boxes.groupby("image_id")} for boxes in (main, other)]
    for image_id in sorted(set(sides[0]) | set(sides[1])):
        a, b = (
            side.get(image_id, main.iloc[:0])[_EDGES].sort_values(_EDGES).to_numpy(float) for side in sides
        )
        if len(a) != len(b):
            differences.append((image_id, f"{len(b)} boxes against {len(a)}"))
        elif len(a) and abs(a - b).max() > tolerance:
            differences.append((image_id, f"edges differ by up to {abs(a - b).max():.1f} pixels"))
    return differences
