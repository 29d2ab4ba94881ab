"""Tables: text as printed, CSV with all digits."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from fxstudy import stats
from fxstudy.report import tables
from fxstudy.report.beside_paper import contradictions_table, literature_table, published_table
from fxstudy.report.errors import ReportError
from fxstudy.report.methods import methods_text
from fxstudy.report.published import published

RNG = np.random.default_rng(5)
TRUTH = np.repeat([1, 0], [60, 90])
SCORES = {name: np.clip(RNG.normal(0.3 + gap * TRUTH, 0.2), 0, 1) for name, gap in (("A", 0.4), ("B", 0.3))}
ACCURACY = {
    name: [stats.accuracy_table(TRUTH, score, 0.5), stats.auc(TRUTH, score)] for name, score in SCORES.items()
}
REPEATS = pd.DataFrame(
    {
        "model": ["A", "A", "A", "B", "B", "B"],
        "sensitivity": [0.8, 0.9, 1.0] * 2,
        "auc": [0.95, 0.96, 0.97] * 2,
    }
)


def test_estimates_print_percentages_and_areas_in_their_own_way() -> None:
    """Oracle: 50 of 60 is 83.3 %, with Wilson's interval 72.0 to 90.7 (closed form)."""
    counts = stats.accuracy_from_counts(tp=50, fp=9, fn=10, tn=81)
    shown = tables.estimates_table([counts.sensitivity, stats.auc(TRUTH, SCORES["A"])]).shown
    assert list(shown["Measure"]) == ["Sensitivity (%)", "AUC"]
    assert shown["Estimate (95% CI)"][0] == "83.3 (72.0 to 90.7)"
    assert shown["Estimate (95% CI)"][1].startswith("0.")
    assert list(shown["n"]) == ["60", "150"]


def test_estimates_of_a_test_carry_its_p_value() -> None:
    test = stats.delong_test(TRUTH, SCORES["A"], SCORES["B"], names=("A", "B"))
    shown = tables.estimates_table(test).shown
    assert list(shown["P"][:2]) == ["–", "–"]
    assert shown["P"][2] in (f"{test.difference.p_value:.3f}", "<0.001")


def test_models_show_the_repeats_above_the_primary_run() -> None:
    table = tables.models_table(ACCURACY, repeats=REPEATS, measures=("sensitivity", "auc"))
    shown = table.shown
    assert [text.replace("\u00a0", " ") for text in shown["Shown"]] == [
        "mean ± SD of 3",
        "primary (95% CI)",
    ] * 2
    assert shown["Sensitivity (%)"][0] == "90.0 ± 10.0"
    assert shown["AUC"][0] == "0.960 ± 0.010"
    assert shown["AUC"][1] == stats.auc(TRUTH, SCORES["A"]).text()
    mean = table.numbers.query("what == 'repeats' and measure == 'sensitivity' and model == 'A'").iloc[0]
    assert (mean["value"], mean["sd"], mean["trainings"]) == pytest.approx((0.9, 0.1, 3))


def test_one_training_has_no_standard_deviation() -> None:
    with pytest.raises(ReportError, match="A has 1 training"):
        tables.models_table(ACCURACY, repeats=REPEATS[:1], measures=("auc",))


def test_table_one_heads_categories_and_counts_what_is_missing() -> None:
    frame = pd.DataFrame(
        {
            "label": np.where(TRUTH == 1, "fracture", "none"),
            "age": RNG.normal(40, 20, 150),
            "sex": np.resize(["F", "M", None], 150),
        }
    )
    summary = stats.summarise(frame, "label", {"age": "continuous", "sex": "categorical"})
    table = tables.table_one(summary, labels={"fracture": "Fracture"}, unit="radiographs")
    shown = table.shown.set_index("Characteristic")
    assert shown.loc["Radiographs", "Fracture"] == "60"
    assert shown.loc["sex, n (%); 50 missing", "P"] != ""
    assert shown.loc["\u2003F", "P"] == ""
    assert "chi-square" in " ".join(table.notes)


