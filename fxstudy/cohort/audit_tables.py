"""The tables of an audit: who is in the cohort, what is missing or strange, and how much it can show."""

import numpy as np
import pandas as pd

from fxstudy.cohort.columns import SPLITS

_COUNTED = ("site", "view", "sex", "laterality", "modality", "manufacturer", "reference")
_AGES, _AGE_NAMES = [-1, 15, 39, 64, 200], ["0–15", "16–39", "40–64", "65 and over"]
_PLAUSIBLE = {
    "age_years": (0.01, 105, "years"),
    "pixel_spacing_mm": (0.04, 0.5, "mm"),
    "rows": (128, 6000, "pixels"),
    "columns": (128, 6000, "pixels"),
    "kvp": (35, 150, "kV"),
    "exposure_mas": (0.05, 500, "mAs"),
}
_FIRST_DATE = "1985-01-01"
_EXPECTED = ("age_years", "sex", "view", "laterality", "site", "study_date", "pixel_spacing_mm", "reference")
ASSUMED = 0.9
_MOST_VALUES, _FEWEST_PATIENTS = 12, 5


def count_table(images: pd.DataFrame) -> pd.DataFrame:
    """Images and patients by split and label, and by site, view, sex, age and others within each split.

    Returns
    -------
    DataFrame
        split, column, value, n_images, n_patients; one row per value that occurs. Empty cells count as
        "missing".
    """
    frame = images.assign(
        split=images["split"].fillna("not split"),
        age=pd.cut(images["age_years"].astype("float64"), _AGES, labels=_AGE_NAMES).astype("str"),
    )
    order = {name: place for place, name in enumerate([*SPLITS, "not split"])}
    parts = []
    for column in ("label", *_COUNTED, "age"):
        if column in frame and frame[column].notna().any():
            values = frame.assign(value=frame[column].astype("str").fillna("missing"))
            counted = values.groupby(["split", "value"])["patient_id"].agg(["size", "nunique"]).reset_index()
            parts.append(counted.assign(column=column))
    table = pd.concat(parts, ignore_index=True).rename(columns={"size": "n_images", "nunique": "n_patients"})
    table = table.sort_values("split", key=lambda names: names.map(order), kind="stable")
    return table[["split", "column", "value", "n_images", "n_patients"]].reset_index(drop=True)


def association_table(images: pd.DataFrame, columns: list[str], *, positive: str) -> pd.DataFrame:
    """Values that go with the label: hardware that hardly anybody without a fracture has, a site, a cast.

    A rare value can be a perfect shortcut without moving the AUC of its column; here it shows.

    Parameters
    ----------
    images : DataFrame
    columns : list of str
        Columns of words, or of few numbers.

    Returns
    -------
    DataFrame
        column, value, n_patients, share_positive (of the patients with the value), share_elsewhere,
        p_value (Fisher's exact test on patients); the smallest p first.

    References
    ----------
    Fisher RA. Statistical methods for research workers. 1925.
    """
    from scipy.stats import fisher_exact

    used = images[images["split"].ne("exclude") & images["label"].notna()]
    truth = used["label"].eq(positive).groupby(used["patient_id"]).any()
    rows = []
    for column in columns:
        words = used[column].astype("str").fillna("missing")
        if not 2 <= words.nunique() <= _MOST_VALUES:
            continue
        for value in words.unique():
            has = words.eq(value).groupby(used["patient_id"]).any()
            counts = [[int((has & truth).sum()), int((has & ~truth).sum())],
                      [int((~has & truth).sum()), int((~has & ~truth).sum())]]  # fmt: skip
            if min(sum(counts[0]), sum(counts[1])) >= _FEWEST_PATIENTS:
                shares = [positives / (positives + negatives) for positives, negatives in counts]
                rows.append((column, value, sum(counts[0]), *shares, float(fisher_exact(counts)[1])))
    names = ["column", "value", "n_patients", "share_positive", "share_elsewhere", "p_value"]
    return pd.DataFrame(rows, columns=names).sort_values("p_value", kind="stable").reset_index(drop=True)


def value_table(images: pd.DataFrame) -> pd.DataFrame:
    """Missing and implausible values of each column.

    Returns
    -------
    DataFrame
        column, missing (count), share (of rows), implausible (count), words (what counts as implausible).
        Columns that are wholly empty are listed only if a study is expected to have them.
    """
    rows = []
    for column in images.columns:
        missing = int(images[column].isna().sum())
        strange, words = _implausible(images, column)
        if (missing and (column in _EXPECTED or missing < len(images))) or strange:
            share = missing / max(len(images), 1)
            rows.append((column, missing, share, strange, words if strange else ""))
    return pd.DataFrame(rows, columns=["column", "missing", "share", "implausible", "words"])


