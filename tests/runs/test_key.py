"""Same content, same key; every cause of a change is named."""

import json

import pytest

from fxstudy.errors import ParameterError
from fxstudy.runs.key import KeyMaker, changes
from fxstudy.runs.parameters import check, read_schema
from fxstudy.runs.project import read_notebook

PARAMETERS = 'seed: int = 1\ncohort: str = ""\nweights: str = "random"\nruns: list[str] = []'
MODULE = '"""Doc."""\n\n\ndef f(x):\n    """Doc."""\n    return x  # comment\n'


@pytest.fixture
def make(project):
    def key(*cells, **values):
        cells = cells or ("from fxstudy import alpha\nalpha.f(1)",)
        notebook = read_notebook(project.write(*cells, parameters=PARAMETERS))
        parameters = check(read_schema(notebook), values)
        maker = KeyMaker(project.root)
        made = maker.make(notebook, parameters)
        maker.save()
        return made

    project.module("alpha", MODULE)
    project.module("beta", MODULE)
    return key


def causes(old, new):
    return changes(old.components, new.components)


def test_same_content_gives_the_same_key(make):
    assert make() == make() and len(make().short) == 12


def test_comments_docstrings_layout_and_markdown_change_no_key(make, project):
    key = make()
    project.module("alpha", '"""Other."""\n\ndef f(x):\n    "Words."\n    return (x)\n')
    (project.root / "requirements.lock").write_text("# note\n\nnumpy==2.4\n")
    assert make("from fxstudy import alpha  # why\n\nalpha.f( 1 )", "# only words") == key
    path = project.root / "notebooks" / "10_tiny.ipynb"
    raw = json.loads(path.read_text())
    raw["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# Title"})
    raw["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    path.write_text(json.dumps(raw))
    assert KeyMaker(project.root).make(read_notebook(path), key_values(path)) == key


def key_values(path):
    return check(read_schema(path), {})


def test_code_that_the_notebook_rests_on_changes_the_key(make, project):
    old = make()
    project.module("alpha", MODULE.replace("return x", "return -x"))
    assert causes(old, make()) == ["package code (alpha.py)"]


def test_code_behind_imports_of_imports_counts(make, project):
    project.module("alpha", "def f(x):\n    from fxstudy.beta import f\n    return f(x)\n")
    old = make()
    project.module("beta", "def f(x):\n    return 2 * x\n")
    assert causes(old, make()) == ["package code (beta.py)"]


def test_code_of_another_study_does_not_count(make, project):
    old = make()
    project.module("beta", "def f(x):\n    return 2 * x\n")
    project.module("cli", "x = 1\n")
    assert make() == old


def test_import_by_a_computed_name_makes_the_whole_package_count(make, project):
    project.module("alpha", "import importlib\n\ndef f(x):\n    return importlib.import_module(x)\n")
    old = make()
    project.module("beta", "def f(x):\n    return 2 * x\n")
    assert causes(old, make()) == ["package code (beta.py)"]


def test_how_notebooks_are_started_does_not_count_but_how_results_are_saved_does(make, project):
    folder = project.root / "fxstudy" / "runs"
    folder.mkdir()
    for name in ("batch", "session"):
        (folder / f"{name}.py").write_text("x = 1\n")
    (folder / "__init__.py").write_text("")
    old = make()
    (folder / "batch.py").write_text("x = 2\n")
    assert make() == old
    (folder / "session.py").write_text("x = 2\n")
    assert causes(old, make()) == ["package code (runs/session.py)"]


def test_parameters_notebook_code_and_lock_are_named(make, project):
    old = make()
    assert causes(old, make(seed=2)) == ["seed: 1 → 2"]
    assert causes(old, make("from fxstudy import alpha\nalpha.f(2)")) == ["notebook code (cell 3)"]
    (project.root / "requirements.lock").write_text("numpy==2.5\n")
    assert causes(old, make()) == ["requirements.lock"]


def test_cohort_counts_by_its_tables_not_by_its_place(make, project):
    for place in ("cohorts/wrist", "elsewhere/copy"):
        folder = project.root / place
        folder.mkdir(parents=True)
        (folder / "images.csv").write_text("image_id\n1\n")
        (folder / "data_root.txt").write_text(f"/mnt/{place}")
    old = make(cohort="wrist")
    assert make(cohort="cohorts/wrist") == old
    assert make(cohort="elsewhere/copy") == old
    assert make(cohort=str(project.root / "elsewhere" / "copy")) == old
    (project.root / "cohorts" / "wrist" / "images.csv").write_text("image_id\n2\n")
    assert causes(old, make(cohort="wrist")) == ["content of input cohort"]


def test_cohort_may_be_a_description(make, project):
    folder = project.root / "data_manifest"
    folder.mkdir()
    (folder / "synthetic.yaml").write_text("n: 3\n")
    old = make(cohort="synthetic")
    (folder / "synthetic.yaml").write_text("n: 4\n")
    assert causes(old, make(cohort="synthetic")) == ["content of input cohort"]


def test_weights_count_by_their_bytes_and_are_found_by_name(make, project, tmp_path, monkeypatch):
    for folder in (project.root / "weights", tmp_path / "w"):
        folder.mkdir()
        (folder / "a.safetensors").write_bytes(b"12345")
    old = make(weights="a.safetensors")
    assert make(weights=str(tmp_path / "w" / "a.safetensors")) == old
    (project.root / "weights" / "a.safetensors").unlink()
    with pytest.raises(ParameterError, match="no file of weights 'a.safetensors'"):
        make(weights="a.safetensors")
    monkeypatch.setenv("FXSTUDY_WEIGHTS", str(tmp_path / "w"))
    assert make(weights="a.safetensors") == old
    (tmp_path / "w" / "a.safetensors").write_bytes(b"54321")
    assert causes(old, make(weights="a.safetensors")) == ["content of input weights"]
    assert make(weights="imagenet") != make(weights="random")


def test_all_missing_inputs_stand_in_one_error(make):
    with pytest.raises(ParameterError, match="inputs are missing") as caught:
        make(cohort="nowhere", weights="/mnt/private/none.pt", runs=["xyz"])
    assert [fault.where for fault in caught.value.faults] == ["cohort", "weights", "runs"]
    assert "/mnt/private" not in str(caught.value)


def test_keys_of_other_runs_enter_the_key(make):
    assert make(runs=["0123456789ab"]) != make(runs=["0123456789ac"])
