"""Two models compared: DeLong's tests, subgroups, and where the networks looked."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fxstudy.cohort import Cohort
from fxstudy.explain import summarise_localisation
from fxstudy.report.figures import plot_forest
from fxstudy.report.measures import find_measure
from fxstudy.report.tables import ReportTable
from fxstudy.report.text import estimate_text, number_text, p_text
from fxstudy.stats import AucComparison


def delong_table(tests: Mapping[str, Any], *, caption: str = "") -> ReportTable:
    """Several tests of the same two models, one row each.

    Parameters
    ----------
    tests : mapping of what was the unit to DeLongTest
    caption : str
    """
    rows, numbers = [], []
    for unit, test in tests.items():
        p = p_text(test.difference.p_value, log10_p=test.difference.log10_p, name="")
        rows.append(
            {
                "Unit": unit,
                "n": str(test.difference.n),
                _short(test.auc_a.name): estimate_text(test.auc_a),
                _short(test.auc_b.name): estimate_text(test.auc_b),
                "Difference": estimate_text(test.difference),
                "P": p.strip(),
            }
        )
        numbers += [result.to_frame().assign(unit=unit) for result in test.results]
    notes = ("P, two-sided; the difference is the first model minus the second.",)
    return ReportTable(pd.DataFrame(rows), pd.concat(numbers, ignore_index=True), caption, notes)


def _short(name: str) -> str:
    return name if name.startswith("AUC") else f"AUC of {name}"


def subgroup_columns(cohort: Cohort, image_ids: Sequence[str], wanted: Sequence[str]) -> pd.DataFrame:
    """Columns to form subgroups by, one row per image; those that do not vary are left out.

    Besides columns of the images table: ``age_group`` (children up to 15 years, adults, as the paper), and
    ``displacement``, which sets displaced and undisplaced fractures each against all without one.
    """
    rows = cohort.images.set_index("image_id").loc[list(image_ids)]
    table = pd.DataFrame(index=range(len(rows)))
    for name in wanted:
        if name == "age_group" and rows["age_years"].notna().any():
            age = rows["age_years"].to_numpy(dtype=float, na_value=np.nan)
            groups = np.where(age <= 15, "up to 15 years", "over 15 years")
            table["age"] = np.where(np.isnan(age), "not given", groups)
        elif name in rows and rows[name].nunique(dropna=False) > 1:
            table[name] = rows[name].map(_words).to_numpy()
    return table


def _words(value: object) -> object:
    if value is True or value is np.True_ or str(value) == "1":
        return "yes"
    if value is False or value is np.False_ or str(value) == "0":
        return "no"
    return value


def plot_subgroups(
    subgroups: Mapping[str, pd.DataFrame], *, overall: Mapping[str, Any] | None = None, ax: Axes | None = None
) -> Axes:
    """Forest plot of both models' AUC in every subgroup.

    Parameters
    ----------
    subgroups : mapping of model to DataFrame
        As made by :func:`fxstudy.stats.subgroup_aucs`.
    overall : mapping of model to Result, optional
        AUC in all images; stands on top.
    ax : Axes, optional
    """
    rows = []
    for model, result in (overall or {}).items():
        rows.append(
            {
                "group": "all",
                "label": model,
                "estimate": result.estimate,
                "low": result.low,
                "high": result.high,
                "n": result.n,
            }
        )
    first = next(iter(subgroups.values()))
    for position, line in first.iterrows():
        for model, table in subgroups.items():
            row = table.loc[position]
            heading = f"{line['group']}: {line['label']} ({line['n_positive']} fractures)"
            rows.append({"group": heading, "label": model} | row[["estimate", "low", "high", "n"]].to_dict())
    return plot_forest(pd.DataFrame(rows), xlabel="AUC", ax=ax)


def localisation_report(table: pd.DataFrame, *, caption: str = "") -> ReportTable:
    """Agreement of saliency maps with the annotated boxes, beside the image-centre baseline.

    Parameters
    ----------
    table : DataFrame
        As made by :func:`fxstudy.explain.localisation_table`.
    caption : str
    """
    rows, numbers = [], []
    for model, results in summarise_localisation(table).items():
        row = {"Map": model, "Images": str(results[0].n)}
        row |= {_heading(r.name): estimate_text(r, percent=r.name != "IoU") for r in results}
        rows.append(row)
        numbers += [result.to_frame().assign(model=model) for result in results]
    share = float(table.drop_duplicates("image_id")["box_share"].mean())
    notes = (
        "Pointing game: the map's peak lies in a box. Energy: share of the map inside the boxes. "
        "IoU: of the most salient tenth of the image and the boxes.",
        f"The boxes cover {share:.1%} of the image on average: what a map without any idea would score.",
    )
    return ReportTable(pd.DataFrame(rows), pd.concat(numbers, ignore_index=True), caption, notes)


def _heading(name: str) -> str:
    words = {"pointing game": "Pointing game (%)", "energy in box": "Energy in box (%)"}
    return words.get(name, name)


def literature_rows(
    primary: Mapping[str, Any], *, images: int, study: str = "This run"
) -> list[dict[str, str]]:
    """Rows for :func:`fxstudy.report.literature_table`, as the papers print them (proportions, two digits).

    Parameters
    ----------
    primary : mapping of model to measures
        As in :func:`fxstudy.report.models_table`.
    images : int
        Number of images of the cohort.
    study : str
    """
    measures = ("sensitivity", "specificity", "accuracy", "auc")
    rows = []
    for model, source in primary.items():
        found = {m: result for m in measures if (result := find_measure(source, m)) is not None}
        row = {"study": study, "images": str(images), "model": model}
        rows.append(row | {m: number_text(result.estimate, digits=2) for m, result in found.items()})
    return rows


def pairs_table(comparison: AucComparison, *, caption: str = "") -> ReportTable:
    """Every pair of models: both AUCs, their difference, and the adjusted p-value.

    Parameters
    ----------
    comparison : AucComparison
        As made by :func:`fxstudy.stats.compare_aucs`.
    caption : str
    """
    areas = dict(zip(comparison.names, comparison.aucs, strict=True))
    rows = []
    pairs = combinations(comparison.names, 2)
    for (a, b), pair, adjusted in zip(pairs, comparison.pairs, comparison.adjusted, strict=True):
        row = {
            "First": a,
            "AUC": estimate_text(areas[a]),
            "Second": b,
            "AUC of the second": estimate_text(areas[b]),
        }
        row["Difference"] = estimate_text(pair)
        row["P"] = p_text(pair.p_value, log10_p=pair.log10_p, name="").strip()
        rows.append(row | {"Adjusted P": p_text(float(adjusted), name="").strip()})
    joint = comparison.joint
    told = p_text(joint.p_value, log10_p=joint.log10_p)
    notes = (f"All AUCs equal: {told} (joint test of {len(comparison.names)} models).",)
    return ReportTable(pd.DataFrame(rows), comparison.to_frame(), caption, notes)
