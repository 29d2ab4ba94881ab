"""Read the pixels of a DICOM radiograph as its maker meant them to be seen, bone bright.

The order is that of DICOM PS3.3 C.11: stored values → (0028,3000) *Modality LUT Sequence*, else
(0028,1053/1052) *Rescale* → (0028,3010) *VOI LUT Sequence*, else the first (0028,1050/1051) *Window*, else
the range of the pixels → inversion, once, by (2050,0020) *Presentation LUT Shape* where it is given, else
by MONOCHROME1 → (0028,0120) *Pixel Padding Value* black.

References
----------
DICOM PS3.3: C.7.6.3 Image Pixel, C.11.1 Modality LUT, C.11.2 VOI LUT, C.8.11.3 DX Image, 10.7 Spacing.
"""

import io
import warnings

import numpy as np

from fxstudy.cohort.grey import GreyTable, grey_table, number
from fxstudy.cohort.pixels import Radiograph
from fxstudy.errors import ImageError

_GREY = ("MONOCHROME1", "MONOCHROME2")
_DIRECTORY = "1.2.840.10008.1.3.10"
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
_RLE = "1.2.840.10008.1.2.5"


def decode_dicom(data: bytes) -> Radiograph:
    """Read a radiograph from the bytes of a DICOM file.

    Raises
    ------
    ImageError
        With the reason, if this is no single grey image that can be decoded whole.
    """
    dataset = parse_dicom(data)
    refuse_unless_grey_image(dataset)
    stored = _stored_values(dataset)
    table = grey_table(dataset, stored)
    spacing, kind, notes = pixel_spacing(dataset)
    return Radiograph(
        _look_up(stored, table),
        spacing_mm=spacing,
        spacing_kind=kind,
        photometric=str(dataset.PhotometricInterpretation),
        notes=(*table.notes, *notes, *_left_out(dataset)),
    )


