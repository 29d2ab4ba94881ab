"""What an import took in, what it refused, and where the source contradicted itself."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from fxstudy.cohort.manifest import REFUSED_COLUMNS, Cohort, write_cohort
from fxstudy.cohort.splits import assign, split_by_group

DIFFERENCE_COLUMNS = ("image_id", "where", "what")


@dataclass(frozen=True)
class ImportReport:
    """Result of an import.

    Attributes
    ----------
    cohort : Cohort
        What was taken in; ``cohort.refused`` names every film that was not, with its reason.
    folder : Path or None
        Where the cohort was written, None if it was not.
    differences : DataFrame
        image_id, where, what: annotations of the source that contradict each other, still taken in.
    notes : tuple of str
        What a user must know about labels, groups and views of this source.
    """

    cohort: Cohort
    folder: Path | None = None
    differences: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(DIFFERENCE_COLUMNS)))
    notes: tuple[str, ...] = ()

    @property
    def refused(self) -> pd.DataFrame:
        """Films that were not taken in: image_id, path, reason."""
        return self.cohort.refused

    def to_frame(self) -> pd.DataFrame:
        """Counts: taken in by label and split, then refused by reason."""
        images = self.cohort.images.assign(split=self.cohort.images["split"].fillna("not split"))
        rows = [
            {
                "what": f"taken in, {label}, {split}",
                "n_images": len(part),
                "n_patients": part["patient_id"].nunique(),
            }
            for (label, split), part in images.groupby(["label", "split"], sort=True)
        ]
        kinds = self.refused["reason"].astype("str").str.split(":").str[0]
        rows += [{"what": f"refused, {kind}", "n_images": n} for kind, n in kinds.value_counts().items()]
        rows.append({"what": "annotations that differ", "n_images": len(self.differences)})
        return pd.DataFrame(rows, columns=["what", "n_images", "n_patients"]).astype({"n_patients": "Int64"})

    def text(self) -> str:
        """The report in a few lines for a terminal."""
        images = self.cohort.images
        patients = images["patient_id"].nunique()
        lines = [f"{self.cohort!r}, {patients} patients or groups; {len(self.refused)} films refused"]
        lines += [f"  {row.what}: {row.n_images}" for row in self.to_frame().itertuples()]
        lines += [f"  refused {row.image_id}: {row.reason}" for row in self.refused.itertuples()]
        lines += [f"  {row.image_id}, {row.where}: {row.what}" for row in self.differences.itertuples()]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        head = html.escape(repr(self.cohort))
        return f"<p>{head}</p>{self.to_frame().to_html(index=False)}<ul>{notes}</ul>"


def refused_frame(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Refused films as a table from (image_id, path, reason)."""
    return pd.DataFrame(rows, columns=list(REFUSED_COLUMNS)).astype("str")


def finish_import(
    cohort: Cohort,
    *,
    to: str | Path | None,
    fractions: Mapping[str, float] | None,
    seed: int,
    stratify: Sequence[str] = ("label",),
    differences: list[tuple[str, str, str]] = (),
    notes: tuple[str, ...] = (),
) -> ImportReport:
    """Split, check and write an imported cohort, and report on it.

    With ``fractions`` None the images keep the split they have.
    """
    if fractions is not None:
        cohort = assign(
            cohort, split_by_group(cohort.images, fractions=fractions, stratify=stratify, seed=seed)
        )
    folder = write_cohort(cohort, to) if to is not None else None
    table = pd.DataFrame(list(differences), columns=list(DIFFERENCE_COLUMNS)).astype("str")
    return ImportReport(cohort, folder, table, tuple(notes))
