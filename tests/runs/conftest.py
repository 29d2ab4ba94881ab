"""A small project in a temporary folder, with notebooks that take no time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fxstudy.runs import launch

FIRST = "from fxstudy.runs import open_run"
OPEN = "run = open_run('tiny', '{name}', globals())"
LAST = "run.finish()"

_CHILD = """
import sys
from pathlib import Path
from fxstudy.runs.execute import execute_request
sys.exit(execute_request(sys.argv[1]))
"""


def notebook(*cells: str, parameters: str = "seed: int = 1  # any", name: str = "10_tiny") -> dict:
    """A notebook in the kit's form; ``cells`` stand between opening and finishing the run."""
    sources = [(FIRST, []), (parameters, ["parameters"]), (OPEN.format(name=name), [])]
    sources += [(cell, []) for cell in cells] + [(LAST, [])]
    return document(sources)


def document(sources: list[tuple[str, list[str]]]) -> dict:
    """A notebook of code cells with tags."""
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": tags},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, (source, tags) in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


class Project:
    """A project folder with ways to write notebooks and plans into it."""

    def __init__(self, root: Path):
        self.root = root
        for name in ("notebooks", "fxstudy", "params"):
            (root / name).mkdir(parents=True)
        (root / "requirements.lock").write_text("numpy==2.4  # numbers\n")

    def write(self, *cells: str, parameters: str = "seed: int = 1  # any", name: str = "10_tiny") -> Path:
        """Write a notebook into notebooks/."""
        path = self.root / "notebooks" / f"{name}.ipynb"
        path.write_text(json.dumps(notebook(*cells, parameters=parameters, name=name)))
        return path

    def module(self, name: str, source: str) -> Path:
        """Write a module into the project's package."""
        path = self.root / "fxstudy" / f"{name}.py"
        path.write_text(source)
        return path

    def plan(self, text: str) -> Path:
        """Write a plan."""
        path = self.root / "params" / "plan.yaml"
        path.write_text(text)
        return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Project:
    """An empty project in which the child process is a small script instead of the command line."""
    child = tmp_path / "child.py"
    child.write_text(_CHILD)
    monkeypatch.setattr(launch, "child_command", lambda request: [sys.executable, str(child), str(request)])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    for name in ("FXSTUDY_RUN_FOLDER", "FXSTUDY_ROOT", "FXSTUDY_DATA", "FXSTUDY_WEIGHTS"):
        monkeypatch.delenv(name, raising=False)
    project = Project(tmp_path / "project {of} tests")
    monkeypatch.chdir(project.root)
    return project


@pytest.fixture
def quiet(tmp_path: Path):
    """A stream that is not a terminal."""
    with (tmp_path / "shown.txt").open("w+") as stream:
        yield stream


PATIENCE_SECONDS = 300  # for machines under load; nothing waits that long on an idle one


@pytest.fixture
def wait_for() -> Callable[[Callable[[], object]], None]:
    """Waits until a condition holds."""

    def wait(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.05)

    return wait


@pytest.fixture
def background(tmp_path: Path):
    """Starts Python programs that are gone after the test, whatever happens."""
    started = []

    def start(script: str) -> subprocess.Popen:
        command = [sys.executable, "-c", script]
        with (tmp_path / f"shown{len(started)}.txt").open("w") as shown:
            process = subprocess.Popen(command, stderr=shown, start_new_session=True)
        process.shown = Path(shown.name)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()  # its children notice within a second
            process.wait()


@pytest.fixture
def alive() -> Callable[[str], list[int]]:
    """Processes whose environment names a text."""

    def find(text: str) -> list[int]:
        import psutil

        found = []
        for process in psutil.process_iter():
            try:
                if process.pid != os.getpid() and text in process.environ().get("FXSTUDY_RUN_FOLDER", ""):
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found

    return find
