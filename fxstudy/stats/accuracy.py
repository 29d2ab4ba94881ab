"""The two-by-two table at a threshold, and everything that is read from it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import as_scores, as_truth, check_choice, check_counts, check_level, warn
from fxstudy.stats.intervals import METHODS, log_interval, mover, proportion
from fxstudy.stats.normal import quantile
from fxstudy.stats.result import Composite, Result

_RATIO = "interval on the log scale"
_SIMEL = "Simel DL, Samsa GP, Matchar DB. J Clin Epidemiol 1991;44:763-770"


@dataclass(frozen=True)
class AccuracyTable(Composite):
    """Counts of a two-by-two table and the measures read from it, each with its interval.

    Attributes
    ----------
    tp, fp, fn, tn : int
        True and false positives, false and true negatives.
    threshold : float or None
        A case is positive when ``score >= threshold``; None when the table came from counts.
    sensitivity, specificity, ppv, npv, accuracy, prevalence : Result
    lr_positive, lr_negative, dor : Result
        Likelihood ratios and diagnostic odds ratio.
    f1, balanced_accuracy, youden, mcc : Result
    """

    tp: int
    fp: int
    fn: int
    tn: int
    threshold: float | None
    sensitivity: Result
    specificity: Result
    ppv: Result
    npv: Result
    accuracy: Result
    prevalence: Result
    lr_positive: Result
    lr_negative: Result
    dor: Result
    f1: Result
    balanced_accuracy: Result
    youden: Result
    mcc: Result

    @property
    def n(self) -> int:
        """Number of cases."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(value for value in vars(self).values() if isinstance(value, Result))

    def confusion(self) -> np.ndarray:
        """Counts as [[tn, fp], [fn, tp]]: rows truth, columns decision, negative first."""
        return np.array([[self.tn, self.fp], [self.fn, self.tp]])

    def summary(self) -> str:
        at = "" if self.threshold is None else f" at a threshold of {self.threshold:.4g}"
        return (
            f"Of {self.tp + self.fn} positive cases {self.tp} were found{at} (sensitivity "
            f"{self.sensitivity.text()}); of {self.tn + self.fp} negative cases {self.fp} were called "
            f"positive (specificity {self.specificity.text()}). The predictive values hold only for a "
            f"prevalence of {100 * self.prevalence.estimate:.0f} %, that of these cases."
        )


def accuracy_table(
    truth: Any, score: Any, threshold: Any, *, level: float = 0.95, method: str = "wilson"
) -> AccuracyTable:
    """Accuracy of the decision ``score >= threshold``.

    Parameters
    ----------
    truth, score : array-like of shape (n,)
        Labels 0/1 and scores. One class alone is allowed (a subgroup of fractures): what it does not define
        is nan, with a warning.
    threshold : float or Threshold
        Chosen on other data (tuning), or the estimates flatter the model.
    method : str
        Interval of the proportions, see ``proportion``.
    """
    truth = as_truth(truth, both=False)
    score = as_scores(score, n=truth.size)
    cut = float(getattr(threshold, "value", threshold))
    if math.isnan(cut):
        raise StatisticsError("threshold must be a number, not nan")
    called = score >= cut
    counts = {
        "tp": int((truth & called).sum()),
        "fp": int((~truth & called).sum()),
        "fn": int((truth & ~called).sum()),
        "tn": int((~truth & ~called).sum()),
    }
    return accuracy_from_counts(**counts, threshold=cut, level=level, method=method)


def accuracy_from_counts(
    *,
    tp: int,
    fp: int,
    fn: int,
    tn: int,
    threshold: float | None = None,
    level: float = 0.95,
    method: str = "wilson",
) -> AccuracyTable:
    """Accuracy measures of a two-by-two table given as counts.

    Proportions take the named interval; likelihood ratios and odds ratio the log interval (half a case is
    added to each cell when one is empty, and the note says so); F1 the exact transform of the interval of
    tp / (tp + fp + fn), because F1 = 2p / (1 + p); balanced accuracy and Youden's J the MOVER interval; MCC
    the delta method on Fisher's z.
    """
    tp, fp, fn, tn = check_counts(tp=tp, fp=fp, fn=fn, tn=tn)
    check_level(level)
    check_choice(method, METHODS, "method")

    def share(name: str, count: int, n: int) -> Result:
        return proportion(count, n, level=level, method=method, name=name)

    sensitivity, specificity = share("sensitivity", tp, tp + fn), share("specificity", tn, tn + fp)
    return AccuracyTable(
        tp,
        fp,
        fn,
        tn,
        threshold,
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=share("positive predictive value", tp, tp + fp),
        npv=share("negative predictive value", tn, tn + fn),
        accuracy=share("accuracy", tp + tn, tp + fp + fn + tn),
        prevalence=share("prevalence", tp + fn, tp + fp + fn + tn),
        lr_positive=_ratio("positive likelihood ratio", (tp, tp + fn), (fp, fp + tn), level),
        lr_negative=_ratio("negative likelihood ratio", (fn, tp + fn), (tn, fp + tn), level),
        dor=_odds_ratio(tp, fp, fn, tn, level),
        f1=_f1(share("F1", tp, tp + fp + fn)),
        balanced_accuracy=_sum("balanced accuracy", sensitivity, specificity, 0.5, 0.0),
        youden=_sum("Youden's J", sensitivity, specificity, 1.0, -1.0),
        mcc=_mcc(tp, fp, fn, tn, level),
    )


