"""How many radiographs and patients there are, by set and class."""

import pandas as pd

from fxstudy.cohort import Cohort
from fxstudy.report.tables import ReportTable

_SPLITS = {"train": "Training", "tune": "Tuning", "test": "Test", "external": "External test"}


def counts_table(cohort: Cohort, *, caption: str = "") -> ReportTable:
    """Radiographs and patients by class (rows) and set (columns)."""
    used = cohort.table()
    parts = {"All": used} | {
        words: used[used["split"] == split]
        for split, words in _SPLITS.items()
        if (used["split"] == split).any()
    }
    rows, numbers = [], []
    for label in ("all", *cohort.description["classes"]):
        row = {"": "All" if label == "all" else str(label).capitalize()}
        for name, part in parts.items():
            chosen = part if label == "all" else part[part["label"] == label]
            images, patients = len(chosen), int(chosen["patient_id"].nunique())
            row |= {f"{name}: radiographs": f"{images:,}", f"{name}: patients": f"{patients:,}"}
            numbers.append({"class": label, "set": name, "radiographs": images, "patients": patients})
        rows.append(row)
    return ReportTable(pd.DataFrame(rows), pd.DataFrame(numbers), caption)
