"""From a cohort and its results to the cases that panels, galleries and flow diagrams show."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fxstudy.cohort import Cohort
from fxstudy.imaging import PreparedImages
from fxstudy.report.figures.case import Case


def cases(
    cohort: Cohort,
    prepared: PreparedImages,
    image_ids: Sequence[str],
    *,
    scores: pd.DataFrame | None = None,
    maps: Mapping[str, Mapping[str, np.ndarray]] | None = None,
) -> list[Case]:
    """Cases for pictures, in the order of ``image_ids``.

    Parameters
    ----------
    cohort : Cohort
    prepared : PreparedImages
        The pictures that the networks saw.
    image_ids : sequence of str
    scores : DataFrame, optional
        One row per image: image_id and one column of probabilities per model.
    maps : mapping of model to (mapping of image_id to ndarray), optional
        Saliency maps.
    """
    rows = cohort.images.set_index("image_id")
    table = None if scores is None else scores.set_index("image_id")
    models = [] if table is None else [c for c in table.columns if pd.api.types.is_float_dtype(table[c])]
    boxed = set(cohort.boxes["image_id"])
    return [
        Case(
            image=prepared[image_id],
            caption=_caption(rows.loc[image_id]),
            truth=str(rows.loc[image_id, "label"]),
            scores={m: float(table.loc[image_id, m]) for m in models},
            boxes=_boxes(prepared, image_id) if image_id in boxed else (),
            maps={} if maps is None else {m: own[image_id] for m, own in maps.items()},
        )
        for image_id in image_ids
    ]


def boxes_of(cohort: Cohort, prepared: PreparedImages, image_ids: Sequence[str]) -> dict[str, np.ndarray]:
    """Annotated boxes (n, 4) in pixels of the prepared images, of those images that have any."""
    boxed = set(cohort.boxes["image_id"])
    return {image_id: _boxes(prepared, image_id) for image_id in image_ids if image_id in boxed}


def _boxes(prepared: PreparedImages, image_id: str) -> np.ndarray:
    return prepared.boxes(image_id)[["x_min", "y_min", "x_max", "y_max"]].to_numpy(dtype=float)


def _caption(row: pd.Series) -> str:
    words = [str(row.name)]
    for column in ("view", "label_detail"):
        value = row.get(column)
        if pd.notna(value) and value:
            words.append(str(value))
    return ", ".join(words)


def flow_steps(flow: pd.DataFrame, *, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The table of :func:`fxstudy.cohort.participant_flow` as `plot_flow` draws it.

    Parameters
    ----------
    flow : DataFrame
        Columns step, kind, n_images, n_patients and one per class.
    names : mapping, optional
        Words for steps, e.g. ``{"tune": "Tuning"}``.
    """
    kinds = {"found": "box", "refused": "out", "excluded": "out", "included": "box", "split": "arm"}
    words = {
        "train": "Training",
        "tune": "Tuning",
        "test": "Test",
        "external": "External test",
        **(names or {}),
    }
    classes = [c for c in flow.columns if c not in ("step", "kind", "n_images", "n_patients")]
    steps = pd.DataFrame(
        {
            "step": [words.get(step, step[:1].upper() + step[1:]) for step in flow["step"]],
            "kind": flow["kind"].map(kinds),
            "patients": flow["n_patients"],
            "images": flow["n_images"],
        }
    )
    steps["detail"] = [
        "" if kind != "split" else "\n".join(f"{c}: {n}" for c, n in counts.items())
        for kind, counts in zip(flow["kind"], flow[classes].to_dict("records"), strict=True)
    ]
    return steps
