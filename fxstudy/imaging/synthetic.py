"""The embedded synthetic cohort: wrists drawn from a description, written as an ordinary cohort.

Nothing in it comes from a patient, and everything says so: cohort.yaml, the column ``synthetic``, the file
names. The same description gives the same bytes on the same platform.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import yaml

from fxstudy.cohort import Cohort, assign, read_cohort, split_temporal, validate, write_cohort
from fxstudy.errors import CohortError, FxstudyError
from fxstudy.imaging.wrist_cases import WristPlan, draw_patient, plan_patients, read_plan
from fxstudy.progress import Progress

_VERSION = 1
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
    """Draw a cohort of wrists and write it.

    Parameters
    ----------
    description : mapping
        As in ``data_manifest/synthetic_wrist.yaml``.
    folder : Path or str
        Where cohort.yaml, the tables and the images go. A folder that already holds this cohort, whole, is
        left as it is.
    progress : bool
        Show progress.
    threads : int
        Patients drawn at the same time; does not change what is drawn.

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
    rows, boxes = _draw_all(plan, folder, progress=progress, threads=threads)
    cohort = validate(
        Cohort(
            name=plan.name,
            root=folder,
            images=pd.DataFrame(rows),
            boxes=pd.DataFrame(boxes),
            description=_facts(plan, digest),
        )
    )
    split = split_temporal(
        cohort.images,
        test_from=plan.test_from,
        tune_fraction=plan.tune_fraction,
        group="patient_id",
        seed=plan.seed,
    )
    cohort = assign(cohort, split)
    return write_cohort(cohort, folder)


def _draw_all(
    plan: WristPlan, folder: Path, *, progress: bool, threads: int
) -> tuple[list[dict], list[dict]]:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows, boxes = [], []
    bar = Progress(plan.patients, "drawing synthetic wrists", unit="patients") if progress else None
    with ThreadPoolExecutor(threads) as pool:
        for patient_rows, patient_boxes in pool.map(
            lambda patient: draw_patient(plan, patient, folder), plan_patients(plan)
        ):
            rows += patient_rows
            boxes += patient_boxes
            if bar is not None:
                bar.update()
    return rows, boxes


def _digest(description: Mapping[str, object]) -> str:
    text = json.dumps([_VERSION, description], sort_keys=True, default=str)
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
        "note": "Drawn by a program. No image shows a patient; results on it say nothing about patients.",
        "seed": plan.seed,
        "description_sha256": digest,
    }
