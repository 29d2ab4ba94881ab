"""Names planted in many places are in no output; what a study needs stays, and fits together."""

import io
import json

import numpy as np
import pandas as pd
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from cohort.samples import film
from fxstudy.cohort import import_dicom_folder, read_image
from fxstudy.cohort.deidentify import deidentify_folder, deidentify_table, preview, read_crosswalk, read_key
from fxstudy.errors import CohortError

SECRETS = ("Zzyzxdoe", "07912345", "19500712", "SECRETPLACE", "ACC777")


def smooth(seed: int = 0) -> np.ndarray:
    """A soft blob: nothing in it looks like text."""
    y, x = np.mgrid[:90, :80]
    return (1000 + 800 * np.exp(-((x - 40 - seed) ** 2 + (y - 45) ** 2) / 700)).astype(np.uint16)


def identified(seed: int = 0, **elements) -> Dataset:
    known = {
        "PatientName": "Zzyzxdoe^Jane",
        "PatientID": "07912345",
        "PatientBirthDate": "19500712",
        "PatientAge": "093Y",
        "PatientSex": "F",
        "StudyDate": "20180331",
        "SeriesDate": "20180402",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
        "SOPInstanceUID": f"1.2.3.4.{seed}",
        "BodyPartExamined": "WRIST",
        "ViewPosition": "PA",
        "PixelSpacing": [0.15, 0.15],
    }
    return pydicom.dcmread(io.BytesIO(film(smooth(seed), **known | elements)))


def saved(dataset: Dataset, path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path)


def planted() -> Dataset:
    """A name, number, date or place in twenty places of one file."""
    dataset = identified()
    for keyword, value in {
        "AccessionNumber": "ACC777",
        "InstitutionName": "SECRETPLACE Hospital",
        "InstitutionAddress": "1 SECRETPLACE road",
        "ReferringPhysicianName": "Zzyzxdoe^Doc",
        "OperatorsName": "Zzyzxdoe^Op",
        "StudyDescription": "wrist of Zzyzxdoe",
        "SeriesDescription": "07912345",
        "ProtocolName": "SECRETPLACE wrist",
        "PatientComments": "call Zzyzxdoe",
        "ImageComments": "Zzyzxdoe",
        "OtherPatientIDs": "07912345",
        "StationName": "SECRETPLACE1",
        "ManufacturerModelName": "model of SECRETPLACE",
        "Manufacturer": "made for Zzyzxdoe",
        "StudyID": "ACC777",
        "PatientAddress": "SECRETPLACE",
    }.items():
        setattr(dataset, keyword, value)
    dataset.private_block(0x0011, "SECRETPLACE", create=True).add_new(1, "LO", "Zzyzxdoe")
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "R-10206", "SRT", "view of Zzyzxdoe"
    dataset.ViewCodeSequence = [item]
    request = Dataset()
    request.RequestedProcedureDescription = "Zzyzxdoe 07912345"
    dataset.RequestAttributesSequence = [request]
    dataset.add_new((0x6000, 0x3000), "OW", b"Zzyzxdoe")
    dataset.add_new((0xFFFC, 0xFFFC), "OB", b"SECRETPLACE ")
    dataset.file_meta.SourceApplicationEntityTitle = "SECRETPLACE"
    dataset.preamble = b"Zzyzxdoe".ljust(128, b"\0")
    return dataset


@pytest.fixture
def places(tmp_path):
    return {
        "to": tmp_path / "clean",
        "key": tmp_path / "safe" / "key",
        "crosswalk": tmp_path / "safe" / "who.csv",
    }


