"""What stands in the figures: axes, legends, numbers, and that nothing overlaps or leaves the page."""

import re
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from fxstudy.report import figures
from fxstudy.report.errors import ReportError
from fxstudy.report.figures import Case
from fxstudy.report.style import SMALLEST_POINT, new_figure

CURVE = SimpleNamespace(fpr=np.array([0, 0, 0.1, 1.0]), tpr=np.array([0, 0.8, 0.9, 1.0]))
AUC = SimpleNamespace(estimate=0.9537, low=0.921, high=0.987, level=0.95)


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.findobj(Text) if text.get_text() and text.get_visible()]


def histories() -> dict[str, pd.DataFrame]:
    epoch = np.arange(1, 6)
    table = pd.DataFrame({"epoch": epoch, "train_loss": 1 / epoch, "tune_loss": 1.2 / epoch})
    table = table.assign(tune_auc=1 - 0.4 / epoch, learning_rate=1e-4, best=epoch == 4)
    return {"A": table, "B": table}


def cases(count: int = 3, *, rows: int = 60, columns: int = 50) -> list[Case]:
    image = np.tile(np.linspace(0, 255, columns), (rows, 1)).astype(np.uint8)
    return [
        Case(
            image,
            caption=f"case {index}, frontal view of the left wrist",
            truth=("fracture", "none")[index % 2],
            scores={"A": 0.125, "B": 0.9},
            boxes=[(10, 20, 30, 40)],
            maps={"A": np.ones((3, 3)), "B": np.zeros((3, 3))},
        )
        for index in range(count)
    ]


STEPS = pd.DataFrame(
    [
        {"step": "Radiographs of the hospital", "kind": "box", "patients": 900, "images": 2700},
        {"step": "Poor quality", "kind": "out", "images": 12},
        {
            "step": "Not classified by a radiologist, or classified in two ways",
            "kind": "out",
            "images": 8,
        },
        {"step": "Eligible", "kind": "box", "patients": 893, "images": 2680},
        {"step": "Training", "kind": "arm", "patients": 600, "images": 1800, "detail": "600 fracture"},
        {"step": "Tuning", "kind": "arm", "patients": 93, "images": 280},
        {"step": "Test of the frozen models", "kind": "arm", "patients": 200, "images": 600},
    ]
)


class TestRoc:
    def test_legend_carries_auc_and_interval_of_every_model(self) -> None:
        ax = figures.plot_roc({"A": CURVE, "B": CURVE}, aucs={"A": AUC, "B": AUC})
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert labels == ["A  0.954 (0.921 to 0.987)", "B  0.954 (0.921 to 0.987)"]
        assert ax.get_legend().get_title().get_text() == "AUC (95% CI)"
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("1 − specificity", "Sensitivity")

    def test_operating_point_stands_at_its_sensitivity_and_specificity(self) -> None:
        point = SimpleNamespace(sensitivity=SimpleNamespace(estimate=0.9), specificity=0.8)
        ax = figures.plot_roc({"A": CURVE}, points={"A": point})
        marker = next(line for line in ax.lines if line.get_marker() == "o")
        assert (marker.get_xdata()[0], marker.get_ydata()[0]) == pytest.approx((0.2, 0.9))

    def test_band_lies_between_its_ends(self) -> None:
        grid = np.linspace(0, 1, 5)
        band = SimpleNamespace(fpr=grid, low=grid * 0.5, high=grid)
        ax = figures.plot_roc({"A": CURVE}, bands={"A": band})
        drawn = ax.collections[0].get_paths()[0].vertices
        assert drawn[:, 1].max() == 1
        assert len(ax.collections) == 1

    def test_area_without_a_curve_is_an_error(self) -> None:
        with pytest.raises(ReportError, match="aucs: no curve for C; the curves are A"):
            figures.plot_roc({"A": CURVE}, aucs={"C": AUC})
        with pytest.raises(ReportError, match="at least one curve"):
            figures.plot_roc({})


class TestConfusion:
    def test_counts_and_shares_of_the_true_class(self) -> None:
        """Oracle: the paper's test set, 268 of 300 fractures found by the first model."""
        ax = figures.plot_confusion(SimpleNamespace(tp=268, fn=32, fp=67, tn=623))
        shown = texts(ax)
        assert {"268", "89.3%", "32", "10.7%", "67", "9.7%", "623", "90.3%"} <= set(shown)
        assert "Fracture\n(n = 300)" in shown

    def test_a_class_without_images_has_no_share(self) -> None:
        assert not any("%" in text for text in texts(figures.plot_confusion([[0, 0], [0, 0]])))

    @pytest.mark.parametrize("table", [[[1, 2, 3], [4, 5, 6]], [[1, -2], [3, 4]], [[0.5, 1], [1, 1]]])
    def test_what_is_no_table_of_counts_is_refused(self, table: list) -> None:
        with pytest.raises(ReportError, match="confusion matrix"):
            figures.plot_confusion(table)


