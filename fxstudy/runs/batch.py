"""Run a plan: each run once, in order, several at a time, and nothing left behind by Ctrl-C."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TextIO

from fxstudy.errors import PlanError
from fxstudy.progress import duration
from fxstudy.runs.display import Display
from fxstudy.runs.engines import Engine, LocalEngine
from fxstudy.runs.plan import Plan, RunSpec, build_plan, read_plan
from fxstudy.runs.planfile import Entry
from fxstudy.runs.project import find_root
from fxstudy.runs.record import RunRecord
from fxstudy.runs.skip import Reasons, finished, missing_runs

_WAIT_SECONDS = 0.2


@dataclass(frozen=True)
class Outcome:
    """What became of one run of a plan.

    Attributes
    ----------
    spec : RunSpec
    action : str
        "ran", "skipped" (already done), "blocked" (a run it needs is not ok), "planned" (dry run),
        "not started" (the batch was interrupted before).
    why : str
        Why it was done, skipped or blocked.
    record : RunRecord or None
    """

    spec: RunSpec
    action: str
    why: str = ""
    record: RunRecord | None = None

    @property
    def ok(self) -> bool:
        """The run is done (now or before), or was only planned."""
        return self.action == "planned" or (self.record is not None and self.record.ok)


@dataclass
class BatchResult:
    """Outcomes of all runs of a plan, in the order of the plan."""

    title: str
    outcomes: list[Outcome] = field(default_factory=list)
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """Every run is done."""
        return not self.interrupted and all(outcome.ok for outcome in self.outcomes)

    @property
    def folders(self) -> list[Path]:
        """Run folders of all finished runs."""
        return [outcome.spec.folder for outcome in self.outcomes if outcome.record and outcome.record.ok]

    def counts(self) -> dict[str, int]:
        """Number of runs by what became of them: done, skipped, failed, …"""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            kind = outcome.record.status if outcome.action == "ran" and outcome.record else outcome.action
            counts[kind] = counts.get(kind, 0) + 1
        return counts


def run_plan(
    path: Path | str,
    *,
    jobs: int = 1,
    only: Sequence[str] = (),
    force: bool = False,
    dry_run: bool = False,
    gpus: Sequence[str] = (),
    root: Path | None = None,
    engine: Engine | None = None,
    on_end: Callable[[Outcome], object] | None = None,
    stream: TextIO | None = None,
) -> BatchResult:
    """Run a plan, skipping what is done.

    Parameters
    ----------
    path : Path or str
        The plan's YAML file.
    jobs : int
        Notebooks at a time.
    only : sequence of str
        Ids of entries, names of notebooks or labels (``*`` allowed); what they need is run too.
    force : bool
        Do runs again that are done, from scratch.
    dry_run : bool
        Only say what would be done, and why.
    gpus : sequence of str
        Devices (values for CUDA_VISIBLE_DEVICES); at most one run at a time on each.
    engine : Engine, optional
        Where the runs are executed; default this machine.
    on_end : callable, optional
        Called with each outcome as it becomes known.
    stream : file, optional
        Where progress is shown; default stderr.

    Raises
    ------
    PlanError
        Listing every mistake of the plan, before anything starts.
    """
    plan = read_plan(Path(path), root=root or find_root())
    engine = engine or LocalEngine(jobs=jobs, gpus=gpus)
    options = {"only": only, "force": force, "dry_run": dry_run, "on_end": on_end, "stream": stream}
    return run_specs(plan, engine=engine, **options)


def run_notebook(
    notebook: str,
    parameters: Mapping[str, object] | None = None,
    *,
    params: Sequence[str] = (),
    minutes: float | None = None,
    cell_minutes: float | None = None,
    root: Path | None = None,
    **options: object,
) -> BatchResult:
    """Run one notebook; options as for :func:`run_plan`."""
    root = root or find_root()
    name = notebook.rpartition("/")[2].removesuffix(".ipynb")
    entry = Entry(
        name,
        name,
        where=name,
        params=tuple(params),
        set=dict(parameters or {}),
        minutes=minutes,
        cell_minutes=cell_minutes,
    )
    plan = build_plan([entry], root=root, title=name, name=name)
    options.setdefault("engine", LocalEngine(jobs=1, gpus=options.pop("gpus", ())))
    return run_specs(plan, **options)


def run_specs(
    plan: Plan,
    *,
    engine: Engine,
    only: Sequence[str] = (),
    force: bool = False,
    dry_run: bool = False,
    on_end: Callable[[Outcome], object] | None = None,
    stream: TextIO | None = None,
) -> BatchResult:
    """Run the runs of a plan that was already read; see :func:`run_plan`."""
    specs = _chosen(plan, only)
    batch = _Batch(plan, specs, engine, force, dry_run, on_end, Display(len(specs), stream))
    return batch.run()


def _chosen(plan: Plan, only: Sequence[str]) -> list[RunSpec]:
    """Runs that match, and those that they need."""
    if not only:
        return list(plan.specs)
    matching = {
        spec.key
        for spec in plan.specs
        for wanted in only
        if any(fnmatchcase(name, wanted) for name in spec.names)
    }
    if not matching:
        known = ", ".join(dict.fromkeys(spec.entry for spec in plan.specs))
        raise PlanError(f"--only {' '.join(only)} matches no run; the plan has {known}")
    by_key = {spec.key: spec for spec in plan.specs}
    waiting = list(matching)
    while waiting:
        needs = by_key[waiting.pop()].needs - matching
        matching |= needs
        waiting += needs
    return [spec for spec in plan.specs if spec.key in matching]


class _Batch:
    def __init__(self, plan, specs, engine, force, dry_run, on_end, display):
        self.plan, self.specs, self.engine, self.display = plan, specs, engine, display
        self.force, self.dry_run, self.on_end = force, dry_run, on_end
        self.outcomes: dict[str, Outcome] = {}
        self.running: dict[Future, tuple[RunSpec, str]] = {}
        self.waiting = {spec.key: spec for spec in specs}
        self.reasons = Reasons()
        self.counts: dict[str, int] = {}

    def run(self) -> BatchResult:
        result = BatchResult(self.plan.title)
        try:
            while self.waiting or self.running:
                self._advance()
                self._collect()
        except KeyboardInterrupt:
            result.interrupted = True
            self._interrupt()
        finally:
            self.engine.close()
            self.display.close()
        for spec in self.specs:
            default = Outcome(spec, "not started", "the batch was interrupted")
            result.outcomes.append(self.outcomes.get(spec.key, default))
        return result

    def _advance(self) -> None:
        """Decide about every waiting run whose needs are known, and start what has a place."""
        for spec in list(self.waiting.values()):
            if any(key in self.waiting for key in spec.needs) or self._is_running(spec.needs):
                continue
            blocking = [key for key in spec.needs if not self.outcomes[key].ok]
            if blocking:
                labels = ", ".join(sorted(self.outcomes[key].spec.label for key in blocking))
                self._decide(spec, Outcome(spec, "blocked", f"{labels} is not ok"))
                continue
            record = None if self.force else finished(spec)
            if record is not None:
                self._decide(spec, Outcome(spec, "skipped", "done, nothing has changed", record))
            elif self.dry_run:
                cause = "forced" if self.force else self.reasons.why(spec)
                self._decide(spec, Outcome(spec, "planned", cause))
            elif self.engine.free() and self._inputs_ready(spec):
                self._start(spec)

    def _is_running(self, keys: frozenset[str]) -> bool:
        return any(spec.key in keys for spec, _ in self.running.values())

    def _inputs_ready(self, spec: RunSpec) -> bool:
        missing = missing_runs(spec, self.plan.root)
        if missing:
            text = f"its input runs {', '.join(missing)} are absent or not ok"
            self._decide(spec, Outcome(spec, "blocked", text))
        return not missing

    def _start(self, spec: RunSpec) -> None:
        cause = "forced" if self.force else self.reasons.why(spec)
        del self.waiting[spec.key]
        self.display.event(f"start    {spec.label}  {spec.key}  ({cause})")
        self.running[self.engine.submit(spec, fresh=self.force)] = spec, cause

    def _collect(self) -> None:
        if not self.running:
            return
        done, _ = wait(self.running, timeout=_WAIT_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            spec, cause = self.running.pop(future)
            self._decide(spec, Outcome(spec, "ran", cause, future.result()))
        self.display.draw([(spec.label, spec.folder) for spec, _ in self.running.values()], self.counts)

    def _decide(self, spec: RunSpec, outcome: Outcome) -> None:
        self.waiting.pop(spec.key, None)
        self.outcomes[spec.key] = outcome
        self.display.event(_event(outcome))
        kind = outcome.record.status if outcome.action == "ran" else outcome.action
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.on_end is not None:
            self.on_end(outcome)

    def _interrupt(self) -> None:
        self.display.event("interrupted: stopping the running notebooks")
        self.engine.stop()
        for future, (spec, cause) in self.running.items():
            self.outcomes[spec.key] = Outcome(spec, "ran", cause, future.result())
            self.display.event(_event(self.outcomes[spec.key]))


def _event(outcome: Outcome) -> str:
    spec, record = outcome.spec, outcome.record
    if outcome.action != "ran":
        return f"{outcome.action:8} {spec.label}  {spec.key}  ({outcome.why})"
    folder = os.path.relpath(spec.folder, spec.request.root)
    return f"{record.text():8} {spec.label}  {duration(record.seconds)}  {folder}"
