import numpy as np
import pytest
from scipy import stats

from fxstudy.errors import StatisticsError
from fxstudy.explain import (
    box_mask,
    centre_map,
    localisation_scores,
    localisation_table,
    summarise_localisation,
)


def test_a_box_covers_its_half_open_pixels():
    mask = box_mask(np.array([[1, 2, 4, 3]]), (5, 6))
    assert mask.sum() == 3 and mask[2, 1:4].all()


def test_scores_of_a_map_worked_out_by_hand():
    """Closed form: 4 of 10 units of saliency in a box of 2 of 20 pixels; top tenth is those 2 pixels."""
    saliency = np.full((4, 5), 6 / 18)
    saliency[0, 0:2] = 2.0
    scores = localisation_scores(saliency, np.array([[0, 0, 2, 1]]), top_share=0.1)
    assert scores == pytest.approx({"pointing": 1, "energy": 0.4, "iou": 1.0, "box_share": 0.1})
    elsewhere = localisation_scores(saliency, np.array([[3, 2, 5, 4]]), top_share=0.1)
    assert elsewhere == pytest.approx(
        {"pointing": 0, "energy": 4 * 6 / 18 / 10, "iou": 0.0, "box_share": 0.2}
    )


def test_an_empty_map_points_nowhere():
    scores = localisation_scores(np.zeros((4, 4)), np.array([[0, 0, 4, 4]]))
    assert scores["pointing"] == scores["energy"] == scores["iou"] == 0


@pytest.mark.parametrize("saliency", [np.full((3, 3), -1.0), np.full((3, 3), np.nan)])
def test_an_impossible_map_is_an_error(saliency):
    with pytest.raises(StatisticsError, match="finite and not negative"):
        localisation_scores(saliency, np.array([[0, 0, 1, 1]]))


def test_boxes_outside_the_map_are_an_error():
    with pytest.raises(StatisticsError, match="cover no pixel"):
        localisation_scores(np.ones((3, 3)), np.array([[10, 10, 12, 12]]))


def test_the_centre_baseline_peaks_in_the_middle():
    saliency = centre_map((21, 31))
    assert np.unravel_index(saliency.argmax(), saliency.shape) == (10, 15)


def test_the_summary_sets_every_model_beside_the_image_centre():
    """Oracle: Student's t interval from scipy."""
    rng = np.random.default_rng(0)
    maps = {"net": {f"i{k}": rng.random((20, 20)) for k in range(12)}}
    boxes = {f"i{k}": np.array([[2, 2, 9, 9]]) for k in range(12)}
    table = localisation_table(maps, boxes)
    assert list(table["model"].unique()) == ["net", "image centre"] and len(table) == 24
    pointing, energy, _ = summarise_localisation(table)["net"]
    values = table.loc[table["model"] == "net", "energy"]
    low, high = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert (energy.estimate, energy.low, energy.high) == pytest.approx((values.mean(), low, high))
    assert pointing.n == 12 and 0 <= pointing.low <= pointing.estimate <= pointing.high <= 1