def test_html_has_header_cells_with_their_scope_and_escapes_text() -> None:
    frame = pd.DataFrame({"Model": ["<b>A</b>"], "AUC": ["0.954 (0.921 to 0.987)"]})
    soup = BeautifulSoup(
        tables.ReportTable(frame, frame, "Areas & more", ("A note",)).to_html(), "html.parser"
    )
    assert soup.table["class"] == ["fx-table"]
    assert soup.caption.text == "Areas & more"
    assert [th["scope"] for th in soup.find_all("th")] == ["col", "col", "row"]
    assert soup.tbody.th.text == "<b>A</b>"
    assert soup.select_one("td .ci").text == "(0.921 to 0.987)"
    assert soup.tfoot.text == "A note"


def test_csv_keeps_all_digits(tmp_path: Path) -> None:
    result = stats.auc(TRUTH, SCORES["A"])
    path = tables.estimates_table([result]).to_csv(tmp_path / "areas.csv")
    assert pd.read_csv(path)["estimate"][0] == result.estimate


def test_published_numbers_stand_beside_the_rerun() -> None:
    """Oracle: Table 3 of Kim MW 2021 and the rerun's own numbers."""
    paper = published("wrist_delong")
    table = published_table(paper, ACCURACY, stands_for={"A": "DenseNet-161", "B": "ResNet-152"})
    first = table.shown.iloc[0]
    assert (first["Published model"], first["Published"]) == ("DenseNet-161", "90.3 ± 1.4")
    numbers = table.numbers.iloc[0]
    assert numbers["rerun"] == ACCURACY["A"][0].sensitivity.estimate
    shown = float(first["Difference"].replace("\N{MINUS SIGN}", "-"))
    assert shown == pytest.approx(100 * (numbers["rerun"] - 0.903), abs=0.051)
    assert list(table.numbers["measure"][:6]) == list(tables.MEASURES)


def test_a_measure_that_the_paper_does_not_print_stays_empty() -> None:
    table = published_table(
        published("wrist_transfer"), {"Inception v3": ACCURACY["A"]}, measures=("auc", "npv")
    )
    assert list(table.shown["Published"]) == ["0.954", "–"]


def test_literature_takes_new_rows_with_known_columns_only() -> None:
    paper = published("wrist_delong")
    shown = literature_table(paper, [{"study": "This rerun", "images": "445", "auc": "0.95"}]).shown
    assert list(shown.iloc[-1][["Study", "Images", "AUC", "Model"]]) == ["This rerun", "445", "0.95", "–"]
    with pytest.raises(ReportError, match="not kappa"):
        literature_table(paper, [{"kappa": "1"}])


def test_contradictions_are_told_in_a_wide_table() -> None:
    table = contradictions_table(published("hip_garden"))
    assert table.wide
    assert len(table.shown) == len(table.numbers) > 5


class TestMethods:
    def test_each_method_is_named_once_with_a_numbered_reference(self) -> None:
        test = stats.delong_test(TRUTH, SCORES["A"], SCORES["B"], names=("A", "B"))
        methods = methods_text([test, ACCURACY])
        assert methods.references[0].startswith("DeLong")
        assert len(methods.references) == len(set(methods.references))
        assert methods.text.count("binomial proportion, wilson interval") == 1
        assert "Confidence intervals are at the level of 95%." in methods.text
        assert f"numpy {np.__version__}" in methods.text

    def test_packages_that_are_absent_are_left_out(self) -> None:
        assert "nosuchpackage" not in str(methods_text(ACCURACY, packages=("nosuchpackage", "numpy")))

    def test_html_lists_the_references(self) -> None:
        soup = BeautifulSoup(methods_text(ACCURACY)._repr_html_(), "html.parser")
        assert len(soup.select("ol.fx-references li")) == len(methods_text(ACCURACY).references)

    def test_no_result_is_an_error(self) -> None:
        with pytest.raises(ReportError, match="at least one result"):
            methods_text([])