class TestScores:
    def test_errors_on_either_side_of_the_threshold_are_counted(self) -> None:
        truth, score = [1, 1, 1, 0, 0, 0], [0.9, 0.5, 0.2, 0.5, 0.49, 0.1]
        ax = figures.plot_scores(truth, score, threshold=0.5)
        shown = " ".join(texts(ax))
        assert "Fracture (n = 3), 1 missed" in shown
        assert "No fracture (n = 3), 1 false alarm" in shown
        assert "threshold 0.500" in shown

    def test_bars_add_up_to_the_images_of_each_class(self) -> None:
        rng = np.random.default_rng(1)
        truth, score = rng.integers(0, 2, 200), rng.uniform(size=200)
        ax = figures.plot_scores(truth, score, threshold=0.37)
        heights = np.array([bar.get_height() for bar in ax.patches if isinstance(bar, Rectangle)])
        assert heights[heights > 0].sum() == truth.sum()
        assert -heights[heights < 0].sum() == (1 - truth).sum()

    def test_square_root_axis_keeps_the_ticks_as_counts(self) -> None:
        ax = figures.plot_scores([1] * 30 + [0] * 300, [0.99] * 30 + [0.01] * 300, scale="sqrt")
        ax.figure.draw_without_rendering()
        assert "200" in [label.get_text() for label in ax.get_yticklabels()]

    def test_scores_that_are_no_probabilities_are_refused(self) -> None:
        with pytest.raises(ReportError, match="between 0 and 1"):
            figures.plot_scores([0, 1], [0.1, 2.0])
        with pytest.raises(ReportError, match="equally long"):
            figures.plot_scores([0, 1], [0.1])


class TestForest:
    TABLE = pd.DataFrame(
        {
            "label": ["All", "Children", "Adults"],
            "estimate": [0.95, np.nan, 0.96],
            "low": [0.9, np.nan, 0.93],
            "high": [0.98, np.nan, 0.99],
            "n": [300, 4, 296],
            "group": ["", "Age", "Age"],
        }
    )

    def test_numbers_stand_beside_the_intervals(self) -> None:
        shown = texts(figures.plot_forest(self.TABLE, reference=0.95))
        assert {"0.950 (0.900 to 0.980)", "not defined", "Age", "296", "AUC (95% CI)"} <= set(shown)

    def test_labels_do_not_run_into_numbers_or_out_of_the_figure(self) -> None:
        ax = figures.plot_forest(
            self.TABLE.assign(label=["All", "Children of up to fifteen years of age", "Adults"])
        )
        figure = ax.figure
        figure.draw_without_rendering()
        boxes = [
            text.get_window_extent() for text in ax.findobj(Text) if text.get_text() and text.get_visible()
        ]
        page = figure.bbox.padded(1)
        assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
        assert not overlaps(boxes)

    def test_results_are_taken_too(self) -> None:
        result = SimpleNamespace(name="Sensitivity", estimate=0.9, low=0.8, high=0.95, n=50)
        assert "90.0 (80.0 to 95.0)" in texts(figures.plot_forest([result], percent=True, xlabel="%"))

    def test_missing_columns_are_named(self) -> None:
        with pytest.raises(ReportError, match="needs the columns low, high"):
            figures.plot_forest(pd.DataFrame({"label": ["a"], "estimate": [1.0]}))


class TestTraining:
    def test_three_panels_with_their_axes(self) -> None:
        axes = figures.plot_training(histories())
        assert [ax.get_ylabel() for ax in axes] == ["Loss", "AUC (tuning)", "Learning rate"]
        assert axes[2].get_yscale() == "log"
        assert [text.get_text() for text in axes[1].get_legend().get_texts()] == ["A", "B"]

    def test_kept_epoch_is_marked(self) -> None:
        ax = figures.plot_tuning_auc({"A": histories()["A"]})
        marker = next(line for line in ax.lines if line.get_marker() == "o")
        assert list(marker.get_xdata()) == [4]

    def test_a_history_without_its_columns_is_refused(self) -> None:
        with pytest.raises(ReportError, match="history of A must have the columns tune_loss"):
            figures.plot_losses({"A": histories()["A"].drop(columns="tune_loss")})


def overlaps(boxes: list[Bbox]) -> list[tuple[Bbox, Bbox]]:
    shrunk = [box.padded(-0.5) for box in boxes]
    return [(a, b) for i, a in enumerate(shrunk) for b in shrunk[:i] if a.overlaps(b)]


