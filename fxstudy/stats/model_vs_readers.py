"""A stand-alone model against readers on the same cases, and what AI made readers change."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import check_choice, check_level, warn
from fxstudy.stats.margins import MarginTest, noninferiority
from fxstudy.stats.normal import quantile, t_p_value, z_p_value
from fxstudy.stats.paired_binary import paired_proportions
from fxstudy.stats.reader_data import Readings, figures_of_merit, read_readings
from fxstudy.stats.readers import FEW_READERS
from fxstudy.stats.result import Composite, Result

HILLIS_MODEL = "Hillis SL, Obuchowski NA, Berbaum KS. Acad Radiol 2011;18:129-142"


@dataclass(frozen=True)
class ModelVersusReaders(Composite):
    """A model's figure of merit minus the readers'.

    Attributes
    ----------
    model : float
        Figure of merit of the model.
    readers : pandas.Series
        Of each reader.
    difference : Result
        Model minus the mean of the readers.
    by_reader : tuple of Result
        Model minus each reader.
    noninferiority : MarginTest or None
    """

    model: float
    readers: pd.Series
    difference: Result
    by_reader: tuple[Result, ...]
    noninferiority: MarginTest | None = None

    @property
    def results(self) -> tuple[Result, ...]:
        return self.difference, *self.by_reader

    def summary(self) -> str:
        said = (
            f"The model reached {self.model:.3f}, the {self.readers.size} readers "
            f"{self.readers.min():.3f} to {self.readers.max():.3f}. {self.difference.sentence()}"
        )
        return said if self.noninferiority is None else f"{said} {self.noninferiority.summary()}"


def model_vs_readers(
    table: pd.DataFrame,
    model: Any,
    *,
    reader: str = "reader",
    case: str = "case",
    truth: str = "truth",
    score: str = "rating",
    measure: str = "auc",
    threshold: float | None = None,
    model_threshold: float | None = None,
    readers: str = "random",
    margin: float | None = None,
    level: float = 0.95,
) -> ModelVersusReaders:
    """Compare a stand-alone model with readers who read the same cases.

    The differences model − reader form a one-treatment Obuchowski–Rockette analysis: variance
    [MS(R) + r·max(Cov2, 0)] / r with Hillis' degrees of freedom for random readers, the error covariances
    alone for fixed ones [1]_.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per reading of one phase; every reader reads every case.
    model : mapping of case to score, or Series indexed by case
    measure : {"auc", "sensitivity", "specificity"}
    threshold, model_threshold : float, optional
        Of the readers' and the model's scores, for sensitivity and specificity.
    readers : {"random", "fixed"}
    margin : float, optional
        Non-inferiority margin for the model.

    References
    ----------
    .. [1] Hillis SL, Obuchowski NA, Berbaum KS. Power estimation for multireader ROC methods: an updated and
       unified approach. Acad Radiol 2011;18:129-142.
    """
    check_choice(readers, ("random", "fixed"), "readers")
    check_level(level)
    data = read_readings(table, reader=reader, treatment=None, case=case, truth=truth, score=score)
    values, covariance = _differences(data, model, measure, threshold, model_threshold)
    gaps, r = values[0] - values[1:], len(data.readers)
    total, df = _error(gaps, covariance, readers)
    method = f"one-treatment Obuchowski-Rockette analysis of {measure}, readers {readers}"
    facts = {"level": level, "n": len(data.cases), "method": method, "reference": HILLIS_MODEL}
    difference = _told(f"{measure}, model − readers", float(gaps.mean()), math.sqrt(total / r), df, facts)
    single = tuple(
        _told(f"{measure}, model − reader {name}", float(gap), math.sqrt(float(error)), math.inf, facts)
        for name, gap, error in zip(data.readers, gaps, np.diag(covariance), strict=True)
    )
    verdict = None if margin is None else noninferiority(difference, margin)
    theirs = pd.Series(values[1:], index=list(data.readers))
    return ModelVersusReaders(float(values[0]), theirs, difference, single, verdict)


def _error(gaps: np.ndarray, covariance: np.ndarray, readers: str) -> tuple[float, float]:
    """Variance of the mean difference times the number of readers, and its degrees of freedom."""
    r = gaps.size
    cov2 = max(float(covariance[~np.eye(r, dtype=bool)].mean()), 0.0) if r > 1 else 0.0
    if readers == "fixed" or r == 1:
        return float(np.diag(covariance).mean()) + (r - 1) * cov2, math.inf
    if r < FEW_READERS:
        warn(f"{r} readers are few for a conclusion about other readers; report each reader beside the mean")
    spread = float(gaps.var(ddof=1))
    total = spread + r * cov2
    return total, (r - 1) * (total / spread) ** 2 if spread > 0 else math.inf


def _differences(
    data: Readings, model: Any, measure: str, threshold: float | None, model_threshold: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Figures of merit of model and readers, and the covariance of the differences model − reader."""
    scores = pd.Series(model)
    scores.index = scores.index.astype(str)
    gone = [case for case in data.cases if case not in scores.index]
    if gone:
        raise StatisticsError(
            f"the model has no score for {len(gone)} cases that were read, such as {gone[0]}"
        )
    own = scores.reindex(list(data.cases)).to_numpy(dtype=float)
    stack = data.scores[0]
    if measure != "auc":
        if model_threshold is None or threshold is None:
            raise StatisticsError(f"{measure} needs threshold and model_threshold")
        own, stack, threshold = own >= model_threshold, stack >= threshold, 0.5
    joined = Readings(
        data.truth,
        np.stack([own, *stack]).astype(float)[None],
        ("all",),
        ("model", *data.readers),
        data.cases,
    )
    values, matrix = figures_of_merit(joined, measure=measure, threshold=threshold, covariance="delong")
    contrast = np.hstack([np.ones((len(data.readers), 1)), -np.eye(len(data.readers))])
    return values[0], contrast @ matrix @ contrast.T


