"""How results are told."""

import math
import subprocess
import sys

import pytest

import fxstudy.stats
from fxstudy.stats import Result, number, p_text


def test_text_is_what_a_journal_prints():
    result = Result("AUC", 0.9537, 0.921, 0.9869, p_value=0.0272, n=100, meaning="It ranks well.")
    assert result.text() == "0.954 (0.921 to 0.987)"
    assert result.sentence() == (
        "AUC was 0.954 (95 % confidence interval 0.921 to 0.987), p = 0.027. It ranks well."
    )
    assert "<p>AUC was 0.954" in result._repr_html_()


@pytest.mark.parametrize(
    ("p", "log10", "text"),
    [
        (0.5, None, "p = 0.50"),
        (0.0499, None, "p = 0.050"),
        (0.049, None, "p = 0.049"),
        (0.00004, -4.4, "p < 0.001"),
        (0.0, -719.27, "p < 0.001 (10^-719.3)"),
        (math.nan, None, "p not defined"),
        (None, None, "p not defined"),
        (1.0, 0.0, "p = 1.00"),
    ],
)
def test_p_values_are_never_zero(p, log10, text):
    assert p_text(p, log10) == text


def test_numbers_without_a_value():
    assert number(math.nan) == "not defined"
    assert number(math.inf) == "infinite"
    assert number(-0.0001) == "0.000"
    assert Result("PPV", math.nan, note="no positives").sentence() == (
        "PPV is not defined for these numbers. no positives"
    )


def test_frame_holds_all_digits():
    frame = Result("F", 1 / 3, df=(1, 15.066)).to_frame()
    assert frame.estimate.item() == 1 / 3
    assert frame.df.item() == "1, 15.066"


def test_html_is_escaped():
    assert "<script>" not in Result("<script>", 0.5, note="<b>")._repr_html_()


def test_every_exported_name_exists():
    assert sorted(fxstudy.stats.__all__) == fxstudy.stats.__all__
    assert all(hasattr(fxstudy.stats, name) for name in fxstudy.stats.__all__)


def test_room_needs_neither_torch_nor_other_rooms():
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision", "fastai", "timm", "cv2"):
            raise ImportError(name + " is absent")
sys.meta_path.insert(0, Absent())
import fxstudy.stats
print([m for m in sys.modules if m.startswith("fxstudy.") and m.split(".")[1] not in ("stats", "errors")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
