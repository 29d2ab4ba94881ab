"""What every reader has to know before the first figure."""

from dataclasses import dataclass

import pandas as pd

from fxstudy.cohort import Cohort


@dataclass(frozen=True)
class Notice:
    """A sentence about the data, set apart in notebook and report."""

    text: str
    synthetic: bool

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        kind = "synthetic" if self.synthetic else "real"
        return f'<p class="fx-notice fx-{kind}"><strong>{self.text}</strong></p>'


def synthetic_notice(cohort: Cohort) -> Notice:
    """Whether the numbers below come from patients or from drawn images."""
    title = cohort.description["title"] or cohort.name
    n = len(cohort.table())
    if cohort.synthetic:
        text = (
            f"SYNTHETIC DATA: {title}. All {n} images are computed by a program; no number below says anything "
            "about patients."
        )
    else:
        text = f"{title}: {n} radiographs. Research use only; not a medical device."
    return Notice(text, cohort.synthetic)


def predictions_notice(predictions: pd.DataFrame) -> Notice:
    """The same for stored predictions; their column ``synthetic`` says where the images come from."""
    synthetic = bool(predictions["synthetic"].any())
    if synthetic:
        return Notice(
            "SYNTHETIC DATA: images computed by a program; no number below is about patients.", True
        )
    return Notice("Research use only; not a medical device.", False)
