"""Which source files of the package a notebook rests on, and a hash of each without comments.

A change of a comment, of a docstring or of the layout of a line changes no hash. Only modules that the
notebook reaches through imports count, so that a change in one study's code does not repeat another study.
"""

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fxstudy.runs.files import HashCache, sha256_file, sha256_text
from fxstudy.runs.project import Notebook, parse

_DATA_SUFFIXES = {".yaml", ".yml", ".json", ".csv", ".toml", ".txt"}
# How notebooks are started changes no result; of the room `runs` only these two modules shape results.
_OUTSIDE = ("cli", "__main__", "runs")
_SHAPING = ("runs.session", "runs.reading")
_VERSION = f"ast 1, Python {sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class _Module:
    digest: str
    imports: tuple[str, ...]
    open_ended: bool  # imports a module whose name only the running program knows


class PackageSources:
    """Hashes of the modules of one package, each file read once.

    Parameters
    ----------
    package : Path
        Folder of the package (``<project>/fxstudy``).
    cache : HashCache
        Remembers the syntax of files by their bytes.
    """

    def __init__(self, package: Path, cache: HashCache):
        self._package, self._cache = package, cache
        self._modules: dict[str, _Module] = {}
        self._files = self._find_files()

    def digests(self, notebook: Notebook) -> dict[str, str]:
        """Hash of every file of the package that the notebook rests on, by path inside the package."""
        names, open_ended = _notebook_imports(notebook)
        reached = self._reach(names)
        if open_ended or any(self._module(name).open_ended for name in reached):
            reached = {name for name in self._files if not _outside(name)}
        modules = {self._relative(self._files[name]): self._module(name).digest for name in sorted(reached)}
        return modules | self._data_files(reached)

    def _find_files(self) -> dict[str, Path]:
        files = {}
        for path in sorted(self._package.rglob("*.py")):
            parts = path.relative_to(self._package.parent).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return files

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._package).as_posix()

    def _reach(self, names: Iterable[str]) -> set[str]:
        """The named modules of the package and all that they import."""
        waiting, seen = list(names), set()
        while waiting:
            new = [module for module in self._with_parents(waiting.pop()) if module not in seen]
            seen.update(new)
            for module in new:
                if not _outside(module):
                    waiting += self._module(module).imports
                elif module == self._named("runs"):
                    waiting += [self._named(shaping) for shaping in _SHAPING]
        return {module for module in seen if not _outside(module) or module.endswith(_SHAPING)}

    def _named(self, name: str) -> str:
        return f"{self._package.name}.{name}"

    def _with_parents(self, name: str) -> list[str]:
        parts = name.split(".")
        return [m for end in range(1, len(parts) + 1) if (m := ".".join(parts[:end])) in self._files]

    def _data_files(self, modules: Iterable[str]) -> dict[str, str]:
        folders = {self._files[name].parent for name in modules} - {self._package}
        files = sorted(path for folder in folders for path in folder.rglob("*") if _is_data(path))
        return {self._relative(path): sha256_file(path) for path in files}

    def _module(self, name: str) -> _Module:
        if name not in self._modules:
            path = self._files[name]
            source = path.read_text(encoding="utf-8")
            known = f"{_VERSION}:{name}:{sha256_text(source)}"
            facts = self._cache.get(known)
            if facts is None:
                package = name if path.name == "__init__.py" else name.rpartition(".")[0]
                facts = _facts(source, package, self._package.name)
                self._cache.put(known, facts)
            self._modules[name] = _Module(facts[0], tuple(facts[1]), facts[2])
        return self._modules[name]


def _outside(name: str) -> bool:
    return name.split(".")[1:2] != [] and name.split(".")[1] in _OUTSIDE


def _is_data(path: Path) -> bool:
    return path.suffix in _DATA_SUFFIXES and path.is_file()


def _facts(source: str, package: str, top: str) -> list:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return [sha256_text(source), [], True]
    names, open_ended = _imports(tree, package, top)
    return [sha256_text(syntax(tree)), sorted(names), open_ended]


def syntax(tree: ast.Module, *, docstring: bool = True) -> str:
    """A syntax tree as text, without comments, positions and docstrings.

    Parameters
    ----------
    tree : ast.Module
    docstring : bool
        Drop the module's own docstring too (a notebook's cell has none: its text is an output).
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = _without_docstring(node.body)
    if docstring:
        tree.body = _without_docstring(tree.body)
    return ast.dump(tree).replace(", type_params=[]", "")  # Python 3.12 adds an empty field


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return body[1:]
    return body


def _notebook_imports(notebook: Notebook) -> tuple[set[str], bool]:
    names, open_ended = set(), False
    for cell in notebook.code:
        tree = parse(cell.source)
        if tree is None:
            open_ended = True
            continue
        found, unknown = _imports(tree, "", "fxstudy")
        names |= found
        open_ended |= unknown
    return names, open_ended


def _imports(tree: ast.Module, package: str, top: str) -> tuple[set[str], bool]:
    """Modules of the package that a tree imports, and whether it imports by a computed name."""
    names, open_ended = set(), False
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and _is_import_call(node):
            constant = node.args and isinstance(node.args[0], ast.Constant)
            names |= {str(node.args[0].value)} if constant else set()
            open_ended |= not constant
    return {name for name in names if name.split(".")[0] == top}, open_ended


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _is_import_call(call: ast.Call) -> bool:
    return getattr(call.func, "id", getattr(call.func, "attr", "")) in ("import_module", "__import__")
