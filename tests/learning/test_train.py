import numpy as np
import pytest
import torch
from fastai.optimizer import OptimWrapper  # noqa: F401  (the Learner under test steps through it)

from fxstudy.errors import TrainingError
from fxstudy.imaging.augment import plain
from fxstudy.learning import TrainingSettings, build_network, predict, train
from fxstudy.learning.bookkeeping import Bookkeeper
from fxstudy.learning.settings import rate_at
from fxstudy.learning.train import BinaryLoss

SETTINGS = TrainingSettings(epochs=3, batch_size=8, lr=3e-3, schedule="one_cycle", seed=5, optimiser="adamw")


def network(seed=5, name="test_resnet"):
    return build_network(name, weights="random", seed=seed)


def test_a_network_learns_an_obvious_sign(sets, squares, tmp_path):
    settings = TrainingSettings(epochs=8, batch_size=8, lr=3e-3, schedule="one_cycle", seed=1)
    trained = train(network(1), *sets(), settings, folder=tmp_path)
    assert trained.history["tune_auc"].iloc[-1] > 0.95
    table, prepared = squares
    scores = predict(trained.network, list(table["image_id"]), prepared)
    assert scores[table["label"] == "fracture"].mean() > scores[table["label"] == "none"].mean() + 0.3


@pytest.mark.parametrize("stop_after", [1, 2])
def test_an_interrupted_training_ends_with_bit_equal_predictions(
    sets, squares, tmp_path, monkeypatch, stop_after
):
    table, prepared = squares
    ids = list(table["image_id"])
    whole = train(network(), *sets(plain(), 5), SETTINGS, folder=tmp_path / "whole")
    original = Bookkeeper.after_epoch

    def interrupt(self):
        original(self)
        if self.epoch + 1 == stop_after:
            raise KeyboardInterrupt

    monkeypatch.setattr(Bookkeeper, "after_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(network(), *sets(plain(), 5), SETTINGS, folder=tmp_path / "broken")
    assert not (tmp_path / "broken" / "training.json").exists()
    monkeypatch.setattr(Bookkeeper, "after_epoch", original)
    resumed = train(network(), *sets(plain(), 5), SETTINGS, folder=tmp_path / "broken")
    assert len(resumed.history) == 3
    assert np.array_equal(predict(whole.network, ids, prepared), predict(resumed.network, ids, prepared))


def test_a_finished_training_is_loaded_and_not_repeated(sets, squares, tmp_path, monkeypatch):
    table, prepared = squares
    first = train(network(), *sets(), SETTINGS, folder=tmp_path)
    monkeypatch.setattr(Bookkeeper, "before_train", lambda self: pytest.fail("trained again"))
    again = train(network(seed=77), *sets(), SETTINGS, folder=tmp_path)
    ids = list(table["image_id"])
    assert np.array_equal(predict(first.network, ids, prepared), predict(again.network, ids, prepared))
    assert again.history.equals(first.history)


def test_a_folder_with_another_training_is_refused(sets, tmp_path):
    train(network(), *sets(), SETTINGS, folder=tmp_path)
    other = TrainingSettings(**(SETTINGS.as_dict() | {"lr": 1e-2}))
    with pytest.raises(TrainingError, match="holds a training with other settings"):
        train(network(), *sets(), other, folder=tmp_path)


def test_the_learner_steps_exactly_like_a_bare_pytorch_loop(sets, tmp_path):
    """Oracle: PyTorch's own loop with torch.optim.Adam, same order, same rates."""
    settings = TrainingSettings(
        epochs=2, batch_size=8, lr=1e-3, schedule="step", lr_every=1, weight_decay=1e-2, seed=3, keep="last"
    )
    trained = train(network(3), *sets(), settings, folder=tmp_path)
    bare, (data, _) = network(3), sets()
    bare.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(bare.parameters(), lr=1e-3, weight_decay=1e-2)
    rate, loss_of = rate_at(settings), BinaryLoss()
    bare.train()
    for epoch in range(2):
        order = np.random.default_rng((3, epoch)).permutation(len(data)).tolist()
        for start in range(0, len(order), 8):
            pairs = [data[i] for i in order[start : start + 8]]
            images, targets = (torch.stack(part) for part in zip(*pairs, strict=True))
            optimiser.param_groups[0]["lr"] = rate(epoch / 2)
            loss_of(bare(images), targets).backward()
            optimiser.step()
            optimiser.zero_grad()
    for ours, theirs in zip(trained.network.parameters(), bare.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


def test_early_stopping_waits_from_its_first_epoch_on(sets, tmp_path):
    settings = TrainingSettings(
        epochs=30, batch_size=40, lr=1e-12, early_stop_from=4, patience=3, seed=2, optimiser="sgd", beta1=0.0
    )
    trained = train(network(2), *sets(), settings, folder=tmp_path)
    best = trained.best_epoch
    assert len(trained.history) == max(best, 4) + 3


def test_the_best_epoch_is_kept(sets, squares, tmp_path):
    settings = TrainingSettings(epochs=4, batch_size=8, lr=5e-3, monitor="auc", seed=4)
    trained = train(network(4), *sets(), settings, folder=tmp_path)
    table, prepared = squares
    from sklearn.metrics import roc_auc_score

    tune = table[40:]
    scores = predict(trained.network, list(tune["image_id"]), prepared)
    auc = roc_auc_score(tune["label"] == "fracture", scores)
    assert auc == pytest.approx(trained.history["tune_auc"].max())


def test_a_diverging_training_is_reported_and_leaves_nothing_finished(sets, tmp_path):
    settings = TrainingSettings(epochs=2, batch_size=8, lr=1e30, optimiser="sgd")
    with pytest.raises(TrainingError, match="diverged in epoch 1"):
        train(network(), *sets(), settings, folder=tmp_path)
    assert not (tmp_path / "training.json").exists()


def test_running_out_of_gpu_memory_names_the_batch_size(sets, tmp_path, monkeypatch):
    def exhausted(self, images):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    net = network()
    monkeypatch.setattr(type(net), "forward", exhausted)
    with pytest.raises(TrainingError, match="batch size 8; try batch_size 4"):
        train(net, *sets(), SETTINGS, folder=tmp_path)


def test_one_class_is_an_error(squares, sets, tmp_path):
    train_set, tune_set = sets()
    tune_set.examples = [e for e in tune_set.examples if e.target == 1]
    with pytest.raises(TrainingError, match="tuning images hold 6 fractures among 6"):
        train(network(), train_set, tune_set, SETTINGS, folder=tmp_path)


def test_training_leaves_the_callers_random_state_alone(sets, tmp_path):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    train(network(), *sets(), SETTINGS, folder=tmp_path)
    assert torch.equal(torch.rand(3), expected)


def test_class_weights_are_negatives_per_positive():
    """Oracle: the definition, −w·log p for a positive and −log(1−p) for a negative."""
    outputs, targets = torch.tensor([[0.3], [-0.2]]), torch.tensor([1.0, 0.0])
    p = torch.sigmoid(outputs[:, 0])
    expected = (-(2.5 * torch.log(p[0])) - torch.log(1 - p[1])) / 2
    assert BinaryLoss(2.5)(outputs, targets) == pytest.approx(float(expected), rel=1e-6)
