"""Training through fastai's Learner, resumable after any interruption."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from fastai.callback.core import TrainEvalCallback
from fastai.callback.fp16 import MixedPrecision
from fastai.callback.schedule import ParamScheduler
from fastai.learner import Learner
from fastai.optimizer import OptimWrapper
from safetensors.torch import load_file
from torch import nn

from fxstudy.errors import TrainingError
from fxstudy.learning.bookkeeping import BEST, LAST, Bookkeeper, State, load_checkpoint
from fxstudy.learning.data import RadiographDataset, make_loaders
from fxstudy.learning.models import RadiographNetwork
from fxstudy.learning.settings import (
    TrainingSettings,
    momentum_at,
    rate_at,
    resolve_precision,
    torch_optimiser,
)
from fxstudy.progress import Progress

_DONE = "training.json"


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes
    ----------
    network : RadiographNetwork
        The network with the kept weights, in evaluation mode.
    history : DataFrame
        One row per epoch: epoch, train_loss, tune_loss, tune_auc, learning_rate, seconds.
    best_epoch : int
        Epoch (from 1) whose tuning figure was best.
    settings : TrainingSettings
        How it was trained.
    device, precision : str
        On what and in what arithmetic.
    folder : Path
        Holds ``network.safetensors`` and ``training.json``.
    """

    network: RadiographNetwork
    history: pd.DataFrame
    best_epoch: int
    settings: TrainingSettings
    device: str
    precision: str
    folder: Path

    @property
    def kept_epoch(self) -> int:
        """Epoch (from 1) whose weights the network has."""
        return self.best_epoch if self.settings.keep == "best" else len(self.history)

    def save_to(self, folder: Path, name: str) -> Path:
        """Put weights and record of the training beside a run's results (hard links where possible)."""
        target = Path(folder) / name
        target.mkdir(parents=True, exist_ok=True)
        for file in (self.folder / BEST, self.folder / _DONE):
            place = target / file.name
            place.unlink(missing_ok=True)
            try:
                os.link(file, place)
            except OSError:
                shutil.copyfile(file, place)
        return target


class BinaryLoss(nn.Module):
    """Binary cross-entropy of one logit per image, positives weighted by ``positive_weight``."""

    def __init__(self, positive_weight: float = 1.0):
        super().__init__()
        self.register_buffer("positive_weight", torch.tensor(positive_weight))

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean loss of outputs (n, 1) against targets (n,) of 0 and 1."""
        return nn.functional.binary_cross_entropy_with_logits(
            outputs[:, 0], targets.to(outputs.dtype), pos_weight=self.positive_weight
        )


def train(
    network: RadiographNetwork,
    train_set: RadiographDataset,
    tune_set: RadiographDataset,
    settings: TrainingSettings,
    *,
    folder: Path,
    label: str = "training",
    workers: int | None = None,
    device: torch.device | None = None,
) -> Trained:
    """Train a network, or finish a training that was interrupted, or load one that is finished.

    Parameters
    ----------
    network : RadiographNetwork
        Network with its start weights; trained in place.
    train_set, tune_set : RadiographDataset
        Images that are learned from, and those that choose the epoch. Both need both classes.
    settings : TrainingSettings
        How to train.
    folder : Path
        Folder of this one training. A training found there must have the same settings.
    label : str
        Words beside the progress bar.
    workers : int, optional
        Processes that load images; default 0 on CPU, up to 8 with a GPU.
    device : torch.device, optional
        Default the first CUDA device, else the CPU.

    Raises
    ------
    TrainingError
        One class is missing, the folder holds another training, the loss diverged, or memory ran out
        (with the batch size and what to try).
    """
    device = device or default_device()
    precision = resolve_precision(settings.precision, device)
    _require_both_classes(train_set, tune_set)
    folder.mkdir(parents=True, exist_ok=True)
    # one memory layout for fresh and for loaded networks: another layout gives other last digits
    network.to(device, memory_format=torch.channels_last)
    recorded = {"settings": settings.as_dict(), "device": device.type, "precision": precision}
    if (folder / _DONE).is_file():
        return _finished(folder, network, settings, recorded)
    if workers is None:
        workers = min(8, os.cpu_count() or 1) if device.type == "cuda" else 0
    loaders = make_loaders(
        train_set,
        tune_set,
        batch_size=settings.batch_size,
        seed=settings.seed,
        workers=workers,
        device=device,
    )
    with torch.random.fork_rng():
        state = _fit(network, loaders, settings, folder, label, precision, recorded)
    recorded |= {"best_epoch": state.best_epoch, "history": state.history}
    _write_json(folder / _DONE, recorded)
    (folder / LAST).unlink(missing_ok=True)
    return _finished(folder, network, settings, recorded)


def default_device() -> torch.device:
    """The first CUDA device where there is one, else the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def make_learner(network, loaders, settings: TrainingSettings, precision: str, callbacks: list) -> Learner:
    """fastai's Learner with exactly the settings' optimiser, loss and schedules."""
    rate, momentum = rate_at(settings), momentum_at(settings)
    schedules = {"lr": rate} if momentum is None else {"lr": rate, "mom": momentum}
    mixed = [] if precision == "fp32" else [MixedPrecision(precision)]
    data = loaders.train.dataset
    weight = (len(data) - data.positives) / data.positives if settings.class_weights else 1.0
    optimiser = torch_optimiser(settings)
    return Learner(
        loaders,
        network,
        loss_func=BinaryLoss(weight).to(loaders.device),
        lr=settings.lr,
        opt_func=lambda groups, lr: OptimWrapper(groups, optimiser, lr=lr),
        cbs=[TrainEvalCallback, *mixed, ParamScheduler(schedules), *callbacks],
        default_cbs=False,
    )


