"""House style of the figures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from fxstudy.report import style
from fxstudy.report.errors import ReportError


def test_sizes_are_printed_millimetres() -> None:
    figure, axes = style.new_figure(2, 3, width_mm=170, height_mm=60)
    assert axes.shape == (2, 3)
    assert figure.get_size_inches() * 25.4 == pytest.approx([170, 60])


def test_theme_ends_with_its_context() -> None:
    before = plt.rcParams["font.size"]
    with style.theme():
        assert plt.rcParams["font.size"] == 8
    assert plt.rcParams["font.size"] == before


def test_theme_keeps_what_a_backend_sets_when_it_wakes() -> None:
    """A notebook's backend switches to interactive at the first figure, which may be drawn in the theme."""
    plt.ioff()
    try:
        with style.theme():
            plt.ion()
        assert plt.isinteractive()
    finally:
        plt.ioff()


def test_vector_output_keeps_text_as_text() -> None:
    with style.theme():
        assert plt.rcParams["svg.fonttype"] == "none"
        assert plt.rcParams["pdf.fonttype"] == 42


def test_a_model_keeps_its_colour_and_too_many_models_are_refused() -> None:
    colours = style.palette(["A", "B", "A"])
    assert list(colours) == ["A", "B"]
    assert colours["A"] != colours["B"]
    with pytest.raises(ReportError, match="at most 7 models, not 8"):
        style.palette("abcdefgh")


@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_first_colours_stay_apart_for_the_colour_blind(kind: str) -> None:
    """Oracle: simulation matrices of Machado, Oliveira and Fernandes (2009), severity 1."""
    matrix = {
        "protan": [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        "deutan": [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    }[kind]
    seen = [np.asarray(matrix) @ np.asarray(to_rgb(colour)) ** 2.2 for colour in style.COLOURS[:4]]
    distances = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(distances) > 0.1
