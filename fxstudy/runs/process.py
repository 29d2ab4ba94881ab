"""Processes of a run: name them safely, stop them politely, leave none behind."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from fxstudy.runs.files import read_json
from fxstudy.runs.request import Request, ask_to_stop

GRACE_SECONDS = 5.0
_POSIX = os.name == "posix"


def process_facts(pid: int) -> dict:
    """Number and start of a process: together they name it even after numbers are used again."""
    return {"pid": pid, "created": _created(pid)}


def _created(pid: int) -> float | None:
    """Start of a process, None if there is none; in ticks since the start of the machine where possible.

    A start in seconds of the calendar would move whenever the clock is corrected.
    """
    import psutil

    try:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return None
        return float(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except psutil.Error:
        return None
    except (OSError, IndexError):
        return psutil.Process(pid).create_time() if psutil.pid_exists(pid) else None


def is_alive(facts: dict | None) -> bool:
    """Whether the process named by :func:`process_facts` still runs."""
    if not facts or not isinstance(facts.get("pid"), int):
        return False
    created = _created(facts["pid"])
    return created is not None and created == facts.get("created")


def parent_gone() -> bool:
    """Whether the parent that started this process (``FXSTUDY_PARENT``) has ended."""
    parent = os.environ.get("FXSTUDY_PARENT")
    return bool(parent) and _POSIX and os.getppid() != int(parent)


def signal_group(pid: int, number: int) -> None:
    """Send a signal to a process group, or to the one process where there are no groups."""
    try:
        if _POSIX:
            os.killpg(pid, number)
        else:
            os.kill(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return


def signal_kernel(request: Request, number: int) -> bool:
    """Send a signal to the kernel of a run and its workers; False if it is not running."""
    facts = read_json(request.state / "kernel.json")
    if not is_alive(facts):
        return False
    signal_group(facts["pid"], number)
    return True


def stop(process: subprocess.Popen, request: Request, status: str, reason: str) -> None:
    """End a child and its kernel: a request first, then by force.

    The notebook is interrupted as by Ctrl-C, so that it can close its files and the child can write the
    record; what still lives after the time of grace is terminated, then killed.
    """
    ask_to_stop(request, status, reason)
    if not signal_kernel(request, signal.SIGINT):
        signal_group(process.pid, signal.SIGINT)
    for number in (signal.SIGTERM, signal.SIGKILL if _POSIX else signal.SIGTERM):
        if _ended(process, GRACE_SECONDS):
            break
        signal_kernel(request, number)
        signal_group(process.pid, number)
    _ended(process, GRACE_SECONDS)


def _ended(process: subprocess.Popen, seconds: float) -> bool:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def sweep(process: subprocess.Popen, request: Request) -> None:
    """Kill whatever of a finished or dead child still runs or lies about: kernel, workers, sockets."""
    if _POSIX:
        signal_kernel(request, signal.SIGKILL)
        signal_group(process.pid, signal.SIGKILL)
    sockets = (read_json(request.state / "kernel.json") or {}).get("sockets")
    if sockets:
        shutil.rmtree(sockets, ignore_errors=True)


def end_leftovers(request: Request) -> None:
    """Kill what an earlier attempt of this run has left alive on this machine (its parent was killed)."""
    for name in ("child.json", "kernel.json"):
        facts = read_json(request.state / name)
        if is_alive(facts):
            signal_group(facts["pid"], signal.SIGKILL if _POSIX else signal.SIGTERM)
            _wait_gone(facts)


def _wait_gone(facts: dict) -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    while is_alive(facts) and time.monotonic() < deadline:
        time.sleep(0.05)


def stop_orphan(request: Request) -> None:
    """From inside a child whose parent has ended: stop the notebook, then this process."""
    ask_to_stop(request, "interrupted", "the process that started the run has ended")
    signal_kernel(request, signal.SIGINT)
    time.sleep(GRACE_SECONDS)
    signal_kernel(request, signal.SIGKILL if _POSIX else signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(130)
