"""Carry out the runs of a plan: decide about each, start what has a place, gather what has ended."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait

from fxstudy.errors import RunError
from fxstudy.runs.advice import advise
from fxstudy.runs.display import Display
from fxstudy.runs.engines import Engine
from fxstudy.runs.jobs import job_state, settle
from fxstudy.runs.launch import Busy
from fxstudy.runs.lock import LockWatch
from fxstudy.runs.outcome import BatchResult, Outcome, event_line
from fxstudy.runs.plan import Plan, RunSpec
from fxstudy.runs.record import Failure, RunRecord, now
from fxstudy.runs.skip import Reasons, finished, missing_runs

_WAIT_SECONDS = 0.2
_ELSEWHERE_SECONDS = 1.0


class Schedule:
    """The state of a batch; see :func:`fxstudy.runs.batch.run_plan` for the options."""

    def __init__(
        self,
        plan: Plan,
        specs: list[RunSpec],
        engine: Engine,
        display: Display,
        *,
        force: bool = False,
        dry_run: bool = False,
        on_end: Callable[[Outcome], object] | None = None,
    ):
        self._plan, self._specs, self._engine, self._display = plan, specs, engine, display
        self._force, self._dry_run, self._on_end = force, dry_run, on_end
        self._waiting = {spec.key: spec for spec in specs}
        self._running: dict[Future, tuple[RunSpec, str]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._undone: set[str] = set()
        self._elsewhere: dict[str, tuple[LockWatch, float]] = {}
        self._reasons = Reasons()
        self._counts: dict[str, int] = {}

    def run(self) -> BatchResult:
        """Go through the whole plan; after Ctrl-C nothing of it is left running."""
        result = BatchResult(self._plan.title)
        try:
            while self._waiting or self._running:
                self._advance()
                self._gather()
        except KeyboardInterrupt:
            result.interrupted = True
            self._interrupt()
        finally:
            self._engine.close()
            self._display.close()
        for spec in self._specs:
            default = Outcome(spec, "not started", "the batch was interrupted")
            result.outcomes.append(self._outcomes.get(spec.key, default))
        return result

    def _advance(self) -> None:
        """Decide about every waiting run whose needs are known, and start what has a place."""
        running = {spec.key for spec, _ in self._running.values()}
        for spec in list(self._waiting.values()):
            if any(key in self._waiting or key in running for key in spec.needs):
                continue
            if self._is_decided(spec):
                continue
            if self._engine.free(spec) and not self._is_elsewhere(spec) and self._inputs_ready(spec):
                self._start(spec)
                running.add(spec.key)
        self._engine.flush()

    def _is_decided(self, spec: RunSpec) -> bool:
        """Whether the run need not be started: blocked, done before, or only planned."""
        blocking = [key for key in spec.needs if not self._outcomes[key].ok]
        if blocking:
            labels = ", ".join(sorted(self._outcomes[key].spec.label for key in blocking))
            self._decide(spec, Outcome(spec, "blocked", f"{labels} is not ok"))
        elif spec.key not in self._undone and not self._force and (record := finished(spec)):
            self._decide(spec, Outcome(spec, "skipped", "done, nothing has changed", record))
        elif self._dry_run:
            self._decide(spec, Outcome(spec, "planned", self._cause(spec)))
        self._undone.add(spec.key)
        return spec.key not in self._waiting

    def _cause(self, spec: RunSpec) -> str:
        return "forced" if self._force else self._reasons.why(spec)

    def _is_elsewhere(self, spec: RunSpec) -> bool:
        """Whether another process works on this run; looked at once a second."""
        watch, looked = self._elsewhere.get(spec.key, (LockWatch(spec.folder), 0.0))
        if time.monotonic() - looked < _ELSEWHERE_SECONDS:
            return True
        state = watch.state()
        if state == "held" or job_state(spec.folder) in ("queued", "running"):
            if spec.key not in self._elsewhere:
                self._display.event(f"waiting  {spec.label}  {spec.key}  (another process is doing it)")
            self._elsewhere[spec.key] = watch, time.monotonic()
            return True
        if state == "stale":
            watch.remove()
        if self._elsewhere.pop(spec.key, None) and (record := _result_of_another(spec)):
            action = "skipped" if record.ok else "ran"
            self._decide(spec, Outcome(spec, action, "done by another process", record))
            return True
        return False

    def _inputs_ready(self, spec: RunSpec) -> bool:
        missing = missing_runs(spec, self._plan.root)
        if missing:
            text = f"its input runs {', '.join(missing)} are absent or not ok"
            self._decide(spec, Outcome(spec, "blocked", text))
        return not missing

    def _start(self, spec: RunSpec) -> None:
        cause = self._cause(spec)
        del self._waiting[spec.key]
        self._display.event(f"start    {spec.label}  {spec.key}  ({cause})")
        self._running[self._engine.submit(spec, fresh=self._force)] = spec, cause

    def _gather(self) -> None:
        if self._running:
            done, _ = wait(self._running, timeout=_WAIT_SECONDS, return_when=FIRST_COMPLETED)
        elif self._waiting:
            time.sleep(_WAIT_SECONDS)
            done = set()
        else:
            return
        for future in done:
            spec, cause = self._running.pop(future)
            record = _record_of(future, spec)
            if record is None:
                self._waiting[spec.key] = spec
                self._elsewhere[spec.key] = LockWatch(spec.folder), time.monotonic()
            else:
                self._decide(spec, Outcome(spec, "ran", cause, record))
        self._display.draw([(spec.label, spec.folder) for spec, _ in self._running.values()], self._counts)

    def _decide(self, spec: RunSpec, outcome: Outcome) -> None:
        self._waiting.pop(spec.key, None)
        self._outcomes[spec.key] = outcome
        self._display.event(event_line(outcome))
        kind = outcome.record.status if outcome.action == "ran" and outcome.record else outcome.action
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._on_end is not None:
            self._on_end(outcome)

    def _interrupt(self) -> None:
        self._display.event("interrupted: stopping the running notebooks")
        self._engine.stop()
        for future, (spec, cause) in self._running.items():
            record = _record_of(future, spec)
            if record is not None:
                self._decide(spec, Outcome(spec, "ran", cause, record))


def _result_of_another(spec: RunSpec) -> RunRecord | None:
    """What another process has left, unless it was cut short: then this one takes over."""
    record = settle(spec.folder)
    if record is not None and record.digest == spec.request.digest and record.status in ("failed", "timeout"):
        return record
    return finished(spec)


def _record_of(future: Future, spec: RunSpec) -> RunRecord | None:
    """The record a future gives; None if another process has the run.

    What kept the run from starting (no memory, a full disk) becomes a record that is written nowhere.
    """
    try:
        return future.result()
    except Busy:
        return None
    except CancelledError:
        error = Failure(None, "Stopped", "stopped before it was started")
        return spec.request.record("interrupted", now(), 0.0, error=error)
    except (RunError, OSError) as problem:
        text = advise(type(problem).__name__, str(problem), spec.request.parameters)
        error = Failure(None, type(problem).__name__, text)
        return spec.request.record("failed", now(), 0.0, error=error)
