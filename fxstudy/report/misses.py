"""Misses: which films each model got wrong, what they have in common, and how they look."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fxstudy.cohort import Cohort
from fxstudy.imaging import PreparedImages
from fxstudy.report.captions import CaptionedFigure, captioned
from fxstudy.report.figures import plot_gallery
from fxstudy.report.from_cohort import cases
from fxstudy.report.tables import ReportTable
from fxstudy.report.text import count_text

FALSE_NEGATIVE, FALSE_POSITIVE = "false negative", "false positive"


def miss_table(cohort: Cohort, scores: pd.DataFrame, thresholds: Mapping[str, Any]) -> pd.DataFrame:
    """All wrongly called films of every model, the surest errors first.

    Parameters
    ----------
    cohort : Cohort
    scores : DataFrame
        image_id, label and one column of probabilities per model.
    thresholds : mapping of model to Threshold or float
        A film is called positive when its score is at least this.

    Returns
    -------
    DataFrame
        model, kind (false negative, false positive), image_id, patient_id, view, label_detail, score,
        threshold, margin (distance of the score from the threshold).
    """
    truth = scores["label"].eq(cohort.positive)
    tables = []
    for model, chosen in thresholds.items():
        cut = float(getattr(chosen, "value", chosen))
        called = scores[model] >= cut
        wrong = scores.loc[called != truth, ["image_id", "patient_id", model]].rename(
            columns={model: "score"}
        )
        wrong.insert(0, "model", model)
        wrong.insert(1, "kind", np.where(truth[wrong.index], FALSE_NEGATIVE, FALSE_POSITIVE))
        wrong["threshold"], wrong["margin"] = cut, (wrong["score"] - cut).abs()
        tables.append(wrong.sort_values(["kind", "margin"], ascending=[True, False]))
    found = pd.concat(tables, ignore_index=True)
    details = cohort.images.set_index("image_id")[["view", "label_detail"]]
    return found.join(details, on="image_id")


def misses_by(
    missed: pd.DataFrame, cohort: Cohort, scores: pd.DataFrame, column: str, *, caption: str = ""
) -> ReportTable:
    """Missed fractures among all fractures, by the values of a column of the images table.

    Where the cohort does not know the column for any fracture the table says so.
    """
    fractures = scores.loc[scores["label"].eq(cohort.positive), ["image_id"]]
    known = cohort.images.set_index("image_id").get(column)
    if known is None or known.reindex(fractures["image_id"]).isna().all():
        shown = pd.DataFrame(
            {"Model": list(dict.fromkeys(missed["model"])), column: "not recorded in this cohort"}
        )
        return ReportTable(shown, shown, caption)
    value = fractures["image_id"].map(known).map(lambda v: _named(column, v))
    rows, numbers = [], []
    for model in dict.fromkeys(missed["model"]):
        lost = set(missed.loc[(missed["model"] == model) & (missed["kind"] == FALSE_NEGATIVE), "image_id"])
        row = {"Model": model}
        for name in sorted(value.unique()):
            those = fractures.loc[value == name, "image_id"]
            count = int(those.isin(lost).sum())
            row[f"{name} (n = {len(those)})"] = count_text(count, len(those))
            numbers.append({"model": model, column: name, "missed": count, "n": len(those)})
        rows.append(row)
    return ReportTable(pd.DataFrame(rows), pd.DataFrame(numbers), caption)


def _named(column: str, value: object) -> str:
    if pd.isna(value):
        return f"{column} not given"
    if isinstance(value, bool | np.bool_):
        return column if value else f"not {column}"
    return str(value)


def gallery(
    cohort: Cohort,
    prepared: PreparedImages,
    missed: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    model: str,
    kind: str,
    count: int = 8,
) -> CaptionedFigure | str:
    """The surest errors of one model as pictures; a sentence where there are none."""
    chosen = missed[(missed["model"] == model) & (missed["kind"] == kind)]
    if chosen.empty:
        return f"{model}: no {kind} on these {len(scores)} radiographs."
    threshold = float(chosen["threshold"].iloc[0])
    shown = cases(cohort, prepared, list(chosen["image_id"][:count]), scores=scores[["image_id", model]])
    more = f", {len(shown)} of {len(chosen)} shown" if len(chosen) > len(shown) else ""
    title = f"{model}: {kind}s{more}"
    caption = (
        f"{kind.capitalize()}s of {model} at its threshold of {threshold:.3f} (n = {len(chosen)}{more}), "
        "the surest errors first, with the annotated box where there is one."
    )
    return captioned(plot_gallery(shown, title=title), caption)


def spread_cases(
    scores: pd.DataFrame, image_ids: Sequence[str], models: Sequence[str], *, count: int = 6
) -> list[str]:
    """Image ids evenly spread from the highest to the lowest mean score: no picking of pretty cases."""
    mean = scores.set_index("image_id").loc[list(image_ids), list(models)].mean(axis=1)
    ranked = mean.sort_values(ascending=False, kind="stable").index
    places = np.linspace(0, len(ranked) - 1, min(count, len(ranked))).round().astype(int)
    return [ranked[place] for place in places]
