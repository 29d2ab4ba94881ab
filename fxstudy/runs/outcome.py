"""What became of the runs of a plan."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from fxstudy.progress import duration
from fxstudy.runs.plan import RunSpec
from fxstudy.runs.record import RunRecord


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


def event_line(outcome: Outcome) -> str:
    """One line that tells an outcome."""
    spec, record = outcome.spec, outcome.record
    if outcome.action != "ran" or record is None:
        return f"{outcome.action:8} {spec.label}  {spec.key}  ({outcome.why})"
    folder = os.path.relpath(spec.folder, spec.request.root)
    return f"{record.text():8} {spec.label}  {duration(record.seconds)}  {folder}"
