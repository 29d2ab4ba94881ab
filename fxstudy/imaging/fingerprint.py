"""Fingerprints of files and of the code that treats them."""

import ast
import hashlib
import inspect
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_BLOCK = 1 << 20


def file_sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@cache
def source_digest(*objects: Callable) -> str:
    """Short fingerprint of the modules that hold ``objects`` and of the package modules these use by name.

    Comments and docstrings do not enter: rewording them keeps every cache valid.
    """
    names = set()
    for item in objects:
        module = sys.modules[item.__module__]
        names.add(module.__name__)
        package = module.__name__.rpartition(".")[0]
        names |= {
            name for name in map(_home, vars(module).values()) if name and name.startswith(package + ".")
        }
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\n{_syntax(inspect.getsource(sys.modules[name]))}\n".encode())
    return digest.hexdigest()[:12]


def _home(value: object) -> str | None:
    return value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", None)


def _syntax(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                body[0].value = ast.Constant("")
    return ast.dump(tree)
