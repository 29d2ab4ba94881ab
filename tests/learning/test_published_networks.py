"""The paper's networks at the paper's size: a training step, a checkpoint, a prediction, a Grad-CAM."""

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from fxstudy.explain import grad_cams
from fxstudy.imaging import augmentation_recipe
from fxstudy.learning import RadiographDataset, TrainingSettings, build_network, examples_of, predict, train
from fxstudy.learning.bookkeeping import LAST, load_checkpoint


@pytest.fixture(scope="module")
def published(repository):
    return yaml.safe_load((repository / "params/paper/50_wrist_delong.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def films(published):
    """Five films of the published size: with the doubled fracture one full batch of four trains."""
    rng = np.random.default_rng(0)
    shape = (published["height"], published["width"])
    table = pd.DataFrame(
        {"image_id": list("abcde"), "label": ["fracture", "none", "none", "fracture", "none"]}
    )
    return table, {i: rng.integers(0, 256, shape).astype(np.uint8) for i in table["image_id"]}


@pytest.mark.slow
@pytest.mark.parametrize("position", [0, 1], ids=["densenet161", "resnet152"])
def test_a_published_network_trains_saves_and_explains(published, films, tmp_path, monkeypatch, position):
    table, prepared = films
    recipe = augmentation_recipe(published["augmentation"])
    train_set = RadiographDataset(examples_of(table[:3], "fracture", augmentation=recipe), prepared)
    tune_set = RadiographDataset(examples_of(table[3:], "fracture"), prepared)
    assert len(train_set) == published["batch_size"] == 4
    names = TrainingSettings.__dataclass_fields__
    settings = TrainingSettings(
        **{k: v for k, v in published.items() if k in names} | {"epochs": 1, "seed": 1}
    )
    network = build_network(published["models"][position], weights="random", seed=1)
    before = [p.detach().clone() for p in network.parameters() if p.ndim > 1]
    kept = {}
    original = type(tmp_path).unlink

    def look_first(path, *args, **kwargs):
        if path.name == LAST:
            kept.update(load_checkpoint(path.parent))
        return original(path, *args, **kwargs)

    monkeypatch.setattr(type(tmp_path), "unlink", look_first)
    trained = train(network, train_set, tune_set, settings, folder=tmp_path)
    assert kept["state"]["history"][0]["epoch"] == 1 and kept["optimiser"]["state"]
    after = [p for p in trained.network.parameters() if p.ndim > 1]
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    scores = predict(trained.network, ["a", "d"], prepared, batch_size=2)
    maps = grad_cams(trained.network, ["a"], prepared)
    assert scores.shape == (2,) and np.isfinite(scores).all()
    assert maps["a"].shape == (660, 550) and 0 <= maps["a"].min() <= maps["a"].max() <= 1
