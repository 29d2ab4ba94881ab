"""GRAZPEDWRI-DX and MURA, in small copies of their layouts and in their real tables."""

import pytest

from cohort.samples import picture_bytes
from fxstudy.cohort import check_leakage, import_grazpedwri, import_mura, read_cohort
from fxstudy.errors import CohortError

GRAZ_HEADER = (
    "filestem,patient_id,study_number,timehash,gender,age,laterality,projection,initial_exam,"
    "ao_classification,cast,diagnosis_uncertain,osteopenia,fracture_visible,metal,pixel_spacing,"
    "device_manufacturer"
)
GRAZ_ROWS = [
    "0001_1_01_WRI-L1_M014,1,1,1,M,14.1,L,1,1,23r-M/2.1,,,,1,,0.144,Siemens",
    "0001_2_01_WRI-L2_M014,1,1,2,M,14.1,L,2,1,23r-M/2.1,,,,,,0.144,Siemens",
    "0002_3_01_WRI-R3_F003,2,1,3,F,3,R,3,,,1,,,,,0.144,Agfa",
    "0003_4_02_WRI-R1_F010,3,2,4,F,10,R,1,,,,,,1,,0.143,Agfa",
]


@pytest.fixture
def graz(tmp_path):
    folder = tmp_path / "graz"
    (folder / "images_part1").mkdir(parents=True)
    (folder / "yolov5" / "labels").mkdir(parents=True)
    (folder / "dataset.csv").write_text("\n".join([GRAZ_HEADER, *GRAZ_ROWS]), encoding="utf-8-sig")
    for number, row in enumerate(GRAZ_ROWS[:3]):
        stem = row.split(",")[0]
        picture = picture_bytes(number, size=(100, 50), bits=16)
        (folder / "images_part1" / f"{stem}.png").write_bytes(picture)
        (folder / "images_part1" / f"._{stem}.png").write_bytes(b"macOS")
    labels = folder / "yolov5" / "labels"
    (labels / "0001_1_01_WRI-L1_M014.txt").write_text("3 0.5 0.5 0.2 0.1\n8 0.1 0.1 0.1 0.1")
    (labels / "0002_3_01_WRI-R3_F003.txt").write_text("3 0.5 0.5 0.2 0.1")
    return folder


def test_graz_rows_flags_views_and_boxes(graz):
    report = import_grazpedwri(graz, fractions=None)
    images = report.cohort.images
    assert images["view"].tolist() == ["AP", "LATERAL", "OBLIQUE"]
    assert images["label"].tolist() == ["fracture", "none", "none"]
    assert images["patient_id"].tolist() == ["0001", "0001", "0002"]
    assert images["study_id"].tolist() == ["0001_01", "0001_01", "0002_01"]
    assert images["cast"].tolist() == [0, 0, 1]
    assert images["pixel_spacing_mm"].tolist() == [0.144] * 3
    assert report.cohort.boxes["label"].tolist() == ["fracture", "text", "fracture"]
    first = report.cohort.boxes[["x_min", "y_min", "x_max", "y_max"]].iloc[0].tolist()
    assert first == pytest.approx([20, 45, 30, 55])


def test_graz_missing_images_and_contradicting_boxes_are_told(graz):
    report = import_grazpedwri(graz, fractions=None)
    assert report.refused["image_id"].tolist() == ["0003_4_02_WRI-R1_F010"]
    assert report.refused["reason"].iloc[0].startswith("missing file")
    assert report.differences.values.tolist() == [
        ["0002_3_01_WRI-R3_F003", "YOLO against dataset.csv", "a fracture box, label none"]
    ]


def test_graz_needs_its_columns(graz):
    text = (graz / "dataset.csv").read_text(encoding="utf-8-sig").replace("projection,", "direction,")
    (graz / "dataset.csv").write_text(text)
    with pytest.raises(CohortError, match="projection is missing"):
        import_grazpedwri(graz)


