"""Notebooks as they are committed."""

import ast
import json
from pathlib import Path

import pytest
import yaml

from fxstudy.runs import check, read_schema

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = sorted((ROOT / "params").glob("*/[0-9]*.yaml"))


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code(path):
    return ["".join(c["source"]) for c in cells(path) if c["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_holds_no_outputs_and_no_traces_of_a_run(path):
    book = json.loads(path.read_text(encoding="utf-8"))
    assert set(book["metadata"]) == {"kernelspec", "language_info"}
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
        assert set(cell["metadata"]) <= {"tags"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_begins_with_title_and_question_and_ends_with_its_marker(path):
    first, *rest = cells(path)
    text = "".join(first["source"])
    assert first["cell_type"] == "markdown" and text.startswith("# ")
    assert "**Question" in text and "**Gives**" in text
    assert "".join(rest[-1]["source"]).endswith("run.finish()")
    tagged = [c for c in rest if "parameters" in c["metadata"].get("tags", [])]
    assert len(tagged) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_defines_nothing_long(path):
    for source in code(path):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert node.end_lineno - node.lineno < 5, f"{node.name} belongs into the package"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_parameter_is_explained(path):
    schema = read_schema(path)
    assert schema and all(parameter.help for parameter in schema)


@pytest.mark.parametrize("path", PARAMETERS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_parameter_file_fits_its_notebook(path):
    schema = read_schema(ROOT / "notebooks" / f"{path.stem}.ipynb")
    check(schema, yaml.safe_load(path.read_text(encoding="utf-8")), where=path.name)


def test_the_published_settings_are_complete():
    """Oracle: Kim MW 2021, Methods, and the specification's decisions where the paper is silent."""
    given = yaml.safe_load((ROOT / "params/paper/50_wrist_delong.yaml").read_text(encoding="utf-8"))
    names = {parameter.name for parameter in read_schema(ROOT / "notebooks/50_wrist_delong.ipynb")}
    assert names - set(given) <= {"test_share", "split_seed"}, "every setting is said, not left to a default"
    expected = {
        "models": ["densenet161", "resnet152"],
        "weights": ["imagenet", "imagenet"],
        "split": "temporal",
        "test_from": "2020-01-01",
        "tune_share": 0.1,
        "width": 550,
        "height": 660,
        "clahe_clip": 2.0,
        "clahe_tiles": 8,
        "augmentation": "wrist_delong_paper",
        "optimiser": "adam",
        "lr": 1e-4,
        "schedule": "step",
        "lr_factor": 0.1,
        "lr_every": 10,
        "lr_min": 1e-7,
        "batch_size": 4,
        "weight_decay": 1e-4,
        "early_stop_from": 30,
        "patience": 20,
    }
    assert {name: given[name] for name in expected} == expected
    assert len(given["seeds"]) >= 3
