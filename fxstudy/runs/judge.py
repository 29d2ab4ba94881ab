"""How did a notebook end? Its saved document is never believed; the end marker decides."""

import signal
from pathlib import Path

from fxstudy.runs.advice import advise
from fxstudy.runs.files import read_json
from fxstudy.runs.record import Failure
from fxstudy.runs.request import Request, end_marker

Outcome = tuple[str, Failure | None]

_ADDED = {"injected-parameters", "papermill-error-cell-tag"}


def judge_end(request: Request) -> Outcome:
    """Status of a run that papermill calls finished: ok only if the last cell said so.

    ``sys.exit()`` in a cell stops a notebook without any error of papermill.
    """
    if end_marker(request) is not None:
        return "ok", None
    number, error = _stopped_at(request)
    if error is not None:
        count = len(own_cells(request))
        text = f"the notebook stopped itself at cell {number} of {count} with {error}"
        return "failed", Failure(number, error, text)
    text = "the notebook ran to its end but did not call run.finish() in its last cell"
    return "failed", Failure(None, "NotFinished", text)


def judge_error(request: Request, error: Exception, *, killed_for_memory: bool = False) -> Outcome:
    """Status and reason for an exception that papermill or nbclient raised."""
    kind = type(error).__name__
    number, _ = _stopped_at(request)
    if kind == "PapermillExecutionError":
        text = advise(error.ename, str(error.evalue), request.parameters)
        return "failed", Failure(number, error.ename, text)
    if kind == "CellTimeoutError":
        limit = f"the cell ran longer than its limit of {request.cell_seconds} s"
        return "timeout", Failure(number, kind, limit)
    if kind == "DeadKernelError":
        return "killed", Failure(number, kind, how_it_died(kernel_exit_code(), killed_for_memory))
    return "failed", Failure(None, kind, advise(kind, str(error), request.parameters))


def kernel_exit_code() -> int | None:
    """Exit code of this process's last kernel."""
    from fxstudy.runs.kernel import OwnKernelManager

    return OwnKernelManager.exit_code


def how_it_died(code: int | None, killed_for_memory: bool = False, *, who: str = "kernel") -> str:
    """Words for the exit code of a kernel or a child; negative codes are signals."""
    if code is None:
        return f"the {who} is gone, and its exit code is not known"
    if code >= 0:
        return f"the {who} ended itself with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL" and killed_for_memory:
        return f"the {who} was killed by the system because the memory was full ({name})"
    hint = " (often the system's answer to a lack of memory)" if name == "SIGKILL" else ""
    return f"the {who} was ended by {name}{hint}"


def own_cells(request: Request) -> list[dict]:
    """Cells of the executed notebook without those that papermill has added."""
    document = read_json(Path(request.folder) / "notebook.ipynb") or {"cells": []}
    return [cell for cell in document["cells"] if not _ADDED & set(cell["metadata"].get("tags", []))]


def _stopped_at(request: Request) -> tuple[int | None, str | None]:
    """Number of the cell in which the notebook stopped, and the error it shows.

    That is the first cell with an error, else the last one that was started: papermill marks cells that never
    ran as completed after a timeout.
    """
    last = None
    for number, cell in enumerate(own_cells(request), start=1):
        allowed = "raises-exception" in cell["metadata"].get("tags", [])
        for output in cell.get("outputs", []):
            if output["output_type"] == "error" and not allowed:
                return number, output["ename"]
        if cell["metadata"].get("papermill", {}).get("start_time"):
            last = number
    return last, None
