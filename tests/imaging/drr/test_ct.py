"""Reading CTs: orientation, spacing, and everything that would silently give a wrong projection."""

import gzip
import struct

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from fxstudy.errors import ImageError
from fxstudy.imaging.drr.ct import check_hounsfield, read_ct
from fxstudy.imaging.drr.geometry import Camera, pose
from fxstudy.imaging.drr.materials import to_materials
from fxstudy.imaging.drr.projector import project


def body(shape=(6, 8, 10)):
    """(z, y, x) with air, water, and one dense voxel towards head, back and left."""
    values = np.full(shape, -1000, np.int16)
    values[1:-1, 2:-2, 2:-2] = 40
    values[-2, -3, -3] = 1500
    return values


def write_slice(path, pixels, height, **changes):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid()
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    data.Modality, data.SeriesInstanceUID, data.RescaleType = "CT", "1.2.3", "HU"
    data.Rows, data.Columns = pixels.shape
    data.PixelSpacing, data.ImageOrientationPatient = [0.7, 0.8], [1, 0, 0, 0, 1, 0]
    data.ImagePositionPatient = [-4.0, -3.0, float(height)]
    data.RescaleSlope, data.RescaleIntercept = 1, -1024
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation, data.SamplesPerPixel = 15, 0, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.PixelData = (pixels + 1024).astype(np.uint16).tobytes()
    for name, value in changes.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)


def write_series(folder, heights=None, change=lambda i: {}, values=None):
    folder.mkdir(exist_ok=True)
    values = body() if values is None else values
    heights = np.arange(len(values)) * 1.5 if heights is None else heights
    for i, height in enumerate(heights):  # file names in another order than the slices
        write_slice(folder / f"{(7 * i) % 11:02d}.dcm", values[i % len(values)], height, **change(i))
    return folder


