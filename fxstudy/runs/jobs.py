"""Jobs of a cluster: which job works on a run folder, what has become of it, and the record it owes.

``.job.json`` in the run folder names the job from its submission to its end: any process may ask later.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from fxstudy.errors import RunError
from fxstudy.runs.files import read_json, write_json
from fxstudy.runs.process import is_alive, process_facts
from fxstudy.runs.record import STATE, Failure, RunRecord, list_outputs, now, read_record, write_record
from fxstudy.runs.request import read_request

JOB = ".job.json"
_ALIVE = {"PENDING": "queued", "REQUEUED": "queued", "REQUEUE_HOLD": "queued", "CONFIGURING": "queued"} | {
    state: "running" for state in ("RUNNING", "COMPLETING", "SUSPENDED", "RESIZING", "STAGE_OUT", "SIGNALING")
}
_ENDS = {
    "TIMEOUT": ("timeout", "the job reached its time limit on the cluster"),
    "DEADLINE": ("timeout", "the job reached its deadline on the cluster"),
    "CANCELLED": ("interrupted", "the job was cancelled"),
    "OUT_OF_MEMORY": ("killed", "the job was killed because it used more memory than it had asked for"),
    "NODE_FAIL": ("killed", "the computer that ran the job failed"),
    "PREEMPTED": ("interrupted", "the job was displaced by another"),
}
_UNKNOWN_SECONDS = 120


def write_job(folder: Path, engine: str, job_id: str, *, pid: int | None = None) -> None:
    """Note the job that will work on a run folder."""
    facts = {"engine": engine, "id": job_id, "submitted": now()}
    write_json(folder / JOB, facts | ({"process": process_facts(pid)} if pid else {}))


def require_accounting() -> None:
    """Refuse a Slurm that cannot say what has become of a job.

    Raises
    ------
    RunError
        If ``sacct`` is missing or its database does not answer.
    """
    if shutil.which("sbatch") is None:
        raise RunError("no Slurm here: the command sbatch was not found; run without --engine slurm")
    try:
        answer = subprocess.run(["sacct", "-X", "-n", "-j", "1"], capture_output=True, text=True, timeout=60)
        problem = answer.stderr.strip() if answer.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if problem:
        raise RunError(
            "this Slurm keeps no accounts (sacct does not work), so nobody could say what became of a job "
            f"that was cancelled or killed; ask its administrator for slurmdbd: {problem.splitlines()[0]}"
        )


def slurm_states(ids: Iterable[str]) -> dict[str, str]:
    """State of each job as ``sacct`` names it ("RUNNING"); jobs that it does not know are left out."""
    ids = sorted(set(ids))
    if not ids:
        return {}
    bare = sorted({job_id.split("_")[0] for job_id in ids})
    command = ["sacct", "-X", "-n", "-P", "-o", "JobID,State", "-j", ",".join(bare)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    told = dict(line.split("|", 1) for line in answer.splitlines() if "|" in line)
    states = {job_id: state for job_id in ids if (state := _state_of(job_id, told)) is not None}
    return states


def _state_of(job_id: str, told: dict[str, str]) -> str | None:
    if job_id in told:
        return told[job_id].split()[0]
    array = re.escape(job_id.split("_")[0]) + r"_\["  # tasks of an array that wait are told together
    return next((state.split()[0] for name, state in told.items() if re.match(array, name)), None)


def job_state(folder: Path, states: dict[str, str] | None = None) -> str | None:
    """ "queued", "running" or "ended" for the job of a run folder; None if there is no job.

    Parameters
    ----------
    folder : Path
    states : dict, optional
        Answer of :func:`slurm_states`, where it was asked for many jobs at once.
    """
    job = read_json(folder / JOB)
    if job is None:
        return None
    if job.get("process"):
        return "running" if is_alive(job["process"]) else "ended"
    states = slurm_states([job["id"]]) if states is None else states
    state = states.get(job["id"])
    if state is None:
        return "queued" if _age(folder / JOB) < _UNKNOWN_SECONDS else "ended"
    return _ALIVE.get(state, "ended")


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")


def known_jobs(folders: Iterable[Path]) -> dict[str, str]:
    """States of all Slurm jobs of several run folders, with one question."""
    jobs = [read_json(folder / JOB) for folder in folders]
    return slurm_states(job["id"] for job in jobs if job and not job.get("process"))


def settle(folder: Path, states: dict[str, str] | None = None) -> RunRecord | None:
    """See that a run whose job has ended has a true record, and give it.

    A job that was killed from outside could not write one, or believed that it was merely interrupted.
    """
    job, record = read_json(folder / JOB), read_record(folder)
    if job is None:
        return record
    states = slurm_states([job["id"]]) if states is None else states
    state = states.get(job["id"], "") if not job.get("process") else ""
    if record is None or record.status in ("interrupted", "killed"):
        record = _told_by_cluster(folder, record, state) or record
    (folder / JOB).unlink(missing_ok=True)
    shutil.rmtree(folder / STATE, ignore_errors=True)
    return record


def _told_by_cluster(folder: Path, record: RunRecord | None, state: str) -> RunRecord | None:
    fallback = ("killed", f"the job ended{f' ({state})' if state else ''} before it could write its record")
    if record is not None and state not in _ENDS:
        return None
    status, reason = _ENDS.get(state, fallback)
    error = Failure(None, "JobEnded", reason)
    if record is not None:
        record = replace(record, status=status, error=error)
    else:
        request = read_request(folder / STATE / "request.json")
        outputs, checkpoints = list_outputs(folder)
        record = request.record(status, now(), 0.0, outputs=outputs, checkpoints=checkpoints, error=error)
    write_record(folder, record)
    return record


def cancel(folder: Path) -> None:
    """Cancel the job of a run folder."""
    job = read_json(folder / JOB)
    if job is None:
        return
    if not job.get("process"):
        subprocess.run(["scancel", job["id"]], capture_output=True, timeout=60, check=False)
    elif is_alive(job["process"]):
        os.kill(job["process"]["pid"], signal.SIGINT)