def test_the_whole_table_of_graz(shared_data):
    """Oracle: counts of the published table: 20,327 images, 6,091 patients, 13,550 with visible fracture."""
    cohort = import_grazpedwri(shared_data / "grazpedwri", files=False).cohort
    images = cohort.images
    assert (len(images), images["patient_id"].nunique()) == (20327, 6091)
    assert images["label"].eq("fracture").sum() == 13550
    assert images["view"].value_counts().to_dict() == {"LATERAL": 10148, "AP": 10086, "OBLIQUE": 93}
    assert images["cast"].sum() == 5776
    check_leakage(cohort)


def test_the_real_images_of_graz(shared_data, tmp_path):
    report = import_grazpedwri(shared_data / "grazpedwri", fractions=None, to=tmp_path / "graz")
    cohort = read_cohort(tmp_path / "graz", files=True)
    assert len(cohort.images) == 8
    assert len(report.refused) == 20327 - 8
    assert set(cohort.boxes["image_id"]) <= set(cohort.images["image_id"])
    assert len(cohort.boxes) == 2
    assert not (tmp_path / "graz" / "scan.jsonl").exists()


def mura(folder, *, header: bool):
    """Two patients of the training part and one of the other; label follows the folder's name."""
    studies = {
        "train": ["XR_WRIST/patient00001/study1_positive", "XR_WRIST/patient00002/study1_negative",
                  "XR_WRIST/patient00002/study2_positive", "XR_ELBOW/patient00004/study1_negative"],
        "valid": ["XR_WRIST/patient00003/study1_negative", "XR_WRIST/patient00003/study2_positive"],
    }  # fmt: skip
    number = 0
    for part, names in studies.items():
        paths, labels = (["Img_Path"], ["Img_Path,Label"]) if header else ([], [])
        for name in names:
            study = folder / "MURA-v1.1" / part / name
            study.mkdir(parents=True)
            labels.append(f"MURA-v1.1/{part}/{name}/,{int('positive' in name)}")
            for image in (1, 2):
                number += 1
                (study / f"image{image}.png").write_bytes(picture_bytes(number, size=(90, 80)))
                paths.append(f"MURA-v1.1/{part}/{name}/image{image}.png")
            paths.append(f"MURA-v1.1/{part}/{name}/._image1.png")
        (folder / "MURA-v1.1" / f"{part}_image_paths.csv").write_text("\n".join(paths))
        (folder / "MURA-v1.1" / f"{part}_labeled_studies.csv").write_text("\n".join(labels))
    return folder / "MURA-v1.1"


@pytest.mark.parametrize("header", [True, False])
def test_mura_with_and_without_header(tmp_path, header):
    report = import_mura(mura(tmp_path, header=header), region="wrist", tune_fraction=0.0)
    images = report.cohort.images
    assert images["label"].value_counts().to_dict() == {"abnormal": 6, "normal": 4}
    assert images["split"].value_counts().to_dict() == {"train": 6, "test": 4}
    assert images["study_id"].iloc[4] == "patient00002_wrist_study2"
    assert images["image_id"].is_unique
    assert report.cohort.positive == "abnormal"
    assert "abnormal, not fracture" in report.text()


def test_mura_labels_that_contradict_the_folder_are_refused(tmp_path):
    folder = mura(tmp_path, header=False)
    file = folder / "valid_labeled_studies.csv"
    file.write_text(file.read_text().replace("study1_negative/,0", "study1_negative/,1"))
    report = import_mura(folder, region="all", tune_fraction=0.0, fractions={"train": 1.0})
    assert report.refused["reason"].str.startswith("label mismatch").sum() == len(report.refused) == 2


def test_mura_real_tables(shared_data):
    """Oracle: MURA v1.1 as published: wrist 3,987/5,765 images for training, 295/364 for validation."""
    cohort = import_mura(shared_data / "mura", files=False).cohort
    counts = cohort.images.groupby([cohort.images["split"].eq("test"), "label"]).size().to_dict()
    assert counts == {
        (False, "abnormal"): 3987,
        (False, "normal"): 5765,
        (True, "abnormal"): 295,
        (True, "normal"): 364,
    }
    assert cohort.images["patient_id"].nunique() == 3267 + 207
    check_leakage(cohort)
