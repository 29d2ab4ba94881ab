"""What runs on a computer of the cluster: check that nothing has changed, then run the notebook.

The object is pickled by submitit, which calls it, and ``checkpoint`` shortly before the job's time is up.
"""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from fxstudy.errors import FxstudyError
from fxstudy.runs.files import read_json
from fxstudy.runs.jobs import JOB
from fxstudy.runs.key import KeyMaker, changes
from fxstudy.runs.launch import launch
from fxstudy.runs.process import GRACE_SECONDS, is_alive, signal_kernel
from fxstudy.runs.project import notebook_path, read_notebook
from fxstudy.runs.record import Failure, RunRecord, now, read_record, write_record
from fxstudy.runs.request import Request, ask_to_stop, read_request

_LOCK_SECONDS = 120.0


class NodeRun:
    """One run as a job.

    Parameters
    ----------
    request_file : str
        In the run folder, which all computers share.
    fresh : bool
        Throw away checkpoints of earlier attempts; only the first time the job starts.
    """

    def __init__(self, request_file: str, *, fresh: bool = False):
        self._file, self._fresh = request_file, fresh

    def __call__(self) -> str:
        """Run the notebook and give the status of its record."""
        request = read_request(Path(self._file))
        os.chdir(request.root)
        problem = changed_since(request)
        if problem:
            error = Failure(None, "RunError", problem)
            write_record(request.folder, request.record("failed", now(), 0.0, error=error))
            return self._end(request, "failed")
        try:
            record = launch(request, threads=_cores(), fresh=self._fresh, wait_seconds=_LOCK_SECONDS)
        except Exception as error:
            if type(error).__name__ != "UncompletedJobError":
                raise
            record = _time_is_up(request, str(error))
        return self._end(request, record.status)

    def checkpoint(self) -> object:
        """Stop the notebook (its training has its checkpoints) and ask for another turn."""
        import submitit

        stop_now(read_request(Path(self._file)), "the job's time on the cluster was up; it goes on later")
        return submitit.helpers.DelayedSubmission(NodeRun(self._file))

    @staticmethod
    def _end(request: Request, status: str) -> str:
        (request.folder / JOB).unlink(missing_ok=True)
        return status


def changed_since(request: Request) -> str | None:
    """What has changed in code or inputs since a run was submitted; None if nothing."""
    try:
        notebook = read_notebook(notebook_path(request.root, request.notebook))
        key = KeyMaker(request.root).make(notebook, request.parameters)
    except FxstudyError as error:
        return f"on the cluster's computer: {error}"
    if key.digest == request.digest:
        return None
    causes = "; ".join(changes(request.components, key.components)) or "something"
    return f"changed between submission and start: {causes}; run the plan again"


def stop_now(request: Request, reason: str) -> None:
    """Stop the notebook of a request that runs on this computer, and wait until its process has ended."""
    ask_to_stop(request, "interrupted", reason)
    signal_kernel(request, signal.SIGINT)
    child = read_json(request.state / "child.json")
    deadline = time.monotonic() + 2 * GRACE_SECONDS
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.1)


def _time_is_up(request: Request, reason: str) -> RunRecord:
    """Record of a run whose job may not be repeated any more."""
    reason = f"the job's time on the cluster was up for the last time ({reason}); raise its time or requeues"
    error = Failure(None, "JobTimeout", reason)
    record = read_record(request.folder)
    if record is None:
        record = request.record("timeout", now(), 0.0, error=error)
    record = replace(record, status="timeout", error=error)
    write_record(request.folder, record)
    return record


def _cores() -> int:
    given = os.environ.get("SLURM_CPUS_PER_TASK") or os.environ.get("SLURM_CPUS_ON_NODE")
    return int(given) if given and given.isdigit() else os.cpu_count() or 1
