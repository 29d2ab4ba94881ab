"""Grad-CAM: where a network looked."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from fxstudy.learning.models import RadiographNetwork
from fxstudy.learning.predict import batches
from fxstudy.progress import Progress


def grad_cam(network: RadiographNetwork, images: torch.Tensor, *, output: int = 0) -> torch.Tensor:
    """Grad-CAM of a batch at the last feature maps.

    Only the top layer is differentiated, so a map costs little more than a prediction. Each feature map is
    weighted by the mean of its gradient, the sum is clipped at zero and enlarged to the image.

    Parameters
    ----------
    network : RadiographNetwork
        Any timm network with feature maps; evaluated on the device where it lies.
    images : Tensor, shape (n, 1, rows, columns)
        Grey images, 0…255.
    output : int
        Which output is explained; 0 is the only one of a fracture yes/no network.

    Returns
    -------
    Tensor of float32, shape (n, rows, columns)
        Each map between 0 and 1, its maximum 1 unless nothing spoke for the class (all zero).

    References
    ----------
    Selvaraju RR et al. Grad-CAM: visual explanations from deep networks via gradient-based localization.
    Int J Comput Vis 2020;128:336-359.
    """
    network.eval()
    with torch.no_grad():
        features = network.features(images.to(network.mean.device))
    if features.ndim != 4:
        raise ValueError(
            f"{network.name} has no feature maps (its features have {features.ndim} axes, not 4)"
        )
    with torch.enable_grad():
        leaf = features.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(network.head(leaf)[:, output].sum(), leaf)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    maps = torch.relu((weights * features).sum(dim=1, keepdim=True)).float()
    maps = nn.functional.interpolate(maps, images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
    return maps / maps.amax(dim=(1, 2), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)


def grad_cams(
    network: RadiographNetwork,
    image_ids: Sequence[str],
    prepared: Mapping[str, np.ndarray],
    *,
    batch_size: int = 16,
) -> dict[str, np.ndarray]:
    """Grad-CAM of many images: image_id → float32 (rows, columns), 0…1."""
    maps: dict[str, np.ndarray] = {}
    with Progress(len(image_ids), "Grad-CAM", unit="images") as progress:
        for ids, images in batches(image_ids, prepared, batch_size):
            maps.update(zip(ids, grad_cam(network, images).cpu().numpy(), strict=True))
            progress.update(len(ids))
    return maps
