"""Mean squares, error covariances and error terms of a reader study (Obuchowski–Rockette, Hillis)."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fxstudy.stats.checks import warn
from fxstudy.stats.normal import PValue, chi2_p_value, quantile, t_p_value, z_p_value
from fxstudy.stats.result import Result

HILLIS = (
    "Obuchowski NA, Rockette HE. Commun Stat Simul Comput 1995;24:285-308; "
    "Hillis SL. Stat Med 2007;26:596-619"
)
_NOTHING = 1e-20
ASSUMES = {
    ("random", "random"): "Holds for readers and cases like these (both random).",
    ("fixed", "random"): "Holds for these very readers on cases like these (readers fixed).",
    ("random", "fixed"): "Holds for readers like these on these very cases (cases fixed).",
    ("fixed", "fixed"): "Describes these readers on these cases only; nothing is inferred.",
}


@dataclass(frozen=True)
class Components:
    """Error variance and covariances of the figures of merit (Obuchowski and Rockette).

    Attributes
    ----------
    variance, cov1, cov2, cov3 : float
        Error variance, and covariance between treatments of one reader, between readers under one treatment,
        and between both.
    reader, treatment_by_reader : float
        Variance components of the model; estimates may be negative.
    ms_treatment, ms_reader, ms_interaction : float
        Mean squares.
    """

    variance: float
    cov1: float
    cov2: float
    cov3: float
    reader: float
    treatment_by_reader: float
    ms_treatment: float
    ms_reader: float
    ms_interaction: float


def components(values: np.ndarray, cube: np.ndarray) -> Components:
    """Mean squares and error covariances of values (t, r) with covariance cube (t, r, t, r)."""
    t, r = values.shape
    by_treatment, by_reader = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_treatment[:, None] - by_reader[None] + values.mean()
    ms_t = r * by_treatment.var(ddof=1)
    ms_r = t * by_reader.var(ddof=1)
    ms_tr = (rest**2).sum() / ((t - 1) * (r - 1))
    same_t = np.eye(t, dtype=bool)[:, None, :, None] & np.ones((1, r, 1, r), dtype=bool)
    same_r = np.eye(r, dtype=bool)[None, :, None, :] & np.ones((t, 1, t, 1), dtype=bool)
    variance, cov1 = cube[same_t & same_r].mean(), cube[~same_t & same_r].mean()
    cov2, cov3 = cube[same_t & ~same_r].mean(), cube[~same_t & ~same_r].mean()
    interaction = ms_tr - variance + cov1 + max(cov2 - cov3, 0)
    reader = (ms_r - ms_tr) / t - cov1 + cov3
    found = (variance, cov1, cov2, cov3, reader, interaction, ms_t, ms_r, ms_tr)
    return Components(*(float(value) for value in found))


@dataclass(frozen=True)
class ErrorTerm:
    """Standard errors and reference distributions of one choice of random and fixed factors.

    Attributes
    ----------
    c : Components
    t, r, n : int
        Numbers of treatments, readers and cases.
    readers, cases : str
        "random" or "fixed".
    level : float
    method : str
    """

    c: Components
    t: int
    r: int
    readers: str
    cases: str
    level: float
    method: str
    n: int

    @property
    def denominator(self) -> float:
        """Error mean square that a mean square of treatments is compared with."""
        spread = max(self.c.cov2 - self.c.cov3, 0.0)
        if self.readers == "random":
            return self.c.ms_interaction + (self.r * spread if self.cases == "random" else 0.0)
        return self.c.variance - self.c.cov1 + (self.r - 1) * spread

    @property
    def df(self) -> float:
        """Denominator degrees of freedom (Hillis 2007), infinite for fixed readers."""
        freedom = (self.t - 1) * (self.r - 1)
        if self.readers == "fixed":
            return math.inf
        if self.c.ms_interaction < _NOTHING:
            return math.inf
        return freedom * (self.denominator / self.c.ms_interaction) ** 2

    def overall(self, measure: str) -> Result:
        """Test that all treatments are equal."""
        facts = self._facts() | {"name": f"test of equal {measure} under all treatments"}
        if (self.readers, self.cases) == ("fixed", "fixed"):
            return Result(estimate=math.nan, **facts)
        if max(self.denominator, self.c.ms_treatment) < _NOTHING:
            equal = {"statistic": 0.0, "p_value": 1.0, "log10_p": 0.0, "note": "all treatments gave the same"}
            return Result(estimate=0.0, **(facts | equal))
        if self.denominator < _NOTHING:
            note = warn("the error term of the reader study is 0: no test")
            return Result(estimate=math.nan, **(facts | {"note": note}))
        f = self.c.ms_treatment / self.denominator
        if self.readers == "fixed":
            p, statistic, df = chi2_p_value((self.t - 1) * f, self.t - 1), (self.t - 1) * f, float(self.t - 1)
        else:
            log_p = float(stats.f.logsf(f, self.t - 1, self.df))
            p, statistic = PValue(math.exp(log_p), log_p / math.log(10)), f
            df = (float(self.t - 1), self.df)
        return Result(
            estimate=statistic, statistic=statistic, df=df, p_value=p.value, log10_p=p.log10, **facts
        )

    def difference(self, values: np.ndarray, i: int, k: int, name: str) -> Result:
        """Difference of two treatments averaged over readers."""
        estimate = float(values[i].mean() - values[k].mean())
        error = math.sqrt(max(2 / self.r * self.denominator, 0.0))
        return self._told(name, estimate, error, self.df, test=True)

    def mean(self, row: np.ndarray, covariance: np.ndarray, name: str) -> Result:
        """Mean over readers under one treatment, from its own data alone."""
        variance = float(np.diag(covariance).mean())
        cov2 = max(float(covariance[~np.eye(self.r, dtype=bool)].mean()), 0.0)
        spread, df = float(row.var(ddof=1)), math.inf
        if self.readers == "random":
            total = spread + (self.r * cov2 if self.cases == "random" else 0.0)
            df = (self.r - 1) * (total / spread) ** 2 if spread > 0 else math.inf
        else:
            total = variance + (self.r - 1) * cov2
        return self._told(name, float(row.mean()), math.sqrt(total / self.r), df, test=False)

    def one_reader(self, values: np.ndarray, cube: np.ndarray, i: int, k: int, j: int, name: str) -> Result:
        """Difference of one reader for random cases, its error pooled over all treatments."""
        own = cube[:, j, :, j]
        spread = 2 * (np.diag(own).mean() - own[~np.eye(self.t, dtype=bool)].mean())
        error = math.sqrt(max(float(spread), 0.0))
        return self._told(name, float(values[i, j] - values[k, j]), error, math.inf, test=True, fixed=True)

    def _told(
        self, name: str, estimate: float, error: float, df: float, *, test: bool, fixed: bool = False
    ) -> Result:
        facts = self._facts() | {"name": name}
        if (self.readers, self.cases) == ("fixed", "fixed") and not fixed:
            return Result(estimate=estimate, **facts)
        if fixed:
            facts["assumes"] = "Holds for this reader on cases like these."
        width = quantile(self.level) if math.isinf(df) else float(stats.t.isf((1 - self.level) / 2, df))
        if test:
            z = (
                estimate / error
                if error > 0
                else (0.0 if estimate == 0 else math.copysign(math.inf, estimate))
            )
            p = z_p_value(z) if math.isinf(df) else t_p_value(z, df)
            if math.isinf(z):
                p = PValue(math.nan, math.nan)
            facts |= {"statistic": z, "p_value": p.value, "log10_p": p.log10}
        low, high = estimate - width * error, estimate + width * error
        bounds = (-1.0, 1.0) if test else (0.0, 1.0)
        facts["df"] = None if math.isinf(df) else df
        return Result(estimate=estimate, low=max(low, bounds[0]), high=min(high, bounds[1]), **facts)

    def _facts(self) -> dict[str, object]:
        return {
            "level": self.level,
            "n": self.n,
            "method": f"Obuchowski-Rockette analysis, readers {self.readers}, cases {self.cases}, "
            "{self.method}",
            "reference": HILLIS,
            "assumes": ASSUMES[self.readers, self.cases],
        }
