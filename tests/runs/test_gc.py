"""Old runs go only when someone says yes, and never one that is needed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fxstudy.runs import find_garbage, read_plan, remove
from fxstudy.runs.lock import FolderLock
from fxstudy.runs.record import read_record, write_record

PLAN = """
runs:
  - {id: train, notebook: 10_tiny, grid: {seed: [1, 2, 3]}}
  - {id: compare, notebook: 90_compare, set: {runs: {from: train}}}
"""


@pytest.fixture
def runs(project):
    """Folders of a plan, with records as its runs would have left them, 30 days old."""
    project.write()
    project.write(parameters="runs: list[str] = []", name="90_compare")
    specs = read_plan(project.plan(PLAN), root=project.root).specs
    long_ago = (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds")
    for spec, status in zip(specs, ("ok", "failed", "ok", "ok"), strict=True):
        (spec.folder / "checkpoints").mkdir(parents=True)
        (spec.folder / "checkpoints" / "last").write_bytes(b"x" * 1000)
        write_record(spec.folder, replace(spec.request.record(status, long_ago, 1.0), finished=long_ago))
    return specs


def folders(garbage):
    return {item.folder for item in garbage}


def test_only_old_unfinished_runs_are_offered(runs):
    (item,) = find_garbage(days=14)
    assert item.folder == runs[1].folder and item.why == "failed" and 29 < item.days < 31
    assert item.size > 1000
    assert find_garbage(days=40) == []


def test_nothing_is_removed_without_a_yes(runs):
    garbage = find_garbage(days=14)
    assert remove(garbage, confirm=lambda found: False) == 0 and runs[1].folder.is_dir()
    assert remove(garbage, confirm=lambda found: len(found) == 1) == garbage[0].size
    assert not runs[1].folder.exists() and runs[0].folder.is_dir()


def test_running_run_is_never_offered_nor_removed(runs):
    garbage = find_garbage(days=14)
    (runs[1].folder / "run.json").unlink()
    (runs[1].folder / ".state").mkdir()
    (runs[1].folder / ".state" / "request.json").write_text("{}")
    with FolderLock(runs[1].folder) as lock:
        assert lock.acquire()
        assert find_garbage(days=0) == []
        assert remove(garbage, confirm=lambda found: True) == 0
    assert [item.why for item in find_garbage(days=0)] == ["cut off"]


def test_superseded_run_goes_unless_a_finished_run_has_used_it(runs):
    newer = read_record(runs[0].folder)
    again = runs[0].folder.with_name("0" * 12)
    again.mkdir()
    write_record(again, replace(newer, key="0" * 12, finished=datetime.now(UTC).isoformat()))
    assert folders(find_garbage(days=14, superseded=True)) == {runs[1].folder}
    for spec in runs[3:]:
        (spec.folder / "run.json").unlink()
    assert folders(find_garbage(days=14, superseded=True)) == {runs[0].folder, runs[1].folder}


def test_checkpoints_of_finished_runs_may_go_alone(runs):
    garbage = find_garbage(days=14, statuses=(), checkpoints=True)
    assert folders(garbage) == {spec.folder / "checkpoints" for spec in (runs[0], runs[2], runs[3])}
