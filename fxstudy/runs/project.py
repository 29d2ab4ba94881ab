"""Where the project lies, and what a notebook of it contains."""

import ast
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fxstudy.errors import RunError

_TAG = "parameters"


def find_root(start: Path | None = None) -> Path:
    """Nearest folder, upwards from ``start``, that holds both ``notebooks/`` and ``fxstudy/``.

    Parameters
    ----------
    start : Path, optional
        Where to begin; default the folder named by the environment variable ``FXSTUDY_ROOT``, else the
        working directory.

    Raises
    ------
    RunError
        If no parent folder is a project.
    """
    start = Path(start or os.environ.get("FXSTUDY_ROOT") or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "notebooks").is_dir() and (folder / "fxstudy").is_dir():
            return folder
    raise RunError(
        "no project found: neither the working directory nor a folder above it holds both notebooks/ and "
        "fxstudy/; change into the project's folder or set FXSTUDY_ROOT to it"
    )


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook: position in the file (from 1), kind, source and tags."""

    number: int
    kind: str
    source: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Notebook:
    """A notebook as it lies on disk, without outputs.

    Attributes
    ----------
    name : str
        File name without ``.ipynb``.
    path : Path
        The file.
    cells : tuple of Cell
        All cells in order.
    metadata : dict
        The notebook's metadata.
    """

    name: str
    path: Path
    cells: tuple[Cell, ...]
    metadata: dict

    @cached_property
    def code(self) -> tuple[Cell, ...]:
        """Code cells."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @cached_property
    def parameters_cell(self) -> Cell:
        """The one code cell tagged ``parameters``."""
        found = [cell for cell in self.code if _TAG in cell.tags]
        if len(found) != 1:
            text = f"must have exactly one code cell tagged '{_TAG}', not {len(found)}"
            raise RunError(f"notebook {self.path.name} {text}")
        return found[0]

    @cached_property
    def study(self) -> str | None:
        """First argument of ``open_run(...)`` in the notebook, None where there is no such call."""
        for cell in self.code:
            tree = parse(cell.source)
            for node in ast.walk(tree) if tree else ():
                if isinstance(node, ast.Call) and _called(node) == "open_run" and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        return first.value
        return None


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", None) or getattr(call.func, "attr", "")


def parse(source: str) -> ast.Module | None:
    """Syntax tree of a cell; lines of IPython magic count as empty; None if it is not Python."""
    lines = ["" if line.startswith(("%", "!")) else line for line in source.splitlines()]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return None


def notebook_path(root: Path, name: str) -> Path:
    """File of a notebook given as ``50_wrist_delong``, with or without folder and ``.ipynb``.

    Raises
    ------
    RunError
        If there is no such file; near names are suggested.
    """
    stem = name.removesuffix(".ipynb")
    for path in (root / "notebooks" / f"{stem}.ipynb", root / f"{stem}.ipynb"):
        if path.is_file():
            return path
    raise RunError(f"no notebook {stem!r} in notebooks/{suggestion(stem, notebook_names(root))}")


def notebook_names(root: Path) -> list[str]:
    """Names of all notebooks of the project, in reading order."""
    return sorted(path.stem for path in (root / "notebooks").glob("*.ipynb"))


def suggestion(name: str, known: list[str] | tuple[str, ...]) -> str:
    """``"; did you mean x?"`` for near names, else ``"; there are a, b, c"``."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; there are {', '.join(known)}" if known else "; there is none"


def read_notebook(path: Path) -> Notebook:
    """Read a notebook file of format 4.

    Raises
    ------
    RunError
        If the file is not a notebook of format 4.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        cells = tuple(_cell(number, raw) for number, raw in enumerate(document["cells"], start=1))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{path.name} cannot be read as a notebook (format 4): {type(error).__name__}: {error}"
        ) from error
    return Notebook(path.stem, path, cells, document.get("metadata", {}))


def _cell(number: int, raw: dict) -> Cell:
    source = raw["source"]
    text = source if isinstance(source, str) else "".join(source)
    return Cell(number, raw["cell_type"], text, tuple(raw.get("metadata", {}).get("tags", ())))
