"""Settings of a training: optimiser, schedule, loss, early stopping; every one printed, none hidden."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from fastai.callback.schedule import combined_cos

from fxstudy.errors import TrainingError

SCHEDULES = ("constant", "step", "one_cycle")
OPTIMISERS = ("adam", "adamw", "sgd")
PRECISIONS = ("auto", "fp32", "fp16", "bf16")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained.

    Attributes
    ----------
    epochs : int
        Largest number of passes over the training images.
    batch_size : int
        Images per step.
    lr : float
        Learning rate: the first of ``step``, the peak of ``one_cycle``.
    schedule : {'constant', 'step', 'one_cycle'}
        ``step`` multiplies the rate by ``lr_factor`` every ``lr_every`` epochs down to ``lr_min``;
        ``one_cycle`` warms up over a quarter of all steps and anneals by cosine (Smith 2018, fastai).
    optimiser : {'adam', 'adamw', 'sgd'}
        PyTorch's own. ``adam`` adds the weight decay to the gradient (L2), ``adamw`` decouples it.
    beta1, beta2, eps, weight_decay : float
        Constants of the optimiser; ``beta1`` is the momentum of ``sgd``.
    class_weights : bool
        Weigh positives by negatives/positives of the training images in the cross-entropy.
    early_stop_from : int
        First epoch (counted from 1) after which a training may stop early; 0 never stops early.
    patience : int
        Epochs without a better tuning loss that are waited for.
    monitor : {'loss', 'auc'}
        What the tuning images decide by: smaller loss or larger AUC.
    keep : {'best', 'last'}
        Whose weights are kept at the end: those of the best tuning epoch, or of the last.
    precision : {'auto', 'fp32', 'fp16', 'bf16'}
        ``auto`` is bf16 where a GPU supports it and fp32 elsewhere.
    seed : int
        Seed of the new layers, the order of images, augmentation and dropout.
    """

    epochs: int
    batch_size: int
    lr: float
    schedule: str = "constant"
    lr_factor: float = 0.1
    lr_every: int = 10
    lr_min: float = 0.0
    optimiser: str = "adam"
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0
    class_weights: bool = False
    early_stop_from: int = 0
    patience: int = 0
    monitor: str = "loss"
    keep: str = "best"
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        choices = {
            "schedule": SCHEDULES,
            "optimiser": OPTIMISERS,
            "precision": PRECISIONS,
            "monitor": ("loss", "auc"),
            "keep": ("best", "last"),
        }
        wrong = [
            f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}"
            for name, allowed in choices.items()
            if getattr(self, name) not in allowed
        ]
        wrong += [
            f"{n} must be positive, not {getattr(self, n)}"
            for n in ("epochs", "batch_size", "lr")
            if getattr(self, n) <= 0
        ]
        if wrong:
            raise TrainingError("; ".join(wrong))

    def as_dict(self) -> dict[str, object]:
        """Plain values, for records and keys."""
        return asdict(self)


def rate_at(settings: TrainingSettings) -> Callable[[float], float]:
    """Learning rate as a function of the share of the training that is done (0…1)."""
    if settings.schedule == "one_cycle":
        return combined_cos(0.25, settings.lr / 25, settings.lr, settings.lr / 1e5)
    if settings.schedule == "constant":
        return lambda share: settings.lr

    def step(share: float) -> float:
        # the share of finished epochs is a float: 0.30000000000000004 × 100 must count as epoch 30
        epoch = math.floor(share * settings.epochs + 1e-6)
        return max(settings.lr * settings.lr_factor ** (epoch // settings.lr_every), settings.lr_min)

    return step


def momentum_at(settings: TrainingSettings) -> Callable[[float], float] | None:
    """Momentum over the training: cycled against the rate by ``one_cycle``, else constant (None)."""
    if settings.schedule == "one_cycle":
        return combined_cos(0.25, 0.95, 0.85, 0.95)
    return None


def torch_optimiser(settings: TrainingSettings) -> Callable[..., torch.optim.Optimizer]:
    """Constructor of PyTorch's optimiser with the settings' constants."""
    common = {"weight_decay": settings.weight_decay}
    betas = (settings.beta1, settings.beta2)
    if settings.optimiser == "sgd":
        return lambda params, lr: torch.optim.SGD(params, lr=lr, momentum=settings.beta1, **common)
    kind = torch.optim.Adam if settings.optimiser == "adam" else torch.optim.AdamW
    return lambda params, lr: kind(params, lr=lr, betas=betas, eps=settings.eps, **common)


def resolve_precision(precision: str, device: torch.device) -> str:
    """The precision that is really used on a device; a wish that cannot be met is an error."""
    if precision == "auto":
        return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    if precision != "fp32" and device.type != "cuda":
        raise TrainingError(f"precision {precision} needs a CUDA device, not {device.type}; use auto or fp32")
    return precision
