"""Printed numbers of the five papers."""

import math
import re
from pathlib import Path

import pytest

from fxstudy.report.errors import ReportError
from fxstudy.report.published import parse_printed, published, published_studies

PAPERS = {
    "hip_detection": "hip_detection_damoyolo2025.txt",
    "hip_garden": "hip_garden_mutasa2020.txt",
    "hip_multicenter": "hip_multicenter_efficientnet2020.txt",
    "wrist_delong": "wrist_delong_kim2021.txt",
    "wrist_transfer": "wrist_transfer_kim2018.txt",
}


def test_all_five_studies_are_on_file() -> None:
    assert published_studies() == tuple(sorted(PAPERS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90.3 ± 1.4", {"value": 90.3, "sd": 1.4}),
        ("96.1 (94.9, 97.3)", {"value": 96.1, "low": 94.9, "high": 97.3}),
        ("13/231", {"value": 13, "total": 231}),
        ("<0.050", {"value": 0.05, "bound": "<"}),
        ("95.5%", {"value": 0.955}),
        ("0.64 to 0.92", {"low": 0.64, "high": 0.92}),
        ("4851", {"value": 4851}),
    ],
)
def test_printed_forms_are_read(text: str, expected: dict) -> None:
    found = parse_printed(text)
    assert {
        k: v for k, v in found.items() if v != "" and not (isinstance(v, float) and math.isnan(v))
    } == expected


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ReportError, match="not a printed number: 'about 5'"):
        parse_printed("about 5")


def test_unknown_study_names_the_known_ones() -> None:
    with pytest.raises(ReportError, match="must be one of hip_detection, .* not 'knee'"):
        published("knee")


def test_delong_study_matches_its_tables() -> None:
    """Oracle: Tables 1 to 3 and the abstract of the paper."""
    paper = published("wrist_delong")
    assert paper.value("auc", model="DenseNet-161") == 0.962
    assert paper.value("sensitivity", model="ResNet-152") == 0.886
    row = paper.results.query("model == 'DenseNet-161' and measure == 'ppv'").iloc[0]
    assert (row["value"], row["sd"], row["printed"]) == (0.803, 0.024, "80.3 ± 2.4")
    assert paper.citation.short == "Kim MW 2021"
    assert "doi:10.15441/ceem.20.091" in str(paper.citation)
    assert paper.literature.set_index("study").loc["Gan 2019", "specificity"] == "0.96"


def test_an_ambiguous_number_is_not_guessed() -> None:
    with pytest.raises(ReportError, match="prints 6 numbers for sensitivity of surgeon A"):
        published("hip_detection").value("sensitivity", model="surgeon A")


def test_cohorts_add_up() -> None:
    """Oracle: arithmetic on the printed tables."""

    def count(study: str, item: str, column: str) -> float:
        table = published(study).counts
        return float(table[(table["item"] == item) & (table["column"] == column)]["value"].iloc[0])

    for column in ("Gamagori", "Tsushima", "Nagoya Daini", "all"):
        kinds = ("Garden I/II", "Garden III/IV", "AO 31-A1", "AO 31-A2", "AO 31-A3", "greater trochanter")
        assert sum(count("hip_multicenter", kind, column) for kind in kinds) == count(
            "hip_multicenter", "radiographs", column
        )
    types = published("hip_detection").counts.query(
        "where == 'Table I' and item.str.contains('neck|inter|visible')"
    )
    assert types.groupby("column")["value"].sum().to_dict() == {"external": 675, "internal": 4493}
    for total, parts in (("total", ("no fracture", "fracture")),):
        whole = count("wrist_delong", "patients", total)
        assert sum(count("wrist_delong", "patients", part) for part in parts) == whole


def test_contradictions_follow_from_the_printed_numbers() -> None:
    """Oracle: the sums in the column `computed`."""
    delong = published("wrist_delong")
    missed = delong.counts.query("item == 'missed by DenseNet-161'")
    assert 1 - missed["value"].sum() / missed["total"].sum() == pytest.approx(268 / 300)
    surgeon = published("hip_detection").results.query("model == 'surgeon B' and measure == 'sensitivity'")
    by_type = surgeon.set_index("target")["value"]
    weights = {"displaced neck": 91, "valgus-impacted neck": 173}
    weights |= {"stable intertrochanteric": 37, "unstable intertrochanteric": 40}
    micro = sum(by_type[target] * n for target, n in weights.items()) / 341
    assert micro == pytest.approx(0.862, abs=5e-4)
    assert by_type["micro average"] == 0.78


@pytest.mark.parametrize("study", sorted(PAPERS))
def test_every_number_stands_in_the_paper(study: str, shared_data: Path) -> None:
    """Oracle: the paper's text; skipped where it is not at hand."""
    file = shared_data.parent / "papers" / PAPERS[study]
    if not file.is_file():
        pytest.skip(f"the text of the paper is not at hand ({file.name})")
    words = set(
        re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", file.read_text(encoding="utf-8")))
    )
    paper = published(study)
    printed = [*paper.counts["printed"], *paper.results["printed"]]
    numbers = {number for text in printed for number in re.findall(r"\d+(?:\.\d+)?", text)}
    assert not numbers - words
