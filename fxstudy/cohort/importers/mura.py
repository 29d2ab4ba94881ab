"""MURA v1.1: 40,005 public radiographs of the upper limb, labelled per study as normal or abnormal.

The label means abnormal, not fracture: hardware, degenerative disease and lesions count too. It holds for a
study, not for an image. Official layout: ``{train,valid}_image_paths.csv`` and
``{train,valid}_labeled_studies.csv``, with or without a header, and the images below ``MURA-v1.1``. The
official split has no third part: ``valid`` is taken as the test, tuning patients come out of ``train``.

References
----------
Rajpurkar P, Irvin J, Bagul A, et al. MURA: large dataset for abnormality detection in musculoskeletal
radiographs. arXiv:1712.06957.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from fxstudy.cohort.importers.files import Source, read_files, resume_file, take_in
from fxstudy.cohort.importers.report import ImportReport
from fxstudy.cohort.scope import Scope
from fxstudy.cohort.splits import split_by_group
from fxstudy.errors import CohortError

REGIONS = ("elbow", "finger", "forearm", "hand", "humerus", "shoulder", "wrist")
_LAYOUT = (
    r"^(?P<root>.*?)(?P<part>train|valid)/XR_(?P<region>[A-Z]+)/(?P<patient>patient\d+)/"
    r"(?P<study>study\d+_(?:positive|negative))/"
)
_NOTES = (
    "MURA's label means abnormal, not fracture: hardware, degenerative disease and lesions count as abnormal",
    "the label is given per study: an image of an abnormal study may look normal",
)
DESCRIPTION = {
    "title": "MURA v1.1",
    "classes": ["normal", "abnormal"],
    "positive": "abnormal",
    "synthetic": False,
    "licence": "Stanford University research use agreement; no redistribution",
    "citation": "Rajpurkar P, et al. MURA. arXiv:1712.06957",
    "source": "Stanford ML Group",
}


def import_mura(
    folder: str | Path,
    *,
    region: str = "wrist",
    files: bool = True,
    tune_fraction: float = 0.1,
    to: str | Path | None = None,
    fractions: Mapping[str, float] | None = None,
    seed: int = 0,
    workers: int | None = None,
) -> ImportReport:
    """Make a cohort of MURA files; the images stay where they are.

    Parameters
    ----------
    folder : path
        Folder with the four CSV files.
    region : str
        One of elbow, finger, forearm, hand, humerus, shoulder, wrist, or all.
    files : bool
        Read the images; False takes the tables alone.
    tune_fraction : float
        Share of the official training patients set apart for tuning.
    fractions : mapping of split to share, optional
        A split of one's own by patient; by default the official one is kept.
    to, seed, workers
        As in `fxstudy.cohort.import_fracatlas`.
    """
    root = Path(folder)
    if region not in (*REGIONS, "all"):
        raise CohortError(f"region must be one of {', '.join(REGIONS)}, all, not '{region}'")
    table = pd.concat([_part(root, part) for part in ("train", "valid")], ignore_index=True)
    if region != "all":
        table = table[table["body_part"] == region.upper()].reset_index(drop=True)
    source = Source(_image_root(root), table, dict(DESCRIPTION), notes=list(_NOTES))
    torn = table["label"].ne(table.pop("said"))
    source.refuse(torn, "label mismatch: the folder's name and the table say different things")
    if files:
        resume = resume_file(to)
        read_files(source, scope=Scope(), label="MURA", resume=resume, workers=workers)
        if source.table.empty:
            raise CohortError(f"folder '{root.name}' holds none of the images that the tables name")
    if fractions is None:
        _official(source, tune_fraction, seed)
    return take_in(source, name=f"mura_{region}", to=to, fractions=fractions, seed=seed)


def _image_root(root: Path) -> Path:
    return root.parent if root.name.startswith("MURA-v1") and not (root / root.name).is_dir() else root


def _lines(path: Path, width: int) -> pd.DataFrame:
    """Rows of one of MURA's tables, whether or not somebody gave it a header."""
    try:
        text = pd.read_csv(path, header=None, dtype="str", encoding="utf-8-sig", names=range(width))
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise CohortError(f"{path.name}: cannot be read as a table of MURA ({error})") from None
    return text[text[0].str.contains("/", na=False)].reset_index(drop=True)


def _part(root: Path, part: str) -> pd.DataFrame:
    images = _lines(root / f"{part}_image_paths.csv", 1)[0]
    images = images[~images.str.contains(r"/\._", regex=True)].reset_index(drop=True)
    studies = _lines(root / f"{part}_labeled_studies.csv", 2)
    labels = dict(
        zip(studies[0].str.rstrip("/"), studies[1].map({"0": "normal", "1": "abnormal"}), strict=True)
    )
    found = images.str.extract(_LAYOUT)
    lost = found["patient"].isna()
    if lost.any():
        raise CohortError(f"{part}_image_paths.csv: '{images[lost].iloc[0]}' is no path of MURA")
    patient = found["patient"]
    study = patient + "_" + found["region"].str.lower() + "_" + found["study"].str.split("_").str[0]
    return pd.DataFrame(
        {
            "image_id": study + "_" + images.str.rsplit("/", n=1).str[1].str.rsplit(".", n=1).str[0],
            "path": images,
            "patient_id": patient,
            "study_id": study,
            "site": "stanford",
            "modality": "DX",
            "body_part": found["region"],
            "laterality": "U",
            "photometric": "MONOCHROME2",
            "label": found["study"].str.split("_").str[1].map({"positive": "abnormal", "negative": "normal"}),
            "said": images.str.rsplit("/", n=1).str[0].map(labels),
            "reference": "report",
            "deidentified": "YES",
            "burned_in": "UNKNOWN",
            "split": part,
        }
    )


def _official(source: Source, tune_fraction: float, seed: int) -> None:
    """valid becomes test; some of the training patients become tuning."""
    table = source.table
    table["split"] = table["split"].map({"train": "train", "valid": "test"})
    train = table[table["split"] == "train"].assign(split=None, source_image_id=None)
    shares = {"train": 1 - tune_fraction, "tune": tune_fraction}
    table.loc[train.index, "split"] = split_by_group(train, fractions=shares, seed=seed)
