"""The engine for clusters, on submitit's local one: the same records as on this machine."""

import json
import os

import pytest

from fxstudy.errors import RunError
from fxstudy.runs import read_plan, read_record, run_plan, status
from fxstudy.runs.jobs import JOB, job_state, require_accounting, settle, write_job
from fxstudy.runs.node import NodeRun, changed_since
from fxstudy.runs.request import write_request

PLAN = """
runs:
  - {id: train, notebook: 10_tiny, grid: {seed: [1, 2]}}
  - {id: compare, notebook: 90_compare, set: {runs: {from: train}}}
"""
SLOW = """
import time
state = run.checkpoints / 'step'
first = int(state.read_text()) if state.exists() else 0
for step in range(first, steps):
    state.write_text(str(step + 1))
    time.sleep(0.25)
run.save_metrics({'first': first})
"""


@pytest.fixture
def cluster(project):
    """Makes engines of submitit's local cluster."""
    pytest.importorskip("submitit")
    from fxstudy.runs.cluster import ClusterEngine

    def make(**options):
        return ClusterEngine(project.root, cluster="local", poll_seconds=0.3, **options)

    return make


def test_plan_gives_the_same_records_as_on_this_machine(project, cluster, quiet):
    project.write("run.save_metrics({'auc': seed / 10})")
    project.write("run.save_metrics({'n': len(runs)})", parameters="runs: list[str] = []", name="90_compare")
    plan = project.plan(PLAN)
    result = run_plan(plan, engine=cluster(), stream=quiet)
    assert result.ok, [outcome.record for outcome in result.outcomes]
    assert result.counts() == {"ok": 3}
    metrics = [json.loads((folder / "metrics.json").read_text()) for folder in result.folders]
    assert metrics == [{"auc": 0.1}, {"auc": 0.2}, {"n": 2}]
    assert not list(project.root.glob(f"runs/*/*/*/{JOB}"))
    assert run_plan(plan, stream=quiet).counts() == {"skipped": 3}


def test_failing_notebook_is_told_and_blocks(project, cluster, quiet):
    project.write("assert seed == 2, 'bad seed'")
    project.write(parameters="runs: list[str] = []", name="90_compare")
    result = run_plan(project.plan(PLAN), engine=cluster(), stream=quiet)
    assert result.counts() == {"failed": 1, "ok": 1, "blocked": 1}
    assert "bad seed" in result.outcomes[0].record.error.evalue


def test_job_at_its_time_limit_is_queued_again_and_continues(project, cluster, quiet):
    project.write(SLOW, parameters="steps: int = 50")
    plan = project.plan("runs:\n  - {notebook: 10_tiny}")
    engine = cluster(minutes=1, signal_seconds=50, requeues=40)
    (outcome,) = run_plan(plan, engine=engine, stream=quiet).outcomes
    assert outcome.ok, outcome.record
    assert json.loads((outcome.spec.folder / "metrics.json").read_text())["first"] > 0


def test_parent_may_end_and_a_later_one_knows_everything(project, cluster, quiet, background, wait_for):
    project.write(SLOW, parameters="steps: int = 60")
    plan = project.plan("runs:\n  - {notebook: 10_tiny}")
    script = f"""
from pathlib import Path
from fxstudy.runs import run_plan
from fxstudy.runs.cluster import ClusterEngine
run_plan({str(plan)!r}, engine=ClusterEngine(Path({str(project.root)!r}), cluster="local"))
"""
    parent = background(script)
    wait_for(lambda: list(project.root.glob("runs/*/*/*/checkpoints/step")))
    parent.kill()
    parent.wait()
    assert [state.status for state in status()] == ["running"]
    (outcome,) = run_plan(plan, stream=quiet).outcomes
    assert outcome.ok and outcome.why == "done by another process"
    assert (outcome.spec.folder / "log.txt").read_text().count("started") == 1


def test_interrupted_batch_cancels_its_jobs(project, cluster, quiet, alive, wait_for):
    project.write(SLOW, parameters="steps: int = 400")
    plan = project.plan("runs:\n  - {notebook: 10_tiny}")
    engine = cluster()
    flush = engine.flush

    def interrupt():
        flush()
        if list(project.root.glob("runs/*/*/*/checkpoints/step")):
            raise KeyboardInterrupt

    engine.flush = interrupt
    result = run_plan(plan, engine=engine, stream=quiet)
    assert result.interrupted and result.outcomes[0].record.status == "interrupted"
    wait_for(lambda: not alive(str(project.root)))


def test_code_changed_between_submission_and_start_is_refused(project):
    project.write("run.save_metrics({'x': 1})")
    (spec,) = read_plan(project.plan("runs:\n  - {notebook: 10_tiny}"), root=project.root).specs
    file = write_request(spec.request)
    assert changed_since(spec.request) is None
    project.write("run.save_metrics({'x': 2})")
    assert NodeRun(str(file))() == "failed"
    record = read_record(spec.folder)
    assert "changed between submission and start: notebook code (cell 3)" in record.error.evalue


def fake(tmp_path, monkeypatch, name, text):
    tool = tmp_path / "bin" / name
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f"#!/bin/sh\n{text}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")


def test_slurm_without_accounts_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunError, match="no Slurm here"):
        require_accounting()
    fake(tmp_path, monkeypatch, "sbatch", "true")
    fake(tmp_path, monkeypatch, "sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1")
    with pytest.raises(RunError, match="sacct does not work.*accounting storage is disabled"):
        require_accounting()
    fake(tmp_path, monkeypatch, "sacct", "true")
    require_accounting()


@pytest.mark.parametrize(
    ("told", "state", "status", "words"),
    [
        ("7_[0-3]|PENDING", "queued", None, ""),
        ("7_1|RUNNING", "running", None, ""),
        ("7_1|CANCELLED by 0", "ended", "interrupted", "cancelled"),
        ("7_1|TIMEOUT", "ended", "timeout", "time limit"),
        ("7_1|OUT_OF_MEMORY", "ended", "killed", "more memory"),
        ("7_1|NODE_FAIL", "ended", "killed", "failed"),
        ("7_1|FAILED", "ended", "killed", "ended (FAILED) before"),
        ("", "queued", None, ""),
    ],
)
def test_record_of_a_job_that_could_not_write_one(project, tmp_path, monkeypatch, told, state, status, words):
    project.write()
    (spec,) = read_plan(project.plan("runs:\n  - {notebook: 10_tiny}"), root=project.root).specs
    write_request(spec.request)
    write_job(spec.folder, "slurm", "7_1")
    fake(tmp_path, monkeypatch, "sacct", f"echo '{told}'")
    assert job_state(spec.folder) == state
    if status:
        record = settle(spec.folder)
        assert record.status == status and words in record.error.evalue
        assert read_record(spec.folder) == record and not (spec.folder / JOB).exists()


def test_job_that_slurm_has_forgotten_has_ended(project, tmp_path, monkeypatch):
    project.write()
    (spec,) = read_plan(project.plan("runs:\n  - {notebook: 10_tiny}"), root=project.root).specs
    write_request(spec.request)
    write_job(spec.folder, "slurm", "7")
    fake(tmp_path, monkeypatch, "sacct", "true")
    os.utime(spec.folder / JOB, (1, 1))
    assert job_state(spec.folder) == "ended" and settle(spec.folder).status == "killed"
