import numpy as np
import pytest
import torch

from fxstudy.errors import TrainingError
from fxstudy.imaging.augment import plain, wrist_delong_paper
from fxstudy.learning.data import EpochSampler, RadiographDataset, examples_of, make_loaders, set_epoch


def test_fractures_are_doubled_by_the_papers_zoom_and_nothing_else_changes(squares):
    table, prepared = squares
    examples = examples_of(table, "fracture", augmentation=wrist_delong_paper())
    assert len(examples) == 60 + 20
    copies = [e for e in examples if e.drawn is not None]
    assert {e.target for e in copies} == {1.0} and {e.drawn.zoom for e in copies} == {1.10}
    data = RadiographDataset(examples, prepared, augmentation=wrist_delong_paper())
    by_image = {}
    for k, example in enumerate(examples):
        by_image.setdefault(example.image_id, []).append(data[k][0][0].numpy())
    original, zoomed = by_image["i00"]
    assert np.array_equal(original, prepared["i00"])
    assert (zoomed > 150).sum() > (original > 150).sum()


def test_augmentation_follows_from_seed_epoch_and_position_alone(squares):
    table, prepared = squares
    examples = examples_of(table, "fracture")
    one, two = (RadiographDataset(examples, prepared, augmentation=plain(), seed=3) for _ in range(2))
    one[5], one[7]
    assert torch.equal(one[9][0], two[9][0])
    two.epoch = 1
    assert not torch.equal(one[9][0], two[9][0])
    other = RadiographDataset(examples, prepared, augmentation=plain(), seed=4)
    assert not torch.equal(one[9][0], other[9][0])


def test_order_changes_with_epoch_and_is_the_same_for_the_same_seed():
    sampler, again = EpochSampler(50, seed=1), EpochSampler(50, seed=1)
    first = list(sampler)
    assert sorted(first) == list(range(50)) and first == list(again)
    sampler.epoch = 1
    assert list(sampler) != first


def test_loaders_keep_the_device_that_was_asked_for(sets):
    loaders = make_loaders(*sets(), batch_size=8, seed=0, workers=0, device=torch.device("cpu"))
    assert loaders.device == torch.device("cpu")
    set_epoch(loaders, 4)
    assert loaders.train.dataset.epoch == loaders.train.sampler.epoch == 4


def test_worker_processes_give_the_same_images_as_none(sets):
    plain_sets = sets(plain(), seed=2)
    batches = []
    for workers in (0, 2):
        loaders = make_loaders(*plain_sets, batch_size=8, seed=0, workers=workers, device=torch.device("cpu"))
        set_epoch(loaders, 3)
        batches.append(torch.cat([images for images, _ in loaders.train]))
    assert torch.equal(*batches)


def test_an_empty_set_is_an_error():
    with pytest.raises(TrainingError, match="set of images is empty"):
        RadiographDataset([], {})
