"""Inputs of a run that count by their content, not by their name: cohorts, weights, other runs.

A string parameter is an input when its name is ``cohort``, ``weights`` or ``runs`` or ends in one of them
(``test_cohort``, ``localizer_weights``, ``detector_runs``). A value may be a list.
"""

import os
import re
from pathlib import Path

from fxstudy.runs.files import HashCache, sha256_file, sha256_json

WEIGHT_WORDS = ("imagenet", "random")
_INPUT = re.compile(r"(?:^|_)(cohort|cohorts|weights|runs)$")
_NOT_INPUTS = ("class_weights",)
_RUN_KEY = re.compile(r"[0-9a-f]{12}")
_TABLES = ("*.csv", "*.parquet", "cohort.yaml", "cohort.yml")


def input_kind(name: str, value: object) -> str | None:
    """ "cohort", "weights" or "runs" if this parameter is an input by content, else None."""
    found = _INPUT.search(name)
    if found is None or name in _NOT_INPUTS:
        return None
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        return None
    return found[1].removesuffix("s") if found[1] == "cohorts" else found[1]


def input_digest(root: Path, kind: str, value: str | list[str], cache: HashCache) -> str | list[str]:
    """What stands for an input in a run's key: hash of its content, or the word or key itself.

    Raises
    ------
    ValueError
        If the input does not exist; the message says where it was looked for.
    """
    if isinstance(value, list):
        return [input_digest(root, kind, item, cache) for item in value]
    if not value:
        return ""
    if kind == "cohort":
        return _cohort_digest(find_cohort(root, value), cache)
    if kind == "weights":
        return value if value in WEIGHT_WORDS else cache.sha256(find_weights(root, value))
    if not _RUN_KEY.fullmatch(value):
        raise ValueError(f"must be a run's key of 12 characters 0-9a-f, not {value!r}; see `fxstudy status`")
    return value


def find_cohort(root: Path, name: str) -> Path:
    """Folder or description file of a cohort.

    ``name`` is a path, or a name that stands for ``cohorts/<name>/``, ``data_manifest/<name>/`` or
    ``data_manifest/<name>.yaml``.

    Raises
    ------
    ValueError
        If nothing is there.
    """
    places = [root / name, root / "cohorts" / name, root / "data_manifest" / name]
    places += [place.with_name(place.name + ".yaml") for place in places]
    for place in places:
        if place.is_file() or (place.is_dir() and _tables(place)):
            return place
    raise ValueError(
        f"no cohort {_shown(root, name)!r}: looked for a folder with tables at that path, in cohorts/ "
        "and in data_manifest/, and for data_manifest/<name>.yaml"
    )


def find_weights(root: Path, name: str) -> Path:
    """File of pretrained weights: a path, or a name in the project, ``$FXSTUDY_WEIGHTS`` or ``weights/``.

    Raises
    ------
    ValueError
        If there is no such file.
    """
    folders = [root, root / "weights"]
    if os.environ.get("FXSTUDY_WEIGHTS"):
        folders.insert(1, Path(os.environ["FXSTUDY_WEIGHTS"]))
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise ValueError(
        f"no file of weights {_shown(root, name)!r}: looked at that path, in the project's folder, in the "
        f"folder named by FXSTUDY_WEIGHTS and in weights/; or use one of the words {', '.join(WEIGHT_WORDS)}"
    )


def portable(root: Path, kind: str, value: object) -> object:
    """An input's value without the folders of this machine: what a record may show."""
    if isinstance(value, list):
        return [portable(root, kind, item) for item in value]
    return _shown(root, value) if kind != "runs" and isinstance(value, str) else value


def _shown(root: Path, name: str) -> str:
    path = Path(name)
    if not path.is_absolute():
        return name
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _tables(folder: Path) -> list[Path]:
    return sorted({path for pattern in _TABLES for path in folder.glob(pattern)})


def _cohort_digest(place: Path, cache: HashCache) -> str:
    if place.is_file():
        return sha256_file(place)
    return sha256_json({path.name: cache.sha256(path) for path in _tables(place)})
