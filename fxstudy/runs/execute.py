"""The child process of a run: execute one notebook with papermill and judge truthfully how it ended."""

import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from fxstudy.runs.advice import out_of_memory_kills
from fxstudy.runs.inputs import find_cohort, input_kind
from fxstudy.runs.judge import Outcome, judge_end, judge_error
from fxstudy.runs.process import parent_gone, stop_orphan
from fxstudy.runs.project import notebook_path
from fxstudy.runs.record import Failure, environment, list_outputs, now, write_record
from fxstudy.runs.request import Request, end_marker, is_current, read_request, stop_asked
from fxstudy.runs.scrub import machine_folders, scrub, scrub_file

After = Callable[[Path], object]

_START_SECONDS = 120
_OUTPUT_SECONDS = 60
_WATCH_SECONDS = 0.5
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def execute_request(request_file: Path | str, after: After | None = None) -> int:
    """Run the notebook of a request and write its record; the whole life of a child process.

    Parameters
    ----------
    request_file : Path or str
        Written by the parent (:func:`fxstudy.runs.request.write_request`).
    after : callable, optional
        Called with the run folder when the notebook has finished, before the outputs are listed (it makes
        the HTML report). If it fails, the run has failed.

    Returns
    -------
    int
        Exit code: 0 only if the status is ok.
    """
    request = read_request(Path(request_file))
    started, clock = now(), time.monotonic()
    threading.Thread(target=_watch_parent, args=(request,), daemon=True).start()
    try:
        status, error = _run(request, after)
    except KeyboardInterrupt:
        status, error = "interrupted", Failure(None, "KeyboardInterrupt", "stopped by a signal")
    if status != "ok":
        status, error = stop_asked(request) or (status, error)
        sys.stdout.write(f"\n{status}: {error.ename}: {error.evalue}\n")
        sys.stdout.flush()
    _write(request, status, error, started, time.monotonic() - clock)
    return 0 if status == "ok" else 1


def _watch_parent(request: Request) -> None:
    while not parent_gone():
        time.sleep(_WATCH_SECONDS)
    stop_orphan(request)


def _run(request: Request, after: After | None) -> Outcome:
    kills = out_of_memory_kills()
    try:
        _papermill(request)
        status, error = judge_end(request)
    except Exception as exception:
        lines = getattr(exception, "traceback", None) or [traceback.format_exc()]
        sys.stdout.write(_ANSI.sub("", "\n".join(lines)) + "\n")
        for_memory = out_of_memory_kills() > kills
        status, error = judge_error(request, exception, killed_for_memory=for_memory)
    scrub_file(request.folder / "notebook.ipynb", _folders(request))
    if status != "ok" or after is None:
        return status, error
    try:
        after(request.folder)
    except Exception as exception:
        traceback.print_exc(file=sys.stdout)
        return "failed", Failure(None, type(exception).__name__, f"after the notebook: {exception}")
    return status, None


def _papermill(request: Request) -> None:
    import nbformat
    import papermill

    from fxstudy.runs.kernel import OwnKernelManager

    # papermill formats paths with braces: so the document is given, not its path, and the output escaped.
    document = nbformat.read(notebook_path(request.root, request.notebook), as_version=4)
    papermill.execute_notebook(
        document,
        str(request.folder / "notebook.ipynb").replace("{", "{{").replace("}", "}}"),
        parameters=request.parameters,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        stdout_file=sys.stdout,
        stderr_file=sys.stdout,
        start_timeout=_START_SECONDS,
        cwd=str(request.root),
        execution_timeout=request.cell_seconds,
        iopub_timeout=_OUTPUT_SECONDS,
        kernel_manager_class=OwnKernelManager,
    )


def _write(request: Request, status: str, error: Failure | None, started: str, seconds: float) -> None:
    folders = _folders(request)
    scrub_file(request.folder / "log.txt", folders)
    outputs, checkpoints = list_outputs(request.folder)
    if error is not None:
        error = Failure(error.cell, error.ename, scrub(error.evalue, folders))
    record = request.record(
        status,
        started,
        seconds,
        environment=environment((end_marker(request) or {}).get("facts", {})),
        outputs=outputs,
        checkpoints=checkpoints,
        error=error,
    )
    if is_current(request):
        write_record(request.folder, record)


def _folders(request: Request) -> dict[str, str]:
    cohorts = []
    for name, value in request.parameters.items():
        if input_kind(name, value) == "cohort":
            names = value if isinstance(value, list) else [value]
            cohorts += [find_cohort(request.root, cohort) for cohort in names if cohort]
    return machine_folders(request.root, cohorts)
