"""The YAML of plans and of parameter files, read so that every mistake is found at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from fxstudy.errors import Fault
from fxstudy.runs.project import suggestion

_PLAN_FIELDS = ("title", "runs")
_ENTRY_FIELDS = (
    *("id", "notebook", "params", "set", "grid", "after", "study"),
    *("minutes", "cell_minutes", "memory_gb", "gpu_memory_gb"),
)
_LIMITS = ("minutes", "cell_minutes", "memory_gb", "gpu_memory_gb")


@dataclass(frozen=True)
class Entry:
    """One entry of a plan as it is written; see :mod:`fxstudy.runs.plan` for the meaning of the fields."""

    id: str
    notebook: str
    where: str = "run"
    params: tuple[str, ...] = ()
    set: dict = field(default_factory=dict)
    grid: dict = field(default_factory=dict)
    after: tuple[str, ...] = ()
    minutes: float | None = None
    cell_minutes: float | None = None
    memory_gb: float | None = None
    gpu_memory_gb: float | None = None
    study: str | None = None

    @staticmethod
    def origins_of(value: object) -> list[str]:
        """Ids named by a value ``{from: id}`` or ``{from: [ids]}``; empty for any other value."""
        if isinstance(value, Mapping) and set(value) == {"from"}:
            ids = value["from"]
            return [str(i) for i in ids] if isinstance(ids, list) else [str(ids)]
        return []

    @property
    def origins(self) -> list[str]:
        """Ids of all entries whose runs this one takes as parameters."""
        values = [*self.set.values(), *(item for items in self.grid.values() for item in items)]
        return [origin for value in values for origin in self.origins_of(value)]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Refuses a name that is written twice in one mapping, of which YAML would silently take the last."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    names = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = [str(name) for name in names if names.count(name) > 1]
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"{twice[0]!r} is written twice", node.start_mark)
    return dict(
        zip(names, (loader.construct_object(value, deep=True) for _, value in node.value), strict=True)
    )


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _load(path: Path) -> tuple[object, list[Fault]]:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader), []
    except (OSError, UnicodeDecodeError) as error:
        return None, [Fault(path.name, f"cannot be read: {error.__class__.__name__}")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path.name}, line {mark.line + 1}" if mark else path.name
        return None, [Fault(place, f"is not YAML: {getattr(error, 'problem', error)}")]


def read_values(path: Path | None, name: str) -> tuple[dict | None, list[Fault]]:
    """Values of a parameter file, and what is wrong with it."""
    if path is None:
        return None, [Fault("params", f"no file {name!r}, neither in the project nor beside the plan")]
    content, faults = _load(path)
    if faults:
        return None, faults
    if content is None:
        return {}, []
    if not isinstance(content, dict):
        return None, [Fault(name, f"must hold lines `name: value`, not {_kind(content)}")]
    return {str(key): value for key, value in content.items()}, []


def read_plan_file(path: Path) -> tuple[str, list[Entry], list[Fault]]:
    """Title and entries of a plan file, and what is wrong with its form."""
    content, faults = _load(path)
    if faults:
        return "", [], faults
    if not isinstance(content, dict) or not isinstance(content.get("runs"), list) or not content["runs"]:
        return "", [], [Fault(path.name, "must have a list `runs:` with at least one entry")]
    faults = [_unknown(path.name, name, _PLAN_FIELDS) for name in content if name not in _PLAN_FIELDS]
    entries = []
    for number, raw in enumerate(content["runs"], start=1):
        where = f"{path.name}, entry {number}"
        found = _entry_faults(raw, where)
        faults += found
        if not found:
            entries.append(_entry(raw, where))
    return str(content.get("title", path.stem)), _with_ids(entries, faults), faults


def _unknown(where: str, name: object, known: tuple | list) -> Fault:
    return Fault(where, f"unknown field {name!r}{suggestion(str(name), list(known))}")


def _entry_faults(raw: object, where: str) -> list[Fault]:
    if not isinstance(raw, dict):
        return [Fault(where, f"must be a mapping with `notebook:`, not {_kind(raw)}")]
    faults = [_unknown(where, name, _ENTRY_FIELDS) for name in raw if name not in _ENTRY_FIELDS]

    def must(name: str, holds: bool, form: str) -> None:
        if name in raw and not holds:
            faults.append(Fault(where, f"`{name}` must be {form}, not {_kind(raw[name])}"))

    if not isinstance(raw.get("notebook"), str):
        faults.append(Fault(where, "`notebook` must be given: the name of a notebook in notebooks/"))
    for name in ("id", "study"):
        must(name, isinstance(raw.get(name), str), "a word")
    for name in ("params", "after"):
        must(name, _texts(raw.get(name)), "a text or a list of texts")
    must("set", isinstance(raw.get("set"), dict), "a mapping `{name: value}`")
    grid = raw.get("grid")
    lists = isinstance(grid, dict) and all(isinstance(items, list) and items for items in grid.values())
    must("grid", lists, "a mapping `{name: [values]}` with at least one value each")
    for name in _LIMITS:
        value = raw.get(name)
        must(name, type(value) in (int, float) and value > 0, "a number above 0")
    if lists and isinstance(raw.get("set"), dict):
        faults += [Fault(where, f"{name!r} is in `set` and in `grid`") for name in grid if name in raw["set"]]
    return faults


def _texts(value: object) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(isinstance(item, str) for item in items)


def _entry(raw: dict, where: str) -> Entry:
    known = {name: value for name, value in raw.items() if name not in ("params", "after", "id")}
    name = raw["notebook"].rpartition("/")[2].removesuffix(".ipynb")
    lists = {
        field_: tuple([raw[field_]] if isinstance(raw[field_], str) else raw[field_])
        for field_ in ("params", "after")
        if field_ in raw
    }
    label = f"{where} ({raw.get('id', name)})"
    return Entry(**{**known, **lists, "id": raw.get("id", ""), "notebook": name, "where": label})


def _with_ids(entries: list[Entry], faults: list[Fault]) -> list[Entry]:
    """Entries without an id take their notebook's name, numbered where it is taken."""
    from dataclasses import replace

    taken: set[str] = set()
    for entry in entries:
        if entry.id and entry.id in taken:
            faults.append(Fault(entry.where, f"the id {entry.id!r} is used twice"))
        taken |= {entry.id} if entry.id else set()
    named = []
    for entry in entries:
        name, number = entry.id or entry.notebook, 1
        while not entry.id and name in taken:
            number += 1
            name = f"{entry.notebook}#{number}"
        taken.add(name)
        named.append(replace(entry, id=name))
    return named


def _kind(value: object) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {value!r}"[:80]
