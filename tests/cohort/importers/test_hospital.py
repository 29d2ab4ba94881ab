"""A hospital's files and its label table become a cohort, or one list of what does not fit."""

import json

import numpy as np
import pytest

from cohort.samples import film, picture_bytes
from fxstudy.cohort import import_bids, import_dicom_folder, import_table, read_cohort
from fxstudy.errors import CohortError


def radiograph(seed: int, **elements) -> bytes:
    values = np.random.default_rng(seed).integers(0, 4096, (60, 50)).astype(np.uint16)
    known = {
        "PatientID": f"p{seed // 2}",
        "StudyInstanceUID": f"1.2.{seed // 2}",
        "SOPInstanceUID": f"1.2.{seed // 2}.{seed}",
        "BodyPartExamined": "WRIST",
        "PatientIdentityRemoved": "YES",
        "StudyDate": "20180331",
        "PixelSpacing": [0.15, 0.15],
    }
    return film(values, **known | elements)


@pytest.fixture
def ward(tmp_path):
    """Eight films of four patients, and beside them what a folder of a hospital holds too."""
    folder = tmp_path / "ward"
    (folder / "a").mkdir(parents=True)
    for seed in range(8):
        (folder / "a" / f"film{seed}.dcm").write_bytes(radiograph(seed))
    (folder / "chest.dcm").write_bytes(radiograph(20, BodyPartExamined="CHEST"))
    (folder / "mr.dcm").write_bytes(radiograph(22, Modality="MR"))
    (folder / "named.dcm").write_bytes(radiograph(24, PatientIdentityRemoved="NO", PatientName="Doe^Jane"))
    (folder / "short.dcm").write_bytes(radiograph(26)[:-500])
    (folder / "extra.dcm").write_bytes(radiograph(28))
    (folder / "notes.txt").write_text("not looked at")
    rows = [f"p{patient},{'ja' if patient % 2 else 'nein'}" for patient in (0, 1, 2, 3, 10, 11, 12, 13)]
    (tmp_path / "labels.csv").write_text(
        "\n".join(["Patient;Fraktur", *(row.replace(",", ";") for row in rows)])
    )
    return folder


OWN = {"columns": {"Patient": "patient_id", "Fraktur": "label"}, "values": {"ja": "fracture", "nein": "none"}}


def test_headers_and_labels_become_rows(ward, tmp_path):
    halves = {"train": 0.5, "test": 0.5}
    import_dicom_folder(
        ward, labels=tmp_path / "labels.csv", scope="wrist", to=tmp_path / "wrists", fractions=halves, **OWN
    )
    cohort = read_cohort(tmp_path / "wrists", files=True)
    assert len(cohort.images) == 8
    first = cohort.images.iloc[0]
    assert first[["image_id", "patient_id", "study_id", "label"]].tolist() == [
        "1.2.0.0",
        "p0",
        "1.2.0",
        "none",
    ]
    assert first[["modality", "body_part", "study_date", "deidentified"]].tolist() == [
        "CR",
        "WRIST",
        "2018-03-31",
        "YES",
    ]
    assert first["pixel_spacing_mm"] == 0.15
    assert first["rows"] == 60


def test_what_does_not_belong_is_refused_with_its_reason(ward, tmp_path):
    report = import_dicom_folder(ward, labels=tmp_path / "labels.csv", scope="wrist", fractions=None, **OWN)
    reasons = {path: reason.split(":")[0] for path, reason in report.refused[["path", "reason"]].values}
    assert reasons == {
        "chest.dcm": "outside the scope",
        "mr.dcm": "outside the scope",
        "named.dcm": "names a patient",
        "short.dcm": "truncated",
        "extra.dcm": "no label",
    }
    assert "body part CHEST" in report.refused.loc[report.refused["path"] == "chest.dcm", "reason"].iloc[0]
    assert "Doe" not in report.text()


def test_labels_that_fit_nothing_or_contradict_are_listed_together(ward, tmp_path):
    (ward / "named.dcm").unlink()
    (tmp_path / "labels.csv").write_text("patient_id,label\np0,none\np0,fracture\nghost,none\n")
    with pytest.raises(CohortError) as caught:
        import_dicom_folder(ward, labels=tmp_path / "labels.csv")
    assert [str(fault) for fault in caught.value.faults] == [
        "labels.csv, rows 2, 3: patient_id 'p0' has several labels",
        "labels.csv, row 4: no file belongs to patient_id 'ghost'",
    ]


