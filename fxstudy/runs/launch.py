"""The parent's side of one run: start the child, watch its limits, and see that a true record is left."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from fxstudy.runs.files import private_folder, write_json
from fxstudy.runs.judge import how_it_died
from fxstudy.runs.process import process_facts, stop, sweep
from fxstudy.runs.record import (
    RECORD,
    STATE,
    Failure,
    RunRecord,
    environment,
    list_outputs,
    now,
    read_record,
    write_record,
)
from fxstudy.runs.request import Request, again, stop_asked, write_request
from fxstudy.runs.scrub import machine_folders, scrub_file

_POLL_SECONDS = 0.05
_KEPT = ("checkpoints", "log.txt", STATE)
# Jupyter's own backend: the user's might open windows, and plain Agg shows no figure in the notebook.
_BACKEND = "module://matplotlib_inline.backend_inline"


def child_command(request_file: Path) -> list[str]:
    """Command line of the child process."""
    return [sys.executable, "-m", "fxstudy", "_exec", str(request_file)]


def launch(
    request: Request,
    *,
    stop_event: threading.Event | None = None,
    threads: int = 1,
    device: str | None = None,
    fresh: bool = False,
) -> RunRecord:
    """Run one request in a process of its own and give its record; returns when all of it has ended.

    Parameters
    ----------
    request : Request
    stop_event : threading.Event, optional
        When set, the run is stopped and recorded as interrupted.
    threads : int
        Threads for the numerical libraries.
    device : str, optional
        Value for ``CUDA_VISIBLE_DEVICES``.
    fresh : bool
        Throw away checkpoints of earlier attempts.
    """
    request = again(request)
    clear(request.folder, keep_checkpoints=not fresh)
    request_file = write_request(request)
    started, clock = now(), time.monotonic()
    process = _start(request, request_file, _environment(request, threads, device))
    try:
        write_json(request.state / "child.json", process_facts(process.pid))
        _watch(process, request, clock, stop_event or threading.Event())
    except BaseException:
        stop(process, request, "interrupted", "the process that started the run was interrupted")
        raise
    finally:
        sweep(process, request)
    record = read_record(request.folder)
    if record is None:
        record = _own_record(request, process.returncode, started, time.monotonic() - clock)
    shutil.rmtree(request.state, ignore_errors=True)
    return record


def clear(folder: Path, *, keep_checkpoints: bool) -> None:
    """Remove what an earlier attempt has left, its record first; ``log.txt`` is kept."""
    private_folder(folder)
    (folder / RECORD).unlink(missing_ok=True)
    kept = _KEPT if keep_checkpoints else _KEPT[1:]
    for path in folder.iterdir():
        if path.name in kept:
            continue
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name in ("stop.json", "kernel.json", "finished.json", "progress.json"):
        (folder / STATE / name).unlink(missing_ok=True)


def _environment(request: Request, threads: int, device: str | None) -> Mapping[str, str]:
    variables = {
        **os.environ,
        "FXSTUDY_RUN_FOLDER": str(request.folder),
        "FXSTUDY_ROOT": str(request.root),
        "FXSTUDY_PROGRESS": str(request.state / "progress.json"),
        "FXSTUDY_PARENT": str(os.getpid()),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": _BACKEND,
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        variables[name] = str(threads)
    if device is not None:
        variables["CUDA_VISIBLE_DEVICES"] = device
    return variables


def _start(request: Request, request_file: Path, variables: Mapping[str, str]) -> subprocess.Popen:
    with (request.folder / "log.txt").open("a", encoding="utf-8") as log:
        log.write(f"--- {request.notebook} {request.key}, started {now()}\n")
        log.flush()
        return subprocess.Popen(
            child_command(request_file),
            cwd=request.root,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _watch(process: subprocess.Popen, request: Request, clock: float, stop_event: threading.Event) -> None:
    while process.poll() is None:
        if stop_event.wait(_POLL_SECONDS):
            stop(process, request, "interrupted", "stopped from the keyboard")
        elif request.seconds is not None and time.monotonic() - clock > request.seconds:
            limit = f"the run took longer than its limit of {request.seconds / 60:g} minutes"
            stop(process, request, "timeout", limit)


def _own_record(request: Request, code: int, started: str, seconds: float) -> RunRecord:
    """Record of a child that died before it could write one."""
    status, error = stop_asked(request) or (
        "killed" if code < 0 else "failed",
        Failure(None, "ChildDied", how_it_died(code).replace("kernel", "process") + "; see log.txt"),
    )
    folders = machine_folders(request.root)
    scrub_file(request.folder / "notebook.ipynb", folders)
    scrub_file(request.folder / "log.txt", folders)
    outputs, checkpoints = list_outputs(request.folder)
    record = request.record(
        status,
        started,
        seconds,
        environment=environment({}),
        outputs=outputs,
        checkpoints=checkpoints,
        error=error,
    )
    write_record(request.folder, record)
    return record
