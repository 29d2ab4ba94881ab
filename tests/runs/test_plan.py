"""Plans: expansion, references between entries, and every mistake in one error."""

import pytest

from fxstudy.errors import PlanError
from fxstudy.runs import read_plan

GOOD = """
title: Two stages
runs:
  - notebook: 90_compare
    set: {runs: {from: train}}
  - id: train
    notebook: 10_tiny
    params: params/base.yaml
    set: {epochs: 3}
    grid: {seed: [1, 2], network: [a, b]}
    minutes: 5
"""


@pytest.fixture
def notebooks(project):
    project.write(parameters="seed: int = 1\nepochs: int = 1\nnetwork: str = 'a'\nrate: float = 1.0")
    project.write(parameters="runs: list[str] = []", name="90_compare")
    (project.root / "params" / "base.yaml").write_text("epochs: 9\nrate: 0.5\n")
    return project


def test_grid_is_expanded_and_keys_flow_downstream(notebooks):
    plan = read_plan(notebooks.plan(GOOD), root=notebooks.root)
    *training, compare = plan.specs
    assert plan.title == "Two stages"
    assert [spec.label for spec in training] == [
        f"train[seed={seed}, network={network}]" for seed in (1, 2) for network in "ab"
    ]
    assert training[0].request.parameters == {"seed": 1, "epochs": 3, "network": "a", "rate": 0.5}
    assert training[0].request.seconds == 300 and compare.request.seconds is None
    assert compare.request.parameters == {"runs": [spec.key for spec in training]}
    assert compare.needs == {spec.key for spec in training}


def test_change_upstream_changes_the_key_downstream(notebooks):
    path = notebooks.plan(GOOD)
    before = read_plan(path, root=notebooks.root).specs[-1]
    (notebooks.root / "params" / "base.yaml").write_text("rate: 0.25\n")
    assert read_plan(path, root=notebooks.root).specs[-1].key != before.key


def test_same_run_in_two_entries_is_done_once(notebooks):
    again = "  - {notebook: 10_tiny, set: {seed: 1}}\n  - {notebook: 10_tiny, set: {seed: 2}}"
    text = "runs:\n  - {notebook: 10_tiny}\n" + again
    plan = read_plan(notebooks.plan(text), root=notebooks.root)
    assert [spec.label for spec in plan.specs] == ["10_tiny", "10_tiny#3"]


def test_study_comes_from_the_notebook_or_the_plan(notebooks):
    text = "runs:\n  - {notebook: 10_tiny}\n  - {notebook: 10_tiny, study: other, set: {seed: 2}}"
    first, second = read_plan(notebooks.plan(text), root=notebooks.root).specs
    assert (first.request.study, second.request.study) == ("tiny", "other")
    assert first.folder == notebooks.root / "runs" / "tiny" / "10_tiny" / first.key


def test_every_mistake_stands_in_one_error(notebooks):
    text = """
runs:
  - {notebook: 10_tyni}
  - {notebook: 10_tiny, params: params/none.yaml}
  - {notebook: 10_tiny, set: {sede: 1, rate: '1e-4'}}
  - {notebook: 10_tiny, set: {seed: 1}, after: [nobody]}
  - {notebook: 90_compare, set: {runs: [short]}}
"""
    with pytest.raises(PlanError) as caught:
        read_plan(notebooks.plan(text), root=notebooks.root)
    message = str(caught.value)
    assert len(caught.value.faults) == 6
    for part in (
        "entry 4 (10_tiny): no entry has the id 'nobody'",
        "entry 1 (10_tyni): no notebook '10_tyni' in notebooks/; did you mean 10_tiny?",
        "no file 'params/none.yaml'",
        "entry 3 (10_tiny), sede: is not a parameter of this notebook; did you mean seed",
        "entry 3 (10_tiny), rate: must be float, not the text '1e-4'; YAML reads it as text",
        "entry 5 (90_compare), runs: must be a run's key",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runs: [", "is not YAML"),
        ("runs: []", "at least one entry"),
        ("runs: [{notebook: 10_tiny}]\nrun: []", "unknown field 'run'; did you mean runs"),
        ("runs: [10_tiny]", "must be a mapping"),
        ("runs: [{params: x}]", "`notebook` must be given"),
        ("runs: [{notebook: 10_tiny, gird: {}}]", "unknown field 'gird'; did you mean grid"),
        ("runs: [{notebook: 10_tiny, grid: {seed: 3}}]", "`grid` must be a mapping"),
        ("runs: [{notebook: 10_tiny, minutes: -1}]", "`minutes` must be a number above 0"),
        ("runs: [{notebook: 10_tiny, set: {seed: 1, seed: 2}}]", "'seed' is written twice"),
        ("runs: [{notebook: 10_tiny, set: {seed: 1}, grid: {seed: [1]}}]", "in `set` and in `grid`"),
        ("runs: [{id: a, notebook: 10_tiny}, {id: a, notebook: 10_tiny}]", "id 'a' is used twice"),
        (
            "runs: [{id: a, notebook: 10_tiny, after: [b]}, {id: b, notebook: 10_tiny, after: a}]",
            "wait for each other",
        ),
    ],
)
def test_mistake_in_the_form_is_named(notebooks, text, message):
    with pytest.raises(PlanError, match=message.replace("(", "\\(")):
        read_plan(notebooks.plan(text), root=notebooks.root)
