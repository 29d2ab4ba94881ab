"""Look a cohort over as a sceptical reviewer would: counts, copies, leaks, shortcuts, gaps, power."""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fxstudy.cohort.audit_tables import (
    association_table,
    box_table,
    count_table,
    precision_table,
    value_table,
)
from fxstudy.cohort.confounders import shortcut_columns, shortcut_table, thumbnail_auc
from fxstudy.cohort.duplicates import byte_duplicates, near_duplicates_of
from fxstudy.cohort.flow import participant_flow
from fxstudy.cohort.leakage import leaks
from fxstudy.cohort.manifest import Cohort
from fxstudy.cohort.scan import examine_all
from fxstudy.errors import CohortError

SERIOUS, NOTE = "serious", "note"
SHORTCUT_AUC, SHORTCUT_SHARE = 0.6, 0.3


@dataclass(frozen=True)
class Finding:
    """One thing a reviewer would say; ``severity`` is "serious" or "note"."""

    severity: str
    what: str


@dataclass(frozen=True)
class Audit:
    """Everything an audit found, as plain tables.

    Attributes
    ----------
    name, title, digest : str
        The cohort and the SHA-256 of its tables.
    synthetic : bool
    findings : tuple of Finding
        What matters, most serious first.
    counts : DataFrame
        split, column, value, n_images, n_patients.
    flow : DataFrame
        Participants from all films found to each split.
    refused : DataFrame
        image_id, path, reason: films that were not taken in.
    unreadable : DataFrame
        path, reason: files of the cohort that can no longer be read or have changed.
    byte_copies, near_copies : DataFrame
        Films that stand more than once.
    leaks : tuple of str
        What stands on two sides of a split.
    shortcuts : DataFrame
        columns, auc, low, high, n: how well the label is predicted without the fracture.
    associations : DataFrame
        column, value, n_patients, share_positive, share_elsewhere, p_value: values that go with the label.
    values : DataFrame
        column, missing, share, implausible, words.
    precision : DataFrame
        Widths of the confidence intervals that the counts allow.
    boxes : DataFrame
        label, n_images, with_boxes, boxes, median_share.
    files_read : bool
        False if the image files were not opened; copies and thumbnails are then unknown.
    """

    name: str
    title: str
    digest: str
    synthetic: bool
    findings: tuple[Finding, ...]
    counts: pd.DataFrame
    flow: pd.DataFrame
    refused: pd.DataFrame
    unreadable: pd.DataFrame
    byte_copies: pd.DataFrame
    near_copies: pd.DataFrame
    leaks: tuple[str, ...]
    shortcuts: pd.DataFrame
    associations: pd.DataFrame
    values: pd.DataFrame
    precision: pd.DataFrame
    boxes: pd.DataFrame
    files_read: bool

    def to_dict(self) -> dict:
        """The audit as JSON values; tables are lists of rows."""
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def to_json(self, path: str | Path | None = None) -> str:
        """The audit as JSON text, also written to ``path`` if one is given."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1)
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    def text(self) -> str:
        """The findings, one per line."""
        return "\n".join(f"{finding.severity}: {finding.what}" for finding in self.findings)


def audit(
    cohort: Cohort,
    *,
    files: bool = True,
    group: str = "patient_id",
    seed: int = 0,
    workers: int | None = None,
    resume: str | Path | None = None,
) -> Audit:
    """Audit a cohort.

    Parameters
    ----------
    cohort : Cohort
    files : bool
        Open every image: find changed and unreadable files, near copies, and what a thumbnail gives away.
    group : str
        Column whose values must stay on one side of a split and in one fold.
    seed : int
        Seed of the cross-validation.
    workers, resume
        As in `fxstudy.cohort.scan.examine_all`.

    Returns
    -------
    Audit
    """
    images = cohort.images
    facts = None
    if files:
        paths = images["path"].tolist()
        facts = examine_all(cohort.root, paths, label="auditing images", workers=workers, resume=resume)
    result = Audit(
        name=cohort.name,
        title=str(cohort.description.get("title") or cohort.name),
        digest=cohort.digest,
        synthetic=cohort.synthetic,
        findings=(),
        counts=count_table(images),
        flow=participant_flow(cohort),
        refused=cohort.refused,
        unreadable=_unreadable(images, facts),
        byte_copies=byte_duplicates(images),
        near_copies=near_duplicates_of(cohort, facts["thumbnail"].tolist() if files else [b""] * len(images)),
        leaks=tuple(str(leak) for leak in leaks(images, group=group)),
        shortcuts=_shortcuts(cohort, facts, group, seed),
        associations=association_table(images, shortcut_columns(images), positive=cohort.positive),
        values=value_table(images),
        precision=precision_table(images, positive=cohort.positive),
        boxes=box_table(images, cohort.boxes, positive=cohort.positive),
        files_read=files,
    )
    return dataclasses.replace(result, findings=_findings(result, cohort))


def _unreadable(images: pd.DataFrame, facts: pd.DataFrame | None) -> pd.DataFrame:
    if facts is None:
        return pd.DataFrame(columns=["path", "reason"])
    changed = images["sha256"].notna() & facts["sha256"].ne("") & images["sha256"].ne(facts["sha256"])
    reasons = facts["refused"].mask(
        changed & facts["refused"].eq(""), "the file has changed since it was entered"
    )
    bad = reasons.ne("")
    return pd.DataFrame({"path": images.loc[bad, "path"], "reason": reasons[bad]}).reset_index(drop=True)


def _shortcuts(cohort: Cohort, facts: pd.DataFrame | None, group: str, seed: int) -> pd.DataFrame:
    options = {"positive": cohort.positive, "group": group, "seed": seed}
    try:
        table = shortcut_table(cohort.images, **options)
        if facts is None or not facts["thumbnail"].map(len).any():
            return table
        seen = thumbnail_auc(cohort.images, facts["thumbnail"].tolist(), **options)
    except CohortError:
        return pd.DataFrame(columns=["columns", "auc", "low", "high", "n"])
    row = pd.DataFrame(
        [("thumbnail of 8 × 8 pixels", seen.estimate, seen.low, seen.high, seen.n)], columns=table.columns
    )
    return row if table.empty else pd.concat([table, row], ignore_index=True)


def _findings(result: Audit, cohort: Cohort) -> tuple[Finding, ...]:
    """What a reviewer would say of these tables, serious things first."""
    found = [
        *_about_split(result),
        *_about_copies(result),
        *_about_shortcuts(result),
        *_about_values(result, cohort),
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity != SERIOUS))


def _about_split(result: Audit) -> list[Finding]:
    found = [Finding(SERIOUS, leak) for leak in result.leaks]
    if "not split" in set(result.counts["split"]):
        found.append(Finding(NOTE, "some images belong to no split yet"))
    for row in result.precision[result.precision["unit"] == "images"].itertuples():
        words = f"split {row.split}: {row.n_positive} positive, {row.n_negative} negative images; the 95 % "
        words += f"interval of an AUC of 0.90 will be about {row.auc_width:.2f} wide"
        found.append(Finding(SERIOUS if row.split != "tune" and row.auc_width > 0.2 else NOTE, words))
    return found


def _about_copies(result: Audit) -> list[Finding]:
    found = [Finding(SERIOUS, f"{row.path}: {row.reason}") for row in result.unreadable.itertuples()]
    kinds = result.refused["reason"].astype("str").str.split(":").str[0].value_counts()
    found += [Finding(NOTE, f"{count} films refused: {kind}") for kind, count in kinds.items()]
    for number, copies in result.byte_copies.groupby("group"):
        bad = copies["several_labels"].any() or copies["several_splits"].any()
        words = f"byte copies, group {number}: {', '.join(copies['image_id'])}"
        found.append(Finding(SERIOUS if bad else NOTE, words))
    for pair in result.near_copies.itertuples():
        faults = [
            words
            for bad, words in ((pair.opposite_labels, "opposite labels"), (pair.several_splits, "two splits"))
            if bad
        ]
        words = (
            f"the same film twice: {pair.a} and {pair.b}{', with ' if faults else ''}{' and '.join(faults)}"
        )
        found.append(Finding(SERIOUS if faults else NOTE, words))
    return found


def _about_shortcuts(result: Audit) -> list[Finding]:
    found = []
    for row in result.shortcuts.itertuples():
        if row.low > 0.5 and row.auc >= SHORTCUT_AUC:
            words = f"the label is predicted without the image by {row.columns}: AUC {row.auc:.2f} "
            found.append(Finding(SERIOUS, words + f"({row.low:.2f} to {row.high:.2f})"))
    strong = result.associations["share_positive"] - result.associations["share_elsewhere"] > SHORTCUT_SHARE
    for row in result.associations[strong & (result.associations["p_value"] < 0.001)].itertuples():
        words = (
            f"{row.column} = {row.value} goes with the label: {row.share_positive:.0%} of {row.n_patients} "
        )
        found.append(Finding(SERIOUS, words + f"patients are positive, {row.share_elsewhere:.0%} elsewhere"))
    return found


def _about_values(result: Audit, cohort: Cohort) -> list[Finding]:
    found = []
    for row in result.values.itertuples():
        if row.share >= 0.05:
            found.append(Finding(NOTE, f"column {row.column} is empty in {row.share:.0%} of the images"))
        if row.implausible:
            found.append(Finding(NOTE, f"column {row.column}: {row.implausible} values {row.words}"))
    positives = result.boxes[result.boxes["label"] == cohort.positive]
    for row in positives.itertuples():
        if row.boxes and row.with_boxes < row.n_images:
            lacking = row.n_images - row.with_boxes
            found.append(
                Finding(NOTE, f"{lacking} of {row.n_images} images labelled {row.label} have no box")
            )
    if cohort.images["burned_in"].eq("YES").any():
        found.append(Finding(SERIOUS, "some images are marked as carrying burned-in text"))
    return found


def _plain(value: object) -> object:
    if isinstance(value, pd.DataFrame):
        return [{name: _plain(cell) for name, cell in row.items()} for row in value.to_dict("records")]
    if isinstance(value, tuple):
        return [
            _plain(dataclasses.asdict(item) if dataclasses.is_dataclass(item) else item) for item in value
        ]
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if hasattr(value, "item") else value