def _implausible(images: pd.DataFrame, column: str) -> tuple[int, str]:
    values = images[column]
    if column in _PLAUSIBLE:
        low, high, unit = _PLAUSIBLE[column]
        numbers = values.astype("float64")
        return int(((numbers < low) | (numbers > high)).sum()), f"outside {low:g} to {high:g} {unit}"
    if column == "study_date" and values.notna().any():
        today = pd.Timestamp.now().date().isoformat()
        strange = values.notna() & ((values < _FIRST_DATE) | (values > today))
        return int(strange.sum()), f"before {_FIRST_DATE} or in the future (dates may be shifted)"
    return 0, ""


def precision_table(images: pd.DataFrame, *, positive: str, level: float = 0.95) -> pd.DataFrame:
    """How wide the confidence intervals of each evaluated split will be.

    Parameters
    ----------
    images : DataFrame
    positive : str
        Label that is looked for.

    Returns
    -------
    DataFrame
        split, n_positive, n_negative, auc_width (full width of the interval of an AUC of 0.90),
        sensitivity_width and specificity_width (of 0.90); by images, and by patients as the careful bound.

    References
    ----------
    Hanley JA, McNeil BJ. Radiology 1982;143:29-36. Wilson EB. J Am Stat Assoc 1927;22:209-212.
    """
    from fxstudy.stats import proportion

    rows = []
    for split in ("tune", "test", "external"):
        chosen = images[images["split"].eq(split)]
        for unit, frame in (("images", chosen), ("patients", _per_patient(chosen, positive))):
            n_positive = int(frame["label"].eq(positive).sum())
            n_negative = len(frame) - n_positive
            if n_positive and n_negative:
                widths = [proportion(round(ASSUMED * n), n, level=level) for n in (n_positive, n_negative)]
                sensitivity, specificity = (width.high - width.low for width in widths)
                auc_width = _auc_width(ASSUMED, n_positive, n_negative, level)
                rows.append((split, unit, n_positive, n_negative, auc_width, sensitivity, specificity))
    names = [
        "split",
        "unit",
        "n_positive",
        "n_negative",
        "auc_width",
        "sensitivity_width",
        "specificity_width",
    ]
    return pd.DataFrame(rows, columns=names)


def _per_patient(images: pd.DataFrame, positive: str) -> pd.DataFrame:
    """One row per patient, positive if any image is."""
    other = "not " + positive
    labels = (
        images["label"].eq(positive).groupby(images["patient_id"]).any().map({True: positive, False: other})
    )
    return labels.rename("label").reset_index()


def _auc_width(auc: float, n_positive: int, n_negative: int, level: float) -> float:
    """Full width of Hanley and McNeil's interval, cut at 1."""
    from scipy.stats import norm

    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n_positive - 1) * (q1 - auc**2) + (n_negative - 1) * (q2 - auc**2)
    half = norm.ppf(0.5 + level / 2) * np.sqrt(variance / (n_positive * n_negative))
    return float(min(auc + half, 1.0) - max(auc - half, 0.0))


def box_table(images: pd.DataFrame, boxes: pd.DataFrame, *, positive: str) -> pd.DataFrame:
    """Images with and without boxes by label, and how large the boxes are.

    Returns
    -------
    DataFrame
        label, n_images, with_boxes, boxes, median_share (median area of a box as a share of its image).
    """
    area = (boxes["x_max"] - boxes["x_min"]) * (boxes["y_max"] - boxes["y_min"])
    sizes = images.set_index("image_id")[["rows", "columns"]].astype("float64").prod(axis=1)
    share = area / boxes["image_id"].map(sizes).astype("float64")
    label = boxes["image_id"].map(images.set_index("image_id")["label"])
    counts = boxes["image_id"].value_counts()
    rows = []
    for name, chosen in images.groupby("label"):
        boxed = int(chosen["image_id"].isin(counts.index).sum())
        total = int(counts.reindex(chosen["image_id"]).fillna(0).sum())
        rows.append(
            (name, len(chosen), boxed, total, float(share[label == name].median()) if total else np.nan)
        )
    table = pd.DataFrame(rows, columns=["label", "n_images", "with_boxes", "boxes", "median_share"])
    return table.sort_values("label", key=lambda names: names != positive).reset_index(drop=True)
