"""Export a run as a Process Run Crate: an RO-Crate that says which notebook made which files from what.

Follows RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) and the profile Process Run Crate 0.5
(https://w3id.org/ro/wfrun/process/0.5). Images and checkpoints stay at home: inputs are named by their hash.
"""

import mimetypes
import shutil
from datetime import UTC, datetime
from pathlib import Path

from fxstudy.errors import RunError
from fxstudy.runs.files import sha256_file, write_json
from fxstudy.runs.inputs import input_kind
from fxstudy.runs.project import notebook_path
from fxstudy.runs.record import RECORD, RunRecord, read_record

_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_STATUS = {"ok": "http://schema.org/CompletedActionStatus"}
_NOTICE = "Research software; not a medical device."


def export_crate(run_folder: Path, to: Path, *, root: Path, licence: str = "", author: str = "") -> Path:
    """Write a run as a crate.

    Parameters
    ----------
    run_folder : Path
        A recorded run; a failed one may be exported too, and says so.
    to : Path
        Folder to make; it must not exist.
    root : Path
        The project.
    licence : str
        Web address of the licence under which the results may be used; without it the crate says that none
        was given.
    author : str
        Name of the person who answers for the run.

    Returns
    -------
    Path
        The crate's ``ro-crate-metadata.json``.

    Raises
    ------
    RunError
        If the run has no record, or ``to`` exists.
    """
    record = read_record(run_folder)
    if record is None:
        raise RunError(f"run {run_folder.name} has no record: only recorded runs can be exported")
    if to.exists():
        raise RunError(f"{to.name} exists already: give a folder that is not there yet")
    to.mkdir(parents=True)
    notebook = notebook_path(root, record.notebook)
    shutil.copyfile(notebook, to / notebook.name)
    names = [RECORD, *(output["path"] for output in record.outputs)]
    names = [name for name in names if (run_folder / name).is_file()]
    for name in names:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run_folder / name, to / name)
    graph = _graph(record, notebook.name, names, to, licence)
    _sign(graph, author)
    write_json(to / "ro-crate-metadata.json", {"@context": _CONTEXT, "@graph": graph})
    return to / "ro-crate-metadata.json"


def _graph(record: RunRecord, notebook: str, names: list[str], folder: Path, licence: str) -> list[dict]:
    tool, inputs = _tool(record, notebook, folder), _inputs(record)
    files = [_file(folder, name) for name in names]
    action = {
        "@id": f"#run-{record.key}",
        "@type": "CreateAction",
        "name": f"Run {record.key} of {record.notebook}",
        "startTime": record.started,
        "endTime": record.finished,
        "instrument": {"@id": notebook},
        "object": _references(inputs),
        "result": _references(files),
        "actionStatus": _STATUS.get(record.status, "http://schema.org/FailedActionStatus"),
        "description": record.text(),
    }
    if record.error is not None:
        action["error"] = f"{record.error.ename}: {record.error.evalue}"
    title = f"{record.study}: run {record.key} of {record.notebook}"
    known = licence or "#no-licence"
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": f"Parameters, executed notebook and results of one run. {_NOTICE}",
        "datePublished": datetime.now(UTC).isoformat(timespec="seconds"),
        "license": {"@id": known},
        "conformsTo": {"@id": _PROFILE},
        "hasPart": _references([tool[0], *files]),
        "mentions": {"@id": action["@id"]},
    }
    return [_descriptor(), root, _profile(), _licence(known), action, *tool, *inputs, *files]


def _sign(graph: list[dict], author: str) -> None:
    """Name the person who answers for the run, where one is given."""
    if not author:
        return
    person = {"@id": "#author", "@type": "Person", "name": author}
    for entity in graph:
        if entity["@id"] == "./":
            entity["author"] = {"@id": "#author"}
        elif entity["@type"] == "CreateAction":
            entity["agent"] = {"@id": "#author"}
    graph.append(person)


def _descriptor() -> dict:
    return {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }


def _profile() -> dict:
    return {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}


def _licence(known: str) -> dict:
    text = "No licence was given: ask the authors before any use." if known == "#no-licence" else known
    return {"@id": known, "@type": "CreativeWork", "name": text, "description": text}


def _tool(record: RunRecord, notebook: str, folder: Path) -> list[dict]:
    """The notebook as the instrument, the package that it uses, and what that needs."""
    versions = record.environment.get("packages", {})
    needs = [_package(name, version) for name, version in versions.items()]
    package = {
        "@id": "#fxstudy",
        "@type": "SoftwareApplication",
        "name": "fxstudy",
        "softwareVersion": record.environment.get("fxstudy", "unknown"),
        "softwareRequirements": _references(needs),
    }
    source = {
        **_file(folder, notebook),
        "@type": ["File", "SoftwareSourceCode", "SoftwareApplication"],
        "name": record.notebook,
        "version": record.digest[:12],
        "softwareRequirements": {"@id": "#fxstudy"},
        "programmingLanguage": "Python",
    }
    return [source, package, *needs]


def _package(name: str, version: str) -> dict:
    url = f"pkg:pypi/{name}@{version}"
    return {"@id": url, "@type": "SoftwareApplication", "name": name, "url": url, "softwareVersion": version}


def _inputs(record: RunRecord) -> list[dict]:
    digests = record.components.get("inputs", {})
    entities = []
    for name, value in record.parameters.items():
        entity = {"@id": f"#parameter-{name}", "@type": "PropertyValue", "name": name, "value": _text(value)}
        if input_kind(name, value) and digests.get(name):
            entity["description"] = f"content (SHA-256 or word): {_text(digests[name])}"
        entities.append(entity)
    return entities


def _text(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "none" if value is None else value


def _file(folder: Path, name: str) -> dict:
    path = folder / name
    kinds = {".ipynb": "application/x-ipynb+json", ".parquet": "application/vnd.apache.parquet"}
    kind = kinds.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    size = str(path.stat().st_size)
    facts = {"name": name, "contentSize": size, "sha256": sha256_file(path), "encodingFormat": kind}
    return {"@id": name.replace(" ", "%20"), "@type": "File", **facts}


def _references(entities: list[dict]) -> list[dict]:
    return [{"@id": entity["@id"]} for entity in entities]
