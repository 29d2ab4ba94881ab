"""The content key of a run: same key, same result.

The key is a hash of the notebook's code, its parameters, its inputs by content, the package's sources that it
rests on and the locked requirements. Host, paths, number of jobs, device and time do not enter. The parts are
kept apart, so that a rerun can say what has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fxstudy.errors import Fault, ParameterError
from fxstudy.runs.files import HashCache, sha256_json, sha256_text
from fxstudy.runs.inputs import input_digest, input_kind
from fxstudy.runs.project import Notebook, parse
from fxstudy.runs.sources import PackageSources, syntax

KEY_VERSION = 1
_SHORT = 12


@dataclass(frozen=True)
class Key:
    """The content key of a run.

    Attributes
    ----------
    digest : str
        64 hexadecimal digits.
    components : dict
        What went into it: "notebook" (hash per code cell), "parameters", "inputs", "sources" (hash per
        file), "lock".
    """

    digest: str
    components: dict

    @property
    def short(self) -> str:
        """The first 12 digits: the name of the run and of its folder."""
        return self.digest[:_SHORT]


class KeyMaker:
    """Computes keys of many runs of one project, reading each file once.

    Parameters
    ----------
    root : Path
        The project's folder.
    """

    def __init__(self, root: Path):
        self._root = root
        self._cache = HashCache(root / "runs" / "cache" / "hashes.json")
        self._sources = PackageSources(root / "fxstudy", self._cache)
        self._fixed: dict[Path, tuple[dict, str]] = {}
        self._inputs: dict[tuple, object] = {}

    def make(self, notebook: Notebook, parameters: Mapping[str, object]) -> Key:
        """Key of a notebook with these resolved parameters.

        Raises
        ------
        ParameterError
            If an input named by the parameters does not exist.
        """
        if notebook.path not in self._fixed:
            self._fixed[notebook.path] = self._code(notebook)
        code, code_digest = self._fixed[notebook.path]
        kinds = {name: input_kind(name, value) for name, value in parameters.items()}
        plain = {name: value for name, value in parameters.items() if kinds[name] is None}
        inputs = self._digest_inputs(notebook, {n: (k, parameters[n]) for n, k in kinds.items() if k})
        digest = sha256_json([KEY_VERSION, notebook.name, code_digest, plain, inputs])
        return Key(digest, {**code, "parameters": plain, "inputs": inputs})

    def save(self) -> None:
        """Keep the hashes of large files for the next process."""
        self._cache.save()

    def _code(self, notebook: Notebook) -> tuple[dict, str]:
        code = {
            "notebook": _cell_digests(notebook),
            "sources": self._sources.digests(notebook),
            "lock": lock_digest(self._root),
        }
        return code, sha256_json(code)

    def _digest_inputs(self, notebook: Notebook, inputs: Mapping[str, tuple]) -> dict[str, object]:
        digests, faults = {}, []
        for name, (kind, value) in inputs.items():
            known = (kind, tuple(value) if isinstance(value, list) else value)
            try:
                if known not in self._inputs:
                    self._inputs[known] = input_digest(self._root, kind, value, self._cache)
                digests[name] = self._inputs[known]
            except ValueError as error:
                faults.append(Fault(name, str(error)))
        if faults:
            raise ParameterError(f"{notebook.name}: inputs are missing:", faults)
        return digests


def _cell_digests(notebook: Notebook) -> list[str]:
    """Hash per code cell but the parameters cell; cells with nothing but comments do not count."""
    digests = []
    for cell in notebook.code:
        if cell is notebook.parameters_cell:
            continue
        tree = parse(cell.source)
        magic = any(line.startswith(("%", "!")) for line in cell.source.splitlines())
        if tree is not None and not magic and not tree.body:
            continue
        text = cell.source if tree is None or magic else syntax(tree, docstring=False)
        digests.append(sha256_text(text)[:16])
    return digests


def lock_digest(root: Path) -> str:
    """Hash of ``requirements.lock`` without comments and empty lines; "absent" where there is none."""
    path = root / "requirements.lock"
    if not path.is_file():
        return "absent"
    lines = (line.split(" #")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return sha256_text("\n".join(line for line in lines if line and not line.startswith("#")))


def changes(old: Mapping, new: Mapping) -> list[str]:
    """What differs between the components of two keys, one phrase for each cause."""
    causes = _code_changes(old, new)
    for name in _differing(old["parameters"], new["parameters"]):
        causes.append(f"{name}: {_show(old['parameters'], name)} → {_show(new['parameters'], name)}")
    for name in _differing(old["inputs"], new["inputs"]):
        causes.append(f"content of input {name}")
    return causes


def _code_changes(old: Mapping, new: Mapping) -> list[str]:
    causes = []
    before, after = old["notebook"], new["notebook"]
    if before != after:
        numbers = [str(i) for i, (a, b) in enumerate(zip(before, after, strict=False), 1) if a != b]
        same_length = len(before) == len(after)
        causes.append(
            f"notebook code (cell {', '.join(numbers)})" if same_length else "notebook code (cells)"
        )
    files = _differing(old["sources"], new["sources"])
    if files:
        more = f" and {len(files) - 2} more" if len(files) > 2 else ""
        causes.append(f"package code ({', '.join(files[:2])}{more})")
    if old["lock"] != new["lock"]:
        causes.append("requirements.lock")
    return causes


def _differing(old: Mapping, new: Mapping) -> list[str]:
    return sorted(name for name in {*old, *new} if old.get(name, ...) != new.get(name, ...))


def _show(values: Mapping, name: str) -> str:
    return repr(values[name]) if name in values else "absent"
