"""How a notebook ends is told truthfully; oracle: the behaviours of papermill 2.7 that were measured."""

import json
import stat
import sys

import pytest

from fxstudy.runs import execute_request, read_record, run_notebook
from fxstudy.runs.launch import launch
from fxstudy.runs.plan import build_plan
from fxstudy.runs.planfile import Entry


def run(project, quiet, values=None, **options):
    result = run_notebook("10_tiny", values, stream=quiet, **options)
    (outcome,) = result.outcomes
    return outcome.spec.folder, outcome.record


def test_finished_notebook_is_ok(project, quiet):
    project.write("run.save_metrics({'auc': 0.5})\nprint('seed', seed)")
    folder, record = run(project, quiet, {"seed": 3})
    assert record == read_record(folder)
    assert record.ok and record.parameters == {"seed": 3} and record.seeds == {"seed": 3}
    assert record.environment["device"] == "cpu" and record.environment["packages"]["papermill"]
    assert json.loads((folder / "metrics.json").read_text()) == {"auc": 0.5}
    assert {output["path"] for output in record.outputs} == {"metrics.json", "notebook.ipynb"}
    assert "seed 3" in (folder / "log.txt").read_text()
    assert not (folder / ".state").exists()
    for private in (folder, folder.parent, folder.parents[1]):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_failing_cell_is_named_with_its_error(project, quiet):
    project.write("x = 1", "raise KeyError('no such image')")
    folder, record = run(project, quiet)
    assert (record.status, record.error.cell, record.error.ename) == ("failed", 5, "KeyError")
    assert "no such image" in record.error.evalue
    assert "no such image" in (folder / "log.txt").read_text()


def test_exit_in_a_cell_is_not_a_success(project, quiet):
    project.write("import sys\nsys.exit(0)", "run.save_metrics({'auc': 1})")
    _, record = run(project, quiet)
    assert (record.status, record.error.cell) == ("failed", 4)
    assert "stopped itself at cell 4 of 6 with SystemExit" in record.error.evalue


def test_notebook_that_never_says_it_is_finished_is_not_ok(project, quiet):
    path = project.write("x = 1")
    path.write_text(path.read_text().replace("run.finish()", "pass"))
    _, record = run(project, quiet)
    assert record.status == "failed" and "run.finish()" in record.error.evalue


def test_cell_that_is_too_slow_is_a_timeout(project, quiet):
    project.write("import time\ntime.sleep(60)", "x = 1")
    folder, record = run(project, quiet, cell_minutes=1 / 60)
    assert (record.status, record.error.cell) == ("timeout", 4)
    executed = json.loads((folder / "notebook.ipynb").read_text())
    statuses = {cell["metadata"]["papermill"]["status"] for cell in executed["cells"]}
    assert statuses == {"completed"}  # the trap: papermill calls every cell completed


def test_run_that_is_too_slow_is_a_timeout(project, quiet, alive):
    project.write("import time\ntime.sleep(60)")
    folder, record = run(project, quiet, minutes=6 / 60)
    assert record.status == "timeout" and "limit of 0.1 minutes" in record.error.evalue
    assert alive(str(project.root)) == []
    assert "KeyboardInterrupt" in (folder / "notebook.ipynb").read_text()


def test_killed_kernel_is_named(project, quiet):
    project.write("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    _, record = run(project, quiet)
    assert (record.status, record.error.cell) == ("killed", 4)
    assert "SIGKILL" in record.error.evalue


def test_killed_child_leaves_a_record_by_its_parent(project, quiet, alive):
    project.write("import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)")
    folder, record = run(project, quiet)
    assert record.status == "killed" and "SIGKILL" in record.error.evalue
    assert alive(str(project.root)) == [] and (folder / "log.txt").is_file()


def test_child_that_cannot_start_leaves_a_record(project, quiet, monkeypatch):
    from fxstudy.runs import launch as module

    project.write()
    command = [sys.executable, "-c", "import no_such_module"]
    monkeypatch.setattr(module, "child_command", lambda request: command)
    folder, record = run(project, quiet)
    assert record.status == "failed" and "exit code 1" in record.error.evalue
    assert "no_such_module" in (folder / "log.txt").read_text()


def test_no_folder_of_this_machine_is_left_in_the_outputs(project, quiet, monkeypatch, tmp_path):
    data = tmp_path / "archive of patients"
    cohort = project.root / "cohorts" / "wrist"
    cohort.mkdir(parents=True)
    (cohort / "images.csv").write_text("image_id\n1\n")
    (cohort / "data_root.txt").write_text(str(data) + "\n")
    text = f"print(run.folder)\nraise ValueError('cannot read {data}/1.dcm')"
    project.write(text, parameters='cohort: str = "wrist"')
    folder, record = run(project, quiet, {"cohort": str(cohort)})
    assert record.error.evalue == "cannot read <data>/1.dcm"
    assert record.parameters == {"cohort": "cohorts/wrist"}
    for path in (folder / "run.json", folder / "notebook.ipynb", folder / "log.txt"):
        assert str(tmp_path) not in path.read_text()


def test_hook_makes_its_file_before_the_outputs_are_listed(project, monkeypatch):
    project.write("run.save_metrics({'x': 1})")
    spec = spec_of(project)
    from fxstudy.runs.request import write_request

    request = write_request(spec.request)
    monkeypatch.setenv("FXSTUDY_RUN_FOLDER", str(spec.folder))
    code = execute_request(request, after=lambda folder: (folder / "report.html").write_text("<p>"))
    record = read_record(spec.folder)
    assert code == 0 and "report.html" in {output["path"] for output in record.outputs}


def spec_of(project):
    (spec,) = build_plan([Entry("10_tiny", "10_tiny")], root=project.root).specs
    return spec


@pytest.mark.parametrize("name", ["kernelspec", "none"])
def test_kernel_is_this_interpreter_without_an_open_port(project, quiet, monkeypatch, tmp_path, name):
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    wrong = {"argv": ["/bin/false"], "display_name": "x", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(wrong))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    cell = """
import psutil, sys
ports = [c.laddr for c in psutil.Process().net_connections('inet') if c.status == 'LISTEN']
run.save_metrics({'python': sys.executable, 'ports': len(ports)})
import multiprocessing
multiprocessing.set_start_method('fork', force=True)
worker = multiprocessing.Process(target=print, args=('said by a worker',))
worker.start()
worker.join()
"""
    path = project.write(cell)
    if name == "none":
        raw = json.loads(path.read_text())
        path.write_text(json.dumps({**raw, "metadata": {}}))
    folder, record = run(project, quiet)
    assert record.ok, record.error
    assert json.loads((folder / "metrics.json").read_text()) == {"python": sys.executable, "ports": 0}
    log = (folder / "log.txt").read_text()
    assert "without encryption" not in log and "said by a worker" in log


def test_second_attempt_keeps_checkpoints_and_nothing_else(project):
    project.write(
        "last = run.checkpoints / 'last'\nn = int(last.read_text()) if last.exists() else 0",
        "last.write_text(str(n + 1))\n(run.folder / f'part{n}').touch()\nassert n == 1, 'first attempt'",
    )
    spec = spec_of(project)
    assert launch(spec.request).status == "failed"
    record = launch(spec.request)
    assert record.ok and {output["path"] for output in record.outputs} == {"part1", "notebook.ipynb"}
    assert [checkpoint["path"] for checkpoint in record.checkpoints] == ["checkpoints/last"]
    assert (spec.folder / "log.txt").read_text().count("started") == 2
    assert launch(spec.request, fresh=True).status == "failed"
