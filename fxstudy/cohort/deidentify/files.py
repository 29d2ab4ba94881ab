"""De-identify a folder of images, and the label table that belongs to it.

The result holds no name, number, date or path of the source. Who was who stands in the crosswalk alone, a
file that must lie outside the folder that is handed on.
"""

import csv
import io
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fxstudy.cohort.deidentify.burned import TextPolicy, mask_dataset, mask_picture, text_regions
from fxstudy.cohort.deidentify.dataset import clean_dataset, patient_key
from fxstudy.cohort.deidentify.keys import Pseudonyms, read_key, refuse_inside, write_private
from fxstudy.cohort.deidentify.streams import clean_picture
from fxstudy.cohort.dicom import parse_dicom, refuse_unless_grey_image
from fxstudy.cohort.importers.files import list_files
from fxstudy.cohort.pixels import decode
from fxstudy.errors import CohortError, ImageError
from fxstudy.progress import Progress

CROSSWALK_COLUMNS = ("source_path", "source_patient", "source_uid", "path", "patient_id", "image_id")
LOG = "deidentification_log.jsonl"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


@dataclass(frozen=True)
class DeidentificationReport:
    """What was written and what was not.

    Attributes
    ----------
    written : int
        Files that were written, including those of an interrupted run before.
    refused : DataFrame
        number (position in the sorted folder), reason; no path, for paths may name patients.
    actions : DataFrame
        element, action, n_files.
    masked : int
        Files in which text was blacked out.
    """

    written: int
    refused: pd.DataFrame
    actions: pd.DataFrame
    masked: int

    def text(self) -> str:
        """The report in a few lines."""
        lines = [
            f"{self.written} files written, {self.masked} with text blacked out, {len(self.refused)} refused"
        ]
        lines += [f"  refused file {row.number}: {row.reason}" for row in self.refused.itertuples()]
        return "\n".join(lines)


def deidentify_folder(
    folder: str | Path,
    *,
    to: str | Path,
    key: str | Path,
    crosswalk: str | Path,
    text: TextPolicy = "refuse",
    patients: Mapping[str, str] | None = None,
) -> DeidentificationReport:
    """De-identify every image below a folder.

    Parameters
    ----------
    folder : path
        DICOM, JPEG and PNG files in any depth; it is only read.
    to : path
        New folder for the result: ``<patient>/<image>.dcm`` and the log. An interrupted run goes on.
    key : path
        Key file outside ``to``; made if it does not exist. The same key gives the same pseudonyms again.
    crosswalk : path
        CSV outside ``to`` that links source and result, readable for its owner only.
    text : {"refuse", "mask"}
        What happens to films with text in the pixels.
    patients : mapping, optional
        Patient of each JPEG and PNG by path; by default their folder stands for the patient.

    Raises
    ------
    CohortError
        If key or crosswalk would lie inside ``to``, or ``to`` inside the source.
    """
    source, to, crosswalk = Path(folder), Path(to), Path(crosswalk)
    if text not in ("refuse", "mask"):
        raise CohortError(f"text must be refuse or mask, not '{text}'")
    refuse_inside(crosswalk, to, "the crosswalk")
    refuse_inside(to, source, "the result")
    names = read_key(key, outside=to)
    to.mkdir(parents=True, exist_ok=True)
    done = _done(crosswalk, to)
    paths = list_files(source)
    refused = []
    with Progress(len(paths), "de-identifying", unit="files") as progress, _Records(crosswalk, to) as records:
        for number, path in enumerate(paths, start=1):
            if path not in done:
                try:
                    records.add(_one(source, path, to, names, text, (patients or {}).get(path)))
                except ImageError as error:
                    refused.append((number, str(error)))
            progress.update()
    return _report(to, refused)


def preview(folder: str | Path, *, limit: int = 50) -> pd.DataFrame:
    """What would happen to the elements of the DICOM files of a folder; nothing is written.

    Returns
    -------
    DataFrame
        element, action, n_files; values are never shown.
    """
    names = Pseudonyms(b"\0" * 32)
    found: list[tuple[str, str]] = []
    for path in list_files(Path(folder))[:limit]:
        try:
            dataset = parse_dicom((Path(folder) / path).read_bytes())
            found += clean_dataset(dataset, names)[1].done.items()
        except ImageError:
            continue
    return _count(found)


def _one(source: Path, path: str, to: Path, names: Pseudonyms, text: TextPolicy, patient: str | None) -> dict:
    """De-identify one file; returns its line of the crosswalk and its actions."""
    data = (source / path).read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if data.startswith(_PICTURES):
                return _one_picture(data, path, to, names, text, patient)
            return _one_dicom(data, path, to, names, text)
    except ImageError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, OSError, RuntimeError) as error:
        raise ImageError(f"damaged: it cannot be de-identified ({type(error).__name__})") from None


