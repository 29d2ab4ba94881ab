"""Multi-reader multi-case studies after Obuchowski and Rockette, with Hillis' degrees of freedom."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from fxstudy.stats.checks import check_choice, check_level, warn
from fxstudy.stats.reader_anova import ASSUMES, Components, ErrorTerm, components
from fxstudy.stats.reader_data import check_readers, figures_of_merit, read_readings
from fxstudy.stats.result import Composite, Result, p_text

FEW_READERS = 4


@dataclass(frozen=True)
class ReaderStudy(Composite):
    """Treatments compared over readers, pooled and reader by reader.

    Attributes
    ----------
    values : pandas.DataFrame
        Figure of merit by treatment (rows) and reader (columns).
    components : Components
    overall : Result
        Test that all treatments are equal.
    differences : tuple of Result
        Of all pairs of treatments, first minus second, averaged over readers.
    means : tuple of Result
        Of each treatment, from its own data alone.
    by_reader : tuple of Result
        Differences of each reader alone, for random cases.
    readers, cases : str
        "random" or "fixed".
    """

    values: pd.DataFrame
    components: Components
    overall: Result
    differences: tuple[Result, ...]
    means: tuple[Result, ...]
    by_reader: tuple[Result, ...]
    readers: str
    cases: str

    @property
    def results(self) -> tuple[Result, ...]:
        return *self.means, self.overall, *self.differences, *self.by_reader

    def summary(self) -> str:
        count = self.values.shape[1]
        said = "; ".join(
            f"{d.name} {d.text()}, {p_text(d.p_value, d.log10_p)}"
            if d.p_value is not None
            else f"{d.name} {d.text()}"
            for d in self.differences
        )
        few = (
            f" With only {count} readers this says little about other readers: look at each reader below."
            if count < FEW_READERS and self.readers == "random"
            else ""
        )
        return f"Averaged over {count} readers: {said}. {ASSUMES[self.readers, self.cases]}{few}"


def reader_study(
    table: pd.DataFrame,
    *,
    reader: str = "reader",
    treatment: str = "treatment",
    case: str = "case",
    truth: str = "truth",
    score: str = "rating",
    measure: str = "auc",
    threshold: float | None = None,
    readers: str = "random",
    cases: str = "random",
    covariance: str = "delong",
    level: float = 0.95,
) -> ReaderStudy:
    """Compare treatments (without and with AI, phases) read by the same readers on the same cases.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per reading; every reader reads every case under every treatment.
    reader, treatment, case, truth, score : str
        Columns of the table. For binary readings give 0 and 1 and ``threshold=0.5``.
    measure : {"auc", "sensitivity", "specificity"}
    threshold : float, optional
        For sensitivity and specificity.
    readers, cases : {"random", "fixed"}
        Random: the conclusion shall hold for others like them. A reviewer expects both random; with very few
        readers show fixed readers beside it.
    covariance : {"delong", "jackknife", "unbiased"}
        Estimate of the error covariances.

    Notes
    -----
    Random readers and cases: F = MS(T) / [MS(TR) + r·max(Cov2 − Cov3, 0)] with Hillis' denominator degrees of
    freedom; fixed readers: chi-square with the error covariances; fixed cases: F = MS(T) / MS(TR). Never pool
    the readings of several readers as if they were independent cases.

    References
    ----------
    .. [1] Hillis SL. A comparison of denominator degrees of freedom for multiple observer ROC analysis. Stat
    Med
       2007;26:596-619.
    """
    check_level(level)
    check_choice(readers, ("random", "fixed"), "readers")
    check_choice(cases, ("random", "fixed"), "cases")
    data = read_readings(table, reader=reader, treatment=treatment, case=case, truth=truth, score=score)
    check_readers(data.readers, data.treatments)
    values, matrix = figures_of_merit(data, measure=measure, threshold=threshold, covariance=covariance)
    t, r = values.shape
    if r < FEW_READERS and readers == "random":
        warn(f"{r} readers are few for a conclusion about other readers; report each reader beside the mean")
    cube = matrix.reshape(t, r, t, r)
    method = f"{measure}, {covariance} covariance"
    term = ErrorTerm(components(values, cube), t, r, readers, cases, level, method, len(data.cases))
    frame = pd.DataFrame(values, index=list(data.treatments), columns=list(data.readers))
    return _analyse(frame, cube, term, measure)


def _analyse(frame: pd.DataFrame, cube: np.ndarray, term: ErrorTerm, measure: str) -> ReaderStudy:
    values, labels, names = frame.to_numpy(), list(frame.index), list(frame.columns)
    pairs = [(i, k, f"{measure} {labels[i]} − {labels[k]}") for i, k in combinations(range(term.t), 2)]
    return ReaderStudy(
        values=frame,
        components=term.c,
        overall=term.overall(measure),
        differences=tuple(term.difference(values, i, k, name) for i, k, name in pairs),
        means=tuple(
            term.mean(values[i], cube[i, :, i], f"{measure} {label}") for i, label in enumerate(labels)
        ),
        by_reader=tuple(
            term.one_reader(values, cube, i, k, j, f"{name}, reader {names[j]}")
            for i, k, name in pairs
            for j in range(term.r)
        ),
        readers=term.readers,
        cases=term.cases,
    )
