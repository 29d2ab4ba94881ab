"""One synthetic patient: age, sex, machine, anatomy and fractures, each from a random stream of its own.

What belongs to the person, the exposure and the noise never depends on whether there is a fracture, so that a
patient can be computed again with everything the same but the fracture.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from fxstudy.imaging.drr.geometry import Camera
from fxstudy.imaging.phantom.radiograph import Position
from fxstudy.imaging.phantom.wrist import Person
from fxstudy.imaging.wrist_bones import adult_bones, vary
from fxstudy.imaging.wrist_fracture import Fracture, draw_radius, draw_ulna
from fxstudy.imaging.wrist_plan import Machine, Patient, WristPlan

VIEWS = (("AP", "AP", 0.0), ("OBLIQUE", "oblique pronated", 42.0), ("OBLIQUE", "oblique supinated", -42.0))
SOURCE_DETECTOR_MM = 1000.0
SOURCE_WRIST_MM = 915.0  # room for the widest hand in a cast, turned half on edge


@dataclass(frozen=True)
class Case:
    """Everything about a patient that does not depend on the view.

    ``cortex`` is the thickness of the cortex relative to a young adult's, ``child`` 0 for adults up to 1 for
    small children.
    """

    patient: Patient
    age: float
    male: bool
    left: bool
    cast: bool
    date: dt.date
    machine: Machine
    size: float
    person: Person
    fractures: tuple[Fracture, ...]


@dataclass(frozen=True)
class Shot:
    """Chance of one exposure."""

    camera: Camera
    position: Position
    load: float
    noise_seed: int
    window: tuple[float, float]
    shutter: tuple[int, int, int, int] | None
    marker: tuple[int, int]


def draw_case(plan: WristPlan, patient: Patient) -> Case:
    """Decide everything about one patient."""
    who, body, fracture = (np.random.default_rng([plan.seed, patient.number, part]) for part in (1, 2, 3))
    mean, spread = plan.age_years[patient.group]
    age = float(np.clip(round(who.normal(mean, spread)), 4, 89))
    male = bool(who.random() < plan.male_share[patient.group])
    machine = _machine(plan, patient.group, who.random())
    days = (plan.period[1] - plan.period[0]).days
    date = plan.period[0] + dt.timedelta(days=int(who.integers(days + 1)))
    cast, cast_mm = bool(who.random() < plan.cast_share[patient.group]), float(who.uniform(3.5, 6.5))
    left = bool(who.random() < 0.5)
    child = float(np.clip((17 - age) / 14, 0, 1))
    size = (1.0 if male else 0.91) * (1 - 0.36 * child) * float(body.normal(1, 0.03))
    cortex = 1 - 0.35 * float(np.clip((age - 50) / 40, 0, 1)) * (0.7 if male else 1.0)
    person = Person(
        bones=vary(adult_bones(), size=size, cortex=cortex, child=child, rng=body),
        size=size,
        habitus=float(np.clip(body.normal(1.0, 0.06), 0.85, 1.2)),
        volar_tilt=float(np.clip(body.normal(11.5, 3.6), 0, 22)),
        seed=(plan.seed, patient.number, 4),
        physis=1.0 if child > 0 else None,
        cast_mm=cast_mm if cast else None,
    )
    broken = () if plan.unbroken else _fractures(patient, child, size, fracture)
    return Case(patient, age, male, left, cast, date, machine, size, person, broken)


def _machine(plan: WristPlan, group: str, chance: float) -> Machine:
    shares = np.array([machine.share[group] for machine in plan.machines], float)
    chosen = int(np.searchsorted(np.cumsum(shares / shares.sum()), chance, side="right"))
    return plan.machines[min(chosen, len(plan.machines) - 1)]


def _fractures(patient: Patient, child: float, size: float, rng: np.random.Generator) -> tuple[Fracture, ...]:
    out = []
    if patient.site in ("radius", "both"):
        out.append(draw_radius(rng, displaced=patient.displaced, child=0 < child < 0.95, size=size))
    if patient.site in ("ulna", "both"):
        out.append(draw_ulna(rng, displaced=patient.displaced, alone=patient.site == "ulna", size=size))
    return tuple(out)


def draw_shots(plan: WristPlan, case: Case) -> list[Shot]:
    """Position, exposure and display of each view."""
    rng = np.random.default_rng([plan.seed, case.patient.number, 5])
    return [_shot(case, degrees, rng) for _, _, degrees in VIEWS]


def _shot(case: Case, degrees: float, rng: np.random.Generator) -> Shot:
    machine = case.machine
    camera = Camera(SOURCE_DETECTOR_MM, SOURCE_WRIST_MM, machine.rows, machine.columns, machine.pixel_mm)
    shift = (float(rng.normal(0, 3)), float(rng.normal(10, 4)))
    turn, roll, tilt = (float(rng.normal(mean, sd)) for mean, sd in ((degrees, 5), (0, 6), (0, 3)))
    edges = rng.integers(0, max(machine.columns // 14, 1), 4)
    shutter = (int(edges[0]), int(edges[1]), machine.columns - int(edges[2]), machine.rows - int(edges[3]))
    load, seed = float(rng.lognormal(0, 0.3)), int(rng.integers(2**31))
    window = (float(rng.uniform(0.5, 4)), float(rng.uniform(99.0, 99.95)))
    marker = (int(rng.integers(machine.columns // 60, machine.columns // 7)), int(rng.integers(25, 70)))
    position = Position(turn, roll, tilt, shift, case.left)
    return Shot(camera, position, load, seed, window, shutter if rng.random() < 0.4 else None, marker)
