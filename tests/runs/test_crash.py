"""Kill −9, full disks and full memory at the worst moments: nothing unfinished ever looks finished."""

import json
import os
import random
import signal
import sys
import time

import pytest

from fxstudy.runs import launch as launching
from fxstudy.runs import read_record, run_notebook, run_plan
from fxstudy.runs.advice import advise

TRAIN = """
import json, os, time
import numpy as np
state = run.checkpoints / 'last.json'
done, value = json.loads(state.read_text()) if state.exists() else [0, seed]
for step in range(done, {steps}):
    value = float(np.sin(value * 1.7 + step))
    draft = state.with_suffix('.part')
    draft.write_text(json.dumps([step + 1, value]))
    os.replace(draft, state)
    time.sleep({pause})
"""
SAVE = """
import pandas as pd
rows = {'model': ['a'], 'image_id': ['1'], 'split': ['test'], 'label': [1], 'score_x': [value]}
run.save_predictions(pd.DataFrame(rows))
"""
PARENT = """
import sys
from fxstudy.runs import launch, run_plan
launch.child_command = lambda request: [sys.executable, {child!r}, str(request)]
result = run_plan({plan!r}, jobs={jobs})
sys.exit(0 if result.ok else 1)
"""


@pytest.fixture
def start_parent(project, tmp_path, background):
    """Starts a process that runs a plan."""

    def start(plan, jobs=1):
        return background(PARENT.format(child=str(tmp_path / "child.py"), plan=str(plan), jobs=jobs))

    return start


def steps_done(project):
    for path in project.root.glob("runs/*/*/*/checkpoints/last.json"):
        return json.loads(path.read_text())[0]
    return 0


def test_killed_at_random_moments_the_next_run_continues_to_equal_predictions(
    project, start_parent, wait_for, quiet, alive
):
    project.write(TRAIN.format(pause=0.1, steps=40), SAVE)
    plan = project.plan("runs:\n  - {notebook: 10_tiny}")
    rng = random.Random(3)
    for victim in ("parent", "child", "kernel"):
        before = steps_done(project)
        parent = start_parent(plan)
        wait_for(lambda: steps_done(project) > before)  # noqa: B023
        time.sleep(rng.uniform(0.0, 0.4))
        (folder,) = project.root.glob("runs/tiny/10_tiny/*")
        if victim == "parent":
            parent.kill()
        else:
            facts = json.loads((folder / ".state" / f"{victim}.json").read_text())
            os.kill(facts["pid"], signal.SIGKILL)
        parent.wait()
        wait_for(lambda: not alive(str(project.root)))
        record = read_record(folder)
        assert record is None or record.status in ("killed", "interrupted")
        assert not (folder / "predictions.parquet").exists()
    result = run_plan(plan, stream=quiet)
    assert result.ok and alive(str(project.root)) == []
    steps = json.loads((folder / "checkpoints" / "last.json").read_text())
    again = run_plan(plan, stream=quiet, force=True)
    assert again.ok
    assert json.loads((folder / "checkpoints" / "last.json").read_text()) == steps
    first, second = (r.outcomes[0].record.outputs for r in (result, again))
    digests = [
        next(o["sha256"] for o in outputs if o["path"] == "predictions.parquet")
        for outputs in (first, second)
    ]
    assert digests[0] == digests[1]


def test_continues_from_the_checkpoint_and_not_from_the_start(project, start_parent, wait_for, quiet):
    text = TRAIN.format(pause=0.1, steps=20) + "\nrun.save_metrics({'first_step': done})"
    project.write(text)
    plan = project.plan("runs:\n  - {notebook: 10_tiny}")
    parent = start_parent(plan)
    wait_for(lambda: list(project.root.glob("runs/*/*/*/checkpoints/last.json")))
    parent.kill()
    parent.wait()
    result = run_plan(plan, stream=quiet)
    saved = json.loads((result.folders[0] / "metrics.json").read_text())
    assert result.ok and saved["first_step"] >= 1


def test_power_loss_between_write_and_rename_leaves_no_record(project, quiet, tmp_path):
    child = tmp_path / "child.py"
    normal = child.read_text()
    crash = """
import os, signal
replace = os.replace
def cut(source, target):
    if str(target).endswith('run.json'):
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(source, target)
os.replace = cut
"""
    child.write_text(crash + normal)
    project.write("run.save_metrics({'x': 1})")
    record = run_notebook("10_tiny", stream=quiet).outcomes[0].record
    assert record.status == "killed"
    child.write_text(normal)
    again = run_notebook("10_tiny", stream=quiet).outcomes[0]
    assert again.action == "ran" and again.record.ok
    assert {output["path"] for output in again.record.outputs} == {"metrics.json", "notebook.ipynb"}


def test_file_size_limit_in_a_cell_is_told_as_a_full_disk(project, quiet):
    cell = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
