"""What a parent asks a child process to run, and the small files by which the two speak.

All of them lie in the hidden folder ``.state`` of the run folder while the run lives:
``request.json`` (parent → child), ``progress.json`` (notebook → parent), ``finished.json`` (end marker of the
notebook's last cell), ``kernel.json`` (process of the kernel), ``stop.json`` (why the run is being stopped).
"""

import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from fxstudy.errors import RunError
from fxstudy.runs.files import private_folder, read_json, write_json
from fxstudy.runs.inputs import input_kind, portable
from fxstudy.runs.key import Key
from fxstudy.runs.record import STATE, Failure, RunRecord, now, seeds


@dataclass(frozen=True)
class Request:
    """One notebook to run with its parameters.

    Attributes
    ----------
    root, folder : Path
        The project, and the run folder inside it.
    notebook : str
        Name of the notebook.
    parameters : dict
        Resolved parameters, as they enter the notebook.
    seconds : float or None
        Wall-clock limit of the run.
    cell_seconds : int or None
        Limit of one cell.
    memory_gb, gpu_memory_gb : float or None
        Memory that the run declares: a limit on the machine, a demand on the graphics card.
    token : str
        Drawn anew for each attempt; the end marker must repeat it.
    """

    root: Path
    folder: Path
    study: str
    notebook: str
    parameters: dict
    key: str
    digest: str
    components: dict
    seconds: float | None = None
    cell_seconds: int | None = None
    memory_gb: float | None = None
    gpu_memory_gb: float | None = None
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def state(self) -> Path:
        """Folder of the small files."""
        return self.folder / STATE

    def record(self, status: str, started: str, seconds: float, **facts: object) -> RunRecord:
        """The record of this request with a status."""
        shown = {}
        for name, value in self.parameters.items():
            kind = input_kind(name, value)
            shown[name] = portable(self.root, kind, value) if kind else value
        return RunRecord(
            key=self.key,
            digest=self.digest,
            study=self.study,
            notebook=self.notebook,
            status=status,
            parameters=shown,
            components=self.components,
            started=started,
            finished=now(),
            seconds=round(seconds, 3),
            seeds=seeds(self.parameters),
            **facts,
        )


def make_request(
    root: Path, study: str, notebook: str, parameters: dict, key: Key, **limits: object
) -> Request:
    """A request whose folder is ``runs/<study>/<notebook>/<key>/``."""
    folder = root / "runs" / study / notebook / key.short
    return Request(
        root, folder, study, notebook, dict(parameters), key.short, key.digest, dict(key.components), **limits
    )


def again(request: Request) -> Request:
    """The same request for a new attempt: with a token of its own."""
    return replace(request, token=secrets.token_hex(8))


def write_request(request: Request) -> Path:
    """Write ``request.json`` into the run folder and give its path."""
    raw = {**asdict(request), "root": str(request.root), "folder": str(request.folder)}
    path = private_folder(request.state) / "request.json"
    write_json(path, raw)
    return path


def read_request(path: Path) -> Request:
    """Read a request file.

    Raises
    ------
    RunError
        If it is not a request.
    """
    raw = read_json(Path(path))
    try:
        return Request(**{**raw, "root": Path(raw["root"]), "folder": Path(raw["folder"])})
    except (TypeError, KeyError) as error:
        raise RunError(f"{Path(path).name} is not a request of fxstudy: {error}") from error


def is_current(request: Request) -> bool:
    """Whether this attempt still owns its folder: nobody has started a newer one in it."""
    raw = read_json(request.state / "request.json")
    return raw is not None and raw.get("token") == request.token


def ask_to_stop(request: Request, status: str, reason: str) -> None:
    """Note why a run is being stopped, before any signal is sent, so that its record can say it."""
    try:
        write_json(request.state / "stop.json", {"token": request.token, "status": status, "reason": reason})
    except OSError:  # a full disk must not keep a run alive
        return


def stop_asked(request: Request) -> tuple[str, Failure] | None:
    """Status and reason if this attempt was asked to stop."""
    raw = read_json(request.state / "stop.json")
    if raw is None or raw.get("token") != request.token:
        return None
    return raw["status"], Failure(None, "Stopped", raw["reason"])


def end_marker(request: Request) -> dict | None:
    """What the notebook's last cell wrote, None if it was never reached in this attempt."""
    raw = read_json(request.state / "finished.json")
    return raw if raw is not None and raw.get("token") == request.token else None
