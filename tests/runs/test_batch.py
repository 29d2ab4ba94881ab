"""A plan is done once, in order, and Ctrl-C leaves nothing running."""

import io
import json
import os
import signal
import time

import pytest

from fxstudy.errors import PlanError
from fxstudy.runs import read_record, run_notebook, run_plan, why

TRAIN = "run.save_metrics({'auc': seed / 10})"
COMPARE = """
from fxstudy.runs import collect, find_run
run.save_metrics({'found': len([find_run(key) for key in runs])})
"""
PLAN = """
runs:
  - {id: compare, notebook: 90_compare, set: {runs: {from: train}}}
  - {id: train, notebook: 10_tiny, grid: {seed: [1, 2]}}
"""


@pytest.fixture
def stages(project):
    project.write(TRAIN)
    project.write(COMPARE, parameters="runs: list[str] = []", name="90_compare")
    return project.plan(PLAN)


def actions(result):
    return {outcome.spec.label: outcome.action for outcome in result.outcomes}


def test_plan_is_run_in_order_then_skipped_then_repeated_where_damaged(stages, quiet):
    ended = []
    first = run_plan(stages, jobs=2, stream=quiet, on_end=lambda outcome: ended.append(outcome.spec.entry))
    assert first.ok and set(actions(first).values()) == {"ran"}
    assert ended == ["train", "train", "compare"]
    assert json.loads((first.folders[-1] / "metrics.json").read_text()) == {"found": 2}

    second = run_plan(stages, jobs=1, stream=quiet)
    assert second.ok and set(actions(second).values()) == {"skipped"}

    os.utime(first.folders[0] / "metrics.json")
    assert run_plan(stages, stream=quiet, dry_run=True).counts() == {"skipped": 3}
    (first.folders[0] / "metrics.json").write_text("{}")
    third = run_plan(stages, stream=quiet)
    assert third.ok
    assert actions(third) == {"train[seed=1]": "ran", "train[seed=2]": "skipped", "compare": "skipped"}
    assert third.outcomes[0].why == "output metrics.json is missing or was changed"


def test_cause_of_a_rerun_is_one_line(stages, project, quiet):
    first = run_notebook("10_tiny", {"seed": 1}, stream=quiet)
    assert first.outcomes[0].why == "never run before"
    key = first.outcomes[0].spec.key
    planned = run_notebook("10_tiny", {"seed": 3}, stream=quiet, dry_run=True).outcomes[0]
    assert planned.why == f"changed since run {key}: seed: 1 → 3"
    project.write(TRAIN, "x = 1")
    planned = run_notebook("10_tiny", {"seed": 1}, stream=quiet, dry_run=True).outcomes[0]
    assert planned.why == why(planned.spec) == f"changed since run {key}: notebook code (cells)"


def test_failed_run_blocks_what_needs_it_and_nothing_else(project, quiet):
    project.write("assert seed != 1, 'bad seed'")
    project.write(COMPARE, parameters="runs: list[str] = []", name="90_compare")
    plan = project.plan(PLAN)
    result = run_plan(plan, stream=quiet)
    assert not result.ok
    assert actions(result) == {"train[seed=1]": "ran", "train[seed=2]": "ran", "compare": "blocked"}
    assert result.outcomes[2].why == "train[seed=1] is not ok"
    again = run_plan(plan, stream=quiet, dry_run=True)
    assert again.outcomes[0].why.startswith("the last attempt was not ok (failed in cell 4: AssertionError")


def test_only_takes_along_what_is_needed(stages, quiet):
    result = run_plan(stages, only=["compare"], dry_run=True, stream=quiet)
    assert len(result.outcomes) == 3
    result = run_plan(stages, only=["train[[]seed=2]"], dry_run=True, stream=quiet)
    assert list(actions(result)) == ["train[seed=2]"]
    with pytest.raises(PlanError, match="matches no run; the plan has train, compare"):
        run_plan(stages, only=["tarin"], stream=quiet)


def test_force_repeats_what_is_done(project, quiet):
    project.write("run.checkpoints.joinpath('x').touch()")
    run_notebook("10_tiny", stream=quiet)
    again = run_notebook("10_tiny", stream=quiet, force=True)
    assert again.outcomes[0].action == "ran" and again.outcomes[0].why == "forced"


