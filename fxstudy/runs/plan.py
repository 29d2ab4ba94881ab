"""Plans: which notebooks to run, with which parameters, in which order.

A plan is a YAML file::

    title: Two networks, three seeds
    runs:
      - id: train
        notebook: 50_wrist_delong
        params: params/demo/50_wrist_delong.yaml
        set: {epochs: 3}
        grid: {seed: [1, 2, 3]}
        minutes: 30
      - notebook: 90_compare_runs
        set: {runs: {from: train}}

``params`` (a file or several, later ones win), ``set`` and ``grid`` (every combination) give the values;
``{from: id}`` becomes the keys of that entry's runs; ``after: [ids]`` only orders; ``minutes``,
``cell_minutes``, ``memory_gb`` and ``gpu_memory_gb`` are limits. A file of values may stand for many runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from itertools import product
from pathlib import Path

from fxstudy.errors import Fault, ParameterError, PlanError, RunError
from fxstudy.runs.key import KeyMaker
from fxstudy.runs.parameters import Parameter, check, read_schema
from fxstudy.runs.planfile import Entry, read_plan_file, read_values
from fxstudy.runs.project import Notebook, notebook_path, read_notebook
from fxstudy.runs.request import Request, make_request


@dataclass(frozen=True)
class RunSpec:
    """One run of a plan, ready to be started.

    Attributes
    ----------
    request : Request
        Notebook, parameters, key and folder.
    label : str
        Entry and grid values, as the terminal shows them: ``train[seed=2]``.
    entry : str
        Id of the plan's entry.
    needs : frozenset of str
        Keys of runs that must be ok before this one starts.
    """

    request: Request
    label: str
    entry: str
    needs: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Name of the run."""
        return self.request.key

    @property
    def names(self) -> tuple[str, ...]:
        """Names by which ``--only`` may choose it."""
        return self.entry, self.request.notebook, self.label, self.key

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.request.folder


@dataclass(frozen=True)
class Plan:
    """All runs of a plan in an order in which they can be done."""

    root: Path
    title: str
    specs: tuple[RunSpec, ...]


def read_plan(path: Path, *, root: Path) -> Plan:
    """Read a plan, and check everything in it before anything starts.

    Raises
    ------
    PlanError
        Listing every mistake: unknown fields, notebooks, files and parameters, wrong types, missing inputs,
        circles between entries.
    """
    title, entries, faults = read_plan_file(Path(path))
    if faults:
        raise PlanError(f"The plan {Path(path).name} has mistakes:", faults)
    return build_plan(entries, root=root, title=title, folder=Path(path).parent, name=Path(path).name)


def build_plan(
    entries: list[Entry], *, root: Path, title: str = "", folder: Path | None = None, name: str = "the plan"
) -> Plan:
    """Expand entries into runs; see :func:`read_plan`."""
    builder = _Builder(root, folder or root)
    ordered = _in_order(entries, builder.faults)
    for entry in ordered:
        builder.add(entry)
    if builder.faults:
        raise PlanError(f"{name} has mistakes:", builder.faults)
    builder.keys.save()
    return Plan(root, title, tuple(builder.specs.values()))


def _in_order(entries: list[Entry], faults: list[Fault]) -> list[Entry]:
    by_id = {entry.id: entry for entry in entries}
    graph = {entry.id: [] for entry in entries}
    for entry in entries:
        for needed in [*entry.after, *entry.origins]:
            if needed in by_id:
                graph[entry.id].append(needed)
            else:
                known = ", ".join(by_id)
                faults.append(Fault(entry.where, f"no entry has the id {needed!r}; there are {known}"))
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        faults.append(Fault("runs", f"these entries wait for each other: {' → '.join(error.args[1])}"))
        return []
    position = {name: i for i, name in enumerate(order)}
    return sorted(entries, key=lambda entry: position[entry.id])


