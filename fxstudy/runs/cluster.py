"""An engine for clusters: one Slurm job per run, through submitit, which is an optional dependency.

Jobs of one moment that ask for the same go in as one array with a limit of how many run at once. The parent
may end: every run folder names its job, and a later ``status``, ``collect`` or ``run`` knows everything.
"""

import shutil
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from fxstudy.errors import RunError
from fxstudy.runs.files import private_folder
from fxstudy.runs.jobs import cancel, job_state, known_jobs, require_accounting, settle, write_job
from fxstudy.runs.node import NodeRun
from fxstudy.runs.plan import RunSpec
from fxstudy.runs.record import Failure, RunRecord, now
from fxstudy.runs.request import write_request

_CLOSE_SECONDS = 5.0


class ClusterEngine:
    """Runs as jobs of a cluster.

    Parameters
    ----------
    root : Path
        The project, on a folder that all computers share.
    cluster : str
        "slurm", or "local" (processes of this machine, without any limit of their number; for tests).
    minutes : int
        Time limit of a job. A notebook that needs longer is stopped, queued again and continues from its
        checkpoint, ``requeues`` times.
    requeues : int
    parallel : int
        Jobs of one array at a time.
    gpus : int
        Graphics cards per job, 0 or 1.
    cores : int
    memory_gb : float, optional
        For runs whose plan declares none.
    signal_seconds : int
        How long before its end a job is told; Slurm may be a minute early.
    slurm : mapping, optional
        Further options of sbatch: partition, account, qos, constraint…
    poll_seconds : float

    Raises
    ------
    RunError
        If submitit, Slurm or its accounting is missing.
    """

    def __init__(
        self,
        root: Path,
        *,
        cluster: str = "slurm",
        minutes: int = 60,
        requeues: int = 3,
        parallel: int = 16,
        gpus: int = 0,
        cores: int = 2,
        memory_gb: float | None = None,
        signal_seconds: int = 120,
        slurm: Mapping[str, object] | None = None,
        poll_seconds: float = 5.0,
    ):
        if cluster == "slurm":
            require_accounting()
        self._cluster, self._poll_seconds = cluster, poll_seconds
        self._folder = private_folder(root / "runs" / "cache" / "jobs")
        self._limits = {"minutes": minutes, "parallel": parallel, "gpus": gpus, "cores": cores}
        self._memory_gb, self._requeues = memory_gb, requeues
        self._signal_seconds, self._slurm = signal_seconds, dict(slurm or {})
        self._queued: list[tuple[RunSpec, bool, Future]] = []
        self._running: dict[Future, RunSpec] = {}
        self._jobs: list = []
        self._closed = threading.Event()
        self._guard = threading.Lock()
        self._watcher: threading.Thread | None = None

    def free(self, spec: RunSpec) -> bool:
        """The cluster's queue always takes one more."""
        return True

    def submit(self, spec: RunSpec, *, fresh: bool) -> "Future[RunRecord]":
        """Note a run for the next array; :meth:`flush` submits it."""
        future: Future[RunRecord] = Future()
        future.set_running_or_notify_cancel()
        self._queued.append((spec, fresh, future))
        return future

    def flush(self) -> None:
        """Submit what was noted, as one array per kind of demand."""
        queued, self._queued = self._queued, []
        demands: dict[float | None, list] = {}
        for item in queued:
            demands.setdefault(item[0].request.memory_gb or self._memory_gb, []).append(item)
        for memory_gb, items in demands.items():
            self._submit_array(items, memory_gb)
        if queued and self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True, name="cluster")
            self._watcher.start()

    def _submit_array(self, items: list, memory_gb: float | None) -> None:
        runs = []
        for spec, fresh, _ in items:
            private_folder(spec.folder)
            (spec.folder / "run.json").unlink(missing_ok=True)
            runs.append(NodeRun(str(write_request(spec.request)), fresh=fresh))
        try:
            jobs = self._executor(memory_gb).submit_array(runs)
        except Exception as error:  # sbatch refuses for many reasons, and submitit has no error of its own
            problem = (
                error if isinstance(error, RunError) else RunError(f"the cluster refused the job: {error}")
            )
            for spec, _, future in items:
                shutil.rmtree(spec.request.state, ignore_errors=True)
                future.set_exception(problem)
            return
        with self._guard:
            for (spec, _, future), job in zip(items, jobs, strict=True):
                pid = int(job.job_id) if self._cluster == "local" else None
                write_job(spec.folder, self._cluster, job.job_id, pid=pid)
                self._running[future] = spec
                self._jobs.append(job)

    def _executor(self, memory_gb: float | None):
        try:
            import submitit
        except ImportError as error:
            raise RunError("clusters need submitit: pip install 'fxstudy[slurm]'") from error
        limits = self._limits
        demand = {"signal_delay_s": self._signal_seconds}
        if limits["gpus"]:
            demand["gpus_per_node"] = limits["gpus"]
        if self._cluster == "local":
            executor = submitit.LocalExecutor(self._folder, max_num_timeout=self._requeues)
            executor.update_parameters(timeout_min=limits["minutes"], **demand)
            return executor
        executor = submitit.SlurmExecutor(self._folder, max_num_timeout=self._requeues)
        if memory_gb is not None:
            demand["mem"] = f"{round(memory_gb * 1000)}MB"
        executor.update_parameters(
            job_name="fxstudy",
            time=limits["minutes"],
            cpus_per_task=limits["cores"],
            array_parallelism=limits["parallel"],
            **demand,
            **self._slurm,
        )
        return executor

    def _watch(self) -> None:
        while not self._closed.wait(self._poll_seconds):
            self._look()

    def _look(self) -> None:
        """Give the records of jobs that have ended to their futures."""
        with self._guard:
            running = dict(self._running)
        states = known_jobs(spec.folder for spec in running.values())
        for future, spec in running.items():
            if job_state(spec.folder, states) in ("queued", "running"):
                continue
            record = settle(spec.folder, states) or _lost(spec)
            with self._guard:
                self._running.pop(future, None)
            if not future.done():
                future.set_result(record)

    def stop(self) -> None:
        """Cancel all jobs and wait for their records."""
        for spec in list(self._running.values()):
            cancel(spec.folder)
        while self._running and not self._closed.wait(min(self._poll_seconds, 1.0)):
            self._look()

    def close(self) -> None:
        """Stop looking; jobs that are still queued or running go on without this process."""
        self._closed.set()
        deadline = time.monotonic() + _CLOSE_SECONDS
        while not self._running and time.monotonic() < deadline:
            if all(job.done() for job in self._jobs):
                break
            time.sleep(0.1)


def _lost(spec: RunSpec) -> RunRecord:
    error = Failure(None, "JobEnded", "the job ended and left neither a record nor its request")
    return spec.request.record("killed", now(), 0.0, error=error)
