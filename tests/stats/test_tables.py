"""Table 1 and the tests behind it."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    adjust_p,
    compare_categorical,
    compare_continuous,
    standardised_difference,
    summarise,
)
from fxstudy.stats.group_tests import normality_p


def test_table_of_asah(asah):
    """Oracle: R 4.2, t.test(var.equal = TRUE), wilcox.test(exact = FALSE) and chisq.test(correct = FALSE)."""
    table = summarise(asah, "y", {"age": "continuous", "gender": "categorical", "ndka": "continuous"})
    first = table.dropna(subset=["test"]).set_index("variable")
    assert first.test.to_dict() == {"age": "Student's t", "gender": "chi-square", "ndka": "Mann-Whitney"}
    assert first.p_value["age"] == pytest.approx(0.0251491236971, abs=1e-11)
    assert first.p_value["gender"] == pytest.approx(0.0539089965052, abs=1e-11)
    assert first.p_value["ndka"] == pytest.approx(0.0487701170397, abs=1e-11)
    assert table.loc[0, ["all", "0", "1"]].tolist() == ["113", "72", "41"]
    assert table.loc[table.category == "Male", "1"].item() == "20 (48.8)"
    assert table.loc[table.variable == "age", "0"].item() == "48.9 (13.8)"


def test_published_chi_square_of_the_wrist_study():
    """Oracle: Kim MW 2021, Table 1: age group p = 0.936 from the printed counts, male sex p < 0.01."""
    age = compare_categorical(np.array([[259, 137], [1452, 761]]))
    assert (age.name, round(age.p_value, 3)) == ("chi-square", 0.936)
    assert compare_categorical(np.array([[920, 412], [791, 486]])).p_value < 0.01


def test_fisher_where_counts_are_small():
    """Oracle: Fisher's tea tasting, 34/70; R 4.2, fisher.test on the job satisfaction table, 0.7827."""
    tea = compare_categorical(np.array([[3, 1], [1, 3]]))
    assert (tea.name, tea.p_value) == ("Fisher's exact", pytest.approx(34 / 70))
    job = np.array([[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]])
    found = compare_categorical(job, seed=1)
    assert found.name == "Fisher's exact" and found.p_value == pytest.approx(0.7827, abs=0.015)
    assert found == compare_categorical(job, seed=1)


def test_choice_of_the_continuous_test(rng):
    normal, skewed = [rng.normal(size=40) for _ in range(3)], [rng.exponential(size=40) for _ in range(3)]
    assert compare_continuous(normal[:2]).name == "Student's t"
    assert compare_continuous(normal[:2], equal_variance=False).name == "Welch's t"
    assert compare_continuous(skewed[:2]).name == "Mann-Whitney"
    assert compare_continuous(normal).name == "analysis of variance"
    assert compare_continuous(skewed).name == "Kruskal-Wallis"
    assert compare_continuous(skewed, parametric=True).name == "analysis of variance"
    assert compare_continuous(skewed).p_value == stats.kruskal(*skewed).pvalue


def test_kolmogorov_smirnov_knows_that_the_mean_was_estimated():
    """Oracle: Lilliefors 1967, Table 1: the 5 % critical value of D at n = 20 is 0.190."""
    values = stats.norm.ppf((np.arange(1, 21) - 0.5) / 20)
    assert normality_p(values, method="kolmogorov-smirnov") > 0.2 - 1e-9
    assert normality_p(np.append(values[:18], [6, 7]), method="kolmogorov-smirnov") < 0.05
    assert math.isnan(normality_p([1.0, 1.0, 1.0]))


def test_standardised_differences():
    """Oracle: Austin, Stat Med 2009;28:3083, formulas (1) and (2): binary 0.3 against 0.5."""
    a, b = pd.Series([1.0, 2, 3]), pd.Series([2.0, 3, 4])
    assert standardised_difference(a, b, kind="continuous") == pytest.approx(1.0)
    a, b = pd.Series(["m"] * 3 + ["f"] * 7), pd.Series(["m"] * 5 + ["f"] * 5)
    wanted = 0.2 / math.sqrt((0.3 * 0.7 + 0.5 * 0.5) / 2)
    assert standardised_difference(a, b, kind="categorical") == pytest.approx(wanted)
    assert standardised_difference(a, a, kind="categorical") == 0


def test_missing_values_are_counted_and_left_out():
    table = pd.DataFrame(
        {
            "group": ["a"] * 5 + ["b"] * 5 + [None],
            "age": [1.0, 2, 3, 4, None, 3, 4, 5, 6, 7, 99],
            "sex": ["m", "f", "m", "f", None, "m", "m", None, "f", "f", "m"],
        }
    )
    found = summarise(
        table, "group", {"age": "continuous", "sex": "categorical"}, labels={"age": "Age, years"}
    )
    rows = found.dropna(subset=["test"]).set_index("variable")
    assert rows.missing.to_dict() == {"Age, years": 1, "sex": 2}
    assert rows.loc["Age, years", "a"] == "2.5 (1.3)"
    assert found.loc[found.category == "f", "b"].item() == "2 (50.0)"
    assert found.loc[0, "all"] == "10"


def test_empty_and_constant_variables_do_not_break_the_table():
    table = pd.DataFrame(
        {"group": list("aabb"), "kvp": [60.0] * 4, "view": ["AP"] * 4, "age": [1.0, 2, None, None]}
    )
    with pytest.warns(StatisticsWarning, match="fewer than two values"):
        found = summarise(table, "group", {"kvp": "continuous", "view": "categorical", "age": "continuous"})
    rows = found.dropna(subset=["test"]).set_index("variable")
    assert rows.test.tolist() == ["none"] * 3
    assert rows.loc["age", "b"] == "none"


def test_adjusted_p_values():
    """Oracle: R 4.2, p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm") and "BH"."""
    assert adjust_p([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert adjust_p([0.01, 0.02, 0.03, 0.04], method="benjamini-hochberg") == pytest.approx([0.04] * 4)
    assert adjust_p([0.01, math.nan, 0.5]) == pytest.approx([0.02, math.nan, 0.5], nan_ok=True)
    with pytest.raises(StatisticsError, match="between 0 and 1"):
        adjust_p([1.2])


def test_bad_tables_are_refused(asah):
    with pytest.raises(StatisticsError, match="no column height"):
        summarise(asah, "y", {"height": "continuous"})
    with pytest.raises(StatisticsError, match="kind of age must be one of"):
        summarise(asah, "y", {"age": "number"})
    with pytest.raises(StatisticsError, match="must hold numbers"):
        summarise(asah, "y", {"gender": "continuous"})
    with pytest.raises(StatisticsError, match="at least two groups"):
        summarise(asah[asah.y == 1], "y", {"age": "continuous"})
