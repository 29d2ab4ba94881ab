"""The parent's side of one run: start the child, watch its limits, and see that a true record is left."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from fxstudy.errors import RunError
from fxstudy.runs.advice import advise, out_of_memory_kills
from fxstudy.runs.files import private_folder, write_json
from fxstudy.runs.judge import how_it_died
from fxstudy.runs.limits import require_room, used_memory
from fxstudy.runs.lock import NAME as LOCK
from fxstudy.runs.lock import FolderLock
from fxstudy.runs.process import end_leftovers, process_facts, stop, sweep
from fxstudy.runs.record import (
    RECORD,
    STATE,
    Failure,
    RunRecord,
    environment,
    finished_record,
    list_outputs,
    now,
    read_record,
    write_record,
)
from fxstudy.runs.request import Request, again, stop_asked, write_request
from fxstudy.runs.scrub import machine_folders, scrub_file

_POLL_SECONDS = 0.05
_MEMORY_SECONDS = 2.0
_KEPT = ("checkpoints", "log.txt", STATE, LOCK)
# Jupyter's own backend: the user's might open windows, and plain Agg shows no figure in the notebook.
_BACKEND = "module://matplotlib_inline.backend_inline"


def child_command(request_file: Path) -> list[str]:
    """Command line of the child process."""
    return [sys.executable, "-m", "fxstudy", "_exec", str(request_file)]


class Busy(RunError):
    """Another process is working on this run."""


def launch(
    request: Request,
    *,
    stop_event: threading.Event | None = None,
    threads: int = 1,
    device: str | None = None,
    fresh: bool = False,
    wait_seconds: float = 0.0,
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
        Throw away checkpoints of earlier attempts, and repeat what is done.
    wait_seconds : float
        How long to wait for another process that works on the same run.

    Raises
    ------
    Busy
        If another process keeps the run.
    RunError
        If the machine lacks the memory that the run declares.
    """
    require_room(request, device)
    private_folder(request.folder)
    lock = FolderLock(request.folder)
    if not lock.acquire(wait_seconds=wait_seconds):
        raise Busy(f"run {request.key} is being done by another process")
    with lock:
        done = None if fresh else finished_record(request.folder, request.digest)
        return done or _attempt(again(request), lock, stop_event, (threads, device), fresh)


def _attempt(
    request: Request, lock: FolderLock, stop_event: threading.Event | None, place: tuple, fresh: bool
) -> RunRecord:
    end_leftovers(request)
    clear(request.folder, keep_checkpoints=not fresh)
    request_file = write_request(request)
    started, clock, kills = now(), time.monotonic(), out_of_memory_kills()
    process = _start(request, request_file, _environment(request, *place))
    try:
        write_json(request.state / "child.json", process_facts(process.pid))
        _watch(process, request, clock, stop_event or threading.Event(), lock.lost)
    except BaseException:
        stop(process, request, "interrupted", "the process that started the run was interrupted")
        raise
    finally:
        sweep(process, request)
    if lock.lost.is_set():
        raise Busy(f"run {request.key} was taken over by another process while this one stood still")
    record = read_record(request.folder)
    if record is None:
        how = how_it_died(process.returncode, out_of_memory_kills() > kills, who="process")
        status = "killed" if process.returncode < 0 else "failed"
        record = _own_record(request, status, how, started, time.monotonic() - clock)
    shutil.rmtree(request.state, ignore_errors=True)
    return record


def clear(folder: Path, *, keep_checkpoints: bool) -> None:
    """Remove what an earlier attempt has left, its record first; ``log.txt`` is kept."""
    private_folder(folder)
    (folder / RECORD).unlink(missing_ok=True)
    kept = _KEPT if keep_checkpoints else _KEPT[1:]
    for path in folder.iterdir():
        if path.name in kept or LOCK in path.name or path.name.startswith(".job"):
            continue  # others may be drafting their lock in this folder
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
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


def _watch(
    process: subprocess.Popen,
    request: Request,
    clock: float,
    stop_event: threading.Event,
    lost: threading.Event,
) -> None:
    """Wait for the child; stop it when asked to, or when it passes a limit."""
    checked = clock
    while process.poll() is None:
        now_ = time.monotonic()
        if stop_event.wait(_POLL_SECONDS):
            stop(process, request, "interrupted", "stopped from the keyboard")
        elif lost.is_set():
            stop(process, request, "interrupted", "another process has taken the run over")
        elif request.seconds is not None and now_ - clock > request.seconds:
            limit = f"the run took longer than its limit of {request.seconds / 60:g} minutes"
            stop(process, request, "timeout", limit)
        elif request.memory_gb is not None and now_ - checked > _MEMORY_SECONDS:
            checked = now_
            used = used_memory(process.pid)
            if used > request.memory_gb:
                limit = f"its limit of {request.memory_gb:g} GB"
                stop(process, request, "killed", f"the run used {used:.1f} GB of memory, more than {limit}")


def _own_record(request: Request, status: str, how: str, started: str, seconds: float) -> RunRecord:
    """Record of a child that died before it could write one."""
    died = Failure(None, "ChildDied", f"{how}; see log.txt")
    status, error = stop_asked(request) or (status, died)
    facts: dict = {"environment": environment({})}
    try:
        folders = machine_folders(request.root)
        scrub_file(request.folder / "notebook.ipynb", folders)
        scrub_file(request.folder / "log.txt", folders)
        facts["outputs"], facts["checkpoints"] = list_outputs(request.folder)
        record = request.record(status, started, seconds, error=error, **facts)
        write_record(request.folder, record)
    except OSError as problem:  # a full disk: nothing is written, so nothing can look finished
        text = advise("OSError", f"{problem}", {}) + "; the record could not be written"
        return request.record("failed", started, seconds, error=Failure(None, "OSError", text), **facts)
    return record
