"""Agreement of two annotators, by label and by box, and what is left to settle."""

import numpy as np
import pandas as pd
import pytest

from fxstudy.cohort import box_agreement, label_agreement
from fxstudy.cohort.agreement import iou_matrix
from fxstudy.errors import CohortError


def labels(words: str) -> pd.DataFrame:
    return pd.DataFrame({"image_id": [f"i{i}" for i in range(len(words))], "label": list(words)})


def test_kappa_and_its_interval():
    """Oracle: statsmodels cohens_kappa on the table [[20, 5], [10, 15]]: kappa 0.4, ASE 0.1279."""
    from statsmodels.stats.inter_rater import cohens_kappa

    expected = cohens_kappa(np.array([[20, 5], [10, 15]]))
    result = label_agreement(labels("a" * 25 + "b" * 25), labels("a" * 20 + "b" * 5 + "a" * 10 + "b" * 15))
    assert result.kappa == pytest.approx(expected.kappa) == pytest.approx(0.4)
    assert result.low == pytest.approx(expected.kappa_low)
    assert result.high == pytest.approx(expected.kappa_upp)
    assert result.observed == 0.7
    assert len(result.to_settle) == 15
    assert result.to_settle["adjudicated"].isna().all()


def test_one_label_throughout_has_no_kappa():
    result = label_agreement(labels("aaa"), labels("aaa"))
    assert result.observed == 1
    assert np.isnan(result.kappa)


def test_annotators_must_share_images_and_label_each_once():
    with pytest.raises(CohortError, match="no labelled image in common"):
        label_agreement(labels("a"), labels("a").assign(image_id="other"))
    with pytest.raises(CohortError, match="'i0' stands twice"):
        label_agreement(pd.concat([labels("a")] * 2), labels("a"))


def test_overlap_of_boxes():
    a = np.array([[0, 0, 10, 10.0]])
    b = np.array([[0, 0, 10, 10.0], [5, 0, 15, 10], [20, 20, 30, 30], [10, 0, 20, 10]])
    assert iou_matrix(a, b)[0].tolist() == pytest.approx([1, 1 / 3, 0, 0])


def test_boxes_are_paired_by_the_best_overlap_and_lonely_ones_listed():
    boxes = pd.DataFrame(
        [
            ("i", "a1", 0, 0, 10, 10, "ann"),
            ("i", "a2", 8, 0, 18, 10, "ann"),
            ("i", "b1", 7, 0, 17, 10, "ben"),
            ("i", "b2", 1, 0, 11, 10, "ben"),
            ("i", "b3", 50, 50, 60, 60, "ben"),
            ("j", "a3", 0, 0, 5, 5, "ann"),
        ],
        columns=["image_id", "box_id", "x_min", "y_min", "x_max", "y_max", "annotator"],
    )
    table = box_agreement(boxes, ["ann", "ben"])
    pairs = [
        tuple(None if pd.isna(cell) else cell for cell in row) for row in table[["box_a", "box_b"]].values
    ]
    assert pairs == [("a1", "b2"), ("a2", "b1"), (None, "b3"), ("a3", None)]
    assert table["same"].tolist() == [True, True, False, False]
    with pytest.raises(CohortError, match="'cat' has none"):
        box_agreement(boxes, ["ann", "cat"])
