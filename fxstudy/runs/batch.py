"""Run a plan: each run once, in order, several at a time, and nothing left behind by Ctrl-C."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TextIO

from fxstudy.errors import PlanError
from fxstudy.runs.display import Display
from fxstudy.runs.engines import Engine, LocalEngine
from fxstudy.runs.outcome import BatchResult, Outcome
from fxstudy.runs.plan import Plan, RunSpec, build_plan, read_plan
from fxstudy.runs.planfile import Entry
from fxstudy.runs.project import find_root
from fxstudy.runs.schedule import Schedule


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
    schedule = Schedule(
        plan, specs, engine, Display(len(specs), stream), force=force, dry_run=dry_run, on_end=on_end
    )
    return schedule.run()


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
