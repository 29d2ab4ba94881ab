"""Small cohorts and pictures that the cohort tests make themselves."""

import hashlib
import io

import numpy as np
import pandas as pd
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from fxstudy.cohort import validate_images

CR = "1.2.840.10008.5.1.4.1.1.1"


def picture_bytes(seed: int, *, size=(24, 20), kind="PNG", bits=8) -> bytes:
    """A grey picture of noise; size is (rows, columns)."""
    values = np.random.default_rng(seed).integers(0, 2**bits, size)
    stream = io.BytesIO()
    Image.fromarray(values.astype(np.uint8 if bits == 8 else np.uint16)).save(stream, format=kind)
    return stream.getvalue()


def images_table(patients: int = 12, films: int = 2) -> pd.DataFrame:
    """A table without faults: every third patient has a fracture, two films per patient, not yet split."""
    rows = []
    for patient in range(patients):
        for film in range(films):
            name = f"{patient:03d}_{film}"
            rows.append(
                {
                    "image_id": name,
                    "path": f"films/{name}.png",
                    "sha256": hashlib.sha256(name.encode()).hexdigest(),
                    "patient_id": f"{patient:03d}",
                    "study_id": f"s{patient:03d}",
                    "study_date": f"20{18 + patient % 3}-0{1 + patient % 9}-15",
                    "site": "abc"[patient % 3],
                    "modality": "DX",
                    "view": ("PA", "LATERAL")[film % 2],
                    "rows": 24,
                    "columns": 20,
                    "age_years": 20.0 + patient % 70,
                    "sex": "FM"[patient % 2],
                    "label": "fracture" if patient % 3 == 0 else "none",
                    "cast": int(patient % 6 == 0),
                }
            )
    return validate_images(pd.DataFrame(rows))


def film(values: np.ndarray, **elements) -> bytes:
    """A CR file of these stored values."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CR
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CR, dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.PhotometricInterpretation = "CR", "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, int(values.dtype.kind == "i")
    dataset.BitsAllocated = dataset.BitsStored = 8 * values.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelData = values.tobytes() + b"\0" * (values.nbytes % 2)
    dataset["PixelData"].VR = "OW"
    for name, value in elements.items():
        setattr(dataset, name, value)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