def test_input_run_that_does_not_exist_blocks(project, quiet):
    project.write(COMPARE, parameters="runs: list[str] = []", name="90_compare")
    result = run_notebook("90_compare", {"runs": ["0123456789ab"]}, stream=quiet)
    assert actions(result) == {"90_compare": "blocked"} and not result.ok
    assert "0123456789ab are absent" in result.outcomes[0].why


def test_two_devices_never_carry_two_runs_at_once(project, quiet):
    cell = """
import os, time
begun = time.time()
time.sleep(0.3)
run.save_metrics({'device': os.environ['CUDA_VISIBLE_DEVICES'], 'begun': begun, 'ended': time.time()})
"""
    project.write(cell)
    plan = project.plan("runs:\n  - {notebook: 10_tiny, grid: {seed: [1, 2, 3, 4]}}")
    result = run_plan(plan, jobs=4, gpus=["0", "1"], stream=quiet)
    assert result.ok
    used = [json.loads((folder / "metrics.json").read_text()) for folder in result.folders]
    assert {item["device"] for item in used} == {"0", "1"}
    for device in "01":
        spans = sorted((item["begun"], item["ended"]) for item in used if item["device"] == device)
        assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))


def test_ctrl_c_leaves_nothing_running_and_says_so(project, alive, tmp_path, background, wait_for):
    project.write("import time\ntime.sleep(120)")
    plan = project.plan("runs:\n  - {notebook: 10_tiny, grid: {seed: [1, 2, 3]}}")
    script = f"""
import sys
from fxstudy.runs import launch, run_plan
launch.child_command = lambda request: [sys.executable, {str(tmp_path / "child.py")!r}, str(request)]
result = run_plan({str(plan)!r}, jobs=2)
sys.exit(3 if result.interrupted and not result.ok else 0)
"""
    parent = background(script)
    wait_for(lambda: len(list(project.root.glob("runs/*/*/*/.state/kernel.json"))) == 2)
    time.sleep(1)
    parent.send_signal(signal.SIGINT)
    parent.wait(timeout=300)
    shown = parent.shown.read_text()
    assert parent.returncode == 3, shown
    assert alive(str(project.root)) == []
    records = [read_record(path) for path in project.root.glob("runs/*/*/*")]
    assert [record.status for record in records if record] == ["interrupted", "interrupted"]
    assert "interrupted" in shown


def test_killed_parent_takes_the_notebook_with_it(project, alive, tmp_path, background, wait_for):
    project.write("import time\ntime.sleep(120)")
    script = f"""
import sys
from fxstudy.runs import launch, run_notebook
launch.child_command = lambda request: [sys.executable, {str(tmp_path / "child.py")!r}, str(request)]
run_notebook("10_tiny")
"""
    parent = background(script)
    wait_for(lambda: list(project.root.glob("runs/*/*/*/.state/kernel.json")))
    time.sleep(1)
    parent.kill()
    parent.wait()
    wait_for(lambda: not alive(str(project.root)))
    (record,) = [read_record(path) for path in project.root.glob("runs/*/*/*")]
    assert record.status == "interrupted" and "has ended" in record.error.evalue


def test_events_are_lines_where_there_is_no_terminal(stages, quiet):
    run_plan(stages, stream=quiet, only=["train"])
    quiet.seek(0)
    lines = quiet.read().splitlines()
    assert len(lines) == 4 and all("\x1b" not in line for line in lines)
    assert lines[0].startswith("start    train[seed=1]") and "ok" in lines[1]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_terminal_shows_progress_of_the_running_notebook(project):
    cell = """
import time
from fxstudy.progress import Progress
with Progress(2, 'training', unit='epochs') as progress:
    time.sleep(0.6)
    progress.update(loss=0.5)
    time.sleep(1.5)
"""
    project.write(cell)
    terminal = Terminal()
    assert run_notebook("10_tiny", stream=terminal).ok
    shown = terminal.getvalue()
    assert "10_tiny  training" in shown and "1/2 epochs  loss 0.5" in shown
    assert "0 of 1 runs" in shown
