"""Pretrained weights: where they come from, what input they expect, and that they really were loaded."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import requests
import timm
import torch
import yaml
from huggingface_hub import constants, try_to_load_from_cache
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from fxstudy.errors import WeightsError

_REGISTRY = Path(__file__).parents[2] / "data_manifest" / "weights.yaml"
_PROBE_SECONDS = 10


@dataclass(frozen=True)
class WeightsFacts:
    """What a network started from.

    Attributes
    ----------
    source : str
        ``random``, ``imagenet (<timm tag>)`` or the file's name.
    sha256 : str
        Digest of the file, empty for a random start.
    mean, std : tuple of float
        Per channel, of pixel values scaled to 0…1, as the weights expect them.
    licence : str
        Licence of the weights as far as it is known.
    loaded, fresh : int
        Number of tensors taken from the weights, and of those (the new top layer) started at random.
    note : str
        What a reader of the report should know about them.
    """

    source: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    sha256: str = ""
    licence: str = ""
    loaded: int = 0
    fresh: int = 0
    note: str = ""


def load_weights(backbone: nn.Module, name: str, weights: str) -> WeightsFacts:
    """Fill a timm network with weights, all of them except the top layer, or fail.

    Parameters
    ----------
    backbone : nn.Module
        Network made by ``timm.create_model(name, num_classes=…)``; changed in place.
    name : str
        timm's name of the network.
    weights : str
        ``random``; ``imagenet`` (timm's default weights, from the local cache or the network); or a file
        ``*.safetensors``, ``*.pt``, ``*.pth`` (a state dict; read without unpickling code). A bare file
        name is also looked for in the folder named by ``FXSTUDY_WEIGHTS`` and in ``weights/``.

    Raises
    ------
    WeightsError
        The file is missing, unreadable or of another network; or there is no way to get ``imagenet``.
    """
    if weights == "random":
        config = backbone.default_cfg
        return WeightsFacts("random", config["mean"], config["std"], fresh=len(backbone.state_dict()))
    if weights == "imagenet":
        return _from_timm(backbone, name)
    return _from_file(backbone, name, find_weights(weights))


def find_weights(weights: str) -> Path:
    """Path of a weights file given by path, or by name in ``$FXSTUDY_WEIGHTS`` or ``weights/``."""
    places = [Path(weights)]
    if len(Path(weights).parts) == 1:
        folders = [os.environ.get("FXSTUDY_WEIGHTS"), "weights"]
        places += [Path(folder) / weights for folder in folders if folder]
    for place in places:
        if place.is_file():
            return place
    raise WeightsError(
        f"weights file {weights!r} not found. Give a path, or put the file into weights/ or into the folder "
        "named by the environment variable FXSTUDY_WEIGHTS; or set the parameter to 'random' for a "
        "deliberate random start, or to 'imagenet' where there is a network."
    )


def _from_timm(backbone: nn.Module, name: str) -> WeightsFacts:
    config = timm.get_pretrained_cfg(name)
    if config is None or not config.has_weights:
        raise WeightsError(
            f"timm {timm.__version__} has no ImageNet weights for {name!r}; name a file instead"
        )
    _require_reachable(name, config.hf_hub_id)
    try:
        pretrained = timm.create_model(name, pretrained=True)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"the ImageNet weights of {name!r} could not be fetched: {error}") from error
    loaded, fresh = _fill(backbone, pretrained.state_dict(), name, f"timm's weights of {name}")
    return WeightsFacts(
        f"imagenet ({config.architecture}.{config.tag})",
        tuple(config.mean),
        tuple(config.std),
        licence=config.license or "",
        loaded=loaded,
        fresh=fresh,
    )


def _require_reachable(name: str, hub_id: str | None) -> None:
    """Fail within seconds, not after minutes of retries, where neither a cached copy nor a network is."""
    if hub_id and any(
        isinstance(try_to_load_from_cache(hub_id, file), str)
        for file in ("model.safetensors", "pytorch_model.bin")
    ):
        return
    try:
        requests.head(constants.ENDPOINT, timeout=_PROBE_SECONDS)
    except requests.RequestException as error:
        raise WeightsError(
            f"weights: imagenet for {name!r} needs a network the first time, and the weights' server does "
            f"not answer from here ({type(error).__name__}). Fetch them on a connected machine and name the "
            "file (weights: path/to/file.safetensors), or set weights: random for a deliberate random start."
        ) from error


def _from_file(backbone: nn.Module, name: str, path: Path) -> WeightsFacts:
    state = _read_state(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    loaded, fresh = _fill(backbone, state, name, path.name)
    config = backbone.default_cfg
    known = _registry().get(digest)
    if known is None:
        note = f"input scaling assumed to be timm's default for {name}"
        return WeightsFacts(
            path.name, config["mean"], config["std"], digest, loaded=loaded, fresh=fresh, note=note
        )
    return WeightsFacts(
        path.name,
        tuple(known["mean"]),
        tuple(known["std"]),
        digest,
        known["licence"],
        loaded,
        fresh,
        known["title"],
    )


def _registry() -> dict[str, dict]:
    if not _REGISTRY.is_file():
        return {}
    return {entry["sha256"]: entry for entry in yaml.safe_load(_REGISTRY.read_text())["weights"]}


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if path.suffix in {".pt", ".pth"}:
            state = torch.load(path, map_location="cpu", weights_only=True)
            return state.get("state_dict", state)
    except (SafetensorError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise WeightsError(f"{path.name} cannot be read as weights: {error}") from error
    except Exception as error:
        if type(error).__name__ == "UnpicklingError":
            raise WeightsError(
                f"{path.name} holds more than tensors and is not opened: that could run foreign code; "
                "save a plain state dict, best as .safetensors"
            ) from error
        raise
    raise WeightsError(
        f"{path.name}: weights must be .safetensors, .pt or .pth, not {path.suffix or 'no suffix'}"
    )


def _fill(backbone: nn.Module, state: dict, name: str, source: str) -> tuple[int, int]:
    """Load everything except the top layer strictly; return the numbers of loaded and fresh tensors."""
    own = backbone.state_dict()
    top = backbone.default_cfg["classifier"]
    heads = (top,) if isinstance(top, str) else tuple(top)
    is_top = {key for key in own if key.rsplit(".", 1)[0] in heads}
    body = {key: value for key, value in state.items() if key.rsplit(".", 1)[0] not in heads}
    missing = [key for key in own if key not in is_top and key not in body]
    foreign = [key for key in body if key not in own]
    misfit = [key for key, value in body.items() if key in own and own[key].shape != value.shape]
    if missing or foreign or misfit:
        raise WeightsError(
            f"{source} does not fit the network {name!r}: {len(missing)} tensors missing "
            f"({', '.join(missing[:3])}…), {len(foreign)} unknown, {len(misfit)} of another shape. "
            "Name the weights of the same timm network."
        )
    backbone.load_state_dict(body, strict=False)
    return len(body), len(is_top)
