"""Tables and cases that join a cohort, its predictions and the statistics."""

import cv2
import numpy as np
import pandas as pd
import pytest

from fxstudy.cohort import Cohort, participant_flow, validate
from fxstudy.explain import localisation_table
from fxstudy.imaging import Preparation, PreparedImages
from fxstudy.imaging.fingerprint import file_sha256
from fxstudy.report import (
    boxes_of,
    cases,
    counts_table,
    delong_table,
    flow_steps,
    gallery,
    literature_rows,
    localisation_report,
    miss_table,
    misses_by,
    pairs_table,
    plot_subgroups,
    predictions_notice,
    repeat_table,
    spread_cases,
    subgroup_columns,
    synthetic_notice,
)
from fxstudy.stats import (
    StatisticsWarning,
    accuracy_table,
    auc,
    common_scores,
    compare_aucs,
    delong_test,
    score_table,
    subgroup_aucs,
)

N = 24


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """24 small films of 12 patients; half of the patients have a fracture, with a box."""
    root = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(0)
    rows, boxes = [], []
    for k in range(N):
        patient, fracture = k // 2, (k // 2) % 2 == 0
        file = root / f"f{k:02d}.png"
        cv2.imwrite(str(file), rng.integers(0, 255, (60, 50)).astype(np.uint8))
        rows.append(
            {
                "image_id": f"f{k:02d}",
                "path": file.name,
                "sha256": file_sha256(file),
                "patient_id": f"p{patient:02d}",
                "site": "a",
                "modality": "DX",
                "body_part": "WRIST",
                "view": "AP" if k % 2 else "LATERAL",
                "rows": 60,
                "columns": 50,
                "age_years": 10 + 5 * patient,
                "label": "fracture" if fracture else "none",
                "displaced": (patient % 4 == 0) if fracture else None,
                "cast": patient % 5 == 0,
                "split": ("train", "tune", "test")[patient % 6 // 2],
            }
        )
        if fracture:
            boxes.append(
                {
                    "image_id": f"f{k:02d}",
                    "box_id": f"b{k:02d}",
                    "label": "fracture",
                    "x_min": 10,
                    "y_min": 10,
                    "x_max": 20,
                    "y_max": 22,
                }
            )
    cohort = Cohort(name="small", root=root, images=pd.DataFrame(rows), boxes=pd.DataFrame(boxes))
    return validate(cohort)


@pytest.fixture(scope="module")
def prepared(films, tmp_path_factory):
    return PreparedImages(
        films,
        Preparation(width=25, height=30, aspect="stretch", clahe_clip=None),
        tmp_path_factory.mktemp("p"),
    )


@pytest.fixture(scope="module")
def predictions(films):
    """Two models, two trainings; model "good" ranks perfectly in training 1."""
    rng = np.random.default_rng(1)
    tables = []
    for model, strength in (("good", 0.4), ("poor", 0.2)):
        for repeat in (1, 2):
            truth = films.images["label"].eq("fracture").to_numpy(dtype=float)
            noise = 0 if (model, repeat) == ("good", 1) else rng.random(N)
            score = np.clip(strength * truth * 0.5 + 0.2 + 0.3 * noise, 0, 1)
            table = films.images[["image_id", "patient_id", "site", "split", "label"]].copy()
            table.insert(0, "run_key", "abc")
            table.insert(1, "model", model)
            table.insert(2, "repeat", repeat)
            table["score_fracture"] = score
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def test_scores_stand_side_by_side_and_repeats_can_be_averaged(predictions):
    one, two, mean = (score_table(predictions, split="test", repeat=r) for r in (1, 2, None))
    assert list(one.columns) == ["image_id", "patient_id", "site", "label", "good", "poor"]
    np.testing.assert_allclose(mean["good"], (one["good"] + two["good"]) / 2)


def test_models_of_two_runs_are_told_apart_and_must_share_their_images(predictions):
    other = predictions.assign(run_key="def")
    scores = common_scores(pd.concat([predictions, other]))
    assert set(scores.columns[4:]) == {"good [abc]", "good [def]", "poor [abc]", "poor [def]"}
    fewer = other[other["image_id"] != predictions.query("split == 'test'")["image_id"].iloc[0]]
    with pytest.raises(ValueError, match=r"good \[def\]: was not tested on 1 of 8 images"):
        common_scores(pd.concat([predictions, fewer]))
    flipped = other.assign(label=np.where(other["label"] == "none", "fracture", "none"))
    with pytest.raises(ValueError, match="labels: differ between the runs for 8 images"):
        common_scores(pd.concat([predictions, flipped]))


def test_every_training_gets_its_own_threshold(predictions):
    with pytest.warns(StatisticsWarning, match="separated without error"):
        table = repeat_table(predictions, positive="fracture")
    assert len(table) == 4
    first = table[(table["model"] == "good") & (table["repeat"] == 1)].iloc[0]
    assert first["auc"] == first["sensitivity"] == first["specificity"] == 1.0


def test_misses_are_listed_with_the_surest_first(films, predictions):
    test = score_table(predictions, split="test", repeat=2)
    missed = miss_table(films, test, {"good": 0.5, "poor": 0.3})
    truth = test["label"].eq("fracture")
    for model, cut in (("good", 0.5), ("poor", 0.3)):
        wrong = (test[model] >= cut) != truth
        assert set(missed.loc[missed["model"] == model, "image_id"]) == set(test.loc[wrong, "image_id"])
        for _, part in missed[missed["model"] == model].groupby("kind"):
            assert part["margin"].is_monotonic_decreasing
    table = misses_by(missed, films, test, "displaced")
    assert table.numbers["n"].sum() == truth.sum() * missed["model"].nunique()
    nowhere = misses_by(missed, films, test, "gypsum")
    assert "not recorded in this cohort" in nowhere.to_html()


def test_a_gallery_of_nothing_is_a_sentence(films, prepared, predictions):
    test = score_table(predictions, split="test", repeat=1)
    missed = miss_table(films, test, {"good": 0.3})
    told = gallery(films, prepared, missed, test, model="good", kind="false negative")
    assert told == "good: no false negative on these 8 radiographs."
    wrong = miss_table(films, test, {"poor": 0.9})
    shown = gallery(films, prepared, wrong, test, model="poor", kind="false negative")
    assert shown.png.startswith(b"\x89PNG") and "threshold of 0.900" in shown.caption


def test_cases_are_spread_and_not_picked(films, prepared, predictions):
    test = score_table(predictions, split="test", repeat=2)
    chosen = spread_cases(test, list(test["image_id"]), ["good", "poor"], count=3)
    mean = test.set_index("image_id")[["good", "poor"]].mean(axis=1).sort_values(ascending=False)
    assert chosen[0] == mean.index[0] and chosen[-1] == mean.index[-1]
    shown = cases(films, prepared, chosen, scores=test)
    assert shown[0].image.shape == (30, 25) and set(shown[0].scores) == {"good", "poor"}
    boxes = boxes_of(films, prepared, list(test["image_id"]))
    assert all(np.array_equal(b, [[5, 5, 10, 11]]) for b in boxes.values())
    assert set(boxes) == set(test.loc[test["label"] == "fracture", "image_id"])


@pytest.mark.filterwarnings("ignore:the classes are separated without error")
def test_subgroups_name_children_as_the_paper_does(films, predictions):
    test = score_table(predictions.assign(split="test"), split="test", repeat=2)
    groups = subgroup_columns(films, test["image_id"], ["cast", "view", "age_group", "manufacturer"])
    assert set(groups.columns) == {"cast", "view", "age"}
    assert set(groups["cast"]) == {"yes", "no"} and set(groups["age"]) <= {"up to 15 years", "over 15 years"}
    truth = test["label"].eq("fracture").astype(int)
    tables = {m: subgroup_aucs(truth, test[m], groups) for m in ("good", "poor")}
    plot_subgroups(tables, overall={m: auc(truth, test[m]) for m in tables})


def test_delong_and_pairs_tables_hold_the_statistics_numbers(predictions):
    test = score_table(predictions.assign(split="test"), split="test", repeat=2)
    truth = test["label"].eq("fracture").astype(int)
    result = delong_test(truth, test["good"], test["poor"], names=("good", "poor"))
    table = delong_table({"per radiograph": result})
    row = table.numbers[table.numbers["name"] == result.difference.name].iloc[0]
    assert row["estimate"] == result.difference.estimate and row["unit"] == "per radiograph"
    pairs = pairs_table(compare_aucs(truth, {m: test[m] for m in ("good", "poor")}))
    assert list(pairs.shown["First"]) == ["good"] and "joint test of 2 models" in pairs.to_html()


def test_counts_add_up(films):
    numbers = counts_table(films).numbers
    whole = numbers[(numbers["class"] == "all") & (numbers["set"] == "All")].iloc[0]
    assert (whole["radiographs"], whole["patients"]) == (N, 12)
    parts = numbers[(numbers["class"] != "all") & (numbers["set"] != "All")]
    assert parts["radiographs"].sum() == N


def test_the_flow_keeps_every_count(films):
    flow = participant_flow(films)
    steps = flow_steps(flow)
    assert list(steps["images"]) == list(flow["n_images"]) and set(steps["kind"]) <= {"box", "out", "arm"}


def test_maps_stand_beside_the_image_centre(films, prepared):
    ids = [i for i in films.images["image_id"] if i in set(films.boxes["image_id"])]
    rng = np.random.default_rng(0)
    maps = {"net": {i: rng.random((30, 25)) for i in ids}}
    table = localisation_report(localisation_table(maps, boxes_of(films, prepared, ids)))
    assert list(table.shown["Map"]) == ["net", "image centre"]


def test_literature_rows_use_the_tables_columns(predictions):
    test = score_table(predictions, split="test", repeat=2)
    truth = test["label"].eq("fracture").astype(int)
    primary = {"good": [accuracy_table(truth, test["good"], 0.5), auc(truth, test["good"])]}
    row = literature_rows(primary, images=1234)[0]
    assert row["images"] == "1234" and row["model"] == "good" and float(row["auc"]) <= 1


def test_synthetic_data_is_announced(films):
    assert "SYNTHETIC" not in synthetic_notice(films)._repr_html_()
    drawn = Cohort(
        name="x", root=films.root, images=films.images, description={"synthetic": True, "title": "Drawn"}
    )
    assert "SYNTHETIC DATA: Drawn" in synthetic_notice(drawn)._repr_html_()


def test_synthetic_predictions_are_announced(predictions):
    assert "SYNTHETIC DATA" in str(predictions_notice(predictions.assign(synthetic=True)))
    assert "SYNTHETIC" not in str(predictions_notice(predictions.assign(synthetic=False)))