run.save_metrics({'long': 'x' * 100_000})
"""
    project.write(cell)
    result = run_notebook("10_tiny", stream=quiet)
    record = result.outcomes[0].record
    assert record.status == "failed" and record.error.cell == 4
    assert "the disk is full" in record.error.evalue
    assert not (result.outcomes[0].spec.folder / "metrics.json").exists()


@pytest.mark.parametrize("blocks", [0, 8])
def test_disk_that_refuses_everything_leaves_nothing_that_looks_finished(project, quiet, tmp_path, blocks):
    project.write("run.save_metrics({'x': list(range(5000))})")
    command = f"ulimit -f {blocks}; exec '{sys.executable}' '{tmp_path / 'child.py'}' \"$0\""
    usual, launching.child_command = (
        launching.child_command,
        lambda request: ["bash", "-c", command, str(request)],
    )
    outcome = run_notebook("10_tiny", stream=quiet).outcomes[0]
    assert not outcome.ok and outcome.record.status in ("failed", "killed")
    launching.child_command = usual
    assert run_notebook("10_tiny", stream=quiet).ok


def test_full_disk_before_the_start_is_told(project, quiet, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    project.write()
    monkeypatch.setattr(launching, "write_request", full)
    result = run_notebook("10_tiny", stream=quiet)
    assert not result.ok and "the disk is full" in result.outcomes[0].record.error.evalue


def test_run_above_its_memory_limit_is_stopped(project, quiet, alive):
    project.write("block = bytearray(700_000_000)\nimport time\ntime.sleep(60)")
    plan = project.plan("runs:\n  - {notebook: 10_tiny, memory_gb: 0.5}")
    (outcome,) = run_plan(plan, stream=quiet).outcomes
    assert outcome.record.status == "killed"
    assert "more than its limit of 0.5 GB" in outcome.record.error.evalue
    assert alive(str(project.root)) == []


def test_run_that_needs_more_memory_than_there_is_does_not_start(project, quiet):
    project.write()
    plan = project.plan("runs:\n  - {notebook: 10_tiny, memory_gb: 100000}")
    (outcome,) = run_plan(plan, stream=quiet).outcomes
    assert not outcome.ok and "declares memory_gb: 100000" in outcome.record.error.evalue
    assert not outcome.spec.folder.exists()


def test_run_that_needs_more_graphics_memory_than_is_free_does_not_start(
    project, quiet, tmp_path, monkeypatch
):
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 2048\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    project.write()
    plan = project.plan("runs:\n  - {notebook: 10_tiny, gpu_memory_gb: 8}")
    (outcome,) = run_plan(plan, gpus=["0"], stream=quiet).outcomes
    assert "declares gpu_memory_gb: 8, but 2.1 GB are free" in outcome.record.error.evalue


def test_full_memory_of_the_machine_is_named(project, quiet):
    cell = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, 3_000_000_000))
block = bytearray(5_000_000_000)
"""
    project.write(cell, parameters="batch_size: int = 64")
    record = run_notebook("10_tiny", stream=quiet).outcomes[0].record
    assert record.status == "failed" and record.error.ename == "MemoryError"
    assert "the memory of the machine is full" in record.error.evalue
    assert "batch_size was 64" in record.error.evalue


def test_full_memory_of_the_graphics_card_is_named(project, quiet):
    cell = """
class OutOfMemoryError(RuntimeError):
    pass
raise OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8 GiB')
"""
    project.write(cell, parameters="batch_size: int = 16")
    record = run_notebook("10_tiny", stream=quiet).outcomes[0].record
    assert (record.status, record.error.ename) == ("failed", "OutOfMemoryError")
    assert record.error.evalue.startswith("the memory of the graphics card is full; halve the batch size")
    assert "batch_size was 16" in record.error.evalue


@pytest.mark.parametrize(
    ("ename", "evalue", "words"),
    [
        ("RuntimeError", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling", "graphics card"),
        ("AcceleratorError", "CUDA error: out of memory\nmore", "graphics card"),
        ("RuntimeError", "[enforce fail] DefaultCPUAllocator: can't allocate memory", "machine is full"),
        ("OSError", "[Errno 122] Disk quota exceeded", "disk is full"),
    ],
)
def test_other_forms_of_fullness_are_known(ename, evalue, words):
    assert words in advise(ename, evalue, {})


def test_other_errors_are_left_as_they_are():
    assert advise("ValueError", "wrong shape", {"batch_size": 3}) == "wrong shape"


def test_two_parents_share_a_plan_and_never_clash(project, start_parent):
    cell = "import time, uuid\nrun.save_metrics({'who': uuid.uuid4().hex})\ntime.sleep(0.3)"
    project.write(cell)
    plan = project.plan("runs:\n  - {notebook: 10_tiny, grid: {seed: [1, 2, 3, 4]}}")
    parents = [start_parent(plan) for _ in range(2)]
    codes = [parent.wait(timeout=300) for parent in parents]
    shown = [parent.shown.read_text() for parent in parents]
    assert codes == [0, 0], shown
    logs = [path.read_text().count("started") for path in project.root.glob("runs/*/*/*/log.txt")]
    assert logs == [1, 1, 1, 1], shown
    assert all("ok       10_tiny" in text for text in shown), "both should have done some"


def test_killed_parent_of_two_leaves_its_run_to_the_other(project, start_parent, wait_for):
    project.write(TRAIN.format(pause=0.1, steps=40), SAVE)
    plan = project.plan("runs:\n  - {notebook: 10_tiny}")
    first = start_parent(plan)
    wait_for(lambda: steps_done(project))
    second = start_parent(plan)
    wait_for(lambda: "another process is doing it" in second.shown.read_text() or second.poll() is not None)
    first.kill()
    first.wait()
    assert second.wait(timeout=300) == 0, second.shown.read_text()
    assert "another process is doing it" in second.shown.read_text()
    (folder,) = project.root.glob("runs/tiny/10_tiny/*")
    assert read_record(folder).ok and not (folder / ".lock").exists()
