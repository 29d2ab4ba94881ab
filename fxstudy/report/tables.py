"""Tables: shown as a journal prints them, saved with all digits."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fxstudy.report.errors import ReportError
from fxstudy.report.measures import LONG_NAMES, MEASURES, PERCENTAGES, find_measure, heading
from fxstudy.report.text import MISSING, estimate_text, mean_sd_text, number_text, p_text

PRIMARY = "primary (95% CI)".replace(" ", "\u00a0")
_INTERVAL = re.compile(r"^(\S+) (\([^()]* to [^()]*\))$")


@dataclass(frozen=True)
class ReportTable:
    """A table for a report.

    Attributes
    ----------
    shown : DataFrame
        Text, as printed. The first column heads its rows.
    numbers : DataFrame
        The same numbers with all digits, one value to a cell.
    caption : str
    notes : tuple of str
        Lines below the table.
    wide : bool
        The cells hold sentences, so that their lines may break.
    """

    shown: pd.DataFrame
    numbers: pd.DataFrame
    caption: str = ""
    notes: tuple[str, ...] = ()
    wide: bool = False

    def to_html(self) -> str:
        """HTML fragment: caption, header cells with their scope, notes in the foot."""
        columns = [str(column) for column in self.shown.columns]
        head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
        body = "".join(_html_row(row) for row in self.shown.itertuples(index=False, name=None))
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        foot = f'<tfoot><tr><td colspan="{len(columns)}">{notes}</td></tr></tfoot>' if notes else ""
        kind = "fx-table fx-wide" if self.wide else "fx-table"
        return (
            f'<table class="{kind}">{caption}<thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody>{foot}</table>"
        )

    def to_csv(self, path: Path | str) -> Path:
        """Write the numbers with all digits (UTF-8, empty = missing) and return the path."""
        target = Path(path)
        self.numbers.to_csv(target, index=False, encoding="utf-8", lineterminator="\n")
        return target

    def _repr_html_(self) -> str:
        return self.to_html()


def estimates_table(results: Any, *, caption: str = "") -> ReportTable:
    """Estimates with their intervals, one row each.

    Parameters
    ----------
    results : Result, Composite, or sequence or mapping of them
        Of a mapping the keys are the labels. Sensitivity and its kin are printed as percentages.
    caption : str

    Raises
    ------
    ReportError
        No results.
    """
    named = list(_named_results(results))
    if not named:
        raise ReportError("a table of estimates needs at least one result")
    with_p = any(result.p_value is not None for _, result in named)
    rows, numbers = [], []
    for label, result in named:
        percent = LONG_NAMES.get(result.name, result.name) in PERCENTAGES
        unit = "%" if percent else ""
        row = {"Measure": f"{label[:1].upper()}{label[1:]}{' (%)' if unit else ''}"}
        row[f"Estimate ({_level(named)} CI)"] = estimate_text(result, percent=percent)
        row["n"] = MISSING if result.n is None else f"{result.n:,}"
        if with_p:
            row["P"] = p_text(result.p_value, log10_p=result.log10_p, name="")
        rows.append(row)
        numbers.append(result.to_frame().assign(name=label))
    return ReportTable(pd.DataFrame(rows), pd.concat(numbers, ignore_index=True), caption)


def models_table(
    primary: Mapping[str, Any],
    *,
    repeats: pd.DataFrame | None = None,
    measures: Sequence[str] = MEASURES,
    caption: str = "",
) -> ReportTable:
    """Models by measures: mean ± SD over repeated trainings, and the interval of the primary one.

    Parameters
    ----------
    primary : mapping of model to measures
        For each model a mapping of measure to Result, an AccuracyTable, or a list of those.
    repeats : DataFrame, optional
        One row per training: `model` and a column per measure (proportions).
    measures : sequence of str
        Columns, such as "sensitivity" and "auc".
    caption : str

    Raises
    ------
    ReportError
        Repeats of a model with fewer than two trainings, of which no SD exists.
    """
    rows, numbers = [], []
    for model, source in primary.items():
        found = {measure: find_measure(source, measure) for measure in measures}
        for measure, result in found.items():
            if result is not None:
                numbers.append(_numbers(model, measure, "primary", result.estimate, result.low, result.high))
        if repeats is not None:
            rows.append(_repeat_row(model, repeats, measures, numbers))
        cells = {
            heading(m): MISSING if r is None else estimate_text(r, percent=m in PERCENTAGES)
            for m, r in found.items()
        }
        rows.append({"Model": "" if repeats is not None else model, "Shown": PRIMARY, **cells})
    return ReportTable(pd.DataFrame(rows), pd.DataFrame(numbers), caption)


def _repeat_row(
    model: str, repeats: pd.DataFrame, measures: Sequence[str], numbers: list[dict[str, Any]]
) -> dict[str, str]:
    trained = repeats[repeats["model"] == model]
    if len(trained) < 2:
        raise ReportError(f"{model} has {len(trained)} training(s): a standard deviation needs at least two")
    row = {"Model": model, "Shown": f"mean ± SD of {len(trained)}".replace(" ", "\u00a0")}
    for measure in measures:
        if measure not in trained:
            row[heading(measure)] = MISSING
            continue
        mean, sd = float(trained[measure].mean()), float(trained[measure].std(ddof=1))
        percent = measure in PERCENTAGES
        row[heading(measure)] = mean_sd_text(mean, sd, digits=1 if percent else 3, percent=percent)
        numbers.append({**_numbers(model, measure, "repeats", mean), "sd": sd, "trainings": len(trained)})
    return row


def table_one(
    summary: pd.DataFrame, *, labels: Mapping[str, str] | None = None, unit: str = "", caption: str = ""
) -> ReportTable:
    """Table 1 from `stats.summarise`: characteristics by group, with P values.

    Parameters
    ----------
    summary : DataFrame
        Columns variable, category, statistic, all, one per group, missing, test, p_value, smd.
    labels : mapping, optional
        Headings of the group columns.
    unit : str
        What was counted, "patients" or "radiographs"; printed in the first row.
    caption : str
    """
    fixed = ("variable", "category", "statistic", "all", "missing", "test", "p_value", "smd", "why")
    groups = [column for column in summary.columns if column not in fixed]
    rows: list[dict[str, str]] = []
    for _, row in summary.iterrows():
        first = pd.notna(row["test"]) or row["variable"] == "n"
        cells = {"All": row["all"], **{(labels or {}).get(g, g): row[g] for g in groups}}
        cells = {name: "" if pd.isna(cell) else str(cell) for name, cell in cells.items()}
        p = p_text(row["p_value"], name="") if first and row["variable"] != "n" else ""
        smd = number_text(row["smd"], digits=2) if first and row["variable"] != "n" else ""
        heading = unit.capitalize() or "n" if row["variable"] == "n" else _characteristic(row)
        if row["category"] and first:
            rows.append({"Characteristic": heading, **dict.fromkeys(cells, ""), "P": p, "SMD": smd})
            p = smd = ""
        name = f"\u2003{row['category']}" if row["category"] else heading
        rows.append({"Characteristic": name, **cells, "P": p, "SMD": smd})
    tests = [f"{r['variable']}: {r['test']}" for _, r in summary.iterrows() if pd.notna(r["test"])]
    notes = ("SMD, standardised mean difference.", f"Tests: {'; '.join(tests)}.")
    return ReportTable(pd.DataFrame(rows).fillna(""), summary, caption, notes)


def _characteristic(row: pd.Series) -> str:
    missing = row["missing"]
    absent = f"; {int(missing):,} missing" if pd.notna(missing) and missing else ""
    return f"{row['variable']}, {row['statistic']}{absent}"


def _html_row(row: tuple[Any, ...]) -> str:
    first, *others = (_html_cell(str(cell)) for cell in row)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'


def _html_cell(text: str) -> str:
    """Keep an interval on one line: "0.954 (0.921 to 0.987)" may break before its bracket only."""
    match = _INTERVAL.match(text)
    if not match:
        return html.escape(text)
    return f'{html.escape(match[1])} <span class="ci">{html.escape(match[2])}</span>'


def _numbers(
    model: str, measure: str, what: str, value: float, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    return {"model": model, "measure": measure, "what": what, "value": value, "low": low, "high": high}


def _named_results(results: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(results, Mapping):
        for label, value in results.items():
            inner = list(_named_results(value))
            yield from ((label if len(inner) == 1 else f"{label}, {name}", result) for name, result in inner)
    elif hasattr(results, "estimate"):
        yield results.name, results
    else:
        for value in getattr(results, "results", results):
            yield from _named_results(value)


def _level(named: Sequence[tuple[str, Any]]) -> str:
    return f"{100 * named[0][1].level:g}%"