@dataclass
class _Builder:
    root: Path
    folder: Path
    faults: list[Fault] = field(default_factory=list)
    specs: dict[str, RunSpec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = KeyMaker(self.root)
        self._runs: dict[str, list[str]] = {}
        self._notebooks: dict[str, tuple[Notebook, list[Parameter]] | None] = {}
        self._files: dict[str, dict] = {}

    def add(self, entry: Entry) -> None:
        """Expand one entry; its mistakes are added to the list."""
        self._runs[entry.id] = []
        known = self._notebook(entry)
        values = self._values(entry)
        if known is None or values is None:
            return
        notebook, schema = known
        study = entry.study or notebook.study
        if study is None:
            text = f"notebook {notebook.name} has no open_run(...) that names its study; give `study:` here"
            self.faults.append(Fault(entry.where, text))
            return
        for combination in product(*entry.grid.values()):
            point = dict(zip(entry.grid, combination, strict=True))
            self._add_run(entry, notebook, schema, study, values | entry.set | point, point)

    def _add_run(self, entry, notebook, schema, study: str, values: dict, point: dict) -> None:
        label = entry.id + _point_text(point)
        try:
            parameters = check(schema, self._with_keys(entry, schema, values), where=label)
            key = self.keys.make(notebook, parameters)
        except ParameterError as error:
            where = f"{entry.where}{_point_text(point)}"
            new = [Fault(f"{where}, {fault.where}", fault.what) for fault in error.faults]
            seen = {(entry.where, fault.what) for fault in self.faults}
            self.faults += [fault for fault in new if (entry.where, fault.what) not in seen]
            return
        limits = {
            "seconds": _seconds(entry.minutes),
            "cell_seconds": _whole(_seconds(entry.cell_minutes)),
            "memory_gb": entry.memory_gb,
            "gpu_memory_gb": entry.gpu_memory_gb,
        }
        request = make_request(self.root, study, notebook.name, parameters, key, **limits)
        needs = {needed for other in [*entry.after, *entry.origins] for needed in self._runs.get(other, [])}
        self._runs[entry.id].append(key.short)
        if key.short in self.specs:
            earlier = self.specs[key.short]
            self.specs[key.short] = replace(earlier, needs=earlier.needs | needs)
            return
        self.specs[key.short] = RunSpec(request, label, entry.id, frozenset(needs))

    def _with_keys(self, entry: Entry, schema: list[Parameter], values: dict) -> dict:
        many = {parameter.name: parameter.many for parameter in schema}
        resolved = {}
        for name, value in values.items():
            origins = entry.origins_of(value)
            if origins:
                keys = [key for origin in origins for key in self._runs.get(origin, [])]
                value = keys[0] if len(keys) == 1 and not many.get(name, True) else keys
            resolved[name] = value
        return resolved

    def _notebook(self, entry: Entry) -> tuple[Notebook, list[Parameter]] | None:
        if entry.notebook not in self._notebooks:
            self._notebooks[entry.notebook] = None
            try:
                notebook = read_notebook(notebook_path(self.root, entry.notebook))
                self._notebooks[entry.notebook] = notebook, read_schema(notebook)
            except RunError as error:
                self.faults.append(Fault(entry.where, str(error)))
            except ParameterError as error:
                where = f"{entry.where}, parameters cell of {entry.notebook}"
                self.faults += [Fault(f"{where}, {fault.where}", fault.what) for fault in error.faults]
        return self._notebooks[entry.notebook]

    def _values(self, entry: Entry) -> dict | None:
        values, ok = {}, True
        for name in entry.params:
            if name not in self._files:
                place = next((p for p in (self.root / name, self.folder / name) if p.is_file()), None)
                self._files[name], faults = read_values(place, name)
                self.faults += [Fault(f"{entry.where}, {fault.where}", fault.what) for fault in faults]
            ok = ok and self._files[name] is not None
            values |= self._files[name] or {}
        return values if ok else None


def _point_text(point: Mapping) -> str:
    return f"[{', '.join(f'{name}={value}' for name, value in point.items())}]" if point else ""


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else minutes * 60


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, round(seconds))
