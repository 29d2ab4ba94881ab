"""Numbers printed in the five papers, to lay a rerun beside them.

The numbers stand in `published/<study>.yaml` exactly as printed, so that an audit can see how they were
rounded. Each file also lists where a paper contradicts itself, in our words.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pandas as pd
import yaml

from fxstudy.report.errors import ReportError

_FOLDER = files("fxstudy.report") / "published"
_NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
_FORMS = tuple(
    re.compile(rf"^{form}$")
    for form in (
        rf"(?P<bound>[<>])\s*(?P<value>{_NUMBER})",
        rf"(?P<value>{_NUMBER})(?P<percent>%)?",
        rf"(?P<value>{_NUMBER})\s*±\s*(?P<sd>{_NUMBER})",
        rf"(?P<value>{_NUMBER})\s*\((?P<low>{_NUMBER}),\s*(?P<high>{_NUMBER})\)",
        rf"(?P<low>{_NUMBER}) to (?P<high>{_NUMBER})",
        rf"(?P<value>{_NUMBER})/(?P<total>{_NUMBER})",
    )
)
_PARTS = ("value", "sd", "low", "high", "total")
_SCALE = {"percent": 0.01, "proportion": 1.0, "seconds": 1.0, "p": 1.0}


@dataclass(frozen=True)
class Citation:
    """Where a study was published."""

    authors: str
    title: str
    journal: str
    year: str
    volume: str
    pages: str
    doi: str

    @property
    def short(self) -> str:
        """First author and year, "Kim MW 2021"."""
        return f"{self.authors.split(',')[0]} {self.year}"

    def __str__(self) -> str:
        pages = f":{self.pages}" if self.pages else ""
        text = f"{self.authors.rstrip('.')}. {self.title}. {self.journal} {self.year};{self.volume}{pages}."
        return f"{text} doi:{self.doi}" if self.doi else text


@dataclass(frozen=True)
class Published:
    """What a paper printed.

    Attributes
    ----------
    study : str
        Key of the study, such as "wrist_delong".
    citation : Citation
    counts : DataFrame
        Cohort numbers: where, item, column, value, sd, low, high, total, bound, printed.
    results : DataFrame
        One row per number: where, setting, model, target, n, measure, unit, value, sd, low, high,
        total, bound, printed. Percentages are proportions here; `printed` keeps the text.
    literature : DataFrame
        Earlier studies as the paper lists them, cells as printed.
    contradictions : DataFrame
        topic, printed, computed, note.
    """

    study: str
    citation: Citation
    counts: pd.DataFrame
    results: pd.DataFrame
    literature: pd.DataFrame
    contradictions: pd.DataFrame

    def value(
        self, measure: str, *, model: str, target: str | None = None, setting: str | None = None
    ) -> float:
        """One printed number, as a proportion where it is one.

        Raises
        ------
        ReportError
            No such number, or several.
        """
        table = self.results
        chosen = table[(table["measure"] == measure) & (table["model"] == model)]
        for column, wanted in (("target", target), ("setting", setting)):
            chosen = chosen if wanted is None else chosen[chosen[column] == wanted]
        if len(chosen) != 1:
            raise ReportError(
                f"{self.study} prints {len(chosen)} numbers for {measure} of {model}; "
                "choose by target and setting from .results"
            )
        return float(chosen["value"].iloc[0])


def published_studies() -> tuple[str, ...]:
    """Keys of the studies whose numbers are on file."""
    return tuple(sorted(file.name[:-5] for file in _FOLDER.iterdir() if file.name.endswith(".yaml")))


def published(study: str) -> Published:
    """Numbers that the paper of this study printed.

    Parameters
    ----------
    study : str
        Key of the study, such as "wrist_delong".

    Raises
    ------
    ReportError
        Unknown study.

    Examples
    --------
    >>> published("wrist_delong").value("auc", model="DenseNet-161")
    0.962
    """
    if study not in published_studies():
        raise ReportError(f"study must be one of {', '.join(published_studies())}, not {study!r}")
    text = (_FOLDER / f"{study}.yaml").read_text(encoding="utf-8")
    # The base loader keeps every scalar as text: 0.90 stays 0.90.
    content = yaml.load(text, Loader=yaml.BaseLoader)
    return Published(
        study=content["study"],
        citation=Citation(**content["citation"]),
        counts=pd.DataFrame(_count_rows(content["counts"])),
        results=pd.DataFrame(_result_rows(content["results"])),
        literature=pd.DataFrame(_literature_rows(content["literature"])),
        contradictions=pd.DataFrame([_without_gaps(row) for row in content["contradictions"]]),
    )


def parse_printed(text: str) -> dict[str, Any]:
    """Read a printed number: "90.3 ± 1.4", "96.1 (94.9, 97.3)", "13/231", "<0.05", "95.5%", "0.64 to 0.92".

    Returns
    -------
    dict with value, sd, low, high, total (NaN where not printed) and bound ("<", ">" or "").

    Raises
    ------
    ReportError
        The text is none of these.
    """
    for form in _FORMS:
        match = form.match(text.strip())
        if match:
            found = {name: value for name, value in match.groupdict().items() if value is not None}
            scale = 0.01 if found.pop("percent", "") else 1.0
            bound = found.pop("bound", "")
            numbers = {name: float(found[name]) if name in found else math.nan for name in _PARTS}
            return {**_scaled(numbers, scale), "bound": bound}
    raise ReportError(f"not a printed number: {text!r}")


def _count_rows(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"where": block["where"], "item": item, "column": column, **parse_printed(cell), "printed": cell}
        for block in blocks
        for item, cells in block["rows"].items()
        for column, cell in zip(block["columns"], cells, strict=True)
        if cell != "~"
    ]


def _result_rows(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for block in blocks:
        for line in block["rows"]:
            for measure, cell in zip(block["measures"], line["values"], strict=True):
                facts = {name: block.get(name, "") for name in ("where", "setting", "unit", "target")}
                facts |= {"model": line["model"], "target": line.get("target", facts["target"])}
                facts |= {"n": int(block["n"]) if "n" in block else None, "measure": measure}
                rows.append({**facts, **_scaled(parse_printed(cell), _SCALE[block["unit"]]), "printed": cell})
    return rows


def _scaled(numbers: dict[str, Any], scale: float) -> dict[str, Any]:
    """Percentages as proportions; rounded, so that 90.3 % is 0.903 and not its neighbour."""
    return {
        name: round(value * scale, 12) if isinstance(value, float) and not math.isnan(value) else value
        for name, value in numbers.items()
    }


def _literature_rows(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"where": block["where"], **_without_gaps(dict(zip(block["columns"], row, strict=True)))}
        for block in blocks
        for row in block["rows"]
    ]


def _without_gaps(row: Mapping[str, str]) -> dict[str, str]:
    return {name: "" if cell == "~" else cell for name, cell in row.items()}
