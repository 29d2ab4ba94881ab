"""Write a synthetic radiograph as a DICOM file that says what it is.

The same picture and facts give the same bytes: identifiers derive from the film's name, no clock is read.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
)

SYNTHETIC = "SYNTHETIC: computed from a phantom, not a patient"
_SYNTAXES = {"jpegls": JPEGLSLossless, "plain": ExplicitVRLittleEndian}
_CLASSES = {"DX": DigitalXRayImageStorageForPresentation, "CR": ComputedRadiographyImageStorage}


@dataclass(frozen=True)
class Storage:
    """How a machine stores its films.

    Parameters
    ----------
    modality : {"DX", "CR"}
        Kind of machine.
    photometric : {"MONOCHROME2", "MONOCHROME1"}
        Whether large values are bright.
    bits : int
        Grey depth.
    syntax : {"jpegls", "plain"}
        Lossless compression or none.
    """

    modality: str = "DX"
    photometric: str = "MONOCHROME2"
    bits: int = 12
    syntax: str = "jpegls"


def uid(*names: object) -> UID:
    """An identifier derived from names, below the root 2.25 (no registration needed)."""
    digest = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:15], 'big')}")


def dicom_bytes(pixels: np.ndarray, facts: Mapping[str, object], storage: Storage) -> bytes:
    """A DICOM file.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (rows, columns)
        Stored values, in the sense of ``storage.photometric``.
    facts : mapping
        DICOM keywords and values; must hold SOPInstanceUID, StudyInstanceUID and SeriesInstanceUID.
    storage : Storage
        Class, photometric interpretation, depth and compression.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = _CLASSES[storage.modality]
    meta.MediaStorageSOPInstanceUID = facts["SOPInstanceUID"]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.Modality = _CLASSES[storage.modality], storage.modality
    for keyword, value in facts.items():
        setattr(data, keyword, value)
    _describe_picture(data, pixels, storage)
    if storage.syntax != "plain":
        data.compress(_SYNTAXES[storage.syntax], pixels, generate_instance_uid=False)
    else:
        data.PixelData = pixels.tobytes()
        data["PixelData"].VR = "OB" if storage.bits == 8 else "OW"
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _describe_picture(data: FileDataset, pixels: np.ndarray, storage: Storage) -> None:
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PixelRepresentation = 1, 0
    data.PhotometricInterpretation = storage.photometric
    data.BitsAllocated = 8 if storage.bits == 8 else 16
    data.BitsStored, data.HighBit = storage.bits, storage.bits - 1
    data.ImageType = ["DERIVED", "PRIMARY", ""]
    data.ImageComments, data.DerivationDescription = SYNTHETIC, SYNTHETIC
    data.PatientIdentityRemoved, data.DeidentificationMethod = "YES", "no patient: synthetic"
    data.LossyImageCompression = "00"
    data.WindowCenter, data.WindowWidth = 2 ** (storage.bits - 1), 2**storage.bits
    if storage.modality == "DX":
        data.PresentationIntentType = "FOR PRESENTATION"
        data.PresentationLUTShape = "IDENTITY" if storage.photometric == "MONOCHROME2" else "INVERSE"
        data.PixelIntensityRelationship = "LOG"
        data.PixelIntensityRelationshipSign = 1 if storage.photometric == "MONOCHROME1" else -1
        data.RescaleIntercept, data.RescaleSlope, data.RescaleType = "0", "1", "US"