def test_a_label_table_without_key_or_label_says_both(ward, tmp_path):
    (tmp_path / "labels.csv").write_text("Name,Befund\nx,y\n")
    with pytest.raises(CohortError, match="(?s)column label.*columns path, image_id, study_id, patient_id"):
        import_dicom_folder(ward, labels=tmp_path / "labels.csv")


def test_unknown_labels_must_be_named(ward, tmp_path):
    with pytest.raises(CohortError, match="the labels are ja, nein: map them"):
        import_dicom_folder(ward, labels=tmp_path / "labels.csv", columns=OWN["columns"], fractions=None)


def test_one_table_with_boxes_and_circles(tmp_path):
    lines = ["file,patient_id,label,split"]
    for number in range(4):
        (tmp_path / f"f{number}.png").write_bytes(picture_bytes(number, size=(50, 40)))
        label, split = ("none", "fracture")[number % 2], ("train", "test")[number // 2]
        lines.append(f"f{number}.png,p{number},{label},{split}")
    (tmp_path / "films.csv").write_text("\n".join(lines))
    (tmp_path / "voc").mkdir()
    (tmp_path / "voc" / "f1.xml").write_text(
        "<annotation><object><name>fx</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax>"
        "</bndbox></object></annotation>"
    )
    (tmp_path / "rois.csv").write_text("image_id,x_centre,y_centre,radius\nf3,20,25,10\n")
    import_table(
        tmp_path / "films.csv",
        columns={"file": "path"},
        boxes=tmp_path / "voc",
        rois=tmp_path / "rois.csv",
        fractions=None,
        to=tmp_path / "cohort",
    )
    cohort = read_cohort(tmp_path / "cohort")
    assert cohort.images["split"].tolist() == ["train", "train", "test", "test"]
    assert cohort.boxes[["image_id", "x_min", "y_max"]].values.tolist() == [["f1", 1.0, 40.0]]
    assert cohort.more["rois"]["radius"].tolist() == [10.0]


def test_a_table_needs_path_patient_and_label(tmp_path):
    (tmp_path / "films.csv").write_text("path,label\na.png,none\n")
    with pytest.raises(CohortError, match="there is no column 'patient_id'"):
        import_table(tmp_path / "films.csv")


def test_a_bids_tree_with_sidecars(tmp_path):
    tree = tmp_path / "study"
    for subject in range(4):
        folder = tree / f"sub-{subject:02d}" / "ses-01" / "cr"
        folder.mkdir(parents=True)
        stem = f"sub-{subject:02d}_ses-01_cr"
        (folder / f"{stem}.png").write_bytes(picture_bytes(subject, size=(40, 40)))
        facts = {
            "Modality": "CR",
            "BodyPart": "HIP",
            "ViewPosition": "AP",
            "KVP": 70,
            "Manufacturer": "Philips",
        }
        (folder / f"{stem}.json").write_text(json.dumps(facts))
    people = [
        f"sub-{subject:02d}\t{'fracture' if subject % 2 else 'none'}\t{60 + subject}" for subject in range(4)
    ]
    (tree / "participants.tsv").write_text("\n".join(["participant_id\tlabel\tage_years", *people]))
    images = import_bids(tree, scope="hip", fractions=None).cohort.images
    assert images["patient_id"].tolist() == ["00", "01", "02", "03"]
    assert images["study_id"].iloc[0] == "00_01"
    assert images["label"].tolist() == ["none", "fracture"] * 2
    assert images[["modality", "body_part", "view", "manufacturer"]].iloc[0].tolist() == [
        "CR",
        "HIP",
        "AP",
        "Philips",
    ]
    assert images["kvp"].iloc[0] == 70
    assert images["age_years"].iloc[3] == 63


def test_folders_without_images_say_so(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CohortError, match="holds no image files"):
        import_dicom_folder(tmp_path / "empty", labels="x.csv")
    with pytest.raises(CohortError, match="holds no images below sub-"):
        import_bids(tmp_path / "empty")
    with pytest.raises(CohortError, match="does not exist"):
        import_bids(tmp_path / "absent")
