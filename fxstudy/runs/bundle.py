"""Export a trained network in the layout of a MONAI bundle: weights, metadata and a model card.

``configs/metadata.json``, ``models/model.safetensors``, ``docs/README.md``. Weights are safetensors (reading
them runs no foreign code), and there is no inference configuration: the network is rebuilt by its timm name.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from fxstudy.errors import RunError
from fxstudy.runs.card import NOTICE, model_card
from fxstudy.runs.files import read_json, sha256_file, write_json
from fxstudy.runs.inputs import find_cohort
from fxstudy.runs.record import RunRecord, read_record

WEIGHTS, TRAINING = "network.safetensors", "training.json"


def export_bundle(run_folder: Path, name: str, to: Path, *, root: Path, authors: str = "") -> Path:
    """Write one trained network of a finished run as a bundle.

    Parameters
    ----------
    run_folder : Path
        A run whose status is ok.
    name : str
        Folder of the training inside the run's ``checkpoints/``.
    to : Path
        Folder to make; it must not exist.
    root : Path
        The project.
    authors : str
        Who is to be named.

    Returns
    -------
    Path
        The bundle's folder.

    Raises
    ------
    RunError
        If the run is not ok, the training or its weights are missing, or ``to`` exists.
    """
    record, training = _checked(run_folder, name, to)
    source = run_folder / "checkpoints" / name / WEIGHTS
    for folder in ("configs", "models", "docs"):
        (to / folder).mkdir(parents=True)
    shutil.copyfile(source, to / "models" / "model.safetensors")
    metrics = read_json(run_folder / "metrics.json") or {}
    cohort = _cohort_facts(root, record, metrics)
    metadata = _metadata(record, name, training, cohort, authors)
    metadata["fxstudy"]["weights_sha256"] = sha256_file(source)
    write_json(to / "configs" / "metadata.json", metadata)
    card = model_card(metadata, record, training, metrics, cohort)
    (to / "docs" / "README.md").write_text(card, encoding="utf-8")
    (to / "docs" / "data_license.txt").write_text(f"{cohort['licence']}\n", encoding="utf-8")
    return to


def _checked(run_folder: Path, name: str, to: Path) -> tuple[RunRecord, dict]:
    record = read_record(run_folder)
    if record is None or not record.ok:
        found = record.text() if record else "without a record"
        raise RunError(f"run {run_folder.name} is {found}: only networks of finished runs are exported")
    folder = run_folder / "checkpoints" / name
    training = read_json(folder / TRAINING)
    if training is None or not (folder / WEIGHTS).is_file():
        known = sorted(path.parent.name for path in run_folder.glob(f"checkpoints/*/{WEIGHTS}"))
        there = ", ".join(known) or "none"
        raise RunError(f"run {run_folder.name} has no training {name!r}; there are {there}")
    if to.exists():
        raise RunError(f"{to.name} exists already: give a folder that is not there yet")
    return record, training


def _cohort_facts(root: Path, record: RunRecord, metrics: Mapping) -> dict:
    """What may be told about the data: name, hash, licence, whether it is synthetic."""
    import yaml

    name = str(record.parameters.get("cohort", "unknown"))
    description = {}
    try:
        place = find_cohort(root, name)
        file = place if place.is_file() else place / "cohort.yaml"
        description = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (ValueError, OSError, yaml.YAMLError):
        pass
    return {
        "name": name,
        "sha256": record.components.get("inputs", {}).get("cohort", ""),
        "licence": str(description.get("licence", "not stated: ask the owner of the images")),
        "synthetic": bool(description.get("synthetic", metrics.get("synthetic", False))),
        "title": str(description.get("title", name)),
    }


def _network(record: RunRecord, name: str) -> str:
    """timm's name of the network: the longest of the run's parameters that begins the training's name."""
    texts = [item for value in record.parameters.values() for item in _texts(value)]
    fitting = [text for text in texts if text and name.startswith(text)]
    return max(fitting, key=len) if fitting else name


def _texts(value: object) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def _metadata(record: RunRecord, name: str, training: dict, cohort: dict, authors: str) -> dict:
    packages = record.environment.get("packages", {})
    width, height = record.parameters.get("width"), record.parameters.get("height")
    image = {
        "type": "image",
        "format": "radiograph",
        "modality": "CR",
        "num_channels": 3,
        "spatial_shape": [height, width],
        "dtype": "float32",
        "value_range": [0, 1],
        "is_patch_data": False,
        "channel_def": {str(channel): "radiograph, bone bright (repeated)" for channel in range(3)},
    }
    output = {
        "type": "probabilities",
        "format": "classes",
        "num_channels": 1,
        "spatial_shape": [],
        "dtype": "float32",
        "value_range": [0, 1],
        "is_patch_data": False,
        "channel_def": {"0": "fracture"},
    }
    return {
        "version": record.key,
        "changelog": {record.key: f"made by run {record.key} of {record.notebook}"},
        "monai_version": "not used",
        "pytorch_version": packages.get("torch", "unknown"),
        "numpy_version": packages.get("numpy", "unknown"),
        "required_packages_version": {p: packages[p] for p in ("timm", "fastai") if p in packages},
        "name": f"{record.study} {name}",
        "task": "Fracture detection on radiographs",
        "description": f"Network {_network(record, name)} trained on {cohort['title']}. {NOTICE}",
        "authors": authors or "not stated",
        "copyright": "see the licence of the images in docs/data_license.txt",
        "data_source": cohort["title"],
        "intended_use": "research only",
        "network_data_format": {"inputs": {"image": image}, "outputs": {"pred": output}},
        "fxstudy": {
            "network": _network(record, name),
            "training": name,
            "run": record.key,
            "digest": record.digest,
            "cohort_sha256": cohort["sha256"],
            "synthetic": cohort["synthetic"],
            "settings": training.get("settings", {}),
        },
    }
