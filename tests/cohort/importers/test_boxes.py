"""COCO, VOC, YOLO and VGG files of one drawing give the same boxes."""

import json

import pandas as pd
import pytest

from fxstudy.cohort.importers.annotations import read_boxes
from fxstudy.cohort.importers.boxes import compare_boxes
from fxstudy.errors import CohortError

IMAGES = pd.DataFrame({"image_id": ["s_f1"], "path": ["s/f1.png"], "rows": [200], "columns": [100]})
EDGES = ["x_min", "y_min", "x_max", "y_max"]


def coco(folder):
    note = {"image_id": 1, "category_id": 5, "bbox": [10, 20, 30, 40]}
    content = {
        "images": [{"id": 1, "file_name": "f1.png"}],
        "annotations": [note],
        "categories": [{"id": 5, "name": "fx"}],
    }
    (folder / "b.json").write_text(json.dumps(content))
    return folder / "b.json"


def vgg(folder):
    shape = {"name": "rect", "x": 10, "y": 20, "width": 30, "height": 40}
    regions = [{"shape_attributes": shape, "region_attributes": {"label": "fx"}}]
    (folder / "v.json").write_text(json.dumps({"f1.png1": {"filename": "f1.png", "regions": regions}}))
    return folder / "v.json"


def voc(folder):
    edges = "<xmin>10</xmin><ymin>20</ymin><xmax>40</xmax><ymax>60</ymax>"
    text = f"<object><name>fx</name><bndbox>{edges}</bndbox></object>"
    (folder / "voc").mkdir()
    (folder / "voc" / "f1.xml").write_text(f"<annotation>{text}</annotation>")
    return folder / "voc"


def yolo(folder, line="1 0.25 0.2 0.3 0.2"):
    (folder / "yolo").mkdir()
    (folder / "yolo" / "f1.txt").write_text(line)
    (folder / "yolo" / "classes.txt").write_text("other\nfx\n")
    return folder / "yolo"


def polygon(folder):
    return yolo(folder, "1 0.1 0.1 0.4 0.15 0.2 0.3")


def table(folder):
    (folder / "b.csv").write_text("image_id,box_id,label,x_min,y_min,x_max,y_max\ns_f1,b,fx,10,20,40,60\n")
    return folder / "b.csv"


@pytest.mark.parametrize("writer", [coco, vgg, voc, yolo, polygon, table])
def test_every_format_gives_the_same_box(tmp_path, writer):
    boxes = read_boxes(writer(tmp_path), IMAGES)
    assert boxes[["image_id", "label"]].values.tolist() == [["s_f1", "fx"]]
    assert [float(edge) for edge in boxes[EDGES].iloc[0]] == pytest.approx([10, 20, 40, 60])


@pytest.mark.parametrize(
    "line", ["1 0.2 0.2", "x 0.1 0.1 0.1 0.1", "1 10 20 30 40", "7 0.1 0.1 0.1 0.1", "-1 0 0 1 1"]
)
def test_broken_yolo_lines_are_named(tmp_path, line):
    with pytest.raises(CohortError, match="f1.txt, row 1: not a YOLO line"):
        read_boxes(yolo(tmp_path, line), IMAGES)


def test_broken_files_are_named(tmp_path):
    (tmp_path / "b.json").write_text('{"annotations": [{}]}')
    with pytest.raises(CohortError, match="b.json: not a COCO file"):
        read_boxes(tmp_path / "b.json", IMAGES)
    (tmp_path / "c.json").write_text("{")
    with pytest.raises(CohortError, match="cannot be read as JSON"):
        read_boxes(tmp_path / "c.json", IMAGES)
    folder = voc(tmp_path)
    (folder / "f1.xml").write_text("<annotation><object/></annotation>")
    with pytest.raises(CohortError, match="f1.xml: not a PASCAL VOC file"):
        read_boxes(folder, IMAGES)
    with pytest.raises(CohortError, match="must be a COCO, VGG or CSV file"):
        read_boxes(tmp_path / "nothing", IMAGES)


def test_boxes_are_clipped_to_the_image(tmp_path):
    boxes = read_boxes(yolo(tmp_path, "1 0.9 0.5 0.4 1.2"), IMAGES)
    assert boxes[EDGES].iloc[0].tolist() == pytest.approx([70, 0, 100, 200])


def test_differences_between_annotators_are_told():
    a = pd.DataFrame([["i", 0, 0, 10, 10], ["j", 0, 0, 10, 10]], columns=["image_id", *EDGES])
    b = pd.DataFrame([["i", 0, 0, 10, 15]], columns=["image_id", *EDGES])
    assert compare_boxes(a, b) == [("i", "edges differ by up to 5.0 pixels"), ("j", "0 boxes against 1")]
    assert compare_boxes(a, a) == []
