"""FracAtlas files become a cohort; what contradicts itself is refused and told."""

import json

import pandas as pd
import pytest

from cohort.samples import picture_bytes
from fxstudy.cohort import check_leakage, import_fracatlas, read_cohort
from fxstudy.errors import CohortError

FLAGS = "hand,leg,hip,shoulder,mixed,hardware,multiscan,fractured,fracture_count,frontal,lateral,oblique"


def small_fracatlas(folder, films: dict[int, bool]):
    """Official layout with one picture per number; True is fractured, with one box."""
    coco = {"categories": [{"id": 0, "name": "fractured"}], "images": [], "annotations": []}
    lines, vgg = [f"image_id,{FLAGS}"], {}
    for kind in ("COCO JSON", "PASCAL VOC", "YOLO", "VGG JSON"):
        (folder / "Annotations" / kind).mkdir(parents=True)
    for number, fractured in films.items():
        name = f"IMG{number:07d}"
        path = folder / "images" / ("Fractured" if fractured else "Non_fractured") / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes(number, size=(50, 40), kind="JPEG"))
        lines.append(f"{name}.jpg,1,0,0,0,0,0,0,{int(fractured)},{int(fractured)},1,0,0")
        boxed = (
            "<object><name>fractured</name><bndbox><xmin>10</xmin><ymin>20</ymin>"
            "<xmax>30</xmax><ymax>40</ymax></bndbox></object>"
        )
        (folder / "Annotations/PASCAL VOC" / f"{name}.xml").write_text(
            f"<annotation>{boxed if fractured else ''}</annotation>"
        )
        (folder / "Annotations/YOLO" / f"{name}.txt").write_text("0 0.5 0.6 0.5 0.4" if fractured else "")
        if fractured:
            coco["images"].append({"id": number, "file_name": f"{name}.jpg"})
            coco["annotations"].append({"image_id": number, "category_id": 0, "bbox": [10, 20, 20, 20]})
            corners = {"all_points_x": [10, 30, 30], "all_points_y": [20, 40, 20]}
            vgg[f"{name}.jpg"] = {"filename": f"{name}.jpg", "regions": {"0": {"shape_attributes": corners}}}
    (folder / "dataset.csv").write_text("\n".join(lines) + "\n")
    (folder / "Annotations/COCO JSON/COCO_fracture_masks.json").write_text(json.dumps(coco))
    (folder / "Annotations/VGG JSON/VGG_fracture_masks.json").write_text(json.dumps(vgg))
    return folder


@pytest.fixture
def layout(tmp_path):
    """Three runs of neighbouring numbers per class."""
    numbers = {start + i: start % 20 == 0 for start in range(10, 130, 10) for i in range(2)}
    return small_fracatlas(tmp_path / "FracAtlas", numbers)


def test_films_labels_views_groups_and_boxes_are_taken_over(layout, tmp_path):
    report = import_fracatlas(layout, region="hand", to=tmp_path / "hands")
    cohort = read_cohort(tmp_path / "hands", files=True)
    assert cohort.digest == report.cohort.digest
    assert len(cohort.images) == 24
    assert cohort.images["patient_id"].nunique() == 12
    assert set(cohort.images["view"]) == {"PA"}
    assert cohort.boxes[["x_min", "y_min", "x_max", "y_max"]].values.tolist() == [[10, 20, 30, 40]] * 12
    assert report.differences.empty
    assert report.refused.empty
    check_leakage(cohort)


def test_the_images_stay_where_they_are(layout, tmp_path):
    import_fracatlas(layout, region="hand", to=tmp_path / "hands")
    assert sorted(file.name for file in (tmp_path / "hands").iterdir()) == [
        "boxes.csv",
        "cohort.yaml",
        "data_root.txt",
        "images.csv",
    ]


def test_a_list_of_films_selects_groups_and_adds_columns(layout, tmp_path):
    films = tmp_path / "films.csv"
    films.write_text("image_id,group,cast\nIMG0000010.jpg,a,0\nIMG0000011.jpg,a,1\nIMG0000020.jpg,b,0\n")
    images = import_fracatlas(layout, films=films, fractions=None).cohort.images
    assert images["patient_id"].tolist() == ["a", "a", "b"]
    assert images["cast"].tolist() == [0, 1, 0]
    assert set(images["body_part"]) == {"WRIST"}
    assert images["split"].isna().all()


