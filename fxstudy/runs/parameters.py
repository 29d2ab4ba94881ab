"""Parameters of a notebook: its cell tagged ``parameters`` is the only schema.

Each line of that cell reads ``name: type = literal  # help``. Types are int, float, str, bool, lists of
these, and any of them ``| None``.
"""

import ast
import io
import math
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fxstudy.errors import Fault, ParameterError
from fxstudy.runs.project import Notebook, read_notebook, suggestion

_SCALARS = {"int": int, "float": float, "str": str, "bool": bool}
_FORM = "must be written `name: type = literal  # help`"
_TYPES = "int, float, str, bool, list[...] of these, or one of them | None"
_SECRET = re.compile(
    r"(^|_)(token|secret|password|passwd|passphrase|credentials?)(_|$)|(^|_)(api|access|private)_?key(_|$)|_key$"
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell.

    Attributes
    ----------
    name : str
    kind : str
        "int", "float", "str" or "bool"; of one element where ``many``.
    many : bool
        A list is expected.
    optional : bool
        None is allowed.
    default : object
        The literal of the cell.
    help : str
        The comment behind the line.
    """

    name: str
    kind: str
    many: bool
    optional: bool
    default: object
    help: str = ""

    @property
    def type(self) -> str:
        """The type as it is written."""
        text = f"list[{self.kind}]" if self.many else self.kind
        return f"{text} | None" if self.optional else text


def read_schema(notebook: Notebook | Path | str) -> list[Parameter]:
    """Parameters that a notebook accepts, in the order of its cell.

    Parameters
    ----------
    notebook : Notebook, Path or str
        A notebook or its file.

    Raises
    ------
    ParameterError
        If lines of the cell are not of the form ``name: type = literal  # help``; all are listed.
    RunError
        If the notebook has no cell, or several cells, tagged ``parameters``.
    """
    if not isinstance(notebook, Notebook):
        notebook = read_notebook(Path(notebook))
    cell = notebook.parameters_cell
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError as error:
        fault = Fault(f"line {error.lineno}", f"is not Python: {error.msg}")
        raise ParameterError(f"The parameters cell of {notebook.path.name} has mistakes:", [fault]) from error
    comments, faults, schema = _comments(cell.source), [], []
    for statement in statements:
        try:
            schema.append(_parameter(statement, comments))
        except ValueError as error:
            faults.append(Fault(f"line {statement.lineno}", str(error)))
    names = [parameter.name for parameter in schema]
    faults += [Fault(name, "is written twice") for name in sorted({n for n in names if names.count(n) > 1})]
    if faults:
        raise ParameterError(f"The parameters cell of {notebook.path.name} has mistakes:", faults)
    return schema


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip() for token in tokens if token.type == tokenize.COMMENT
    }


def _parameter(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter:
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        raise ValueError(f"{_FORM}, not `{ast.unparse(statement)[:60]}`")
    name = statement.target.id
    if statement.value is None:
        raise ValueError(f"{name} needs a value: {_FORM}")
    kind, many, optional = _type(name, statement.annotation)
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        raise ValueError(f"{name} must be a literal, not `{ast.unparse(statement.value)[:60]}`") from None
    text = comments.get(statement.end_lineno, comments.get(statement.lineno, ""))
    parameter = Parameter(name, kind, many, optional, default, text)
    if kind == "str" and _SECRET.search(name):
        raise ValueError(_secret(name))
    value, fault = _fit(parameter, default)
    if fault:
        raise ValueError(f"{name} {fault}")
    return Parameter(name, kind, many, optional, value, text)


def _type(name: str, node: ast.expr) -> tuple[str, bool, bool]:
    optional = False
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        if not (isinstance(node.right, ast.Constant) and node.right.value is None):
            raise ValueError(f"{name} must have one of the types {_TYPES}, not `{ast.unparse(node)}`")
        node, optional = node.left, True
    many = isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "list"
    inner = node.slice if many else node
    if not isinstance(inner, ast.Name) or inner.id not in _SCALARS:
        raise ValueError(f"{name} must have one of the types {_TYPES}, not `{ast.unparse(node)}`")
    return inner.id, many, optional


def _secret(name: str) -> str:
    return f"{name} looks like a secret, and parameters are written into notebooks and records: read it from \
the environment instead"


def check(schema: Sequence[Parameter], values: Mapping[str, object], *, where: str = "parameters") -> dict:
    """Fit given values into a schema.

    Parameters
    ----------
    schema : sequence of Parameter
    values : mapping of str to object
        Given values; missing ones take their default. An int is allowed for a float, nothing else is
        converted.
    where : str
        Where the values come from, for the message.

    Returns
    -------
    dict
        A value for every parameter, in the order of the schema; plain Python values.

    Raises
    ------
    ParameterError
        Listing every unknown name (with near ones) and every wrong type.
    """
    known = {parameter.name: parameter for parameter in schema}
    resolved = {parameter.name: parameter.default for parameter in schema}
    faults = []
    for name, value in values.items():
        if name not in known:
            what = _secret(name) if _SECRET.search(str(name)) else "is not a parameter of this notebook"
            faults.append(Fault(str(name), what + suggestion(str(name), list(known))))
            continue
        resolved[name], fault = _fit(known[name], value)
        if fault:
            faults.append(Fault(name, fault))
    if faults:
        raise ParameterError(f"{where}: {len(faults)} of the given parameters cannot be used:", faults)
    return resolved


def _fit(parameter: Parameter, value: object) -> tuple[object, str | None]:
    """The value as the type wants it, and what is wrong with it (None if nothing)."""
    if value is None and parameter.optional:
        return None, None
    if not parameter.many:
        return _fit_one(parameter, value)
    if type(value) is not list:
        return value, f"must be {parameter.type}, not {_found(value)}"
    fitted = [_fit_one(parameter, item) for item in value]
    fault = next((f"item {i}: {fault}" for i, (_, fault) in enumerate(fitted, start=1) if fault), None)
    return [item for item, _ in fitted], fault


def _fit_one(parameter: Parameter, value: object) -> tuple[object, str | None]:
    wanted = _SCALARS[parameter.kind]
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        return value, f"must be {parameter.type}, not {_found(value)}{_hint(parameter.kind, value)}"
    if wanted is float and not math.isfinite(value):
        return value, f"must be a finite number, not {value}"
    return value, None


def _found(value: object) -> str:
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'the text ' if kind is str else name + ' '}{value!r}"[:100]


def _hint(kind: str, value: object) -> str:
    if kind in ("int", "float") and isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        if "e" in value.lower():
            return "; YAML reads it as text: write it with a point (1.0e-4) or in full (0.0001)"
        return "; leave out the quotes"
    return ""