def outputs(folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_nothing_that_was_planted_is_left(tmp_path, places):
    saved(planted(), tmp_path / "in" / "Zzyzxdoe_07912345" / "SECRETPLACE.dcm")
    report = deidentify_folder(tmp_path / "in", **places)
    assert report.written == 1
    for name, data in outputs(places["to"]).items():
        for secret in SECRETS:
            assert secret.lower() not in name.lower()
            assert secret.lower().encode() not in data.lower()
            assert secret not in report.text()
            assert secret not in report.actions.to_csv()


def test_what_a_study_needs_stays(tmp_path, places):
    saved(planted(), tmp_path / "in" / "a.dcm")
    deidentify_folder(tmp_path / "in", **places)
    clean = pydicom.dcmread(next(places["to"].rglob("*.dcm")))
    assert clean.BodyPartExamined == "WRIST"
    assert (clean.ViewPosition, clean.PatientSex, clean.PatientAge) == ("PA", "F", "090Y")
    assert clean.PatientIdentityRemoved == "YES"
    assert clean.PatientName == clean.PatientID
    assert clean.ViewCodeSequence[0].CodeValue == "R-10206"
    assert [code.CodeValue for code in clean.DeidentificationMethodCodeSequence] == [
        "113100",
        "113107",
        "113108",
    ]
    np.testing.assert_array_equal(clean.pixel_array, smooth())
    assert clean.file_meta.MediaStorageSOPInstanceUID == clean.SOPInstanceUID


def test_patients_studies_and_intervals_fit_together(tmp_path, places):
    saved(identified(1), tmp_path / "in" / "1.dcm")
    saved(identified(2, SeriesInstanceUID="1.9", StudyDate="20180410"), tmp_path / "in" / "2.dcm")
    saved(identified(3, PatientID="other", StudyInstanceUID="1.7"), tmp_path / "in" / "3.dcm")
    deidentify_folder(tmp_path / "in", **places)
    walk = read_crosswalk(places["crosswalk"]).set_index("source_path")["path"]
    one, two, three = (pydicom.dcmread(places["to"] / walk[f"{i}.dcm"]) for i in (1, 2, 3))
    assert one.PatientID == two.PatientID != three.PatientID
    assert one.StudyInstanceUID == two.StudyInstanceUID != three.StudyInstanceUID
    assert len({film.SOPInstanceUID for film in (one, two, three)}) == 3
    first, second = (pd.Timestamp(film.StudyDate) for film in (one, two))
    assert (second - first).days == 10
    assert one.StudyDate != "20180331"
    assert (pd.Timestamp(one.SeriesDate) - first).days == 2


def test_the_same_key_gives_the_same_names_and_another_key_others(tmp_path, places):
    saved(identified(), tmp_path / "in" / "a.dcm")
    deidentify_folder(tmp_path / "in", **places)
    again = places | {"to": tmp_path / "again", "crosswalk": tmp_path / "safe" / "2.csv"}
    deidentify_folder(tmp_path / "in", **again)
    other = places | {"to": tmp_path / "other", "key": tmp_path / "key2", "crosswalk": tmp_path / "3.csv"}
    deidentify_folder(tmp_path / "in", **other)
    first, second, third = (sorted(outputs(folder["to"])) for folder in (places, again, other))
    assert first == second != third


def test_key_and_crosswalk_stay_outside_and_private(tmp_path, places):
    saved(identified(), tmp_path / "in" / "a.dcm")
    for name in ("key", "crosswalk"):
        with pytest.raises(CohortError, match="must lie outside the folder 'clean'"):
            deidentify_folder(tmp_path / "in", **places | {name: places["to"] / "x"})
    with pytest.raises(CohortError, match="the result must lie outside"):
        deidentify_folder(tmp_path / "in", **places | {"to": tmp_path / "in" / "clean"})
    deidentify_folder(tmp_path / "in", **places)
    assert places["key"].stat().st_mode & 0o077 == 0
    assert places["crosswalk"].stat().st_mode & 0o077 == 0


def test_an_interrupted_run_goes_on(tmp_path, places, monkeypatch):
    for seed in range(4):
        saved(identified(seed), tmp_path / "in" / f"{seed}.dcm")
    import fxstudy.cohort.deidentify.files as files

    whole, seen = files._one, []

    def stopping(source, path, *rest):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(path)
        return whole(source, path, *rest)

    monkeypatch.setattr(files, "_one", stopping)
    with pytest.raises(KeyboardInterrupt):
        deidentify_folder(tmp_path / "in", **places)
    monkeypatch.setattr(
        files, "_one", lambda source, path, *rest: seen.append(path) or whole(source, path, *rest)
    )
    assert deidentify_folder(tmp_path / "in", **places).written == 4
    assert seen == ["0.dcm", "1.dcm", "2.dcm", "3.dcm"]


def test_files_that_are_no_films_are_refused_by_number(tmp_path, places):
    saved(identified(), tmp_path / "in" / "b.dcm")
    (tmp_path / "in" / "Zzyzxdoe.dcm").write_text("a letter about Zzyzxdoe")
    report = deidentify_folder(tmp_path / "in", **places)
    assert report.written == 1
    assert report.refused.values.tolist() == [[1, "not an image: neither JPEG, PNG nor DICOM"]]


def test_comments_inside_compressed_pictures_are_removed(tmp_path, places):
    stream = io.BytesIO()
    Image.fromarray((smooth() / 8).astype(np.uint8)).save(stream, format="JPEG", comment=b"Zzyzxdoe")
    dataset = identified(BitsAllocated=8, BitsStored=8, HighBit=7)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    saved(dataset, tmp_path / "in" / "a.dcm")
    before = read_image(tmp_path / "in" / "a.dcm").pixels
    deidentify_folder(tmp_path / "in", **places)
    clean = next(places["to"].rglob("*.dcm"))
    assert b"Zzyzxdoe" in stream.getvalue()
    assert b"Zzyzxdoe" not in clean.read_bytes()
    np.testing.assert_array_equal(read_image(clean).pixels, before)


def test_jpeg_and_png_lose_their_text_and_keep_their_pixels(tmp_path, places):
    folder = tmp_path / "in" / "Zzyzxdoe"
    folder.mkdir(parents=True)
    picture = Image.fromarray((smooth() / 8).astype(np.uint8))
    words = PngImagePlugin.PngInfo()
    words.add_text("Patient", "Zzyzxdoe")
    picture.save(folder / "a.png", pnginfo=words)
    exif = Image.Exif()
    exif[0x010E] = "Zzyzxdoe"
    picture.save(folder / "b.jpg", exif=exif, comment=b"Zzyzxdoe")
    before = {name: read_image(folder / name).pixels for name in ("a.png", "b.jpg")}
    assert deidentify_folder(tmp_path / "in", **places).written == 2
    walk = read_crosswalk(places["crosswalk"]).set_index("source_path")["path"]
    for name, pixels in before.items():
        clean = places["to"] / walk[f"Zzyzxdoe/{name}"]
        assert b"Zzyzxdoe" not in clean.read_bytes()
        np.testing.assert_array_equal(read_image(clean).pixels, pixels)


def with_text() -> Dataset:
    picture = Image.new("L", (400, 300), 0)
    ImageDraw.Draw(picture).text((20, 40), "ZZYZXDOE JANE", fill=255, font=ImageFont.load_default(size=24))
    values = (np.asarray(picture).astype(np.uint16) * 8 + 900).astype(np.uint16)
    return pydicom.dcmread(io.BytesIO(film(values, PatientID="07912345", SOPInstanceUID="1.2.9")))


def test_films_with_text_are_refused_or_blacked_out(tmp_path, places):
    saved(with_text(), tmp_path / "in" / "a.dcm")
    report = deidentify_folder(tmp_path / "in", **places)
    assert report.written == 0
    assert report.refused["reason"].iloc[0].startswith("burned-in text: ")
    report = deidentify_folder(tmp_path / "in", text="mask", **places)
    assert (report.written, report.masked) == (1, 1)
    clean = pydicom.dcmread(next(places["to"].rglob("*.dcm")))
    assert (clean.pixel_array > 2000).mean() < 0.001 < (with_text().pixel_array > 2000).mean()
    assert clean.BurnedInAnnotation == "NO"
    assert "113101" in [code.CodeValue for code in clean.DeidentificationMethodCodeSequence]


def test_text_that_the_header_declares_and_nobody_finds_is_refused(tmp_path, places):
    saved(identified(BurnedInAnnotation="YES"), tmp_path / "in" / "a.dcm")
    report = deidentify_folder(tmp_path / "in", text="mask", **places)
    assert "says YES, but none was found" in report.refused["reason"].iloc[0]


def test_the_preview_shows_elements_and_no_values(tmp_path):
    saved(planted(), tmp_path / "in" / "a.dcm")
    table = preview(tmp_path / "in")
    actions = table.set_index("element")["action"].to_dict()
    assert actions["PatientBirthDate"] == "removed"
    assert actions["StudyDate"] == "replaced"
    assert actions["Rows"] == "kept"
    assert actions["ManufacturerModelName"] == "removed, it mentions the patient"
    assert not any(secret in table.to_csv() for secret in SECRETS)


def test_the_result_imports_with_the_deidentified_label_table(tmp_path, places):
    for seed in range(4):
        unique = {"PatientID": f"0791234{seed}", "StudyInstanceUID": f"1.2.{seed}.7"}
        saved(
            identified(seed * 20, SOPInstanceUID=f"1.2.3.4.{seed}", **unique), tmp_path / "in" / f"{seed}.dcm"
        )
    rows = [f"0791234{seed},{'fracture' if seed % 2 else 'none'},2018-04-0{seed + 1},91" for seed in range(4)]
    (tmp_path / "labels.csv").write_text("\n".join(["MRN,label,study_date,age_years", *rows]))
    deidentify_folder(tmp_path / "in", **places)
    table = deidentify_table(
        tmp_path / "labels.csv", to=tmp_path / "out" / "labels.csv", key=places["key"], patient="MRN"
    )
    cohort = import_dicom_folder(places["to"], labels=table, fractions=None, scope="wrist").cohort
    assert len(cohort.images) == 4
    assert cohort.images["label"].value_counts().to_dict() == {"none": 2, "fracture": 2}
    assert set(cohort.images["age_years"]) == {90}
    assert set(cohort.images["deidentified"]) == {"YES"}
    shifts = pd.to_datetime("2018-04-01") - pd.to_datetime(cohort.images["study_date"])
    assert shifts.dt.days.min() > 20


def test_label_tables_with_identifiers_are_refused_with_every_place(tmp_path, places):
    read_key(places["key"])
    text = "MRN,birth_date,remark,study_date\n07912345,1950-07-12,see 07912345,2018\n"
    (tmp_path / "labels.csv").write_text(text)
    options = {"to": tmp_path / "out" / "labels.csv", "key": places["key"], "patient": "MRN"}
    with pytest.raises(CohortError) as caught:
        deidentify_table(tmp_path / "labels.csv", **options)
    assert [fault.where for fault in caught.value.faults] == [
        "labels.csv, row 1, column birth_date",
        "labels.csv, row 2, column remark",
        "labels.csv, row 2, column study_date",
    ]
    assert "07912345" not in str(caught.value)
    table = deidentify_table(tmp_path / "labels.csv", drop=["birth_date", "remark", "study_date"], **options)
    assert table.read_text().startswith("patient_id\nP")


def test_a_key_of_the_wrong_kind_is_refused(tmp_path):
    (tmp_path / "key").write_text("secret")
    with pytest.raises(CohortError, match="64 hexadecimal digits"):
        read_key(tmp_path / "key")
    with pytest.raises(CohortError, match="does not exist"):
        read_key(tmp_path / "none", create=False)


def test_the_log_names_no_source(tmp_path, places):
    saved(planted(), tmp_path / "in" / "Zzyzxdoe.dcm")
    deidentify_folder(tmp_path / "in", **places)
    line = json.loads((places["to"] / "deidentification_log.jsonl").read_text().splitlines()[0])
    assert set(line) == {"path", "masked", "actions"}
    assert line["actions"]["PatientName"] == "removed"