def parse_dicom(data: bytes, *, pixels: bool = True):
    """Header (and pixel data) of a DICOM file as a pydicom Dataset; ImageError if it is none.

    Files without the 128-byte preamble are read too, if they hold what an image needs.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    part_10 = data[128:132] == b"DICM"
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dataset = pydicom.dcmread(io.BytesIO(data), force=True, stop_before_pixels=not pixels)
            str(dataset.get("SOPClassUID", ""))
    except (
        InvalidDicomError,
        EOFError,
        ValueError,
        AttributeError,
        KeyError,
        TypeError,
        OverflowError,
    ) as error:
        raise ImageError(_not_dicom(part_10, error)) from None
    if any("End of file reached" in str(warning.message) for warning in caught):
        raise ImageError("truncated: the file ends before its pixel data does")
    if not part_10 and "SOPClassUID" not in dataset and "Rows" not in dataset:
        raise ImageError(_not_dicom(part_10))
    return dataset


def _not_dicom(part_10: bool, error: object = "") -> str:
    if part_10:
        why = (str(error) or type(error).__name__).splitlines()[0]
        return f"damaged: the DICOM header cannot be read ({why})"
    return "not an image: neither JPEG, PNG nor DICOM"


def refuse_unless_grey_image(dataset) -> None:
    """Raise ImageError with the reason if the header is not that of one grey image with pixels."""
    media = getattr(dataset, "file_meta", {}).get("MediaStorageSOPClassUID", "")
    modality = str(dataset.get("Modality") or "unknown")
    if media == _DIRECTORY or "DirectoryRecordSequence" in dataset:
        raise ImageError("not an image: a DICOMDIR directory")
    if "Rows" not in dataset and "PixelData" not in dataset:
        raise ImageError(f"not an image: no pixel data (a DICOM object of modality {modality})")
    if "PixelData" not in dataset:
        raise ImageError("no pixel data: (7FE0,0010) Pixel Data is missing")
    _refuse_frames(dataset)
    kind = str(dataset.get("PhotometricInterpretation") or "nothing")
    if "PALETTE" in kind:
        raise ImageError("has a colour palette; a radiograph is grey")
    if kind not in _GREY or dataset.get("SamplesPerPixel", 1) != 1:
        words = f"{kind} with {dataset.get('SamplesPerPixel', 1)} samples per pixel"
        raise ImageError(f"is in colour ({words}); (0028,0004) must be MONOCHROME1 or MONOCHROME2")
    if not dataset.PixelData:
        raise ImageError("empty pixel data: (7FE0,0010) Pixel Data holds no bytes")
    _refuse_shape(dataset)


def _refuse_frames(dataset) -> None:
    frames = number(dataset, "NumberOfFrames")
    if frames is not None and frames != 1:
        raise ImageError(f"holds {frames:g} frames; a radiograph has one")


def _refuse_shape(dataset) -> None:
    for keyword in ("Rows", "Columns", "BitsAllocated"):
        value = number(dataset, keyword)
        if value is None or value < 1:
            raise ImageError(
                f"{keyword} must be a number above 0, not {'missing' if value is None else value:}"
            )
    if dataset.BitsAllocated not in (8, 16):
        raise ImageError(f"(0028,0100) Bits Allocated must be 8 or 16, not {dataset.BitsAllocated}")


def transfer_syntax(dataset) -> str:
    """UID of the transfer syntax; for files without file meta the one they were parsed by."""
    named = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID")
    if named:
        return str(named)
    implicit, little = dataset.original_encoding
    return _NATIVE[0] if implicit else _NATIVE[1] if little else _NATIVE[3]


def _stored_values(dataset) -> np.ndarray:
    """Decoded pixels, whole and of the announced shape, as int16, uint16, int8 or uint8."""
    from pydicom.uid import UID

    syntax = transfer_syntax(dataset)
    shape = (int(dataset.Rows), int(dataset.Columns))
    if syntax in _NATIVE:
        expected = shape[0] * shape[1] * dataset.BitsAllocated // 8
        if len(dataset.PixelData) < expected:
            raise ImageError(f"truncated: {len(dataset.PixelData)} of {expected} bytes of pixel data")
        if not dataset.file_meta.get("TransferSyntaxUID"):
            dataset.file_meta.TransferSyntaxUID = UID(syntax)
    elif syntax != _RLE and b"\xff\xd9" not in dataset.PixelData[-64:]:
        raise ImageError("truncated: the compressed picture has no end marker")
    try:
        stored = dataset.pixel_array
    except (RuntimeError, NotImplementedError, ImportError) as error:
        why = str(error).strip().splitlines()[-1].strip()
        raise ImageError(f"no decoder for transfer syntax '{UID(syntax).name}': {why}") from None
    if stored.shape != shape:
        raise ImageError(f"decoded to {stored.shape}; the header says {shape[0]} rows, {shape[1]} columns")
    return _without_overlay_bits(dataset, stored)


def _without_overlay_bits(dataset, stored: np.ndarray) -> np.ndarray:
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    if stored.dtype.kind == "u" and 0 < bits < 8 * stored.dtype.itemsize and stored.max() >= 1 << bits:
        return stored & stored.dtype.type((1 << bits) - 1)
    return stored


def _look_up(stored: np.ndarray, table: GreyTable) -> np.ndarray:
    if table.lowest == 0:
        return np.take(table.grey, stored)
    return np.take(table.grey, stored.astype(np.int32) - table.lowest)


def pixel_spacing(dataset) -> tuple[tuple[float, float] | None, str, list[str]]:
    """Spacing of rows and columns in millimetres, the plane it holds in, and what had to be said.

    (0028,0030) *Pixel Spacing* is of the patient's plane if (0028,0A02) *Pixel Spacing Calibration Type*
    is given or if it differs from (0018,1164) *Imager Pixel Spacing*; otherwise both are of the detector,
    where the projection magnifies. A film scanner's (0018,2010) is the last resort.
    """
    notes: list[str] = []
    found = {
        keyword: _pair(dataset, keyword, notes)
        for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
    }
    plain, imager, scanned = found.values()
    calibration = str(dataset.get("PixelSpacingCalibrationType") or "")
    if plain and (calibration or (imager and not np.allclose(plain, imager, rtol=1e-3))):
        how = f" ({calibration.lower()})" if calibration else ""
        return plain, "patient", [*notes, f"pixel spacing calibrated to the patient's plane{how}"]
    if plain or imager:
        return plain or imager, "detector", notes
    if scanned:
        return scanned, "detector", [*notes, "pixel spacing is that of the film scanner"]
    return None, "", [*notes, "no pixel spacing"]


def _pair(dataset, keyword: str, notes: list[str]) -> tuple[float, float] | None:
    value = dataset.get(keyword)
    if value is None or value == "":
        return None
    try:
        rows, columns = (float(part) for part in value)
    except (TypeError, ValueError):
        rows = columns = float("nan")
    if not (0 < rows < float("inf") and 0 < columns < float("inf")):
        notes.append(f"{keyword} is not valid and was ignored")
        return None
    return rows, columns


def _left_out(dataset) -> list[str]:
    notes = []
    tags = dataset.keys()
    if any(0x6000 <= tag.group <= 0x60FF and tag.elem == 0x3000 for tag in tags):
        notes.append("overlays were ignored")
    if str(dataset.get("LossyImageCompression") or "") == "01":
        notes.append("compressed with loss")
    return notes