def _told(name: str, estimate: float, error: float, df: float, facts: dict[str, Any]) -> Result:
    level = facts["level"]
    width = quantile(level) if math.isinf(df) else float(stats.t.isf((1 - level) / 2, df))
    if error > 0:
        statistic = estimate / error
        p = z_p_value(statistic) if math.isinf(df) else t_p_value(statistic, df)
        test = {"statistic": statistic, "p_value": p.value, "log10_p": p.log10}
    else:
        test = {"statistic": 0.0, "p_value": 1.0, "log10_p": 0.0} if estimate == 0 else {}
    return Result(
        name=name,
        estimate=estimate,
        low=max(estimate - width * error, -1.0),
        high=min(estimate + width * error, 1.0),
        df=None if math.isinf(df) else df,
        **test,
        **facts,
    )


@dataclass(frozen=True)
class Switches(Composite):
    """Decisions that a reader changed between two phases.

    Attributes
    ----------
    counts : pandas.DataFrame
        One row per reader: cases, wrong_to_right, right_to_wrong, and the same among changes towards what the
        AI said.
    by_reader : tuple of Result
        Change in accuracy of each reader, second phase minus first, with McNemar's test.
    """

    counts: pd.DataFrame
    by_reader: tuple[Result, ...]

    @property
    def results(self) -> tuple[Result, ...]:
        return self.by_reader

    def summary(self) -> str:
        total = self.counts.sum(numeric_only=True)
        said = (
            f"Readers changed {int(total.wrong_to_right)} decisions from wrong to right and "
            f"{int(total.right_to_wrong)} from right to wrong"
        )
        if "wrong_to_right_with_ai" in self.counts:
            said += (
                f"; towards what the AI said {int(total.wrong_to_right_with_ai)} and "
                f"{int(total.right_to_wrong_with_ai)}"
            )
        return said + "."


def reader_switches(
    truth: Any,
    before: Any,
    after: Any,
    reader: Any,
    *,
    ai: Any = None,
    level: float = 0.95,
    method: str = "mid-p",
) -> Switches:
    """Count and test what readers changed, for decisions of any number of classes.

    Parameters
    ----------
    truth, before, after, reader : array-like of shape (n,)
        True class, decision in the first and second phase, and reader, one row per reader and case.
    ai : array-like of shape (n,), optional
        What the AI said.
    """
    frame = pd.DataFrame({"truth": truth, "before": before, "after": after, "reader": reader})
    frame["ai"] = frame.after if ai is None else np.asarray(ai)
    if frame.isna().any().any():
        raise StatisticsError("truth, before, after, reader and ai must not be missing")
    frame["first"], frame["second"] = frame.before == frame.truth, frame.after == frame.truth
    frame["followed"] = frame.after == frame.ai
    rows, results = [], []
    for name, part in frame.groupby("reader", sort=False):
        better, worse = ~part["first"] & part["second"], part["first"] & ~part["second"]
        row = {"reader": str(name), "cases": len(part)}
        row |= {"wrong_to_right": int(better.sum()), "right_to_wrong": int(worse.sum())}
        if ai is not None:
            row["wrong_to_right_with_ai"] = int((better & part.followed).sum())
            row["right_to_wrong_with_ai"] = int((worse & part.followed).sum())
        rows.append(row)
        label = f"change in accuracy of reader {name}"
        options = {"level": level, "method": method, "name": label}
        results.append(paired_proportions(int(better.sum()), int(worse.sum()), len(part), **options))
    return Switches(pd.DataFrame(rows), tuple(results))
