"""The truthful record of a run, ``run.json``: written last and at once, by us and by nobody else."""

import importlib.metadata
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fxstudy import __version__
from fxstudy.runs.files import read_json, sha256_file, write_json

RECORD = "run.json"
STATE = ".state"
STATUSES = ("ok", "failed", "timeout", "killed", "interrupted", "by hand")
_SCHEMA = 1
_PACKAGES = (
    *("numpy", "scipy", "pandas", "scikit-learn", "statsmodels", "matplotlib"),
    *("torch", "torchvision", "timm", "fastai", "opencv-python-headless", "pillow", "pydicom"),
    *("papermill", "nbclient", "ipykernel"),
)


@dataclass(frozen=True)
class Failure:
    """Why a run is not ok: cell of the notebook (from 1, None if in none), name and text of the error."""

    cell: int | None
    ename: str
    evalue: str


@dataclass(frozen=True)
class RunRecord:
    """What is known about one run; see ``fxstudy/runs/record.py`` for who writes it when.

    Attributes
    ----------
    status : str
        "ok", "failed", "timeout", "killed", "interrupted", or "by hand" (never taken for finished work).
    key, digest : str
        Name of the run (12 digits) and its whole content key.
    parameters, components : dict
        Resolved parameters; parts of the key.
    seconds : float
        Wall-clock time.
    outputs, checkpoints : list of dict
        path (inside the run folder), sha256, bytes, changed (ns).
    error : Failure or None
    """

    key: str
    digest: str
    study: str
    notebook: str
    status: str
    parameters: dict
    components: dict
    started: str
    finished: str
    seconds: float
    seeds: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    outputs: list = field(default_factory=list)
    checkpoints: list = field(default_factory=list)
    error: Failure | None = None
    schema: int = _SCHEMA

    @property
    def ok(self) -> bool:
        """The run has finished with all its outputs."""
        return self.status == "ok"

    def text(self) -> str:
        """One sentence: what happened, and where."""
        if self.error is None:
            return self.status
        place = f" in cell {self.error.cell}" if self.error.cell else ""
        return f"{self.status}{place}: {self.error.ename}: {self.error.evalue}".splitlines()[0]


def write_record(folder: Path, record: RunRecord) -> None:
    """Write ``run.json`` atomically; the last thing that happens to a run."""
    write_json(folder / RECORD, asdict(record))


def read_record(folder: Path) -> RunRecord | None:
    """Record of a run folder; None where there is none, or none that this version understands."""
    raw = read_json(folder / RECORD)
    if raw is None or raw.get("schema") != _SCHEMA:
        return None
    try:
        error = Failure(**raw["error"]) if raw.get("error") else None
        return RunRecord(**{**raw, "error": error})
    except TypeError:
        return None


def now() -> str:
    """This moment, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def list_outputs(folder: Path) -> tuple[list[dict], list[dict]]:
    """Every file a run has made: its outputs, and its checkpoints (which may be thrown away later).

    ``log.txt``, ``run.json`` and hidden files are neither.
    """
    outputs, checkpoints = [], []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or not path.is_file() or relative.as_posix() in (RECORD, "log.txt"):
            continue
        facts = path.stat()
        entry = {
            "path": relative.as_posix(),
            "sha256": sha256_file(path),
            "bytes": facts.st_size,
            "changed": facts.st_mtime_ns,
        }
        (checkpoints if relative.parts[0] == "checkpoints" else outputs).append(entry)
    return outputs, checkpoints


def damaged_output(folder: Path, record: RunRecord) -> str | None:
    """First output that is missing or no longer what the run wrote; None if all are intact."""
    for output in record.outputs:
        path = folder / output["path"]
        try:
            facts = path.stat()
        except OSError:
            return output["path"]
        if facts.st_size != output["bytes"]:
            return output["path"]
        if facts.st_mtime_ns != output["changed"] and sha256_file(path) != output["sha256"]:
            return output["path"]
    return None


def finished_record(folder: Path, digest: str) -> RunRecord | None:
    """Record of a run that is done: this content key, status ok, every output as the run wrote it."""
    record = read_record(folder)
    if record is None or not record.ok or record.digest != digest:
        return None
    return None if damaged_output(folder, record) else record


def environment(facts: dict) -> dict:
    """Versions and device of this process; no name of a host, a user or a folder."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "fxstudy": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": packages,
        **facts,
    }


def seeds(parameters: dict) -> dict:
    """Parameters that are seeds: named ``seed`` or ``..._seed`` or ``seeds``."""
    return {name: value for name, value in parameters.items() if name.split("_")[-1] in ("seed", "seeds")}
