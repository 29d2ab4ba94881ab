"""Provenance out: RO-Crate and model bundle say what the run's record says, and nothing private."""

import json
from dataclasses import replace

import pytest

from fxstudy.errors import RunError
from fxstudy.runs import export_bundle, export_crate, read_plan
from fxstudy.runs.files import sha256_file
from fxstudy.runs.record import Failure, environment, list_outputs, now, write_record

PARAMETERS = """
cohort: str = "wrist"
models: list[str] = ["resnet10t", "resnet10"]
width: int = 120
height: int = 144
limit: int | None = None
"""


@pytest.fixture
def run(project, tmp_path):
    """Folder of a finished run with a figure, metrics and one training."""
    cohort = project.root / "cohorts" / "wrist"
    cohort.mkdir(parents=True)
    (cohort / "images.csv").write_text("image_id\n1\n")
    (cohort / "cohort.yaml").write_text("title: Drawn wrists\nlicence: CC0-1.0\nsynthetic: true\n")
    (cohort / "data_root.txt").write_text(str(tmp_path / "archive"))
    project.write(parameters=PARAMETERS)
    (spec,) = read_plan(project.plan("runs:\n  - {notebook: 10_tiny}"), root=project.root).specs
    training = spec.folder / "checkpoints" / "resnet10t-seed1"
    training.mkdir(parents=True)
    (training / "network.safetensors").write_bytes(b"weights")
    settings = {"epochs": 2, "lr": 0.001}
    facts = {"settings": settings, "device": "cpu", "precision": "fp32", "history": [{}, {}]}
    (training / "training.json").write_text(json.dumps(facts))
    (spec.folder / "figures").mkdir()
    (spec.folder / "figures" / "roc curve.png").write_bytes(b"png")
    auc = {"estimate": 0.91234, "low": 0.85, "high": 0.95}
    (spec.folder / "metrics.json").write_text(json.dumps({"auc resnet10t": auc, "n": 30}))
    outputs, checkpoints = list_outputs(spec.folder)
    record = spec.request.record("ok", now(), 3.0, environment=environment({}), outputs=outputs)
    write_record(spec.folder, replace(record, checkpoints=checkpoints))
    return spec.folder


def references(value):
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_crate_describes_the_run(run, project, tmp_path):
    licence = "https://spdx.org/licenses/CC-BY-4.0"
    file = export_crate(run, tmp_path / "crate", root=project.root, licence=licence, author="A. Author")
    graph = {entity["@id"]: entity for entity in json.loads(file.read_text())["@graph"]}
    action = next(entity for entity in graph.values() if entity["@type"] == "CreateAction")
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert graph["./"]["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert graph["./"]["mentions"] == {"@id": action["@id"]}
    assert action["instrument"] == {"@id": "10_tiny.ipynb"}
    assert action["actionStatus"].endswith("CompletedActionStatus")
    assert {"@id": "figures/roc%20curve.png"} in action["result"] and {"@id": "run.json"} in action["result"]
    assert action["agent"] == graph["./"]["author"] == {"@id": "#author"}
    assert graph["#parameter-width"]["value"] == 120
    assert len(graph["#parameter-cohort"]["description"].split()[-1]) == 64
    outside = ("https://w3id.org/ro/crate/1.1", "http://schema.org/")
    unknown = [i for i in references(list(graph.values())) if i not in graph and not i.startswith(outside)]
    assert unknown == []
    for entity in graph.values():
        if "File" in entity["@type"]:
            copied = file.parent / entity["name"].removesuffix(".ipynb")
            copied = copied if copied.is_file() else file.parent / entity["@id"]
            assert entity["sha256"] == sha256_file(copied)
    assert not (file.parent / "checkpoints").exists()
    assert str(tmp_path) not in file.read_text()


def test_crate_of_a_failed_run_says_so(run, project, tmp_path):
    from fxstudy.runs import read_record

    error = Failure(4, "ValueError", "wrong")
    write_record(run, replace(read_record(run), status="failed", error=error))
    file = export_crate(run, tmp_path / "crate", root=project.root)
    action = next(e for e in json.loads(file.read_text())["@graph"] if e["@type"] == "CreateAction")
    assert action["actionStatus"].endswith("FailedActionStatus")
    assert action["error"] == "ValueError: wrong"


def test_crate_needs_a_record_and_a_new_folder(run, project, tmp_path):
    with pytest.raises(RunError, match="exists already"):
        export_crate(run, tmp_path, root=project.root)
    (run / "run.json").unlink()
    with pytest.raises(RunError, match="has no record"):
        export_crate(run, tmp_path / "crate", root=project.root)


def test_bundle_holds_weights_metadata_and_model_card(run, project, tmp_path):
    folder = export_bundle(
        run, "resnet10t-seed1", tmp_path / "bundle", root=project.root, authors="A. Author"
    )
    assert (folder / "models" / "model.safetensors").read_bytes() == b"weights"
    metadata = json.loads((folder / "configs" / "metadata.json").read_text())
    assert metadata["fxstudy"]["network"] == "resnet10t" and metadata["fxstudy"]["synthetic"] is True
    assert metadata["network_data_format"]["inputs"]["image"]["spatial_shape"] == [144, 120]
    assert metadata["authors"] == "A. Author" and metadata["pytorch_version"]
    card = (folder / "docs" / "README.md").read_text()
    for text in (
        "not a medical device",
        "The images are synthetic",
        "0.912 (0.850 to 0.950)",
        "Licence of the images: CC0-1.0",
        "| epochs | 2 |",
        sha256_file(folder / "models" / "model.safetensors"),
    ):
        assert text in card
    assert str(tmp_path) not in card


def test_bundle_needs_a_finished_run_and_an_existing_training(run, project, tmp_path):
    from fxstudy.runs import read_record

    with pytest.raises(RunError, match="no training 'other'; there are resnet10t-seed1"):
        export_bundle(run, "other", tmp_path / "bundle", root=project.root)
    write_record(run, replace(read_record(run), status="killed", error=Failure(None, "X", "y")))
    with pytest.raises(RunError, match="is killed: X: y: only networks of finished runs"):
        export_bundle(run, "resnet10t-seed1", tmp_path / "bundle", root=project.root)
