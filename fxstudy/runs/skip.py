"""Is a run already done? And if not, why not, in one line."""

from pathlib import Path

from fxstudy.runs.files import read_json
from fxstudy.runs.key import changes
from fxstudy.runs.plan import RunSpec
from fxstudy.runs.record import STATE, RunRecord, damaged_output, finished_record, read_record


def finished(spec: RunSpec) -> RunRecord | None:
    """Record of the run if it is done: same key, status ok, every output as the run wrote it."""
    return finished_record(spec.folder, spec.request.digest)


class Reasons:
    """Why runs have to be done; reads the finished runs of each notebook once."""

    def __init__(self) -> None:
        self._known: dict[Path, list[RunRecord]] = {}

    def why(self, spec: RunSpec) -> str:
        """One line: why this run has to be done, or that it is done."""
        record = read_record(spec.folder)
        if record is not None and record.digest == spec.request.digest:
            if not record.ok:
                return f"the last attempt was not ok ({record.text()})"
            damaged = damaged_output(spec.folder, record)
            return f"output {damaged} is missing or was changed" if damaged else "done, nothing has changed"
        if read_json(spec.folder / STATE / "request.json") is not None:
            return "an earlier attempt was cut off"
        return self._nearest(spec)

    def _nearest(self, spec: RunSpec) -> str:
        """What differs from the most similar, then newest, run of the same notebook."""
        notebook = spec.folder.parent
        if notebook not in self._known:
            records = [read_record(file.parent) for file in notebook.glob("[0-9a-f]*/run.json")]
            records = [record for record in records if record is not None]
            self._known[notebook] = sorted(records, key=lambda record: record.finished, reverse=True)
        compared = [(changes(r.components, spec.request.components), r.key) for r in self._known[notebook]]
        if not compared:
            return "never run before"
        causes, key = min(compared, key=lambda item: len(item[0]))
        return f"changed since run {key}: {'; '.join(causes)}"


def why(spec: RunSpec) -> str:
    """One line: why this run has to be done, or that it is done."""
    return Reasons().why(spec)


def missing_runs(spec: RunSpec, root: Path) -> list[str]:
    """Keys of the runs that this run takes as input and that are not ok."""
    keys = spec.request.components["inputs"]
    named = [key for name, value in keys.items() if name.split("_")[-1] == "runs" for key in _listed(value)]
    return [key for key in named if not any(_is_ok(path) for path in root.glob(f"runs/*/*/{key}"))]


def _listed(value: object) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def _is_ok(folder: Path) -> bool:
    record = read_record(folder)
    return record is not None and record.ok