def _ratio(name: str, top: tuple[int, int], bottom: tuple[int, int], level: float) -> Result:
    """Ratio of two independent proportions (count, n)."""
    facts = {"name": name, "level": level, "n": top[1] + bottom[1], "method": _RATIO, "reference": _SIMEL}
    if 0 in (top[1], bottom[1]) or (top[0] == 0 and bottom[0] == 0):
        return Result(
            estimate=math.nan, note=warn(f"{name}: needs both classes and a case in its rows"), **facts
        )
    exact = math.inf if bottom[0] == 0 else (top[0] / top[1]) / (bottom[0] / bottom[1])
    add = 0.5 if 0 in (top[0], bottom[0]) else 0.0
    a, n1, c, n2 = top[0] + add, top[1] + 2 * add, bottom[0] + add, bottom[1] + 2 * add
    variance = max(1 / a - 1 / n1 + 1 / c - 1 / n2, 0.0)
    low, high = log_interval((a / n1) / (c / n2), math.sqrt(variance), level)
    note = "half a case was added to each cell for the interval, one cell being empty" if add else ""
    low, high = (0.0 if exact == 0 else low), (math.inf if math.isinf(exact) else high)
    return Result(estimate=exact, low=low, high=high, note=note, **facts)


def _odds_ratio(tp: int, fp: int, fn: int, tn: int, level: float) -> Result:
    name = "diagnostic odds ratio"
    facts = {"name": name, "level": level, "n": tp + fp + fn + tn, "method": _RATIO}
    facts["reference"] = "Glas AS et al. J Clin Epidemiol 2003;56:1129-1135"
    if 0 in (tp + fn, fp + tn) or (tp * tn == 0 and fp * fn == 0):
        return Result(
            estimate=math.nan, note=warn(f"{name}: not defined for an empty row or column"), **facts
        )
    exact = math.inf if fp * fn == 0 else tp * tn / (fp * fn)
    add = 0.5 if 0 in (tp, fp, fn, tn) else 0.0
    cells = [cell + add for cell in (tp, fp, fn, tn)]
    low, high = log_interval(
        cells[0] * cells[3] / (cells[1] * cells[2]), math.sqrt(sum(1 / cell for cell in cells)), level
    )
    note = "half a case was added to each cell for the interval, one cell being empty" if add else ""
    low, high = (0.0 if exact == 0 else low), (math.inf if math.isinf(exact) else high)
    return Result(estimate=exact, low=low, high=high, note=note, **facts)


def _f1(jaccard: Result) -> Result:
    def transform(p: float) -> float:
        return 2 * p / (1 + p)

    return Result(
        name="F1",
        estimate=transform(jaccard.estimate),
        low=transform(jaccard.low),
        high=transform(jaccard.high),
        level=jaccard.level,
        n=jaccard.n,
        method=f"transform of the {jaccard.method.split(', ')[1]} of tp / (tp + fp + fn)",
        reference=jaccard.reference,
        note="" if jaccard.n else jaccard.note,
    )


def _sum(name: str, a: Result, b: Result, scale: float, shift: float) -> Result:
    low, high = mover(a, b)
    return Result(
        name=name,
        estimate=scale * (a.estimate + b.estimate) + shift,
        low=scale * low + shift,
        high=scale * high + shift,
        level=a.level,
        n=(a.n or 0) + (b.n or 0),
        method="MOVER interval",
        reference="Zou GY, Donner A. Stat Med 2008;27:1693-1702",
    )


def _mcc(tp: int, fp: int, fn: int, tn: int, level: float) -> Result:
    name, n = "Matthews correlation coefficient", tp + fp + fn + tn
    facts = {"name": name, "level": level, "n": n, "method": "delta method on Fisher's z"}
    facts["reference"] = "Itaya Y et al. Stat Med 2025;44:e10303"
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    if margins == 0:
        return Result(estimate=math.nan, note=warn(f"{name}: a row or column of the table is empty"), **facts)
    estimate = (tp * tn - fp * fn) / math.sqrt(margins)
    if abs(estimate) == 1:
        facts["note"] = "half a case was added to each cell for the interval, no case being wrong (or right)"
        low, high = _mcc_limits(np.array([tp, fp, fn, tn]) + 0.5, level)
        low, high = (low, 1.0) if estimate > 0 else (-1.0, high)
    else:
        low, high = _mcc_limits(np.array([tp, fp, fn, tn], dtype=float), level)
    return Result(estimate=estimate, low=low, high=high, **facts)


def _mcc_limits(counts: np.ndarray, level: float) -> tuple[float, float]:
    n, p = counts.sum(), counts / counts.sum()
    tp, fp, fn, tn = p
    estimate = (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    gradient = _mcc_gradient(p, estimate)
    variance = float(gradient @ (p * gradient) - (p @ gradient) ** 2) / n
    half = quantile(level) * math.sqrt(max(variance, 0.0)) / (1 - estimate**2)
    return math.tanh(math.atanh(estimate) - half), math.tanh(math.atanh(estimate) + half)


def _mcc_gradient(p: np.ndarray, mcc: float) -> np.ndarray:
    """Derivative of the coefficient by the four cell probabilities (tp, fp, fn, tn)."""
    tp, fp, fn, tn = p
    rows = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1]])
    margins = rows @ p
    product = math.sqrt(margins.prod())
    return np.array([tn, -fn, -fp, tp]) / product - mcc / 2 * (rows / margins[:, None]).sum(axis=0)
