"""One list of versions serves make and conda; nothing private is committed."""

import re
import subprocess
import tomllib

import pytest
import yaml


@pytest.fixture(scope="module")
def lock(repository):
    """Pinned versions: name → set of versions (markers may pin one name twice)."""
    pins = {}
    for line in (repository / "requirements.lock").read_text().splitlines():
        name, version = re.fullmatch(r"([A-Za-z0-9_.-]+)==([^ ;]+)(?: ;.*)?", line).groups()
        pins.setdefault(name, set()).add(version)
    return pins


def test_conda_and_make_install_from_the_same_lock(repository):
    environment = yaml.safe_load((repository / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert "-r requirements.lock" in pip
    assert "-r requirements.lock" in (repository / "Makefile").read_text()
    others = [entry for entry in pip if entry not in ("-r requirements.lock", "-e .")]
    assert not others, "versions belong into requirements.lock alone"


def test_the_python_of_conda_is_allowed(repository):
    environment = yaml.safe_load((repository / "environment.yml").read_text())
    assert "python=3.11" in environment["dependencies"]
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert project["requires-python"].startswith(">=3.11")


def test_every_dependency_is_locked_to_one_version_of_its_kind(repository, lock):
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    for requirement in wanted:
        name, _, version = requirement.partition("==")
        assert name in lock, f"{name} is not in requirements.lock; run make lock"
        assert not version or lock[name] == {version}


def test_what_is_installed_is_what_is_locked(lock):
    from importlib.metadata import version

    for name in ("torch", "torchvision", "fastai", "timm", "papermill", "numpy", "pandas", "pydicom"):
        assert version(name).split("+")[0] in lock[name]


def test_no_file_names_a_host_or_is_large(repository):
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    hosts = re.compile(r"pypi\.org|pythonhosted\.org|deb\.debian\.org|registry\.npmjs", re.I)
    for name in filter(None, tracked.stdout.split("\0")):
        file = repository / name
        if not file.is_file():
            continue
        assert file.stat().st_size < 200_000, f"{name} is too large"
        if file.suffix in {".lock", ".toml", ".yml", ".yaml", ".md"}:
            assert not hosts.search(file.read_text(encoding="utf-8")), name


def test_the_machine_check_names_what_is_missing(repository, monkeypatch, capsys):
    import importlib.util
    import shutil

    spec = importlib.util.spec_from_file_location(
        "check_machine", repository / "scripts" / "check_machine.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main(".") in (0, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 3e9}))
    capsys.readouterr()
    assert module.main(".") == 1
    assert (
        "10 GB of free disk are needed (PyTorch brings CUDA libraries), found 3.0 GB"
        in capsys.readouterr().err
    )
