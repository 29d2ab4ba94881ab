"""De-identify one DICOM dataset by the allow-list, and say what was done to it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from fxstudy.cohort.deidentify.keys import Pseudonyms, capped_age
from fxstudy.cohort.deidentify.rules import (
    CLEAN_PIXELS,
    DATES,
    KEEP,
    METHOD_CODES,
    OF_THE_HOSPITAL,
    PERSONAL,
    SEQUENCES,
    UIDS,
)
from fxstudy.cohort.deidentify.streams import clean_picture
from fxstudy.cohort.dicom import transfer_syntax
from fxstudy.errors import ImageError

METHOD = "fxstudy allow-list after PS3.15 E.1"


@dataclass
class Actions:
    """What happens to the elements of one file: keyword or tag → kept, removed, renamed, moved."""

    done: dict[str, str] = field(default_factory=dict)

    def note(self, element, action: str) -> None:
        """Remember what happened to an element, without its value."""
        name = element.keyword or f"({element.tag.group:04X},{element.tag.element:04X})"
        self.done[f"private {name}" if element.tag.is_private else name] = action


def clean_dataset(dataset, names: Pseudonyms, *, pixels_cleaned: bool = False):
    """A new dataset that holds only what the rules allow.

    Parameters
    ----------
    dataset : pydicom Dataset
    names : Pseudonyms
    pixels_cleaned : bool
        True if burned-in text was masked.

    Returns
    -------
    clean : pydicom Dataset
        With file meta, ready to be saved.
    actions : Actions
    """
    from pydicom.dataset import Dataset

    patient = patient_key(dataset)
    personal = identifying_words(dataset, PERSONAL)
    local = identifying_words(dataset, OF_THE_HOSPITAL)
    clean, actions = Dataset(), Actions()
    for element in dataset:
        kept = _kept(element, names, patient)
        if kept is not None and _mentions(kept, personal, local):
            actions.note(element, "removed, it mentions the patient")
        elif kept is not None:
            clean.add(kept)
            actions.note(element, "kept" if kept.value == element.value else "replaced")
        else:
            actions.note(element, "removed")
    _say_so(clean, names.name("P", patient), pixels_cleaned)
    _clean_stream(dataset, clean)
    clean.file_meta = _file_meta(dataset, clean)
    return clean, actions


def patient_key(dataset) -> str:
    """What a patient is recognised by: the patient's number, else the study."""
    number = str(dataset.get("PatientID") or "").strip()
    return number or f"study {dataset.get('StudyInstanceUID', '')}"


def identifying_words(dataset, keywords: Iterable[str]) -> set[str]:
    """Words of identifying elements, in lower case; those of fewer than four letters are left out."""
    found: set[str] = set()
    for keyword in keywords:
        text = str(dataset.get(keyword) or "").lower()
        found |= {part for part in re.split(r"[\^\s,;=\\\[\]'\"]+", text) if len(part) >= 4}
    return found


def _mentions(element, personal: set[str], local: set[str]) -> bool:
    """True if a kept text holds a word that names the patient, or in free text the hospital."""
    text = str(element.value).lower()
    if element.VR == "CS":
        return any(word in text for word in personal)
    return element.VR in ("LO", "SH", "ST", "LT", "UT", "UC") and any(
        word in text for word in personal | local
    )


def _kept(element, names: Pseudonyms, patient: str):
    """The element as it may stay, None if it may not."""
    from pydicom.dataelem import DataElement

    keyword = element.keyword
    if element.tag.is_private or not keyword:
        return None
    if keyword in SEQUENCES and element.VR == "SQ":
        return _kept_sequence(element, SEQUENCES[keyword])
    if element.VR == "SQ":
        return None
    if keyword in UIDS:
        return DataElement(element.tag, "UI", names.uid(str(element.value))) if element.value else None
    if keyword in DATES:
        moved = names.date(str(element.value or ""), patient)
        return DataElement(element.tag, "DA", moved) if moved else None
    if keyword == "PatientAge":
        age = capped_age(str(element.value or "").strip())
        return DataElement(element.tag, "AS", age) if age else None
    return element if keyword in KEEP else None


def _kept_sequence(element, allowed: frozenset[str]):
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    items = []
    for item in element.value:
        clean = Dataset()
        for inner in item:
            if inner.keyword in allowed:
                clean.add(inner)
        items.append(clean)
    return DataElement(element.tag, "SQ", Sequence(items))


def _say_so(clean, patient: str, pixels_cleaned: bool) -> None:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    clean.PatientName, clean.PatientID = patient, patient
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = METHOD
    clean.LongitudinalTemporalInformationModified = "MODIFIED"
    codes = []
    for value, meaning in (*METHOD_CODES, *((CLEAN_PIXELS,) if pixels_cleaned else ())):
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
        codes.append(code)
    clean.DeidentificationMethodCodeSequence = Sequence(codes)
    if pixels_cleaned:
        clean.BurnedInAnnotation = "NO"


def _clean_stream(dataset, clean) -> None:
    """Take comments out of a compressed picture, and bytes beyond its end out of a plain one."""
    from pydicom.encaps import encapsulate, generate_frames
    from pydicom.uid import UID

    if "PixelData" not in clean:
        raise ImageError("no pixel data: nothing that a cohort could use")
    if not UID(transfer_syntax(dataset)).is_encapsulated:
        size = int(clean.Rows) * int(clean.Columns) * int(clean.BitsAllocated) // 8
        frames = int(clean.get("NumberOfFrames") or 1) * int(clean.get("SamplesPerPixel") or 1)
        clean.PixelData = dataset.PixelData[: size * frames + (size * frames) % 2]
        return
    frames = [clean_picture(frame) for frame in generate_frames(dataset.PixelData, number_of_frames=1)]
    clean.PixelData = encapsulate(frames)
    clean["PixelData"].VR = "OB"
    clean["PixelData"].is_undefined_length = True


def _file_meta(dataset, clean):
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = clean.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = clean.get("SOPInstanceUID", "")
    meta.TransferSyntaxUID = UID(transfer_syntax(dataset))
    return meta