def test_broken_doubled_missing_and_contradicting_films_are_refused(layout):
    images = layout / "images"
    broken = images / "Non_fractured" / "IMG0000010.jpg"
    broken.write_bytes(broken.read_bytes()[:-200])
    (images / "Non_fractured" / "IMG0000031.jpg").write_bytes(
        (images / "Non_fractured/IMG0000030.jpg").read_bytes()
    )
    (images / "Non_fractured" / "IMG0000050.jpg").write_bytes(
        (images / "Fractured/IMG0000040.jpg").read_bytes()
    )
    (images / "Non_fractured" / "IMG0000011.jpg").unlink()
    (images / "Non_fractured" / "IMG0000070.jpg").rename(images / "Fractured" / "IMG0000070.jpg")
    report = import_fracatlas(layout, region="hand")
    reasons = dict(
        zip(report.refused["image_id"], report.refused["reason"].str.split(":").str[0], strict=True)
    )
    assert reasons == {
        "IMG0000010": "truncated JPEG",
        "IMG0000011": "missing file",
        "IMG0000031": "byte duplicate",
        "IMG0000040": "same film under two labels",
        "IMG0000050": "same film under two labels",
        "IMG0000070": "label mismatch",
    }
    assert "byte duplicate" in report.text()


def test_groups_that_share_a_film_are_joined(layout):
    images = layout / "images" / "Non_fractured"
    (images / "IMG0000090.jpg").write_bytes((images / "IMG0000031.jpg").read_bytes())
    taken = import_fracatlas(layout, region="hand").cohort.images.set_index("image_id")["patient_id"]
    assert "IMG0000090" not in taken
    assert taken["IMG0000091"] == taken["IMG0000030"] == taken["IMG0000031"]


def test_annotations_that_differ_are_listed(layout):
    (layout / "Annotations/YOLO/IMG0000020.txt").write_text("0 0.5 0.6 0.1 0.4\n")
    (layout / "Annotations/PASCAL VOC/IMG0000040.xml").write_text("<annotation/>")
    differences = import_fracatlas(layout, region="hand").differences
    assert differences.values.tolist() == [
        ["IMG0000020", "YOLO against COCO", "edges differ by up to 8.0 pixels"],
        ["IMG0000040", "PASCAL VOC against COCO", "0 boxes against 1"],
    ]


def test_wrong_folders_lists_and_regions_are_refused(layout, tmp_path):
    with pytest.raises(CohortError, match="must hold dataset.csv and images/"):
        import_fracatlas(tmp_path)
    with pytest.raises(CohortError, match="give a list of films"):
        import_fracatlas(layout, region="wrist")
    (tmp_path / "films.csv").write_text("image_id\nIMG0099999.jpg\n")
    with pytest.raises(CohortError, match="no such film: 'IMG0099999.jpg'"):
        import_fracatlas(layout, films=tmp_path / "films.csv")


def test_the_real_wrists(shared_data, tmp_path):
    """Oracle: fracatlas_wrist.csv (103 and 342) less 12 truncated films, 16 near copies looked at by eye
    (of 6 fractures and 10 others) and IMG0002952/4262, one film under both labels."""
    films = shared_data / "fracatlas_wrist.csv"
    report = import_fracatlas(shared_data / "fracatlas", films=films, to=tmp_path / "wrist")
    cohort = read_cohort(tmp_path / "wrist")
    assert cohort.images["label"].value_counts().to_dict() == {"none": 319, "fracture": 96}
    kinds = report.refused["reason"].str.split(":").str[0].value_counts().to_dict()
    assert kinds == {"truncated JPEG": 12, "near duplicate": 16, "same film under two labels": 2}
    assert report.differences.empty
    listed = pd.read_csv(films)
    taken = listed[listed["image_id"].str.removesuffix(".jpg").isin(cohort.images["image_id"])]
    assert cohort.images["cast"].sum() == taken["cast"].sum()
    assert set(cohort.boxes["image_id"]) == set(
        cohort.images.loc[cohort.images["label"] == "fracture", "image_id"]
    )


def test_the_known_defects_of_the_real_folder(shared_data):
    """Oracle: the notes on the data: 21 truncated, 1 mismatch, 2 groups of byte duplicates, and of
    the films under both labels those whose second copy is readable: 2952/4262 and 2998/4280."""
    report = import_fracatlas(shared_data / "fracatlas", region="all", fractions=None)
    kinds = report.refused["reason"].str.split(":").str[0].value_counts().to_dict()
    assert kinds.pop("near duplicate") == 18
    assert kinds == {
        "truncated JPEG": 21,
        "same film under two labels": 4,
        "byte duplicate": 3,
        "label mismatch": 1,
    }
    torn = report.refused[report.refused["reason"].str.startswith("same film")]
    assert torn["image_id"].tolist() == ["IMG0002952", "IMG0002998", "IMG0004262", "IMG0004280"]
    mismatch = report.refused[report.refused["reason"].str.startswith("label mismatch")]
    assert mismatch["image_id"].tolist() == ["IMG0003298"]
