"""What a network is fed with: prepared images, targets, and augmentation that can be drawn again.

Order and augmentation of every epoch follow from (seed, epoch, position) alone, so that a training that
was interrupted goes on exactly as it would have gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
import torch
from fastai.data.core import DataLoaders
from torch.utils.data import DataLoader, Dataset, Sampler

from fxstudy.errors import TrainingError
from fxstudy.imaging.augment import Augmentation, Drawn, apply, training_items

Prepared = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Example:
    """One training or evaluation example.

    Attributes
    ----------
    image_id : str
        Key of the prepared image.
    target : float
        1 for the positive class, 0 otherwise.
    drawn : Drawn or None
        The fixed transform of an extra copy (oversampling by zooming in); such a copy is not varied further.
    """

    image_id: str
    target: float
    drawn: Drawn | None = None


def examples_of(
    images: pd.DataFrame, positive: str, *, augmentation: Augmentation | None = None
) -> list[Example]:
    """Examples of the rows of an images table, with the fixed extra copies that an augmentation asks for.

    Parameters
    ----------
    images : DataFrame
        Columns image_id and label.
    positive : str
        Label of the positive class.
    augmentation : Augmentation, optional
        Its ``copies`` say which class is repeated.
    """
    target = dict(zip(images["image_id"], (images["label"] == positive).astype(float), strict=True))
    items = training_items(images, augmentation or Augmentation())
    return [Example(image_id, target[image_id], drawn) for image_id, drawn in items]


class RadiographDataset(Dataset):
    """Prepared radiographs as uint8 tensors (1, rows, columns) with their targets.

    Parameters
    ----------
    examples : sequence of Example
        What the data set holds, in this order.
    prepared : mapping of str to ndarray
        image_id → uint8 (rows, columns), e.g. :class:`fxstudy.imaging.PreparedImages`.
    augmentation : Augmentation or None
        Random transform of every image and epoch; None for tuning and test images.
    seed : int
        Seed of the augmentation.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        prepared: Prepared,
        *,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ):
        if not examples:
            raise TrainingError("a set of images is empty; check the split and the labels")
        self.examples, self.prepared = list(examples), prepared
        self.augmentation, self.seed, self.epoch = augmentation, seed, 0

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        example = self.examples[index]
        image = self.prepared[example.image_id]
        if example.drawn is not None:
            image = apply(image, example.drawn)
        elif self.augmentation is not None:
            rng = np.random.default_rng((self.seed, self.epoch, index))
            image = apply(image, self.augmentation.sample(rng))
        return torch.from_numpy(np.ascontiguousarray(image))[None], torch.tensor(example.target)

    @property
    def positives(self) -> int:
        """Number of examples of the positive class."""
        return int(sum(e.target for e in self.examples))


class EpochSampler(Sampler[int]):
    """A new order in every epoch that follows from seed and epoch alone."""

    def __init__(self, n: int, seed: int):
        self.n, self.seed, self.epoch = n, seed, 0

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[int]:
        return iter(np.random.default_rng((self.seed, self.epoch)).permutation(self.n).tolist())


class Loaders(DataLoaders):
    """fastai's pair of loaders over PyTorch's, with a device (fastai knows one for its own loaders only)."""

    def __init__(self, train: DataLoader, tune: DataLoader, *, device: torch.device):
        super().__init__(train, tune)
        self._own_device = device

    @property
    def device(self) -> torch.device:
        """Where the network is trained."""
        return self._own_device


def set_epoch(loaders: Loaders, epoch: int) -> None:
    """Tell the training images which epoch comes now."""
    loaders.train.dataset.epoch = epoch
    loaders.train.sampler.epoch = epoch


def make_loader(dataset: RadiographDataset, *, batch_size: int, workers: int, sampler: Sampler | None = None):
    """A loader over a data set, in its own order or in the sampler's."""
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=_single_thread,
        drop_last=False,
    )


def make_loaders(
    train: RadiographDataset,
    tune: RadiographDataset,
    *,
    batch_size: int,
    seed: int,
    workers: int,
    device: torch.device,
) -> Loaders:
    """The pair of loaders: shuffled training images, tuning images in their order."""
    sampler = EpochSampler(len(train), seed)
    return Loaders(
        make_loader(train, batch_size=batch_size, workers=workers, sampler=sampler),
        make_loader(tune, batch_size=max(batch_size, 16), workers=workers),
        device=device,
    )


def _single_thread(worker: int) -> None:
    cv2.setNumThreads(0)
