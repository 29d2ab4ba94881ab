"""The embedded synthetic cohort: wrists computed from a description, written as an ordinary cohort.

Nothing in it comes from a patient, and everything says so: cohort.yaml, the column ``synthetic``, the file
names. The same description gives the same bytes on the same platform.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import torch
import yaml

from fxstudy.cohort import Cohort, assign, read_cohort, split_temporal, validate, write_cohort
from fxstudy.errors import CohortError, FxstudyError
from fxstudy.imaging.cache import write_atomically
from fxstudy.imaging.dicom_film import dicom_bytes
from fxstudy.imaging.drr import expose, pose, present, project, spectrum
from fxstudy.imaging.fingerprint import source_digest
from fxstudy.imaging.phantom import flesh, radiograph, solid, wrist
from fxstudy.imaging.wrist_cases import draw_case
from fxstudy.imaging.wrist_films import Rows, make_patient
from fxstudy.imaging.wrist_plan import WristPlan, plan_patients, read_plan
from fxstudy.progress import Progress

_PHYSICS = (solid.build, flesh.build, project, expose, present, spectrum, pose)
_LICENCE = "CC0-1.0"


def read_description(name: str | Path) -> dict:
    """Read a description: a YAML file, or the name of one in ``data_manifest/``."""
    path = Path(name)
    if not path.is_file():
        path = Path(__file__).parents[2] / "data_manifest" / f"{name}.yaml"
    if not path.is_file():
        raise CohortError(f"no description '{name}': must be a YAML file or a name in data_manifest/")
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise CohortError(f"{path.name}: must hold 'name: value' lines")
    return found


def synthesize_wrists(
    description: Mapping[str, object], folder: Path | str, *, progress: bool = True, threads: int = 2
) -> Path:
    """Compute a cohort of wrists and write it.

    Parameters
    ----------
    description : mapping
        As in ``data_manifest/synthetic_wrist.yaml``.
    folder : Path or str
        Where cohort.yaml, the tables, DICOM files and masks go, and truth.csv: what only a simulation knows.
        A folder that already holds this cohort, whole, is left as it is.
    progress : bool
        Show progress.
    threads : int
        Patients computed at the same time; does not change the result.

    Returns
    -------
    Path
        The folder, to be read with `fxstudy.cohort.read_cohort`.

    Raises
    ------
    CohortError
        The description has mistakes; all are named.
    """
    folder = Path(folder)
    plan, digest = read_plan(description), _digest(description)
    if _is_done(folder, digest):
        return folder
    rows = _make_all(plan, folder, progress=progress, threads=threads)
    tables = (
        {"boxes": pd.DataFrame(rows.boxes), "more": {"masks": pd.DataFrame(rows.masks)}} if rows.boxes else {}
    )
    images = pd.DataFrame(rows.images)
    cohort = validate(Cohort(plan.name, images, folder, description=_facts(plan, digest), **tables))
    truth = pd.DataFrame(rows.truth).to_csv(index=False, lineterminator="\n")
    write_atomically(folder / "truth.csv", truth.encode())
    if not plan.unbroken:
        facts = {"test_from": plan.test_from, "tune_fraction": plan.tune_fraction, "seed": plan.seed}
        cohort = assign(cohort, split_temporal(cohort.images, group="patient_id", **facts))
    return write_cohort(cohort, folder)


def _make_all(plan: WristPlan, folder: Path, *, progress: bool, threads: int) -> Rows:
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows = Rows()
    bar = Progress(plan.patients, "computing synthetic wrists", unit="patients") if progress else None
    with (
        _quiet_torch(),
        ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool,
    ):
        for one in pool.map(lambda patient: make_patient(plan, patient, folder), plan_patients(plan)):
            rows.extend(one)
            if bar is not None:
                bar.update()
    return rows


@contextmanager
def _quiet_torch() -> Iterator[None]:
    """One thread of torch per patient: many threads on small pictures only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _digest(description: Mapping[str, object]) -> str:
    code = source_digest(
        make_patient, read_plan, draw_case, dicom_bytes, radiograph.take, wrist.build, *_PHYSICS
    )
    text = json.dumps([code, description], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _is_done(folder: Path, digest: str) -> bool:
    try:
        return read_cohort(folder, files=True).description.get("description_sha256") == digest
    except (FxstudyError, OSError):
        return False


def _facts(plan: WristPlan, digest: str) -> dict:
    return {
        "title": plan.title,
        "classes": ["none", "fracture"],
        "positive": "fracture",
        "synthetic": True,
        "licence": _LICENCE,
        "made_by": "fxstudy.imaging.synthetic.synthesize_wrists",
        "note": "Computed from phantoms. No image shows a patient; results on it say nothing about patients.",
        "seed": plan.seed,
        "description_sha256": digest,
    }
