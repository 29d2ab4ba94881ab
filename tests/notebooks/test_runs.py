"""Notebooks run as their users run them, on a tiny synthetic cohort."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from fxstudy.cli import OK, main
from fxstudy.stats import auc

PLAN = {
    "title": "Test",
    "runs": [
        {
            "notebook": "00_start_here",
            "set": {"cohort": "tests/imaging/tiny_wrist.yaml", "width": 50, "height": 60, "epochs": 2},
        },
        {
            "id": "wrist",
            "notebook": "50_wrist_delong",
            "params": "params/demo/50_wrist_delong.yaml",
            "set": {
                "cohort": "tests/imaging/tiny_wrist.yaml",
                "models": ["test_resnet", "test_efficientnet"],
                "width": 50,
                "height": 60,
                "epochs": 2,
            },
        },
        {"notebook": "90_compare_runs", "set": {"runs": {"from": "wrist"}}},
    ],
}


@pytest.fixture(scope="module")
def finished(project, tmp_path_factory):
    """The plan, run once by the command; returns what it printed and the project's folder."""
    plan = project / "plan.yaml"
    plan.write_text(yaml.safe_dump(PLAN))
    done = subprocess.run(
        [sys.executable, "-m", "fxstudy", "run", str(plan)],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=900,
        env=dict(os.environ),
    )
    assert done.returncode == OK, done.stdout + done.stderr
    return done.stdout, project


def folder(project, study):
    (found,) = (project / "runs" / study).glob("*/*/run.json")
    return found.parent


@pytest.mark.slow
def test_the_plan_ends_with_reports_and_an_index(finished):
    told, project = finished
    assert told.count("report.html") == 3 and "all reports: runs/index.html" in told
    for study in ("tour", "wrist_delong", "compare"):
        record = json.loads((folder(project, study) / "run.json").read_text())
        assert record["status"] == "ok"


@pytest.mark.slow
def test_the_reports_numbers_follow_from_the_saved_predictions(finished):
    _, project = finished
    run = folder(project, "wrist_delong")
    predictions = pd.read_parquet(run / "predictions.parquet")
    assert set(predictions["repeat"]) == {1, 2, 3} and set(predictions["split"]) == {"tune", "test"}
    metrics = json.loads((run / "metrics.json").read_text())
    for model in ("test_resnet", "test_efficientnet"):
        rows = predictions.query("model == @model and repeat == 1 and split == 'test'")
        expected = auc(rows["label"].eq("fracture").astype(int), rows["score_fracture"])
        saved = metrics[f"auc {model}"]
        assert np.isclose(saved["estimate"], expected.estimate) and np.isclose(saved["low"], expected.low)
    repeats = pd.read_csv(run / "tables" / "repeats.csv")
    assert len(repeats) == 6 and repeats.groupby("model")["auc"].nunique().min() > 1


@pytest.mark.slow
def test_a_report_opens_offline_and_says_synthetic(finished):
    _, project = finished
    for study in ("tour", "wrist_delong", "compare"):
        html = (folder(project, study) / "report.html").read_text(encoding="utf-8")
        assert "SYNTHETIC DATA" in html and "not a medical device" in html.lower()
        assert not re.search(r"<script|<link|@import|src=[\"']http", html)
        assert str(project) not in html


@pytest.mark.slow
def test_nothing_that_is_unchanged_runs_again(finished, monkeypatch, capsys):
    _, project = finished
    monkeypatch.chdir(project)
    before = {p: p.stat().st_mtime_ns for p in (project / "runs").rglob("run.json")}
    assert main(["run", "plan.yaml"]) == OK
    assert {p: p.stat().st_mtime_ns for p in (project / "runs").rglob("run.json")} == before


@pytest.mark.slow
def test_plain_papermill_works_too(project, tmp_path):
    parameters = tmp_path / "tour.yaml"
    parameters.write_text(yaml.safe_dump(PLAN["runs"][0]["set"]))
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "notebooks/00_start_here.ipynb", str(tmp_path / "out.ipynb")]
        + ["-f", str(parameters), "-k", "python3", "--no-progress-bar"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (record,) = (project / "runs" / "tour").glob("*/by-hand-*/run.json")
    assert json.loads(record.read_text())["status"] == "by hand"
