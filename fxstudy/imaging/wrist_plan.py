"""The description of a synthetic wrist cohort, checked, and who is in it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from fxstudy.errors import CohortError, Fault, ParameterError
from fxstudy.imaging.dicom_film import Storage
from fxstudy.imaging.drr.display import Display
from fxstudy.imaging.drr.film import Exposure

SITES = ("radius", "ulna", "both")
CLASSES = ("fracture", "none")


@dataclass(frozen=True)
class Machine:
    """An X-ray machine: its maker, the share of each class that it takes, its physics, display and files."""

    manufacturer: str
    model_name: str
    site: str
    share: Mapping[str, float]
    rows: int
    columns: int
    pixel_mm: float
    exposure: Exposure
    display: Display
    storage: Storage


@dataclass(frozen=True)
class WristPlan:
    """A checked description; see ``data_manifest/synthetic_wrist.yaml`` for the meaning of each value."""

    name: str
    title: str
    seed: int
    patients: int
    unbroken: bool
    fracture_share: float
    sites: Mapping[str, float]
    displaced_share: float
    age_years: Mapping[str, tuple[float, float]]
    male_share: Mapping[str, float]
    cast_share: Mapping[str, float]
    period: tuple[dt.date, dt.date]
    voxel_mm: float
    test_from: str
    tune_fraction: float
    machines: tuple[Machine, ...]


@dataclass(frozen=True)
class Patient:
    """What is decided about a patient before anything is computed."""

    number: int
    site: str | None
    displaced: bool

    @property
    def group(self) -> str:
        """Class in the description, whether or not the fracture is then left out."""
        return "fracture" if self.site else "none"


_KEYS = {field.name for field in fields(WristPlan)} - {"test_from", "tune_fraction"}
_KEYS |= {"kind", "synthetic", "split"}
_SHARES = ("fracture_share", "displaced_share", "male_share", "cast_share", "sites")
_GROUPED = {"sites": SITES, "age_years": CLASSES, "male_share": CLASSES, "cast_share": CLASSES}


def read_plan(description: Mapping[str, object]) -> WristPlan:
    """Check a description; CohortError with everything that is wrong."""
    faults = [Fault(name, "is missing") for name in sorted(_KEYS - {"kind"} - set(description))]
    faults += [Fault(str(name), "is not known here") for name in sorted(set(description) - _KEYS)]
    faults += _values(description) + _machine_faults(description.get("machines", []))
    if not faults:
        try:
            return _plan(description)
        except (KeyError, TypeError, ValueError) as error:
            faults.append(Fault("description", f"cannot be used ({type(error).__name__}: {error})"))
    raise CohortError(f"the description of the synthetic wrists has {len(faults)} mistake(s):", faults)


def _values(description: Mapping[str, object]) -> list[Fault]:
    faults = []
    if description.get("synthetic", True) is not True:
        faults.append(Fault("synthetic", f"must be true, not {description['synthetic']!r}"))
    for name in _SHARES:
        values = description.get(name, 0)
        for value in values.values() if isinstance(values, Mapping) else [values]:
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                faults.append(Fault(name, f"must be a share between 0 and 1, not {value!r}"))
    for name, least in (("patients", 1), ("seed", 0)):
        value = description.get(name, 1)
        if not isinstance(value, int) or value < least:
            faults.append(Fault(name, f"must be a whole number of at least {least}, not {value!r}"))
    voxel = description.get("voxel_mm", 0.5)
    if not isinstance(voxel, int | float) or not 0.2 <= voxel <= 2:
        faults.append(Fault("voxel_mm", f"must lie between 0.2 and 2, not {voxel!r}"))
    for name, wanted in _GROUPED.items():
        value = description.get(name, dict.fromkeys(wanted))
        if not isinstance(value, Mapping) or set(value) != set(wanted):
            faults.append(Fault(name, f"must give a value for each of {', '.join(wanted)}"))
    return faults


def _machine_faults(machines: object) -> list[Fault]:
    if not isinstance(machines, list) or not machines:
        return [Fault("machines", "must list at least one machine")]
    faults = []
    for number, facts in enumerate(machines, start=1):
        try:
            _machine(facts)
        except (ParameterError, TypeError, KeyError, ValueError) as error:
            faults.append(Fault(f"machines, entry {number}", str(error)))
    return faults


def _machine(facts: Mapping[str, object]) -> Machine:
    parts = {"exposure": Exposure, "display": Display, "storage": Storage}
    storage = Storage(**facts["storage"])
    shown = {"bits": storage.bits, "photometric": storage.photometric, **facts["display"]}
    made = {"exposure": Exposure(**facts["exposure"]), "display": Display(**shown), "storage": storage}
    return Machine(**{name: value for name, value in facts.items() if name not in parts}, **made)


def _plan(description: Mapping[str, object]) -> WristPlan:
    values = {field.name: description[field.name] for field in fields(WristPlan) if field.name in description}
    values["machines"] = tuple(_machine(facts) for facts in description["machines"])
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
