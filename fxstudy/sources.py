"""Digest of Python sources by what they do: comments, docstrings and layout do not count."""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def normalised(source: str) -> str:
    """Dump of a source's syntax tree without comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and _documented(node):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _documented(node: ast.AST) -> bool:
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def digest_sources(places: Iterable[Path]) -> str:
    """SHA-256 over files, and all ``*.py`` below folders, by their names and their syntax trees."""
    digest = hashlib.sha256()
    for place in places:
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            name = file.relative_to(place).as_posix() if place.is_dir() else file.name
            digest.update(name.encode())
            digest.update(_digest_file(file, file.stat().st_mtime_ns).encode())
    return digest.hexdigest()


@cache
def _digest_file(file: Path, modified: int) -> str:
    return hashlib.sha256(normalised(file.read_text(encoding="utf-8")).encode()).hexdigest()
