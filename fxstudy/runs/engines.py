"""Where runs are executed: one seam in the manner of ``concurrent.futures``, so that other engines fit in."""

import os
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import psutil

from fxstudy.runs.launch import launch
from fxstudy.runs.limits import GB
from fxstudy.runs.plan import RunSpec
from fxstudy.runs.record import RunRecord


class Engine(Protocol):
    """What a batch needs of an engine."""

    def free(self, spec: RunSpec) -> bool:
        """Whether this run can be handed over now."""

    def submit(self, spec: RunSpec, *, fresh: bool) -> "Future[RunRecord]":
        """Hand over a run; its future gives the record."""

    def flush(self) -> None:
        """All runs that can be handed over at this moment have been handed over."""

    def stop(self) -> None:
        """Stop all that runs; the futures then give records."""

    def close(self) -> None:
        """Give everything back."""


class LocalEngine:
    """Runs on this machine, each in a process of its own.

    Parameters
    ----------
    jobs : int
        Runs at a time.
    gpus : sequence of str
        Devices; each run gets one for itself, so no more runs than devices are done at a time.
    """

    def __init__(self, *, jobs: int = 1, gpus: Sequence[str] = ()):
        self._jobs = min(jobs, len(gpus)) if gpus else jobs
        self._threads = max(1, (os.cpu_count() or 1) // self._jobs)
        self._devices: queue.SimpleQueue = queue.SimpleQueue()
        for device in gpus or [None] * self._jobs:
            self._devices.put(device)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="run")
        self._running: dict[Future, float] = {}
        self._memory_gb = psutil.virtual_memory().total / GB

    def free(self, spec: RunSpec) -> bool:
        """Whether fewer than ``jobs`` runs are going on, and their declared memory leaves room."""
        self._running = {future: gb for future, gb in self._running.items() if not future.done()}
        if len(self._running) >= self._jobs:
            return False
        declared = sum(self._running.values()) + (spec.request.memory_gb or 0.0)
        return not self._running or declared <= self._memory_gb

    def submit(self, spec: RunSpec, *, fresh: bool) -> "Future[RunRecord]":
        """Start a run in a thread that watches its process."""
        future = self._pool.submit(self._run, spec, fresh)
        self._running[future] = spec.request.memory_gb or 0.0
        return future

    def flush(self) -> None:
        """Nothing to do: runs are started one by one."""

    def _run(self, spec: RunSpec, fresh: bool) -> RunRecord:
        device = self._devices.get()
        try:
            return launch(
                spec.request, stop_event=self._stop, threads=self._threads, device=device, fresh=fresh
            )
        finally:
            self._devices.put(device)

    def stop(self) -> None:
        """Interrupt all runs."""
        self._stop.set()

    def close(self) -> None:
        """End the threads."""
        self._stop.set()
        self._pool.shutdown(wait=True)
