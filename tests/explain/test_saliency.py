import numpy as np
import pytest
import torch

from fxstudy.explain import grad_cam, grad_cams
from fxstudy.learning import build_network

NETWORKS = ["densenet121", "resnet18", "efficientnet_b0", "inception_v3", "mobilenetv2_100"]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_map_equals_the_definition_written_out(name):
    """Oracle: Selvaraju 2020, equations 1 and 2, by full backpropagation with a hook on the features."""
    network = build_network(name, weights="random", seed=0).eval()
    images = torch.randint(
        0, 256, (2, 1, 128, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    kept = {}
    features = network.backbone.forward_features

    def keep(x):
        kept["maps"] = features(x)
        kept["maps"].retain_grad()
        return kept["maps"]

    network.backbone.forward_features = keep
    network(images)[:, 0].sum().backward()
    network.backbone.forward_features = features
    alpha = kept["maps"].grad.mean(dim=(2, 3))
    raw = torch.relu(torch.einsum("nc,ncij->nij", alpha, kept["maps"])).detach()
    large = torch.nn.functional.interpolate(raw[:, None], (128, 96), mode="bilinear", align_corners=False)[
        :, 0
    ]
    expected = large / large.amax(dim=(1, 2), keepdim=True).clamp_min(1e-38)
    torch.testing.assert_close(grad_cam(network, images), expected, rtol=1e-4, atol=1e-5)


def test_maps_do_not_depend_on_the_batch(squares):
    table, prepared = squares
    network = build_network("test_resnet", weights="random", seed=1)
    ids = list(table["image_id"][:5])
    alone = {i: grad_cams(network, [i], prepared)[i] for i in ids}
    together = grad_cams(network, ids, prepared, batch_size=3)
    for image_id in ids:
        np.testing.assert_allclose(together[image_id], alone[image_id], atol=1e-4)
        assert together[image_id].shape == (48, 40)


def test_a_map_of_nothing_is_zero_and_not_nan():
    network = build_network("test_resnet", weights="random", seed=1)
    with torch.no_grad():
        network.backbone.fc.weight.zero_()
    maps = grad_cam(network, torch.zeros(1, 1, 48, 40, dtype=torch.uint8))
    assert torch.equal(maps, torch.zeros_like(maps))


def test_other_weights_give_another_map():
    """The randomisation check of Adebayo 2018."""
    images = torch.randint(
        0, 256, (1, 1, 96, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    one, two = (grad_cam(build_network("resnet18", weights="random", seed=s), images) for s in (1, 2))
    assert np.corrcoef(one.flatten(), two.flatten())[0, 1] < 0.9


def test_no_gradient_is_left_in_the_network():
    network = build_network("test_resnet", weights="random", seed=1)
    grad_cam(network, torch.zeros(1, 1, 48, 40, dtype=torch.uint8))
    assert all(p.grad is None for p in network.parameters())
