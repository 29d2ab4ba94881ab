"""Old runs that may go: found first, shown, and removed only when someone says yes."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fxstudy.runs.project import find_root
from fxstudy.runs.reading import RunState, run_folders, run_state
from fxstudy.runs.record import read_record

_DAY = 86_400.0
_UNFINISHED = ("failed", "timeout", "killed", "interrupted", "cut off", "by hand")


@dataclass(frozen=True)
class Garbage:
    """A folder that may go.

    Attributes
    ----------
    folder : Path
        A run folder, or the checkpoints of a finished run.
    why : str
        What it is.
    days : float
        Its age.
    size : int
        Bytes.
    """

    folder: Path
    why: str
    days: float
    size: int


def find_garbage(
    root: Path | None = None,
    *,
    days: float = 14,
    statuses: Sequence[str] = _UNFINISHED,
    superseded: bool = False,
    checkpoints: bool = False,
) -> list[Garbage]:
    """What may go; never a run that is going on, never one that a finished run has taken as input.

    Parameters
    ----------
    root : Path, optional
        The project.
    days : float
        Only what is older.
    statuses : sequence of str
        States of runs that may go as a whole.
    superseded : bool
        Also finished runs of which a newer finished run with the same notebook and parameters exists.
    checkpoints : bool
        Also the checkpoints of finished runs (a later run that wants them as input will miss them).
    """
    states = [run_state(folder) for folder in run_folders((root or find_root()) / "runs")]
    states = [state for state in states if state.status not in ("running", "queued")]
    used = _used_keys(states)
    old = _superseded(states) if superseded else set()
    found = []
    for state in states:
        record = state.record
        if state.status in statuses:
            found.append(_garbage(state.folder, state.status))
        elif state.folder in old and record is not None and record.key not in used:
            found.append(_garbage(state.folder, "finished, and done again since with other code or inputs"))
        elif checkpoints and state.status == "ok" and (state.folder / "checkpoints").is_dir():
            found.append(_garbage(state.folder / "checkpoints", "checkpoints of a finished run"))
    return [item for item in found if item.days >= days]


def _used_keys(states: Sequence[RunState]) -> set[str]:
    """Keys of runs that finished runs have taken as input."""
    used: set[str] = set()
    for state in states:
        inputs = state.record.components.get("inputs", {}) if state.record and state.record.ok else {}
        for name, value in inputs.items():
            if name.split("_")[-1] == "runs":
                used.update(value if isinstance(value, list) else [value])
    return used


def _superseded(states: Sequence[RunState]) -> set[Path]:
    newest: dict[str, RunState] = {}
    older: set[Path] = set()
    finished = [state for state in states if state.record is not None and state.record.ok]
    for state in sorted(finished, key=lambda state: state.record.finished):
        same = f"{state.record.study}/{state.record.notebook}/{sorted(state.record.parameters.items())}"
        if same in newest:
            older.add(newest[same].folder)
        newest[same] = state
    return older


def _garbage(folder: Path, why: str) -> Garbage:
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    changed = max((facts.st_mtime for facts in files), default=folder.stat().st_mtime)
    record = read_record(folder if folder.name != "checkpoints" else folder.parent)
    if record is not None:
        changed = datetime.fromisoformat(record.finished).timestamp()
    return Garbage(folder, why, (time.time() - changed) / _DAY, sum(facts.st_size for facts in files))


def remove(garbage: Sequence[Garbage], *, confirm: Callable[[Sequence[Garbage]], bool]) -> int:
    """Remove what was found, if ``confirm`` says so; a run that has been started meanwhile stays.

    Parameters
    ----------
    garbage : sequence of Garbage
        From :func:`find_garbage`.
    confirm : callable
        Shown the list; only its True removes anything.

    Returns
    -------
    int
        Bytes that were freed.
    """
    if not garbage or not confirm(garbage):
        return 0
    freed = 0
    for item in garbage:
        run = item.folder if item.folder.name != "checkpoints" else item.folder.parent
        if run_state(run).status in ("running", "queued"):
            continue
        (item.folder / "run.json").unlink(missing_ok=True)  # first: half a folder must not look finished
        shutil.rmtree(item.folder)
        freed += item.size
    return freed
