"""A rerun beside its paper: printed numbers, earlier studies, contradictions."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fxstudy.report.errors import ReportError
from fxstudy.report.measures import HEADINGS, MEASURES, PERCENTAGES, find_measure, heading
from fxstudy.report.published import Published
from fxstudy.report.tables import ReportTable
from fxstudy.report.text import MISSING, count_text, estimate_text, mean_sd_text, number_text


def published_table(
    paper: Published,
    rerun: Mapping[str, Any],
    *,
    stands_for: Mapping[str, str] | None = None,
    measures: Sequence[str] = MEASURES,
    target: str | None = None,
    setting: str | None = None,
    caption: str = "",
) -> ReportTable:
    """The paper's numbers beside the rerun's.

    Parameters
    ----------
    paper : Published
    rerun : mapping of model to measures
        As in `models_table`.
    stands_for : mapping of rerun model to published model, optional
        Where the rerun used other networks than the paper; default: the same names.
    measures : sequence of str
    target, setting : str, optional
        Which of the paper's numbers, where it prints several.
    caption : str

    Notes
    -----
    The difference is descriptive: both were measured on different patients, so that no test of
    agreement is made.
    """
    rows, numbers = [], []
    for model, source in rerun.items():
        original = (stands_for or {}).get(model, model)
        table = paper.results[paper.results["model"] == original]
        for column, wanted in (("target", target), ("setting", setting)):
            table = table if wanted is None else table[table[column] == wanted]
        for measure in measures:
            printed = table[table["measure"] == measure]
            result = find_measure(source, measure)
            if printed.empty and result is None:
                continue
            line = None if printed.empty else printed.iloc[0]
            rows.append(_beside(original, model, measure, line, result))
            if numbers and (numbers[-1]["published_model"], numbers[-1]["rerun_model"]) == (original, model):
                rows[-1] |= {"Published model": "", "Rerun model": ""}
            numbers.append(_beside_numbers(original, model, measure, line, result))
    if not rows:
        raise ReportError(f"neither {paper.study} nor the rerun has numbers for {', '.join(measures)}")
    notes = (f"Published: {paper.citation}", "Different patients: the difference is descriptive.")
    return ReportTable(pd.DataFrame(rows), pd.DataFrame(numbers), caption, notes)


def _beside(original: str, model: str, measure: str, line: Any, result: Any) -> dict[str, str]:
    percent = measure in PERCENTAGES
    digits = 1 if percent else 3
    published = MISSING
    if line is not None:
        published = mean_sd_text(line["value"], line["sd"], digits=digits, percent=percent)
    difference = None if line is None or result is None else result.estimate - line["value"]
    return {
        "Published model": original,
        "Rerun model": model,
        "Measure": heading(measure),
        "Published": published,
        "Rerun (95% CI)": MISSING if result is None else estimate_text(result, percent=percent),
        "Difference": number_text(difference, digits=digits, percent=percent),
    }


def _beside_numbers(original: str, model: str, measure: str, line: Any, result: Any) -> dict[str, Any]:
    published = {} if line is None else {"published": line["value"], "published_sd": line["sd"]}
    found = {} if result is None else {"rerun": result.estimate, "low": result.low, "high": result.high}
    return {"published_model": original, "rerun_model": model, "measure": measure, **published, **found}


def literature_table(
    paper: Published, new_rows: Sequence[Mapping[str, str]], *, caption: str = ""
) -> ReportTable:
    """The paper's table of earlier studies with the rows of this rerun added below.

    Parameters
    ----------
    paper : Published
    new_rows : sequence of mappings
        Keys are columns of `paper.literature`, values the text to print.
    caption : str
    """
    columns = [column for column in paper.literature.columns if column != "where"]
    unknown = sorted({key for row in new_rows for key in row} - set(columns))
    if unknown:
        raise ReportError(
            f"the literature table has the columns {', '.join(columns)}, not {', '.join(unknown)}"
        )
    table = pd.concat([paper.literature[columns], pd.DataFrame(new_rows)], ignore_index=True)
    shown = table.fillna("").replace("", MISSING)
    if "images" in shown:
        shown["images"] = [count_text(int(n)) if str(n).isdigit() else n for n in shown["images"]]
    shown.columns = [HEADINGS.get(c, c[:1].upper() + c[1:]) for c in columns]
    return ReportTable(shown, table, caption, (f"Earlier studies as listed by {paper.citation.short}.",))


def contradictions_table(paper: Published, *, caption: str = "") -> ReportTable:
    """Where the paper's own numbers disagree, what follows from them, and what the kit does."""
    table = paper.contradictions
    shown = table.set_axis(["Subject", "Printed", "Computed", "Remark"], axis=1)
    shown = shown.map(lambda text: text[:1].upper() + text[1:] if text else MISSING)
    return ReportTable(shown, table, caption, wide=True)