def _one_dicom(data: bytes, path: str, to: Path, names: Pseudonyms, text: TextPolicy) -> dict:
    dataset = parse_dicom(data)
    refuse_unless_grey_image(dataset)
    patient, uid = patient_key(dataset), str(dataset.get("SOPInstanceUID") or path)
    declared = str(dataset.get("BurnedInAnnotation") or "").upper() == "YES"
    regions = text_regions(decode(data, "the file").pixels, declared=declared)
    if regions and text == "refuse":
        raise ImageError(f"burned-in text: {len(regions)} lines of text were found in the pixels")
    if regions:
        mask_dataset(dataset, regions)
    clean, actions = clean_dataset(dataset, names, pixels_cleaned=bool(regions))
    image = clean.get("SOPInstanceUID") or names.uid(uid)
    clean.SOPInstanceUID = clean.file_meta.MediaStorageSOPInstanceUID = image
    stream = io.BytesIO()
    clean.save_as(stream, enforce_file_format=True)
    target = f"{names.name('P', patient)}/{names.name('I', uid)}.dcm"
    _write(to / target, stream.getvalue())
    return _line(path, patient, uid, target, names, str(image), actions.done, bool(regions))


def _one_picture(
    data: bytes, path: str, to: Path, names: Pseudonyms, text: TextPolicy, patient: str | None
) -> dict:
    shown = decode(data, "the file").pixels
    regions = text_regions(shown, declared=False)
    if regions and text == "refuse":
        raise ImageError(f"burned-in text: {len(regions)} lines of text were found in the pixels")
    kind = "png" if regions or data.startswith(_PICTURES[1]) else "jpg"
    patient = patient or str(Path(path).parent)
    image = names.name("I", path)
    target = f"{names.name('P', patient)}/{image}.{kind}"
    _write(to / target, mask_picture(shown, regions) if regions else clean_picture(data))
    done = {"comments and other text of the file": "removed"}
    return _line(path, patient, "", target, names, image, done, bool(regions))


def _line(
    path: str, patient: str, uid: str, target: str, names: Pseudonyms, image: str, done: dict, masked: bool
) -> dict:
    known = (path, patient, uid, target, names.name("P", patient), image)
    return {"crosswalk": known, "log": {"path": target, "masked": masked, "actions": done}}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


class _Records:
    """The crosswalk and the log, written line by line."""

    def __init__(self, crosswalk: Path, to: Path):
        if not crosswalk.is_file():
            crosswalk.parent.mkdir(parents=True, exist_ok=True)
            write_private(crosswalk, ",".join(CROSSWALK_COLUMNS) + "\n")
        self._crosswalk = open(crosswalk, "a", encoding="utf-8", newline="")  # noqa: SIM115  closed in __exit__
        self._log = open(to / LOG, "a", encoding="utf-8")  # noqa: SIM115  closed in __exit__

    def __enter__(self) -> "_Records":
        return self

    def __exit__(self, *error: object) -> None:
        self._crosswalk.close()
        self._log.close()

    def add(self, line: dict) -> None:
        """Append one file; the crosswalk last, for it says that the file is done."""
        self._log.write(json.dumps(line["log"]) + "\n")
        self._log.flush()
        csv.writer(self._crosswalk, lineterminator="\n").writerow(line["crosswalk"])
        self._crosswalk.flush()


def read_crosswalk(path: str | Path) -> pd.DataFrame:
    """The crosswalk as text."""
    return pd.read_csv(path, dtype="str", keep_default_na=False)


def _done(crosswalk: Path, to: Path) -> set[str]:
    """Source paths whose result is there already."""
    if not crosswalk.is_file():
        return set()
    known = read_crosswalk(crosswalk)
    return {row.source_path for row in known.itertuples() if (to / row.path).is_file()}


def _count(found: list[tuple[str, str]]) -> pd.DataFrame:
    table = pd.DataFrame(found, columns=["element", "action"])
    return table.groupby(["action", "element"]).size().rename("n_files").reset_index()


def _report(to: Path, refused: list[tuple[int, str]]) -> DeidentificationReport:
    lines = [json.loads(line) for line in (to / LOG).read_text(encoding="utf-8").splitlines()]
    unique = {line["path"]: line for line in lines}.values()
    found = [pair for line in unique for pair in line["actions"].items()]
    masked = sum(line["masked"] for line in unique)
    return DeidentificationReport(
        len(unique), pd.DataFrame(refused, columns=["number", "reason"]), _count(found), masked
    )
