"""Read runs back: their state, one table over all of them, their predictions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fxstudy.errors import RunError
from fxstudy.runs.files import read_json
from fxstudy.runs.project import find_root
from fxstudy.runs.record import STATE, RunRecord, read_record

if TYPE_CHECKING:
    import pandas as pd

_FACTS = ("key", "study", "notebook", "status", "started", "seconds")
_BY_HAND = "by-hand-"


@dataclass(frozen=True)
class RunState:
    """State of one run folder.

    Attributes
    ----------
    folder : Path
    status : str
        Of the record, or "queued" (on a cluster), "running", or "cut off" (no record and nobody at work).
    record : RunRecord or None
    progress : dict or None
        Newest progress of a running notebook (see ``fxstudy.progress.line``).
    """

    folder: Path
    status: str
    record: RunRecord | None = None
    progress: dict | None = None


def run_folders(folder: Path | None = None) -> Iterator[Path]:
    """All run folders below ``folder`` (default the project's ``runs/``), also of unfinished runs."""
    folder = Path(folder) if folder else find_root() / "runs"
    if _is_run(folder):
        yield folder
        return
    for depth in ("*", "*/*", "*/*/*"):
        yield from (path for path in sorted(folder.glob(depth)) if path.is_dir() and _is_run(path))


def _is_run(folder: Path) -> bool:
    return (folder / "run.json").is_file() or (folder / STATE / "request.json").is_file()


def status(folder: Path | None = None) -> list[RunState]:
    """State of every run below a folder; may be asked at any time from any process."""
    from fxstudy.runs.jobs import known_jobs

    folders = list(run_folders(folder))
    states = known_jobs(folders)
    return [run_state(path, states) for path in folders]


def run_state(folder: Path, states: Mapping[str, str] | None = None) -> RunState:
    """State of one run folder; a job of a cluster that has ended without a record gets its record here.

    Parameters
    ----------
    folder : Path
    states : mapping, optional
        States of Slurm jobs (:func:`fxstudy.runs.jobs.known_jobs`), where many folders are looked at.
    """
    from fxstudy.runs.jobs import job_state, settle

    job = job_state(folder, states)
    if job in ("queued", "running"):
        return RunState(folder, job, None, read_json(folder / STATE / "progress.json"))
    record = settle(folder, states) if job else read_record(folder)
    if record is not None:
        return RunState(folder, record.status, record)
    from fxstudy.runs.lock import LockWatch
    from fxstudy.runs.process import is_alive

    alive = is_alive(read_json(folder / STATE / "child.json")) or LockWatch(folder).state() == "held"
    progress = read_json(folder / STATE / "progress.json")
    return RunState(folder, "running" if alive else "cut off", None, progress if alive else None)


def collect(folder: Path | None = None, *, by_hand: bool = False) -> "pd.DataFrame":
    """One row per recorded run: facts, parameters as ``param.*``, metrics as ``metric.*``.

    Parameters
    ----------
    folder : Path, optional
        Default the project's ``runs/``.
    by_hand : bool
        Include runs that were made by hand.

    Returns
    -------
    DataFrame
        Metrics that are results give columns ``metric.<name>``, ``metric.<name>.low`` and ``.high``.
    """
    import pandas as pd

    rows = []
    for path in run_folders(folder):
        record = read_record(path)
        if record is None or (record.status == "by hand" and not by_hand):
            continue
        row = {name: getattr(record, name) for name in _FACTS}
        row["error"] = record.error.evalue if record.error else None
        row |= {f"param.{name}": _cell(value) for name, value in record.parameters.items()}
        row |= dict(_flat("metric", read_json(path / "metrics.json") or {}))
        rows.append(row)
    return pd.DataFrame(rows, columns=None if rows else [*_FACTS, "error"])


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _flat(prefix: str, values: Mapping) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if not isinstance(value, Mapping):
            yield f"{prefix}.{name}", _cell(value)
            continue
        inner = dict(value)
        if "estimate" in inner:
            yield f"{prefix}.{name}", inner.pop("estimate")
        yield from _flat(f"{prefix}.{name}", inner)


def find_run(key: str, *, root: Path | None = None) -> Path:
    """Folder of a run, by its key or the first digits of it.

    Raises
    ------
    RunError
        If no run or several runs match.
    """
    root = root or find_root()
    found = [path for path in root.glob(f"runs/*/*/{key}*") if path.is_dir()]
    exact = [path for path in found if path.name == key]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = ", ".join(str(path.relative_to(root / "runs")) for path in found[:5])
        raise RunError(f"the key {key!r} stands for several runs: {names}; give more digits")
    raise RunError(f"no run has the key {key!r}; `fxstudy status` lists all")


def load_predictions(runs: Iterable[Path | str] | Path | str, *, root: Path | None = None) -> "pd.DataFrame":
    """Predictions of one or several runs in one table.

    Parameters
    ----------
    runs : key, folder, or a list of them

    Raises
    ------
    RunError
        If a run is not ok or has saved no predictions.
    """
    import pandas as pd

    runs = [runs] if isinstance(runs, str | Path) else list(runs)
    if not runs:
        raise RunError("no run was named: give the keys of the runs whose predictions are wanted")
    tables = []
    for run in runs:
        folder = run if isinstance(run, Path) else find_run(run, root=root)
        record = read_record(folder)
        if record is None or record.status not in ("ok", "by hand"):
            found = record.status if record else "without a record"
            raise RunError(f"run {folder.name} is {found}: only finished runs can be compared")
        file = folder / "predictions.parquet"
        if not file.is_file():
            raise RunError(f"run {folder.name} of notebook {record.notebook} has saved no predictions")
        tables.append(pd.read_parquet(file))
    return pd.concat(tables, ignore_index=True)
