"""Numbers as journals print them; the oracle is the convention (AMA Manual of Style, 11th ed.)."""

from types import SimpleNamespace

import pytest

from fxstudy.report.text import count_text, estimate_text, interval_text, mean_sd_text, number_text, p_text


def result(estimate: float, low: float = float("nan"), high: float = float("nan")) -> SimpleNamespace:
    return SimpleNamespace(estimate=estimate, low=low, high=high)


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.034, "P = 0.034"),
        (0.0009999, "P < 0.001"),
        (0.001, "P = 0.001"),
        (0.0, "P < 0.001"),
        (0.05, "P = 0.050"),
        (0.04996, "P = 0.04996"),
        (0.0499, "P = 0.0499"),
        (0.9996, "P > 0.999"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_p_values_have_three_decimals_and_never_round_across_five_percent(p: float | None, text: str) -> None:
    assert p_text(p) == text


def test_p_value_without_a_name_is_bare() -> None:
    assert p_text(0.2, name="") == "0.200"
    assert p_text(1e-9, name="") == "<0.001"


def test_p_value_that_underflowed_is_read_from_its_logarithm() -> None:
    assert p_text(float("nan"), log10_p=-400) == "P < 0.001"
    assert p_text(float("nan"), log10_p=-1) == "P = 0.100"


def test_auc_has_three_decimals_and_its_interval() -> None:
    assert estimate_text(result(0.9537, 0.92149, 0.98651)) == "0.954 (0.921 to 0.987)"


def test_percentages_have_one_decimal() -> None:
    assert estimate_text(result(0.903, 0.8639, 0.93201), percent=True) == "90.3 (86.4 to 93.2)"


def test_an_undefined_estimate_says_so_and_a_missing_interval_is_left_out() -> None:
    assert estimate_text(result(float("nan"))) == "not defined"
    assert estimate_text(result(0.5)) == "0.500"


def test_negative_numbers_carry_a_true_minus_and_zero_none() -> None:
    assert number_text(-0.0151) == "\N{MINUS SIGN}0.015"
    assert number_text(-0.00001) == "0.000"
    assert interval_text(-0.02, 0.01) == "\N{MINUS SIGN}0.020 to 0.010"
    assert number_text(float("inf")) == "∞"


def test_mean_and_counts() -> None:
    assert mean_sd_text(0.903, 0.014, percent=True) == "90.3 ± 1.4"
    assert mean_sd_text(0.903, None, percent=True) == "90.3"
    assert count_text(1711, 2609) == "1,711 (65.6%)"
    assert count_text(None) == "–"
