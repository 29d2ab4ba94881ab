"""Networks of the studies: timm backbones with their input scaling and one output per decision."""

import difflib
from collections.abc import Sequence

import timm
import torch
from torch import nn

from fxstudy.errors import ParameterError, TrainingError
from fxstudy.learning.weights import WeightsFacts, load_weights


class RadiographNetwork(nn.Module):
    """A timm network that takes prepared radiographs as they lie on disk.

    The scaling that the weights expect is part of the network, so that no caller can forget it.

    Parameters
    ----------
    backbone : nn.Module
        timm network with three input channels.
    name : str
        timm's name of the network.
    facts : WeightsFacts
        What it started from, and the mean and standard deviation of its input.
    """

    def __init__(self, backbone: nn.Module, name: str, facts: WeightsFacts):
        super().__init__()
        self.backbone, self.name, self.facts = backbone, name, facts
        shape = (1, len(facts.mean), 1, 1)
        self.register_buffer("mean", torch.tensor(facts.mean).view(shape) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(facts.std).view(shape) * 255, persistent=False)

    def scale(self, images: torch.Tensor) -> torch.Tensor:
        """Grey images (n, 1, rows, columns), 0…255, as the network's three scaled channels."""
        return (images.to(self.mean.dtype) - self.mean) / self.std

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Last feature maps (n, channels, rows', columns'), the layer that Grad-CAM reads."""
        return self.backbone.forward_features(self.scale(images))

    def head(self, features: torch.Tensor) -> torch.Tensor:
        """Outputs (n, outputs) from the last feature maps; logits, not probabilities."""
        return self.backbone.forward_head(features)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Outputs (n, outputs) of grey images (n, 1, rows, columns), 0…255; logits."""
        return self.head(self.features(images))


def build_network(
    name: str, *, weights: str, outputs: int = 1, seed: int = 0, dropout: float = 0.0
) -> RadiographNetwork:
    """Build a network of timm, with its weights or a seeded random start.

    Parameters
    ----------
    name : str
        timm's name, e.g. ``densenet161``.
    weights : str
        ``imagenet``, ``random`` or a file; see :func:`fxstudy.learning.weights.load_weights`.
    outputs : int
        Number of logits; one for fracture yes/no.
    seed : int
        Seed of everything that starts at random; the caller's random state is left as it was.
    dropout : float
        Share of features dropped before the top layer while training.

    Raises
    ------
    TrainingError
        timm has no network of that name.
    WeightsError
        The weights cannot be had or do not fit; there is never a silent random start.
    """
    if not timm.is_model(name):
        close = difflib.get_close_matches(name, timm.list_models(), n=3)
        raise TrainingError(f"timm has no network {name!r}; close names: {', '.join(close) or 'none'}")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        backbone = timm.create_model(name, pretrained=False, num_classes=outputs, drop_rate=dropout)
        _restart_head(backbone)
    return RadiographNetwork(backbone, name, load_weights(backbone, name, weights))


def _restart_head(backbone: nn.Module) -> None:
    """PyTorch's own start of the top layer, so that first outputs are near zero.

    timm starts the top layer of the EfficientNet family within ±1/√outputs, meant for 1,000 classes: with a
    single output first logits are in the tens and fine-tuning begins by repairing them.
    """
    head = backbone.get_classifier()
    if isinstance(head, nn.Linear):
        head.reset_parameters()


def count_parameters(network: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def model_names(models: Sequence[str], weights: Sequence[str]) -> list[str]:
    """Names for a comparison: the networks', with their start where one network stands there twice.

    Raises
    ------
    ParameterError
        Lists of different lengths, or the same network from the same start twice.
    """
    if len(models) != len(weights):
        raise ParameterError(
            f"models and weights must be of equal length, not {len(models)} and {len(weights)}"
        )
    starts = [start if start in ("imagenet", "random") else "pretrained" for start in weights]
    names = [
        f"{model} ({start})" if list(models).count(model) > 1 else model
        for model, start in zip(models, starts, strict=True)
    ]
    if len(set(names)) < len(names):
        raise ParameterError(f"models must differ, not {', '.join(names)}")
    return names
