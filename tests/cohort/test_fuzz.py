"""Whatever a file or a table holds: a cohort, or an error that says what is wrong; never another crash.

Oracle: hypothesis searches for inputs that break the promise.
"""

import io
import struct

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from cohort.samples import film, images_table, picture_bytes
from fxstudy.cohort import read_cohort
from fxstudy.cohort.columns import IMAGES
from fxstudy.cohort.pixels import decode
from fxstudy.cohort.schema import parse
from fxstudy.errors import CohortError, ImageError

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GOOD = film(
    np.arange(64, dtype=np.uint16).reshape(8, 8), WindowCenter=30, WindowWidth=20, PixelSpacing=[1, 1]
)
PICTURES = [GOOD, picture_bytes(1, kind="JPEG"), picture_bytes(2), picture_bytes(3, bits=16)]
CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(
        ["", "0", "1", "007", "1e999", "nan", "-1", "2018-01-01", "DX", "train", "a/b.png", "../x"]
    ),
)


def read_or_refused(data: bytes) -> None:
    try:
        pixels = decode(data, "film").pixels
    except ImageError as error:
        assert str(error).startswith("film: ")
        assert len(str(error)) > len("film: ")
    else:
        assert pixels.ndim == 2
        assert pixels.dtype == np.float32
        assert np.isfinite(pixels).all()
        assert 0 <= pixels.min() <= pixels.max() <= 1


@FEW
@given(st.sampled_from(PICTURES), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=12))
def test_changed_bytes(data, changes):
    changed = bytearray(data)
    for position, value in changes:
        changed[position % len(changed)] = value
    read_or_refused(bytes(changed))


@FEW
@given(st.sampled_from(PICTURES), st.integers(0, 2000), st.binary(max_size=40))
def test_cut_and_lengthened_files(data, length, tail):
    read_or_refused(data[:length] + tail)


@FEW
@given(st.binary(max_size=400))
def test_any_bytes(data):
    read_or_refused(data)
    read_or_refused(b"\0" * 128 + b"DICM" + data)


HEADER = {
    "Rows": st.integers(0, 65535),
    "Columns": st.integers(0, 65535),
    "BitsAllocated": st.sampled_from([0, 1, 8, 12, 16, 32]),
    "BitsStored": st.integers(0, 40),
    "PixelRepresentation": st.integers(0, 3),
    "SamplesPerPixel": st.integers(0, 4),
    "PhotometricInterpretation": st.sampled_from(
        ["MONOCHROME1", "MONOCHROME2", "RGB", "PALETTE COLOR", "", "X"]
    ),
    "WindowWidth": st.sampled_from([-5, 0, 0.5, 1, 1e30, 1e-30]),
    "RescaleSlope": st.sampled_from([-1, 0, 1e-30, 1e30, 2]),
    "PixelPaddingValue": st.integers(0, 65535),
    "NumberOfFrames": st.integers(-1, 9),
}


@FEW
@given(st.data())
def test_headers_that_lie(data):
    chosen = data.draw(st.sets(st.sampled_from(sorted(HEADER)), min_size=1, max_size=4))
    elements = {name: data.draw(HEADER[name]) for name in sorted(chosen)}
    try:
        written = film(np.arange(64, dtype=np.uint16).reshape(8, 8), **elements)
    except (OSError, ValueError):  # what pydicom does not write, nobody can be given
        reject()
    read_or_refused(written)


@FEW
@given(st.dictionaries(st.sampled_from(IMAGES.names), st.lists(CELLS, min_size=3, max_size=3), min_size=1))
def test_any_table_is_typed_or_its_faults_are_placed(columns):
    frame, faults = parse(IMAGES, pd.DataFrame(columns, dtype=object))
    assert list(frame.columns) == list(IMAGES.names)
    assert len(frame) == 3
    for fault in faults:
        assert fault.where.startswith("images, ")
    if not faults:
        again, none = parse(IMAGES, frame)
        assert none == []
        pd.testing.assert_frame_equal(again, frame)


@FEW
@given(st.binary(max_size=300))
def test_any_file_as_images_table(tmp_path, data):
    (tmp_path / "images.csv").write_bytes(data)
    try:
        read_cohort(tmp_path)
    except CohortError as error:
        assert str(error)


@FEW
@given(
    st.integers(0, 23),
    st.sampled_from(
        ["split", "label", "patient_id", "site", "sha256", "source_image_id", "modality", "image_id"]
    ),
    CELLS,
)
def test_one_changed_cell_of_a_good_cohort(tmp_path, row, column, value):
    images = images_table().astype(object)
    images.loc[row, column] = value
    stream = io.StringIO()
    images.to_csv(stream, index=False)
    (tmp_path / "images.csv").write_text(stream.getvalue(), encoding="utf-8")
    try:
        cohort = read_cohort(tmp_path)
    except CohortError as error:
        assert error.faults or str(error).startswith("images.csv: ")
    else:
        assert len(cohort.images) == 24


@FEW
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_pngs_that_announce_any_size(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    import zlib

    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    read_or_refused(data + picture_bytes(1)[33:])
