"""Where runs are executed: one seam in the manner of ``concurrent.futures``, so that other engines fit in."""

import os
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from fxstudy.runs.launch import launch
from fxstudy.runs.plan import RunSpec
from fxstudy.runs.record import RunRecord


class Engine(Protocol):
    """What a batch needs of an engine."""

    def free(self) -> bool:
        """Whether one more run can be handed over now."""

    def submit(self, spec: RunSpec, *, fresh: bool) -> "Future[RunRecord]":
        """Hand over a run; its future gives the record."""

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
        self._running: set[Future] = set()

    def free(self) -> bool:
        """Whether fewer than ``jobs`` runs are going on."""
        self._running = {future for future in self._running if not future.done()}
        return len(self._running) < self._jobs

    def submit(self, spec: RunSpec, *, fresh: bool) -> "Future[RunRecord]":
        """Start a run in a thread that watches its process."""
        future = self._pool.submit(self._run, spec, fresh)
        self._running.add(future)
        return future

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