class TestFlow:
    @pytest.mark.parametrize("width_mm", [85, 120, 170])
    @pytest.mark.parametrize("steps", [STEPS, STEPS[STEPS.kind != "out"], STEPS[STEPS.kind != "arm"]])
    def test_boxes_neither_overlap_nor_leave_the_page_and_hold_their_text(
        self, steps: pd.DataFrame, width_mm: float
    ) -> None:
        ax = figures.plot_flow(steps, width_mm=width_mm)
        figure = ax.figure
        figure.draw_without_rendering()
        boxes = [box.get_window_extent() for box in ax.findobj(FancyBboxPatch) if box.get_gid() == "flow-box"]
        written = [text.get_window_extent() for text in ax.texts if text.get_text()]
        page = figure.bbox
        assert len(boxes) == (steps.kind != "out").sum() + (steps.kind == "out").any()
        assert not overlaps(boxes)
        assert not overlaps(written)
        assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
        assert all(page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)
        for text in written:
            assert any(
                b.x0 <= text.x0 and text.x1 <= b.x1 and b.y0 <= text.y0 and text.y1 <= b.y1 for b in boxes
            )

    def test_counts_stand_in_the_boxes(self) -> None:
        shown = re.sub(r"\s+", " ", " ".join(texts(figures.plot_flow(STEPS))))
        assert "900 patients, 2,700 radiographs" in shown
        assert "Excluded: 20 radiographs Poor quality: 12 radiographs" in shown

    def test_too_low_axes_are_refused(self) -> None:
        _, axes = new_figure(width_mm=85, height_mm=20)
        with pytest.raises(ReportError, match="axes at least .* mm high, not"):
            figures.plot_flow(STEPS, ax=axes[0, 0])

    def test_axes_that_are_high_enough_are_used(self) -> None:
        _, axes = new_figure(width_mm=170, height_mm=150)
        assert figures.plot_flow(STEPS, ax=axes[0, 0]) is axes[0, 0]

    def test_a_table_in_the_wrong_order_is_refused(self) -> None:
        with pytest.raises(ReportError, match="first step must be a box"):
            figures.plot_flow(STEPS[1:])
        with pytest.raises(ReportError, match="nothing can follow the arms"):
            figures.plot_flow(pd.concat([STEPS, STEPS[:1]]))
        with pytest.raises(ReportError, match="not aside"):
            figures.plot_flow(STEPS.assign(kind="aside"))


class TestPanels:
    def test_saliency_has_a_row_per_case_and_a_column_per_model(self) -> None:
        axes = figures.plot_saliency(cases(2), models=["A", "B"])
        assert axes.shape == (2, 3)
        assert [ax.get_title(loc="left") for ax in axes[0]] == ["Radiograph", "A", "B"]
        assert "probability 12.5%" in texts(axes[0, 1])
        assert "empty map" in texts(axes[0, 2])
        box = next(patch for patch in axes[0, 0].patches if isinstance(patch, Rectangle))
        assert box.get_bbox().bounds == (10, 20, 20, 20)

    def test_saliency_without_a_map_is_refused(self) -> None:
        with pytest.raises(ReportError, match=r"case 1 .* has no saliency map of C"):
            figures.plot_saliency(cases(1), models=["A", "C"])

    @pytest.mark.parametrize("columns", [3, 4, 6])
    def test_gallery_captions_stay_apart_and_on_the_page(self, columns: int) -> None:
        axes = figures.plot_gallery(cases(7), columns=columns, title="Missed fractures")
        figure = axes.flat[0].figure
        figure.draw_without_rendering()
        notes = [text.get_window_extent() for ax in axes.flat for text in ax.texts]
        assert len(notes) == 7
        assert not overlaps(notes + [text.get_window_extent() for text in figure.texts])
        assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in notes)

    def test_contact_sheet_starts_each_class_with_its_count(self) -> None:
        axes = figures.plot_contact_sheet(cases(9), columns=4, rows_per_class=1)
        assert axes.shape == (2, 4)
        assert axes[0, 0].get_title(loc="left") == "Fracture (4 of 5)"
        assert axes[1, 0].get_title(loc="left") == "None (4 of 4)"

    def test_colour_pictures_and_empty_lists_are_refused(self) -> None:
        with pytest.raises(ReportError, match="must have 2 dimensions, not 3"):
            figures.plot_gallery([Case(np.zeros((4, 4, 3)))])
        with pytest.raises(ReportError, match="no case to show"):
            figures.plot_gallery([])


def test_no_text_is_smaller_than_seven_points() -> None:
    figures.plot_roc({"A": CURVE}, aucs={"A": AUC})
    figures.plot_confusion([[1, 2], [3, 4]])
    figures.plot_scores([0, 1], [0.1, 0.9], threshold=0.5)
    figures.plot_forest(TestForest.TABLE)
    figures.plot_training(histories())
    figures.plot_flow(STEPS)
    figures.plot_saliency(cases(1), models=["A"])
    for number in plt.get_fignums():
        figure = plt.figure(number)
        figure.draw_without_rendering()
        small = [t for t in figure.findobj(Text) if t.get_text() and t.get_fontsize() < SMALLEST_POINT]
        assert not small
