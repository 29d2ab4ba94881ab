"""Slurm itself, where there is one (docs/how-to/slurm-on-one-machine.sh starts one): every record is true.

Takes some minutes, most of them the cluster's own waiting before it starts a job again.
"""

import json
import shutil
import subprocess

import pytest

from fxstudy.errors import RunError
from fxstudy.runs import collect, run_plan, status
from fxstudy.runs.jobs import JOB, require_accounting

CELL = """
import time
state = run.checkpoints / 'step'
first = int(state.read_text()) if state.exists() else 0
for step in range(first, steps):
    state.write_text(str(step + 1))
    time.sleep(0.5)
run.save_metrics({'first': first})
"""
PLAN = "runs:\n  - {notebook: 10_tiny, grid: {steps: [2, 1001, 1002, 90]}}"
PARENT = """
from pathlib import Path
from fxstudy.runs import run_plan
from fxstudy.runs.cluster import ClusterEngine
root = Path(ROOT)
engine = ClusterEngine(root, minutes=1, requeues=REQUEUES, cores=1, signal_seconds=20, memory_gb=1.5)
run_plan(PLAN, root=root, engine=engine)
"""


@pytest.fixture
def slurm(project):
    """A working Slurm, else the test is skipped."""
    pytest.importorskip("submitit")
    if shutil.which("sbatch") is None:
        pytest.skip("no Slurm here")
    try:
        require_accounting()
    except RunError as error:
        pytest.skip(str(error))
    return project


@pytest.mark.slow
def test_one_cancelled_one_at_its_limit_parent_killed_and_every_record_true(
    slurm, quiet, background, wait_for
):
    slurm.write(CELL, parameters="steps: int = 1")
    plan = slurm.plan(PLAN)
    script = PARENT.replace("ROOT", repr(str(slurm.root))).replace("PLAN", repr(str(plan)))
    parent = background(script.replace("REQUEUES", "2"))
    wait_for(lambda: len(list(slurm.root.glob(f"runs/tiny/10_tiny/*/{JOB}"))) == 4)
    parent.kill()
    parent.wait()
    folders = {}
    for file in slurm.root.glob("runs/tiny/10_tiny/*/.state/request.json"):
        folders[json.loads(file.read_text())["parameters"]["steps"]] = file.parents[1]
    assert {state.status for state in status()} <= {"queued", "running", "ok"}

    wait_for(lambda: (folders[1001] / "checkpoints" / "step").exists())
    job = json.loads((folders[1001] / JOB).read_text())["id"]
    subprocess.run(["scancel", job], check=True)
    wait_for(lambda: not {"queued", "running"} & {state.status for state in status()}, 900)

    found = {state.record.parameters["steps"]: state.record for state in status()}
    told = {steps: (record.status, record.error) for steps, record in found.items()}
    assert {steps: record.status for steps, record in found.items()} == {
        2: "ok",
        1001: "interrupted",
        1002: "timeout",
        90: "ok",
    }, told
    assert json.loads((folders[90] / "metrics.json").read_text())["first"] > 0
    assert (folders[1002] / "log.txt").read_text().count("started") == 3
    assert sorted(collect()["status"]) == ["interrupted", "ok", "ok", "timeout"]
    assert run_plan(plan, stream=quiet, dry_run=True).counts() == {"skipped": 2, "planned": 2}
    assert not list(slurm.root.glob(f"runs/*/*/*/{JOB}"))
