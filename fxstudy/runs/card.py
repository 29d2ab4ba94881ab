"""The model card of an exported network, filled from its run."""

from collections.abc import Mapping

from fxstudy.runs.record import RunRecord

NOTICE = (
    "This network is the result of a research run. It is not a medical device and must not be used for "
    "diagnosis or treatment."
)
_SYNTHETIC = "**The images are synthetic: the figures say nothing about patients.**"


def model_card(metadata: dict, record: RunRecord, training: dict, metrics: Mapping, cohort: dict) -> str:
    """Markdown that says what the network is, how and on what it was trained, and how well it did.

    Parameters
    ----------
    metadata : dict
        The bundle's metadata, with the hash of the weights.
    record : RunRecord
    training : dict
        ``training.json`` of the training.
    metrics : mapping
        ``metrics.json`` of the run.
    cohort : dict
        name, title, sha256, licence, synthetic.
    """
    facts = metadata["fxstudy"]
    figures = {name: _metric(value) for name, value in metrics.items()}
    lines = [
        f"# {metadata['name']}",
        f"**{NOTICE}**",
        *([_SYNTHETIC] if cohort["synthetic"] else []),
        f"## What it is\n{_network(metadata)}",
        f"## How it was trained\n{_training(record, training)}",
        _table(training.get("settings", {}), ("setting", "value")),
        f"## Data\nCohort `{cohort['name']}` ({cohort['title']}), SHA-256 of its tables "
        f"`{cohort['sha256'] or 'unknown'}`. Licence of the images: {cohort['licence']}.",
        "## Figures of the whole run\nThey belong to all networks of the run; the names say which.",
        _table(figures, ("figure", "value")),
        "## Parameters of the run",
        _table(record.parameters, ("parameter", "value")),
        "## How to use it\nGive `models/model.safetensors` as `weights` of a notebook, or load it into the "
        f"network of that name. SHA-256 of the file: `{facts['weights_sha256']}`.",
    ]
    return "\n\n".join(lines) + "\n"


def _network(metadata: dict) -> str:
    version = metadata["required_packages_version"].get("timm", "unknown")
    return (
        f"{metadata['fxstudy']['network']} (timm {version}), one output: the logit of a fracture. Input: one "
        "radiograph, bone bright, prepared as in the run's parameters."
    )


def _training(record: RunRecord, training: dict) -> str:
    return (
        f"Run `{record.key}` of notebook `{record.notebook}` ({record.finished[:10]}), fxstudy "
        f"{record.environment.get('fxstudy', 'unknown')}, on {training.get('device', 'unknown')} in "
        f"{training.get('precision', 'unknown')}; epochs done: {len(training.get('history', []))}."
    )


def _table(values: Mapping, head: tuple[str, str]) -> str:
    if not values:
        return "not recorded"
    rows = [f"| {name} | {_cell(value)} |" for name, value in values.items()]
    return "\n".join([f"| {head[0]} | {head[1]} |", "|---|---|", *rows])


def _cell(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace("|", "\\|")


def _metric(value: object) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    parts = [_number(value.get(name)) for name in ("estimate", "low", "high")]
    return f"{parts[0]} ({parts[1]} to {parts[2]})" if "low" in value else parts[0]


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
