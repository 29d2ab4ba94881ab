import pytest
import torch

from fxstudy.errors import ParameterError
from fxstudy.learning import build_network, count_parameters, model_names


@pytest.mark.parametrize("name", ["mobilenetv2_100", "mobilenetv3_small_100", "resnet18", "densenet121"])
def test_first_probabilities_are_undecided(name):
    """timm alone starts the EfficientNet family with logits in the tens when there is one output."""
    network = build_network(name, weights="random", seed=0).eval()
    images = torch.randint(
        0, 256, (4, 1, 96, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        assert network(images).abs().max() < 3


def test_the_same_seed_gives_the_same_network_and_leaves_the_callers_state():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two, other = (build_network("test_resnet", weights="random", seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    same = [torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True)]
    assert all(same) and not torch.equal(one.backbone.fc.weight, other.backbone.fc.weight)


def test_published_networks_have_their_known_sizes():
    """Oracle: 28.68 and 60.19 million parameters with 1,000 classes (Huang 2017; He 2016), less 999."""
    names = ("densenet161", "resnet152")
    sizes = {name: count_parameters(build_network(name, weights="random")) for name in names}
    assert sizes["densenet161"] == 28_681_000 - 999 * (2208 + 1)
    assert sizes["resnet152"] == 60_192_808 - 999 * (2048 + 1)


def test_names_tell_two_starts_of_one_network_apart():
    assert model_names(["a", "b"], ["random", "x.pt"]) == ["a", "b"]
    assert model_names(["a", "a"], ["random", "x.pt"]) == ["a (random)", "a (pretrained)"]
    with pytest.raises(ParameterError, match="models must differ"):
        model_names(["a", "a"], ["random", "random"])
    with pytest.raises(ParameterError, match="equal length, not 2 and 1"):
        model_names(["a", "b"], ["random"])
