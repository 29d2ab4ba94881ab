"""Who is in the drawn wrist cohort: patients, their fractures, their views and the rows about them."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fxstudy.errors import CohortError, Fault
from fxstudy.imaging.cache import write_atomically
from fxstudy.imaging.wrist_bones import adult_bones, vary
from fxstudy.imaging.wrist_drawing import Scanner, View, Wrist, draw, trabeculae
from fxstudy.imaging.wrist_fracture import Fracture, draw_radius, draw_ulna
from fxstudy.imaging.wrist_projection import Frame

VIEWS = (("AP", "AP", 0.0), ("OBLIQUE", "oblique pronated", 42.0), ("OBLIQUE", "oblique supinated", -42.0))
SITES = ("radius", "ulna", "both")
CLASSES = ("fracture", "none")


@dataclass(frozen=True)
class WristPlan:
    """A checked description; see ``data_manifest/synthetic_wrist.yaml`` for the meaning of each value."""

    name: str
    title: str
    seed: int
    patients: int
    fracture_share: float
    sites: Mapping[str, float]
    displaced_share: float
    age_years: Mapping[str, tuple[float, float]]
    male_share: Mapping[str, float]
    cast_share: Mapping[str, float]
    period: tuple[dt.date, dt.date]
    rows: int
    columns: int
    test_from: str
    tune_fraction: float
    scanners: tuple[tuple[Scanner, Mapping[str, object]], ...]


@dataclass(frozen=True)
class Patient:
    """What is decided about a patient before anything is drawn."""

    number: int
    site: str | None
    displaced: bool

    @property
    def label(self) -> str:
        """Class of all radiographs of this patient."""
        return "fracture" if self.site else "none"


_KEYS = {
    "kind",
    "name",
    "title",
    "synthetic",
    "seed",
    "patients",
    "fracture_share",
    "sites",
    "displaced_share",
    "age_years",
    "male_share",
    "cast_share",
    "period",
    "rows",
    "columns",
    "split",
    "scanners",
}
_SHARES = ("fracture_share", "displaced_share", "male_share", "cast_share", "sites")


def read_plan(description: Mapping[str, object]) -> WristPlan:
    """Check a description; CohortError with everything that is wrong."""
    faults = [Fault(name, "is missing") for name in sorted(_KEYS - {"kind"} - set(description))]
    faults += [Fault(str(name), "is not known here") for name in sorted(set(description) - _KEYS)]
    if description.get("synthetic", True) is not True:
        faults.append(Fault("synthetic", f"must be true, not {description['synthetic']!r}"))
    for name in _SHARES:
        values = description.get(name, 0)
        for value in values.values() if isinstance(values, Mapping) else [values]:
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                faults.append(Fault(name, f"must be a share between 0 and 1, not {value!r}"))
    for name in ("patients", "rows", "columns", "seed"):
        value = description.get(name, 1)
        if not isinstance(value, int) or value < (0 if name == "seed" else 1):
            faults.append(Fault(name, f"must be a whole number of at least 1, not {value!r}"))
    for name, wanted in (
        ("sites", SITES),
        ("age_years", CLASSES),
        ("male_share", CLASSES),
        ("cast_share", CLASSES),
    ):
        if not isinstance(description.get(name, {}), Mapping) or set(description.get(name, wanted)) != set(
            wanted
        ):
            faults.append(Fault(name, f"must give a value for each of {', '.join(wanted)}"))
    if faults:
        raise CohortError(f"the description of the synthetic wrists has {len(faults)} mistake(s):", faults)
    return _plan(description)


def _plan(description: Mapping[str, object]) -> WristPlan:
    values = {name: description[name] for name in WristPlan.__dataclass_fields__ if name in description}
    machine = Scanner.__dataclass_fields__
    values["scanners"] = tuple(
        (Scanner(**{key: value for key, value in facts.items() if key in machine}), facts)
        for facts in description["scanners"]
    )
    values["period"] = tuple(dt.date.fromisoformat(str(day)) for day in description["period"])
    values["test_from"] = str(description["split"]["test_from"])
    values["tune_fraction"] = float(description["split"]["tune_fraction"])
    return WristPlan(**values)


def plan_patients(plan: WristPlan) -> list[Patient]:
    """Decide who has which fracture: exact shares, in random order."""
    rng = np.random.default_rng([plan.seed, 0])
    broken = round(plan.patients * plan.fracture_share)
    bounds = np.round(np.cumsum([plan.sites[site] for site in SITES]) / sum(plan.sites.values()) * broken)
    sites = [SITES[int(np.searchsorted(bounds, i, side="right"))] for i in range(broken)]
    displaced = rng.permutation(np.arange(broken) < round(broken * plan.displaced_share))
    cases = [*zip(sites, displaced.tolist(), strict=True), *[(None, False)] * (plan.patients - broken)]
    order = rng.permutation(plan.patients)
    return [Patient(number, *cases[case]) for number, case in enumerate(order, start=1)]


def draw_patient(plan: WristPlan, patient: Patient, folder: Path) -> tuple[list[dict], list[dict]]:
    """Draw the views of one patient and return the rows of images and boxes."""
    person, body, chance = (np.random.default_rng([plan.seed, patient.number, part]) for part in (1, 2, 3))
    facts = _person(plan, patient, person)
    wrist = _wrist(facts, patient, body)
    rows, boxes = [], []
    for number, (view, projection, degrees) in enumerate(VIEWS, start=1):
        exposure = _exposure(plan, facts, degrees, chance)
        pixels, found = draw(wrist, exposure, facts["scanner"])
        image_id = f"synthetic_{patient.number:04d}_{number}"
        raw = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 6])[1].tobytes()
        write_atomically(folder / "images" / f"{image_id}.png", raw)
        rows.append(_row(image_id, hashlib.sha256(raw).hexdigest(), view, projection, patient, facts, plan))
        boxes += [
            {
                "image_id": image_id,
                "box_id": f"{image_id}_{i}",
                "label": "fracture",
                "annotator": "simulation",
            }
            | dict(zip(("x_min", "y_min", "x_max", "y_max"), map(float, box), strict=True))
            for i, (_, box) in enumerate(found, start=1)
        ]
    return rows, boxes


def _person(plan: WristPlan, patient: Patient, rng: np.random.Generator) -> dict:
    label = patient.label
    mean, spread = plan.age_years[label]
    age = float(np.clip(round(rng.normal(mean, spread)), 4, 89))
    male = bool(rng.random() < plan.male_share[label])
    shares = np.array([facts["share"][label] for _, facts in plan.scanners], float)
    chosen = int(np.searchsorted(np.cumsum(shares / shares.sum()), rng.random(), side="right"))
    scanner, machine = plan.scanners[min(chosen, len(plan.scanners) - 1)]
    days = (plan.period[1] - plan.period[0]).days
    return {
        "age": age,
        "male": male,
        "scanner": scanner,
        "machine": machine,
        "date": plan.period[0] + dt.timedelta(days=int(rng.integers(days + 1))),
        "cast": bool(rng.random() < plan.cast_share[label]),
        "cast_mm": float(rng.uniform(3.5, 6.5)),
        "mirrored": bool(rng.random() < 0.5),
        "habitus": float(rng.normal(1.0, 0.06)),
    }


def _wrist(facts: dict, patient: Patient, rng: np.random.Generator) -> Wrist:
    age, male = facts["age"], facts["male"]
    child = float(np.clip((17 - age) / 14, 0, 1))
    size = (1.0 if male else 0.91) * (1 - 0.36 * child) * float(rng.normal(1, 0.03))
    cortex = 1 - 0.35 * float(np.clip((age - 50) / 40, 0, 1)) * (0.7 if male else 1.0)
    bones = vary(adult_bones(), size=size, cortex=cortex, child=child, rng=rng)
    texture = trabeculae(rng)
    return Wrist(
        bones,
        _fractures(patient, child, size, rng),
        texture,
        size,
        facts["habitus"],
        facts["mirrored"],
        child,
        1.0 if child > 0 else None,
        facts["cast_mm"] if facts["cast"] else None,
    )


def _fractures(patient: Patient, child: float, size: float, rng: np.random.Generator) -> tuple[Fracture, ...]:
    out = []
    if patient.site in ("radius", "both"):
        out.append(draw_radius(rng, displaced=patient.displaced, child=0 < child < 0.95, size=size))
    if patient.site in ("ulna", "both"):
        out.append(draw_ulna(rng, displaced=patient.displaced, alone=patient.site == "ulna", size=size))
    return tuple(out)


def _exposure(plan: WristPlan, facts: dict, degrees: float, rng: np.random.Generator) -> View:
    spacing = facts["scanner"].spacing
    origin = (plan.columns * rng.uniform(0.46, 0.54), plan.rows * rng.uniform(0.50, 0.60))
    frame = Frame(plan.rows, plan.columns, spacing, origin, float(rng.normal(0, 6)), facts["mirrored"])
    seed, exposure = int(rng.integers(2**31)), float(rng.lognormal(0, 0.3))
    window = (float(rng.uniform(0.5, 4)), float(rng.uniform(99.0, 99.95)))
    edges = rng.integers(0, 22, 4)
    shutter = (int(edges[0]), int(edges[1]), plan.columns - int(edges[2]), plan.rows - int(edges[3]))
    marker = (int(rng.integers(4, 40)), int(rng.integers(25, 70)))
    return View(
        degrees + float(rng.normal(0, 5)),
        frame,
        seed,
        exposure,
        window,
        shutter if rng.random() < 0.4 else None,
        marker,
    )


def _row(
    image_id: str, sha256: str, view: str, projection: str, patient: Patient, facts: dict, plan: WristPlan
) -> dict[str, object]:
    detail = f"{patient.site} {'displaced' if patient.displaced else 'undisplaced'}" if patient.site else ""
    person = f"S{patient.number:04d}"
    return {
        "image_id": image_id,
        "path": f"images/{image_id}.png",
        "sha256": sha256,
        "patient_id": person,
        "study_id": f"{person}-1",
        "study_date": facts["date"].isoformat(),
        "site": facts["machine"]["site"],
        "modality": "DX",
        "manufacturer": facts["scanner"].manufacturer,
        "model_name": facts["scanner"].model_name,
        "kvp": float(facts["machine"]["kvp"]),
        "body_part": "WRIST",
        "view": view,
        "laterality": "L" if facts["mirrored"] else "R",
        "photometric": "MONOCHROME2",
        "rows": plan.rows,
        "columns": plan.columns,
        "pixel_spacing_mm": facts["scanner"].spacing,
        "age_years": facts["age"],
        "sex": "M" if facts["male"] else "F",
        "label": patient.label,
        "label_detail": detail,
        "displaced": patient.displaced if patient.site else None,
        "cast": facts["cast"],
        "projection": projection,
        "synthetic": True,
    }
