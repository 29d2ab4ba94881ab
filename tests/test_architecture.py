"""The house keeps its plan: which room may use which, and what needs no torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "fxstudy"
ORDER = ["errors", "progress", "sources", "stats", "cohort", "imaging", "learning", "explain", "report"]
BASE = {"errors", "progress", "sources"}


def imported_rooms(file: Path) -> set[str]:
    """Names of the rooms and base modules of fxstudy that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("fxstudy.")}
    return found


@pytest.mark.parametrize("room", ORDER)
def test_a_room_uses_only_the_rooms_before_it(room):
    files = list((PACKAGE / room).rglob("*.py")) or [PACKAGE / f"{room}.py"]
    allowed = set(ORDER[: ORDER.index(room) + 1])
    wrong = {str(f.relative_to(PACKAGE)): rooms for f in files if (rooms := imported_rooms(f) - allowed)}
    assert not wrong


def test_runs_knows_nothing_of_the_science():
    files = list((PACKAGE / "runs").rglob("*.py"))
    wrong = {f.name: rooms for f in files if (rooms := imported_rooms(f) - BASE - {"runs"})}
    assert files and not wrong


@pytest.mark.parametrize(
    "module", ["fxstudy.stats", "fxstudy.runs", "fxstudy.cohort", "fxstudy.cli", "fxstudy.report.html"]
)
def test_importing_needs_no_torch(module):
    code = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'torchvision', 'fastai', 'timm'):\n"
        "            raise ImportError(name + ' is not installed')\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"import {module}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_modules_stay_small_and_free_of_prints():
    long = {}
    for file in PACKAGE.rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        if source.count("\n") > 320:
            long[str(file.relative_to(PACKAGE))] = source.count("\n")
        calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
        printing = [n.lineno for n in calls if isinstance(n.func, ast.Name) and n.func.id == "print"]
        assert not printing, f"{file.name} prints in lines {printing}"
    assert not long


@pytest.mark.parametrize("room", ["stats", "cohort", "imaging", "learning", "explain", "report", "runs"])
def test_every_exported_name_exists(room):
    module = __import__(f"fxstudy.{room}", fromlist=["__all__"])
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert module.__all__ and not missing