def _fit(network, loaders, settings, folder, label, precision, recorded) -> State:
    checkpoint = load_checkpoint(folder)
    _write_or_compare(folder / "settings.json", recorded)
    state = State(**checkpoint["state"]) if checkpoint else State()
    steps = len(loaders.train)
    with Progress(settings.epochs * steps, label, unit="steps", done=state.epochs * steps) as progress:
        keeper = Bookkeeper(settings, loaders, folder, state, progress)
        learner = make_learner(network, loaders, settings, precision, [keeper])
        if checkpoint:
            network.load_state_dict(checkpoint["network"])
            learner.create_opt()
            learner.opt.opt.load_state_dict(checkpoint["optimiser"])
        if state.epochs < settings.epochs and not keeper.should_stop():
            _run(learner, settings, state.epochs)
    return state


def _run(learner: Learner, settings: TrainingSettings, start: int) -> None:
    try:
        learner.fit(settings.epochs, start_epoch=start)
    except torch.cuda.OutOfMemoryError as error:
        raise TrainingError(
            f"the GPU ran out of memory at batch size {settings.batch_size}; try batch_size "
            f"{max(settings.batch_size // 2, 1)}, smaller images, or precision bf16"
        ) from error


def _finished(folder: Path, network, settings: TrainingSettings, expected: dict) -> Trained:
    record = json.loads((folder / _DONE).read_text())
    _compare(folder, record, {key: expected[key] for key in ("settings",)})
    network.load_state_dict(load_file(folder / BEST))
    network.eval()
    return Trained(
        network,
        pd.DataFrame(record["history"]),
        record["best_epoch"],
        settings,
        record["device"],
        record["precision"],
        folder,
    )


def _write_or_compare(file: Path, recorded: dict) -> None:
    if file.is_file():
        _compare(file.parent, json.loads(file.read_text()), recorded)
    else:
        _write_json(file, recorded)


def _compare(folder: Path, found: dict, expected: dict) -> None:
    differing = [key for key, value in expected.items() if found.get(key) != value]
    if differing:
        raise TrainingError(
            f"folder {folder.name} holds a training with other {', '.join(differing)}; "
            "use another folder, or delete it to start again"
        )


def _write_json(file: Path, content: dict) -> None:
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_text(json.dumps(content, indent=1))
    os.replace(part, file)


def _require_both_classes(*sets: RadiographDataset) -> None:
    for name, data in zip(("training", "tuning"), sets, strict=True):
        if not 0 < data.positives < len(data):
            raise TrainingError(
                f"the {name} images hold {data.positives} fractures among {len(data)}; "
                "both classes are needed, check the split"
            )