def write_nifti(path, values, matrix, *, kind=4, units=2, cut=0):
    """values (i, j, k); matrix (3, 4) to RAS."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *values.shape, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, kind, 16)
    struct.pack_into("<8f", header, 76, 1, *np.linalg.norm(matrix[:, :3], axis=0), 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = units
    struct.pack_into("<2h", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, *np.asarray(matrix, float).ravel())
    header[344:348] = b"n+1\0"
    raw = bytes(header) + values.astype("<i2").tobytes(order="F")
    path.write_bytes(gzip.compress(raw[: len(raw) - cut]))
    return path


def test_a_dicom_series_is_put_in_order_and_in_hounsfield_units(tmp_path):
    volume = read_ct(write_series(tmp_path / "ct")).volume
    assert np.array_equal(volume.values.numpy(), body())
    assert volume.spacing_mm == pytest.approx((0.8, 0.7, 1.5)) and volume.origin_mm == pytest.approx(
        (-4, -3, 0)
    )


def test_nifti_and_dicom_of_the_same_body_are_the_same_volume(tmp_path):
    """RAS in NIfTI: right and anterior are positive, so x and y run backwards."""
    dicom = read_ct(write_series(tmp_path / "ct")).volume
    matrix = np.array([[-0.8, 0, 0, 4.0], [0, -0.7, 0, 3.0], [0, 0, 1.5, 0.0]])
    nifti = read_ct(write_nifti(tmp_path / "ct.nii.gz", body().transpose(2, 1, 0), matrix)).volume
    assert np.array_equal(nifti.values.numpy(), dicom.values.numpy())
    assert nifti.spacing_mm == pytest.approx(dicom.spacing_mm)
    assert nifti.origin_mm == pytest.approx(dicom.origin_mm)


def test_swapped_and_flipped_axes_are_put_right_and_said(tmp_path):
    matrix = np.array([[0, 0, 0.8, -3.2], [0, -0.7, 0, 3.0], [1.5, 0, 0, 0.0]])
    ct = read_ct(write_nifti(tmp_path / "ct.nii.gz", body()[:, :, ::-1], matrix))
    assert np.array_equal(ct.volume.values.numpy(), body())
    assert ct.volume.origin_mm == pytest.approx((-4, -3, 0))
    assert any("swapped" in note for note in ct.notes)


def test_metres_are_turned_into_millimetres(tmp_path):
    matrix = np.array([[-0.0008, 0, 0, 0], [0, -0.0007, 0, 0], [0, 0, 0.0015, 0]])
    volume = read_ct(write_nifti(tmp_path / "m.nii.gz", body().transpose(2, 1, 0), matrix, units=1)).volume
    assert volume.spacing_mm == pytest.approx((0.8, 0.7, 1.5), rel=1e-4)


HEIGHTS = np.arange(6) * 1.5


@pytest.mark.parametrize(
    ("heights", "change", "message"),
    [
        (HEIGHTS[[0, 1, 3, 4, 5]], lambda i: {}, "1 slices are missing"),
        (HEIGHTS + [0, 0.4, 0, 0, 0, 0], lambda i: {}, "unevenly spaced"),
        (HEIGHTS[[0, 1, 1, 2, 3, 4]], lambda i: {}, "same place twice"),
        (
            HEIGHTS,
            lambda i: {"ImagePositionPatient": [-4.0, -3.0 + 0.5 * i, 1.5 * i]},
            "gantry was tilted by 18.4°",
        ),
        (HEIGHTS, lambda i: {"SeriesInstanceUID": f"1.2.{i % 2}"}, "must hold one series, found 2"),
        (HEIGHTS, lambda i: {"Modality": "MR"}, "Modality must be CT, not MR"),
        (HEIGHTS, lambda i: {"RescaleType": "OD"}, "Rescale Type must be HU, not OD"),
        (HEIGHTS, lambda i: {"PixelSpacing": [0.7, 0.8 + 0.1 * (i == 3)]}, "same size and"),
        (HEIGHTS, lambda i: {"RescaleIntercept": 0}, "must be Hounsfield units"),
        (
            HEIGHTS,
            lambda i: {"ImageOrientationPatient": [0.8, 0.6, 0, -0.6, 0.8, 0]},
            "must lie along the patient's",
        ),
    ],
)
def test_a_series_that_would_project_wrongly_is_refused(tmp_path, heights, change, message):
    with pytest.raises(ImageError, match=message):
        read_ct(write_series(tmp_path / "ct", heights, change))


def test_files_that_are_no_ct_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="found 0"):
        read_ct(tmp_path / "empty")
    (tmp_path / "a.nii").write_bytes(b"nothing")
    with pytest.raises(ImageError, match="must be a NIfTI-1 file"):
        read_ct(tmp_path / "a.nii")
    short = write_nifti(tmp_path / "b.nii.gz", body(), np.eye(3, 4), cut=50)
    with pytest.raises(ImageError, match="cut short"):
        read_ct(short)
    sheared = write_nifti(tmp_path / "c.nii.gz", body(), np.eye(3, 4) + np.eye(3, 4, 1) * 0.3)
    with pytest.raises(ImageError, match="right angles"):
        read_ct(sheared)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 255], "must be Hounsfield"),
        ([-1000, 60], "must be Hounsfield"),
        ([-1000, np.nan], "must be finite"),
    ],
)
def test_wrong_units_are_refused(values, message):
    with pytest.raises(ImageError, match=message):
        check_hounsfield(np.array(values), "ct")


def test_clipped_values_are_refused_or_noted():
    low = np.concatenate([np.linspace(-1000, 400, 1000), np.full(50, 400.0)])
    with pytest.raises(ImageError, match="clipped at 400"):
        check_hounsfield(low, "ct")
    high = np.concatenate([np.linspace(-1000, 3071, 1000), np.full(50, 3071.0)])
    notes = check_hounsfield(high, "ct")
    assert any("end at 3071" in note for note in notes) and any("metal" in note for note in notes)


def test_a_real_wrist_looks_like_one(shared_data):
    """The Visible Human's right wrist: bone inside a hand-shaped shadow, nothing outside."""
    ct = read_ct(shared_data / "ct" / "vhm_wrist_right.nii.gz")
    volume = to_materials(ct.volume)
    paths = project(volume, Camera(1000, 900, 128, 160, 1.5), pose(centre_mm=volume.centre_mm))[0]
    soft, bone = paths[:2].sum(0) / 10, paths[2] / 10
    assert 2 < float(soft.max()) < 25 and 0.5 < float(bone.max()) < 12
    assert float((bone > 0.3).float().mean()) < float((soft > 0.5).float().mean())
