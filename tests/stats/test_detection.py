"""Boxes, average precision and free-response analysis."""

import math

import numpy as np
import pandas as pd
import pytest

from fxstudy.errors import StatisticsError
from fxstudy.stats import (
    StatisticsWarning,
    average_precision,
    box_dice,
    box_iou,
    froc_curve,
    image_scores,
    jafroc,
    match_marks,
)

CORNERS = ["x_min", "y_min", "x_max", "y_max"]


@pytest.fixture(scope="module")
def made():
    """Boxes and detections of 40 images by arithmetic alone, with ties of scores and empty images."""
    boxes, found = [], []
    for i in range(40):
        name = f"i{i:02d}"
        for j in range(i % 3):
            x, y, w, h = 10 + 37 * i % 200, 20 + 53 * j + i, 30 + 7 * (i % 5), 24 + 5 * (j + i % 4)
            boxes.append((name, "VF" if (i + j) % 2 else "DF", x, y, x + w, y + h))
            for k in range(2):
                s = (7 * i + 13 * j + 29 * k) % 17
                dx, dy = (s - 6) * (1 + k), (i * 5 + j * 3) % 11 - 4
                score, label = (
                    ((31 * i + 17 * j + 11 * k) % 50) / 50,
                    "VF" if (i + j + (s == 3)) % 2 else "DF",
                )
                found.append((name, label, score, x + dx, y + dy, x + w + dx, y + h + dy // 2))
        if i % 4 == 0:
            found.append((name, "DF", (i % 10) / 10, 5, 5, 40, 45))
    return (
        pd.DataFrame(found, columns=["image_id", "label", "score", *CORNERS]),
        pd.DataFrame(boxes, columns=["image_id", "label", *CORNERS]),
    )


def test_average_precision_equals_coco(made):
    """Oracle: pycocotools 2.0, COCOeval (bbox, area all, 100 detections) on the same boxes."""
    scores = average_precision(*made)
    rows = scores.by_label.set_index("label")
    assert rows.ap50["DF"] == pytest.approx(0.5602411710819067, abs=1e-12)
    assert rows.ap50_95["DF"] == pytest.approx(0.27649370635143755, abs=1e-12)
    assert rows.ap50["VF"] == pytest.approx(0.6842364532019704, abs=1e-12)
    assert rows.ap50_95["VF"] == pytest.approx(0.2765201744691331, abs=1e-12)
    assert [ap[5] for ap in rows.ap] == pytest.approx([0.163004871915763, 0.08364629566404917], abs=1e-12)
    assert scores.ap50 == pytest.approx((0.5602411710819067 + 0.6842364532019704) / 2)
    assert "0.622" in scores._repr_html_()


def test_overlap_by_hand():
    """Oracle: areas by hand. Boxes of 4 × 4 and 4 × 2 sharing 2 × 2: IoU 4/20, Dice 8/24."""
    a, b = np.array([[0, 0, 4, 4]]), np.array([[2, 2, 6, 4], [4, 0, 8, 4], [0, 0, 4, 4]])
    assert box_iou(a, b)[0] == pytest.approx([4 / 20, 0, 1])
    assert box_dice(a, b)[0] == pytest.approx([8 / 24, 0, 1])
    assert box_iou(np.zeros((0, 4)), b).shape == (0, 3)
    assert box_iou([[1, 1, 1, 1]], [[1, 1, 1, 1]])[0, 0] == 0


def test_perfect_and_empty_detectors(made):
    _, boxes = made
    perfect = average_precision(boxes.assign(score=0.9), boxes)
    assert (perfect.ap50, perfect.ap50_95) == (1, 1)
    assert perfect.by_label.iou.tolist() == perfect.by_label.dice.tolist() == [1, 1]
    none = average_precision(boxes.assign(score=0.9).iloc[:0], boxes)
    assert (none.ap50, none.ap50_95) == (0, 0)
    with pytest.warns(StatisticsWarning, match="no annotated boxes"):
        assert math.isnan(average_precision(boxes.assign(score=0.9), boxes.iloc[:0]).ap50)


def test_image_scores_are_the_best_detection(made):
    found, _ = made
    images = [f"i{i:02d}" for i in range(41)]
    scores = image_scores(found, images)
    assert scores["i40"] == 0 and scores["i03"] == 0
    assert scores["i01"] == found[found.image_id == "i01"].score.max()
    assert image_scores(found, images, label="VF")["i00"] == 0
    with pytest.raises(StatisticsError, match="must not be negative"):
        image_scores(found.assign(score=-1.0), images)


@pytest.fixture
def marks():
    """Three images with one lesion each, three normal; marks placed by hand."""
    boxes = pd.DataFrame(
        [("a", "F", 0, 0, 10, 10), ("b", "F", 0, 0, 10, 10), ("c", "F", 0, 0, 10, 10)],
        columns=["image_id", "label", *CORNERS],
    )
    found = pd.DataFrame(
        [
            ("a", "F", 0.9, 0, 0, 10, 10),
            ("a", "F", 0.3, 50, 50, 60, 60),
            ("b", "F", 0.5, 1, 0, 11, 10),
            ("d", "F", 0.7, 0, 0, 10, 10),
            ("d", "F", 0.4, 20, 20, 30, 30),
            ("e", "F", 0.2, 0, 0, 10, 10),
        ],
        columns=["image_id", "label", "score", *CORNERS],
    )
    return match_marks(found, boxes, list("abcdef"))


def test_marks_are_matched_by_hand(marks):
    assert marks.lesion_score.tolist() == [0.9, 0.5, -math.inf]
    assert sorted(marks.false_score.tolist()) == [0.2, 0.3, 0.4, 0.7]


def test_froc_by_hand(marks):
    """Oracle: counting. False marks at .7, .4, .3, .2 on six images; lesions found at .9 and .5 of three."""
    curve = froc_curve(marks, rates=(0.1, 1 / 6, 1.0), replicates=200, seed=0)
    assert [result.estimate for result in curve.at] == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    assert curve.mean.estimate == pytest.approx(5 / 9)
    points = dict(
        zip(curve.thresholds, zip(curve.false_positives, curve.sensitivity, strict=True), strict=True)
    )
    assert points[0.9] == (0, pytest.approx(1 / 3))
    assert points[0.5] == (pytest.approx(1 / 6), pytest.approx(2 / 3))
    assert points[0.2] == (pytest.approx(4 / 6), pytest.approx(2 / 3))
    assert all(r.low <= r.estimate <= r.high for r in curve.results)
    assert "false positives per image" in curve._repr_html_()


def test_jafroc_by_hand(marks):
    """Oracle: counting pairs of lesions (.9, .5, none) and worst marks on normal images (.7, .2, none).

    .9 beats three; .5 loses to .7 and beats two; unmarked loses two and ties the unmarked image: 5.5 of 9.
    """
    found = jafroc(marks)
    assert found.estimate == pytest.approx(5.5 / 9)
    assert found.low < found.estimate < found.high


def test_one_lesion_per_image_is_an_auc(rng):
    """Oracle: with one lesion per image and one mark per image JAFROC is the ROC area of the marks."""
    from fxstudy.stats import auc
    from fxstudy.stats.froc import Marks

    lesions, normals = rng.normal(1, 1, 30), rng.normal(0, 1, 40)
    images = tuple(f"i{k}" for k in range(70))
    made = Marks(np.arange(30), lesions, np.arange(30, 70), normals, images)
    wanted = auc([1] * 30 + [0] * 40, np.concatenate([lesions, normals]))
    found = jafroc(made)
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (wanted.estimate, wanted.low, wanted.high)
    )


def test_bad_tables_are_refused(made):
    found, boxes = made
    with pytest.raises(StatisticsError, match="detections has no column score"):
        average_precision(found.drop(columns="score"), boxes)
    with pytest.raises(StatisticsError, match="x_min ≤ x_max"):
        average_precision(found.assign(x_max=0), boxes)
    with pytest.raises(StatisticsError, match="not in the list of images, such as i"):
        average_precision(found, boxes, images=["i00"])
    with pytest.raises(StatisticsError, match="scores of detections must be finite"):
        average_precision(found.assign(score=math.nan), boxes)
    with pytest.raises(StatisticsError, match="at least one image without lesion"):
        jafroc(match_marks(found.iloc[:0], boxes, sorted(set(boxes.image_id))))
    with pytest.raises(StatisticsError, match="at least one lesion"):
        froc_curve(match_marks(found, boxes.iloc[:0], [f"i{i:02d}" for i in range(40)]))
