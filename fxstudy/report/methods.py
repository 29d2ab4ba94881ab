"""A paragraph on statistical methods, from the results themselves."""

import html
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from fxstudy.report.errors import ReportError

PACKAGES = ("fxstudy", "numpy", "scipy", "pandas", "statsmodels", "scikit-learn", "torch", "timm", "fastai")


@dataclass(frozen=True)
class MethodsText:
    """Paragraph and numbered references.

    Attributes
    ----------
    text : str
        One paragraph; numbers in brackets refer to `references`.
    references : tuple of str
    """

    text: str
    references: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{number}. {reference}" for number, reference in enumerate(self.references, start=1)]
        return "\n".join([self.text, "", *lines]).strip()

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html.escape(reference)}</li>" for reference in self.references)
        return f'<p class="fx-methods">{html.escape(self.text)}</p><ol class="fx-references">{items}</ol>'


def methods_text(results: Any, *, packages: Sequence[str] = PACKAGES) -> MethodsText:
    """Name every statistical method that stands behind these results, with its reference.

    Parameters
    ----------
    results : Result, Composite, or sequence or mapping of them
        Anything with `name`, `method`, `reference`, `level` and `assumes`.
    packages : sequence of str
        Packages whose versions are named; those that are not installed are left out.

    Raises
    ------
    ReportError
        No results.
    """
    flat = list(_flatten(results))
    if not flat:
        raise ReportError("a paragraph on methods needs at least one result")
    references = list(dict.fromkeys(r.reference for r in flat if r.reference))
    names: dict[tuple[str, str], list[str]] = {}
    for result in flat:
        if result.method:
            names.setdefault((result.method, result.reference), []).append(result.name)
    sentences = [_sentence(m, ref, found, references) for (m, ref), found in names.items()]
    levels = sorted({r.level for r in flat if r.low == r.low})
    if levels:
        shown = _join([f"{100 * level:g}%" for level in levels])
        sentences.insert(0, f"Confidence intervals are at the level of {shown}.")
    # What stands in brackets is advice on the choice of a function and belongs beside the result.
    assumed = (re.sub(r"\s*\([^)]*\)", "", getattr(r, "assumes", "")) for r in flat)
    assumptions = dict.fromkeys(text for text in assumed if text)
    if assumptions:
        sentences.append(f"Assumed: {' '.join(assumptions)}")
    sentences.append(f"Computed with {_join(_versions(packages))}.")
    return MethodsText(" ".join(sentences), tuple(references))


def _sentence(method: str, reference: str, found: Sequence[str], references: Sequence[str]) -> str:
    subject = _join(list(dict.fromkeys(found)))
    cited = f" [{references.index(reference) + 1}]" if reference else ""
    return f"{subject[:1].upper()}{subject[1:]}: {method}{cited}."


def _versions(packages: Sequence[str]) -> list[str]:
    versions = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return versions


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _flatten(results: Any) -> list[Any]:
    if isinstance(results, Mapping):
        results = list(results.values())
    if hasattr(results, "estimate"):
        return [results]
    return [inner for result in getattr(results, "results", results) for inner in _flatten(result)]
