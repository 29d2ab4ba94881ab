"""Turn a DICOM header into a row of the images table, under the table's names."""

import re

from fxstudy.cohort.columns import BODY_PARTS, VIEWS
from fxstudy.cohort.dicom import pixel_spacing
from fxstudy.cohort.grey import number
from fxstudy.errors import ImageError

_TEXT = {"manufacturer": "Manufacturer", "model_name": "ManufacturerModelName", "modality": "Modality"}
_BODY_PARTS = {
    "CARPUS": "WRIST", "HANDS": "HAND", "THUMB": "FINGER", "ULNA": "FOREARM", "RADIUS": "FOREARM",
    "UPPERARM": "HUMERUS", "ARM": "HUMERUS", "COXA": "HIP", "HIPS": "HIP", "UPPERLEG": "FEMUR",
    "THIGH": "FEMUR", "LOWERLEG": "LEG", "TIBIA": "LEG", "FIBULA": "LEG", "TOE": "FOOT",
    "CLAVICLE": "SHOULDER",
}  # fmt: skip
_VIEWS = {
    "LAT": "LATERAL", "LATERAL": "LATERAL", "LL": "LL", "RL": "RL", "LLD": "LL", "RLD": "RL", "AP": "AP",
    "PA": "PA", "LLO": "OBLIQUE", "RLO": "OBLIQUE", "OBL": "OBLIQUE", "OBLIQUE": "OBLIQUE",
}  # fmt: skip
_AGE = re.compile(r"^(\d{1,3})([DWMY])$")
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_NOBODY = re.compile(r"^(anon.*|removed|none|unknown|x*|[\^\s]*)$", re.IGNORECASE)
NAMING = ("PatientName", "PatientBirthDate", "OtherPatientIDs", "PatientAddress", "AccessionNumber")


def header_row(dataset) -> dict[str, object]:
    """Columns of the images table that a header can fill; what it does not say is left out.

    Parameters
    ----------
    dataset : pydicom Dataset

    Returns
    -------
    dict
        Values by column name. ``body_part`` is one of the schema's parts, or OTHER; ``body_part_examined``
        keeps the header's own word for the scope check. ``names_patient`` lists filled elements that
        identify the patient.
    """
    row: dict[str, object] = {
        "image_id": _text(dataset, "SOPInstanceUID"),
        "patient_id": _text(dataset, "PatientID"),
        "study_id": _text(dataset, "StudyInstanceUID"),
        "study_date": _date(dataset, "StudyDate"),
        "site": re.sub(r"[^A-Za-z0-9_.\-]+", "_", _text(dataset, "ClinicalTrialSiteID")),
        "body_part": body_part(_text(dataset, "BodyPartExamined")),
        "body_part_examined": _text(dataset, "BodyPartExamined").upper(),
        "view": view(_text(dataset, "ViewPosition")),
        "laterality": _side(dataset),
        "kvp": _number(dataset, "KVP"),
        "exposure_mas": _exposure(dataset),
        "age_years": age_years(_text(dataset, "PatientAge")),
        "sex": _one_of(_text(dataset, "PatientSex").upper(), ("F", "M", "O")),
        "deidentified": _one_of(_text(dataset, "PatientIdentityRemoved").upper(), ("YES", "NO")) or "UNKNOWN",
        "burned_in": _one_of(_text(dataset, "BurnedInAnnotation").upper(), ("YES", "NO")) or "UNKNOWN",
        "names_patient": naming_elements(dataset),
    }
    row |= {column: _text(dataset, keyword) for column, keyword in _TEXT.items()}
    spacing = pixel_spacing(dataset)[0]
    row["pixel_spacing_mm"] = spacing[0] if spacing else None
    return {
        column: value for column, value in row.items() if column == "names_patient" or value not in ("", None)
    }


def naming_elements(dataset) -> list[str]:
    """Keywords of filled elements that name the patient, unless the header says the identity was removed."""
    if _text(dataset, "PatientIdentityRemoved").upper() == "YES":
        return []
    return [keyword for keyword in NAMING if not _NOBODY.match(_text(dataset, keyword))]


def body_part(word: str) -> str | None:
    """The schema's name of a body part, OTHER for parts it does not know, None for an empty word."""
    plain = re.sub(r"[^A-Z]", "", word.upper())
    if not plain:
        return None
    if plain in BODY_PARTS:
        return plain
    return _BODY_PARTS.get(plain, "OTHER")


def view(word: str) -> str | None:
    """The schema's name of a view, OTHER for words it does not know, None for an empty word."""
    plain = word.strip().upper()
    if not plain:
        return None
    return plain if plain in VIEWS else _VIEWS.get(plain, "OTHER")


def age_years(text: str) -> float | None:
    """Years of a DICOM age string; ``age_years('018M')`` is 1.5; None if it is none."""
    match = _AGE.match(text.strip().upper())
    return round(int(match[1]) * _YEARS[match[2]], 3) if match else None


def _text(dataset, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
    except Exception:  # a damaged element raises anything; the header then does not say
        return ""
    if value is None:
        return ""
    if not isinstance(value, str) and hasattr(value, "__iter__") and not hasattr(value, "family_name"):
        value = next(iter(value), "")
    return str(value).strip().strip("\0")


def _one_of(word: str, words: tuple[str, ...]) -> str:
    return word if word in words else ""


def _number(dataset, keyword: str) -> float | None:
    try:
        return number(dataset, keyword)
    except ImageError:
        return None


def _date(dataset, keyword: str) -> str:
    text = _text(dataset, keyword).replace(".", "")
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if re.fullmatch(r"\d{8}", text) else ""


def _side(dataset) -> str:
    for keyword in ("ImageLaterality", "Laterality", "FrameLaterality"):
        side = _text(dataset, keyword).upper()
        if side in ("R", "L", "B", "U"):
            return side
    return "U"


def _exposure(dataset) -> float | None:
    micro = _number(dataset, "ExposureInuAs")
    return micro / 1000 if micro is not None else _number(dataset, "Exposure")
