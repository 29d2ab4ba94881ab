"""What a training keeps while it runs: history, best weights, a checkpoint after every epoch."""

import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from fastai.callback.core import Callback, CancelFitException
from safetensors.torch import save_file
from sklearn.metrics import roc_auc_score

from fxstudy.errors import TrainingError
from fxstudy.learning.data import Loaders, set_epoch
from fxstudy.learning.settings import TrainingSettings
from fxstudy.progress import Progress

LAST = "last.pt"
BEST = "network.safetensors"


@dataclass
class State:
    """Where a training stands after an epoch.

    Attributes
    ----------
    history : list of dict
        One row per finished epoch: epoch, train_loss, tune_loss, tune_auc, learning_rate, seconds.
    best_epoch : int
        Epoch (from 1) with the best value of the monitored figure, 0 before the first.
    best_value : float or None
        That value.
    waited : int
        Epochs since then that count towards the patience.
    """

    history: list[dict] = field(default_factory=list)
    best_epoch: int = 0
    best_value: float | None = None
    waited: int = 0

    @property
    def epochs(self) -> int:
        """Number of finished epochs."""
        return len(self.history)


class Bookkeeper(Callback):
    """fastai callback: seeds each epoch, measures it, keeps the best weights, saves, stops early.

    It also makes every epoch start from a random state that follows from seed and epoch alone, so that
    a resumed training equals an uninterrupted one.
    """

    order = 80

    def __init__(
        self, settings: TrainingSettings, loaders: Loaders, folder: Path, state: State, progress: Progress
    ):
        self.settings, self.loaders, self.folder = settings, loaders, folder
        self.state, self.bar = state, progress
        self._in_epoch = False

    def before_train(self) -> None:
        seed = np.random.SeedSequence((self.settings.seed, self.epoch)).generate_state(1, np.uint64)[0]
        torch.manual_seed(int(seed % (1 << 63)))
        set_epoch(self.loaders, self.epoch)
        self._in_epoch, self._started = True, time.monotonic()
        self._loss, self._seen = torch.zeros((), device=self.dls.device, dtype=torch.float64), 0
        self._outputs: list[torch.Tensor] = []
        self._targets: list[torch.Tensor] = []

    def after_batch(self) -> None:
        n = len(self.yb[0])
        if self.training:
            self._loss += self.learn.loss.detach().double() * n
            self._seen += n
            self._rate = self.opt.hypers[-1]["lr"]
        else:
            self._outputs.append(self.pred.detach().float())
            self._targets.append(self.yb[0])
        if self.training:
            self.bar.update(1)

    def after_epoch(self) -> None:
        if not self._in_epoch:  # an epoch that a resumed training skips
            return
        self._in_epoch = False
        row = self._measure()
        self.state.history.append(row)
        improved = self._judge(row)
        if improved or self.settings.keep == "last":
            save_weights(self.model, self.folder / BEST)
        save_checkpoint(
            self.folder, self.model, self.opt.opt, self.state, getattr(self.learn, "scaler", None)
        )
        self.bar.update(0, epoch=row["epoch"], loss=row["train_loss"], tune_auc=row["tune_auc"])
        if self.should_stop():
            raise CancelFitException

    def _measure(self) -> dict[str, float | int]:
        outputs, targets = torch.cat(self._outputs), torch.cat(self._targets)
        tune_loss = float(self.loss_func(outputs, targets))
        train_loss = float(self._loss / self._seen)
        if not (np.isfinite(train_loss) and np.isfinite(tune_loss)):
            raise TrainingError(
                f"the training diverged in epoch {self.epoch + 1} (loss {train_loss}); "
                f"try a learning rate below {self.settings.lr:g} or precision fp32"
            )
        return {
            "epoch": self.epoch + 1,
            "train_loss": train_loss,
            "tune_loss": tune_loss,
            "tune_auc": float(roc_auc_score(targets.cpu().numpy(), outputs[:, 0].cpu().numpy())),
            "learning_rate": float(self._rate),
            "seconds": round(time.monotonic() - self._started, 3),
        }

    def _judge(self, row: dict) -> bool:
        state, loss = self.state, self.settings.monitor == "loss"
        value = row["tune_loss"] if loss else row["tune_auc"]
        better = state.best_value is None or (value < state.best_value if loss else value > state.best_value)
        if better:
            state.best_epoch, state.best_value, state.waited = row["epoch"], value, 0
        elif row["epoch"] > self.settings.early_stop_from:
            state.waited += 1
        return better

    def should_stop(self) -> bool:
        """Whether the patience is used up."""
        return bool(self.settings.early_stop_from) and self.state.waited >= self.settings.patience


def save_weights(network: torch.nn.Module, file: Path) -> None:
    """Write a network's weights as safetensors, atomically."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    _replace(file, lambda part: save_file(tensors, part))


def save_checkpoint(folder: Path, network, optimiser, state: State, scaler=None) -> None:
    """Write everything that a resumed training needs, atomically."""
    content = {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "state": asdict(state),
        "scaler": scaler.state_dict() if scaler is not None else {},
    }
    _replace(folder / LAST, lambda part: torch.save(content, part))


def load_checkpoint(folder: Path) -> dict | None:
    """The checkpoint of an interrupted training, or None; tensors only, no foreign code is run."""
    file = folder / LAST
    if not file.is_file():
        return None
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError) as error:
        raise TrainingError(
            f"checkpoint {file.name} cannot be read ({error}); delete its folder to start again"
        ) from error


def _replace(file: Path, write) -> None:
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        write(part)
        with open(part, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
