"""DICOM is shown as its header says, once, with bone bright; everything else is refused with its reason."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from cohort.samples import film
from fxstudy.cohort import read_image
from fxstudy.cohort.pixels import decode
from fxstudy.errors import ImageError


def shown(values, **elements) -> np.ndarray:
    return decode(film(np.asarray(values), **elements), "film").pixels


def lut(first: int, values: list[int], bits: int) -> list[Dataset]:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(values), first, bits])
    item.add_new("LUTData", "US", values)
    return [item]


RAMP = np.arange(0, 4096, 16, dtype=np.uint16).reshape(16, 16)


def test_without_window_the_range_of_the_pixels_is_shown():
    np.testing.assert_allclose(shown(RAMP), RAMP / RAMP.max(), atol=1e-6)


def test_linear_window_follows_the_formula_of_ps3_3():
    """Oracle: DICOM PS3.3 C.11.2.1.2.1, computed value by value."""
    centre, width = 2000.0, 1000.0
    expected = np.clip((RAMP - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
    np.testing.assert_allclose(shown(RAMP, WindowCenter=centre, WindowWidth=width), expected, atol=1e-6)


def test_exact_and_sigmoid_windows_follow_their_formulas():
    """Oracle: DICOM PS3.3 C.11.2.1.3."""
    window = {"WindowCenter": 2000, "WindowWidth": 1000}
    exact = shown(RAMP, VOILUTFunction="LINEAR_EXACT", **window)
    np.testing.assert_allclose(exact, np.clip((RAMP - 2000.0) / 1000 + 0.5, 0, 1), atol=1e-6)
    sigmoid = shown(RAMP, VOILUTFunction="SIGMOID", **window)
    np.testing.assert_allclose(sigmoid, 1 / (1 + np.exp(-4 * (RAMP - 2000.0) / 1000)), atol=1e-6)


def test_the_first_of_several_windows_counts_and_is_noted():
    data = film(RAMP, WindowCenter=[1000, 2000], WindowWidth=[500, 600])
    read = decode(data, "film")
    np.testing.assert_array_equal(read.pixels, shown(RAMP, WindowCenter=1000, WindowWidth=500))
    assert read.notes[0] == "(0028,1050) Window 1000/500, first of several"


def test_rescale_comes_before_the_window():
    raw = shown(RAMP, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=1900, WindowWidth=1001)
    expected = np.clip((2.0 * RAMP - 100 - 1899.5) / 1000 + 0.5, 0, 1)
    np.testing.assert_allclose(raw, expected, atol=1e-6)


def test_voi_lut_comes_before_the_window():
    values = np.array([[0, 1], [2, 3]], np.uint16)
    table = lut(1, [0, 100, 255], 8)
    grey = shown(values, VOILUTSequence=table, WindowCenter=2, WindowWidth=2)
    np.testing.assert_allclose(grey, np.array([[0, 0], [100, 255]]) / 255, atol=1e-6)


def test_modality_lut_is_applied_before_everything():
    values = np.array([[0, 1], [2, 3]], np.uint16)
    grey = shown(
        values, ModalityLUTSequence=lut(0, [0, 10, 1000, 500], 16), WindowCenter=500.5, WindowWidth=1001
    )
    np.testing.assert_allclose(grey, np.array([[0, 10], [1000, 500]]) / 1000, atol=1e-6)


def test_signed_pixels_are_shown_from_lowest_to_highest():
    values = np.array([[-1000, 0], [500, 1000]], np.int16)
    np.testing.assert_allclose(shown(values), (values + 1000) / 2000, atol=1e-6)


def test_monochrome1_is_the_negative():
    window = {"WindowCenter": 2000, "WindowWidth": 1000}
    negative = shown(RAMP, PhotometricInterpretation="MONOCHROME1", **window)
    np.testing.assert_allclose(negative, 1 - shown(RAMP, **window), atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "shape", "inverted"),
    [("MONOCHROME1", "INVERSE", True), ("MONOCHROME2", "IDENTITY", False), ("MONOCHROME2", "INVERSE", True)],
)
def test_presentation_lut_shape_inverts_once(kind, shape, inverted):
    grey = shown(RAMP, PhotometricInterpretation=kind, PresentationLUTShape=shape)
    plain = shown(RAMP)
    np.testing.assert_allclose(grey, 1 - plain if inverted else plain, atol=1e-6)


@pytest.mark.parametrize("kind", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_does_not_stretch_the_range(kind):
    values = RAMP.copy()
    values[:4] = 60000
    read = decode(film(values, PixelPaddingValue=60000, PhotometricInterpretation=kind), "film")
    assert (read.pixels[:4] == 0).all()
    assert read.pixels[4:].min() == 0
    assert read.pixels[4:].max() == 1


def test_a_window_that_shows_nothing_is_replaced_and_noted():
    read = decode(film(RAMP, WindowCenter=60000, WindowWidth=10), "film")
    np.testing.assert_allclose(read.pixels, shown(RAMP), atol=1e-6)
    assert "shows nothing" in read.notes[0]


def test_overlay_bits_and_overlays_are_left_out_with_a_note():
    values = RAMP | 0x8000
    elements = {"BitsStored": 12, "HighBit": 11}
    np.testing.assert_array_equal(shown(values, **elements), shown(RAMP, **elements))
    dataset = pydicom.dcmread(io.BytesIO(film(RAMP)))
    dataset.add_new((0x6000, 0x3000), "OW", b"\0" * 32)
    stream = io.BytesIO()
    dataset.save_as(stream)
    assert "overlays were ignored" in decode(stream.getvalue(), "film").notes


@pytest.mark.parametrize(
    ("elements", "spacing", "kind"),
    [
        ({}, None, ""),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1), "detector"),
        ({"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "detector"),
        ({"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.2]}, (0.1, 0.1), "patient"),
        ({"PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"}, (0.1, 0.1), "patient"),
        ({"PixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "detector"),
        ({"PixelSpacing": [0, 0.1]}, None, ""),
        ({"NominalScannedPixelSpacing": [0.3, 0.3]}, (0.3, 0.3), "detector"),
    ],
)
def test_spacing_says_in_which_plane_it_holds(elements, spacing, kind):
    """Oracle: DICOM PS3.3 10.7.1.3."""
    read = decode(film(RAMP, **elements), "film")
    assert read.spacing_mm == spacing
    assert read.spacing_kind == kind


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"NumberOfFrames": 3}, "holds 3 frames"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "palette"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "is in colour"),
        ({"PixelData": b""}, "empty pixel data"),
        ({"PixelData": b"\0\1" * 100}, "truncated: 200 of 512 bytes"),
        ({"Rows": 0}, "Rows must be a number above 0"),
        ({"BitsAllocated": 32}, "Bits Allocated must be 8 or 16, not 32"),
        ({"RescaleSlope": 0}, "Rescale Slope must not be 0"),
    ],
)
def test_what_cannot_be_a_radiograph_is_refused(elements, words):
    with pytest.raises(ImageError, match=words):
        decode(film(RAMP, **elements), "film")


def test_a_lut_that_contradicts_its_descriptor_is_refused():
    table = lut(0, [0, 100, 255], 8)
    table[0].LUTDescriptor = [7, 0, 8]
    with pytest.raises(ImageError, match="VOI LUT has 3 entries"):
        shown(RAMP, VOILUTSequence=table)


REFUSALS = {
    "WG04_RG2_JPLY.dcm": "no decoder for transfer syntax 'JPEG Extended",
    "fodicom_GH1146_emptypixels.dcm": "empty pixel data",
    "fodicom_GH1376_truncated.dcm": "truncated: 1340284 of 9287460 bytes",
    "pydicom_MR_truncated.dcm": "truncated: 8130 of 8192 bytes",
    "pydicom_badVR.dcm": "NumberOfFrames must be a number",
    "pydicom_no_meta.dcm": "not an image",
    "pydicom_SC_rgb_small_odd_big_endian.dcm": "is in colour",
    "pydicom_rtplan.dcm": "not an image: no pixel data .*RTPLAN",
    "pydicom_test-SR.dcm": "not an image: no pixel data .*SR",
    "README_not_dicom.txt": "not an image: neither JPEG, PNG nor DICOM",
    "pydicom_DICOMDIR": "not an image: a DICOMDIR directory",
    "cornerstone_no-pixel-data.dcm": "no pixel data",
}
NOTES = {
    "WG04_RG2_J2KR.dcm": "Window 511/1024",
    "WG04_RG2_RLE.dcm": "Window 511/1024",
    "WG04_RG2_JPLL.dcm": "Window 511/1024",
    "WG04_RG3_JPLL.dcm": "no pixel spacing",
    "WG04_RG3_JLSL.dcm": "inverted",
    "fodicom_CR-ModalitySequenceLUT.dcm": "Modality LUT Sequence applied",
    "pydicomdata_vlut_04.dcm": "VOI LUT Sequence applied",
    "highdicom_dx_image.dcm": "inverted once",
    "txrv_Fake_MONOHR1.dcm": "inverted",
    "txrv_chest_MONO2.dcm": "compressed with loss",
}


def test_every_file_of_the_collection_is_expected(shared_data):
    files = {file.name for file in (shared_data / "dicom").iterdir()}
    assert files == {*REFUSALS, *NOTES, "MANIFEST.csv"}


@pytest.mark.parametrize("name", REFUSALS)
def test_bad_files_are_refused_as_the_manifest_says(shared_data, name):
    """Oracle: column good_reader of MANIFEST.csv."""
    with pytest.raises(ImageError, match=REFUSALS[name]):
        read_image(shared_data / "dicom" / name)


@pytest.mark.parametrize("name", NOTES)
def test_good_files_are_read_as_the_manifest_says(shared_data, name):
    """Oracle: column good_reader of MANIFEST.csv."""
    read = read_image(shared_data / "dicom" / name)
    assert any(NOTES[name] in note for note in read.notes)
    assert read.pixels.dtype == np.float32
    assert 0 <= read.pixels.min() < read.pixels.max() <= 1


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("WG04_RG2_J2KR.dcm", "WG04_RG2_JPLL.dcm"),
        ("WG04_RG2_J2KR.dcm", "WG04_RG2_RLE.dcm"),
        ("WG04_RG3_JPLL.dcm", "WG04_RG3_JLSL.dcm"),
    ],
)
def test_lossless_twins_have_equal_pixels(shared_data, a, b):
    first, second = (read_image(shared_data / "dicom" / name) for name in (a, b))
    np.testing.assert_array_equal(first.pixels, second.pixels)


def test_the_relabelled_twin_is_the_negative(shared_data):
    folder = shared_data / "dicom"
    negative, positive = (read_image(folder / f"txrv_{name}.dcm") for name in ("Fake_MONOHR1", "chest_MONO2"))
    np.testing.assert_allclose(negative.pixels, 1 - positive.pixels, atol=1e-6)


@pytest.mark.parametrize("name", [*NOTES])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_no_cut_file_is_read(shared_data, name, share):
    data = (shared_data / "dicom" / name).read_bytes()
    if name == "highdicom_dx_image.dcm" and share == 0.999:
        pytest.skip("cuts only what follows the pixels")
    with pytest.raises(ImageError, match="truncated|no pixel data|damaged|not an image"):
        decode(data[: int(len(data) * share)], name)
