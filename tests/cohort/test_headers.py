"""DICOM headers become rows under the table's names; damaged elements say nothing instead of crashing."""

import pytest
from pydicom.dataset import Dataset

from fxstudy.cohort.headers import age_years, body_part, header_row, view


def header(**elements) -> Dataset:
    dataset = Dataset()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def test_elements_arrive_in_their_columns():
    row = header_row(
        header(
            SOPInstanceUID="1.2.3",
            PatientID="p7",
            StudyInstanceUID="1.2",
            StudyDate="20180331",
            Modality="CR",
            Manufacturer="Agfa",
            ManufacturerModelName="DX-D",
            KVP=52,
            ExposureInuAs=1250,
            Exposure=99,
            BodyPartExamined="HAND",
            ViewPosition="LLO",
            Laterality="R",
            PatientAge="018M",
            PatientSex="F",
            PixelSpacing=[0.1, 0.1],
            PatientIdentityRemoved="YES",
            BurnedInAnnotation="NO",
        )
    )
    assert row == {
        "image_id": "1.2.3",
        "patient_id": "p7",
        "study_id": "1.2",
        "study_date": "2018-03-31",
        "modality": "CR",
        "manufacturer": "Agfa",
        "model_name": "DX-D",
        "kvp": 52,
        "exposure_mas": 1.25,
        "body_part": "HAND",
        "body_part_examined": "HAND",
        "view": "OBLIQUE",
        "laterality": "R",
        "age_years": 1.5,
        "sex": "F",
        "pixel_spacing_mm": 0.1,
        "deidentified": "YES",
        "burned_in": "NO",
        "names_patient": [],
    }


@pytest.mark.parametrize(
    ("word", "part"),
    [("WRIST", "WRIST"), ("coxa", "HIP"), ("UPPER LEG", "FEMUR"), ("CHEST", "OTHER"), ("", None)],
)
def test_words_for_body_parts(word, part):
    assert body_part(word) == part


@pytest.mark.parametrize(
    ("word", "name"), [("lat", "LATERAL"), ("AP", "AP"), ("RLO", "OBLIQUE"), ("frog", "OTHER"), (" ", None)]
)
def test_words_for_views(word, name):
    assert view(word) == name


@pytest.mark.parametrize(
    ("text", "years"),
    [("034Y", 34), ("18M", 1.5), ("052W", 0.997), ("003D", 0.008), ("old", None), ("", None)],
)
def test_ages(text, years):
    assert age_years(text) == years


def test_names_are_reported_without_their_value():
    row = header_row(header(PatientName="Doe^Jane", PatientBirthDate="19500101"))
    assert row["names_patient"] == ["PatientName", "PatientBirthDate"]
    assert "Doe" not in str(row)
    assert header_row(header(PatientName="Doe^Jane", PatientIdentityRemoved="YES"))["names_patient"] == []
    assert header_row(header(PatientName="ANONYMOUS"))["names_patient"] == []


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_nonsense_says_nothing():
    row = header_row(header(StudyDate="yesterday", PatientAge="young", PatientSex="?", ViewPosition=""))
    assert row == {"laterality": "U", "deidentified": "UNKNOWN", "burned_in": "UNKNOWN", "names_patient": []}
