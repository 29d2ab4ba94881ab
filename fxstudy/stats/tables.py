"""Table 1: who is in each group, with the right test per variable."""

from collections.abc import Mapping

import pandas as pd

from fxstudy.errors import StatisticsError
from fxstudy.stats.checks import check_choice
from fxstudy.stats.group_tests import (
    NORMALITY,
    GroupTest,
    compare_categorical,
    compare_continuous,
    largest_difference,
)
from fxstudy.stats.result import number

KINDS = ("continuous", "categorical")


def summarise(
    table: pd.DataFrame,
    group: str,
    columns: Mapping[str, str],
    *,
    normality: str = "shapiro",
    parametric: bool | None = None,
    equal_variance: bool = True,
    labels: Mapping[str, str] | None = None,
    digits: int = 1,
    seed: int = 0,
) -> pd.DataFrame:
    """Baseline table by group, ready to print.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per unit (patient or image: say which).
    group : str
        Column that holds the group; rows without it are left out.
    columns : mapping
        Column to ``"continuous"`` or ``"categorical"``, in the order of the table.
    normality : {"shapiro", "kolmogorov-smirnov"}
        Test that decides between t or analysis of variance and Mann–Whitney or Kruskal–Wallis.
    parametric : bool, optional
        Decide it for all continuous variables instead.
    equal_variance : bool
        Student's t rather than Welch's.
    labels : mapping, optional
        Names to print for columns.
    digits : int
        Decimals of means and percentages.
    seed : int
        For Fisher's test beyond two by two.

    Returns
    -------
    pandas.DataFrame
        Columns ``variable``, ``category``, ``statistic`` (what the cells hold), ``all``, one per group,
        ``missing``, ``test``, ``p_value``, ``smd`` (largest standardised difference between two groups) and
        ``why`` (why this test). Test columns are filled on the first row of a variable.

    Raises
    ------
    StatisticsError
        Unknown columns or kinds, or fewer than two groups.
    """
    check_choice(normality, NORMALITY, "normality")
    _check(table, group, columns)
    table = table[table[group].notna()]
    names = [str(name) for name in sorted(table[group].unique(), key=str)]
    key = table[group].astype(str)
    if len(names) < 2:
        raise StatisticsError(f"column {group!r} must hold at least two groups, not {names}")
    choices = {"normality": normality, "parametric": parametric, "equal_variance": equal_variance}
    rows = [_count_row(key, names)]
    for column, kind in columns.items():
        if kind == "continuous":
            block = _continuous(table[column], key, names, digits, choices)
        else:
            block = _categorical(table[column], key, names, digits, seed)
        parts = [table.loc[key == name, column] for name in names]
        block[0]["missing"] = int(table[column].isna().sum())
        block[0]["smd"] = largest_difference(parts, kind=kind)
        rows += [{"variable": (labels or {}).get(column, column), **row} for row in block]
    order = ["variable", "category", "statistic", "all", *names, "missing", "test", "p_value", "smd", "why"]
    return pd.DataFrame(rows).reindex(columns=order).astype({"missing": "Int64"})


def _check(table: pd.DataFrame, group: str, columns: Mapping[str, str]) -> None:
    absent = [name for name in (group, *columns) if name not in table.columns]
    if absent:
        raise StatisticsError(
            f"the table has no column {', '.join(absent)}; it has {', '.join(table.columns)}"
        )
    for column, kind in columns.items():
        check_choice(kind, KINDS, f"kind of {column}")
        if kind == "continuous" and not pd.api.types.is_numeric_dtype(table[column]):
            raise StatisticsError(
                f"column {column!r} must hold numbers to be continuous, not {table[column].dtype}"
            )


def _count_row(key: pd.Series, names: list[str]) -> dict[str, object]:
    cells = {name: str(int((key == name).sum())) for name in names}
    return {"variable": "n", "category": "", "statistic": "count", "all": str(len(key)), **cells}


def _continuous(
    values: pd.Series, key: pd.Series, names: list[str], digits: int, choices: dict[str, object]
) -> list[dict[str, object]]:
    """Mean and SD beside a parametric test, median and quartiles beside a rank test."""
    parts = [values[key == name].dropna() for name in names]
    test = compare_continuous([part.to_numpy(float) for part in parts], **choices)
    by_mean = test.name in ("Student's t", "Welch's t", "analysis of variance")

    def cell(part: pd.Series) -> str:
        if part.empty:
            return "none"
        if by_mean:
            return f"{number(part.mean(), digits)} ({number(part.std(ddof=1), digits)})"
        low, middle, high = (number(part.quantile(q), digits) for q in (0.25, 0.5, 0.75))
        return f"{middle} ({low} to {high})"

    statistic = "mean (SD)" if by_mean else "median (quartiles)"
    cells = {name: cell(part) for name, part in zip(names, parts, strict=True)}
    return [{"category": "", "statistic": statistic, "all": cell(values.dropna()), **cells, **_told(test)}]


def _categorical(
    values: pd.Series, key: pd.Series, names: list[str], digits: int, seed: int
) -> list[dict[str, object]]:
    counts = pd.crosstab(values.astype("object"), key).reindex(columns=names, fill_value=0)
    test = compare_categorical(counts.to_numpy(), seed=seed)
    totals, everyone = counts.sum(), int(counts.to_numpy().sum())
    rows = []
    for category, row in counts.iterrows():
        cells = {name: _share(int(row[name]), int(totals[name]), digits) for name in names}
        whole = _share(int(row.sum()), everyone, digits)
        rows.append({"category": str(category), "statistic": "n (%)", "all": whole, **cells})
    rows = rows or [{"category": "", "statistic": "n (%)", "all": "none", **dict.fromkeys(names, "none")}]
    rows[0] |= _told(test)
    return rows


def _told(test: GroupTest) -> dict[str, object]:
    return {"test": test.name, "p_value": test.p_value, "why": test.why}


def _share(count: int, total: int, digits: int) -> str:
    return f"{count} ({100 * count / total:.{digits}f})" if total else f"{count}"
