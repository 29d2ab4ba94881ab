import pickle

import pytest
import requests
import timm
import torch
from safetensors.torch import save_file

from fxstudy.errors import TrainingError, WeightsError
from fxstudy.learning import build_network, find_weights
from fxstudy.learning import weights as weights_module


@pytest.fixture
def file(tmp_path):
    """Weights of test_resnet with its 1000-class head, as safetensors."""
    path = tmp_path / "pretrained.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(1)
        save_file(timm.create_model("test_resnet").state_dict(), path)
    return path


def test_a_file_fills_the_body_and_leaves_a_fresh_seeded_top_layer(file):
    network = build_network("test_resnet", weights=str(file), seed=1)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        expected = timm.create_model("test_resnet").state_dict()
    own = network.backbone.state_dict()
    body = [key for key in own if not key.startswith("fc.")]
    assert all(torch.equal(own[key], expected[key]) for key in body)
    assert own["fc.weight"].shape[0] == 1
    facts = network.facts
    assert (facts.source, facts.loaded, facts.fresh) == ("pretrained.safetensors", len(body), 2)
    assert len(facts.sha256) == 64 and "assumed" in facts.note
    again = build_network("test_resnet", weights=str(file), seed=1)
    assert torch.equal(own["fc.weight"], again.backbone.state_dict()["fc.weight"])


def test_weights_of_another_network_are_refused(file):
    with pytest.raises(WeightsError, match="does not fit the network 'resnet18'"):
        build_network("resnet18", weights=str(file))


def test_a_missing_file_says_where_it_was_looked_for():
    with pytest.raises(WeightsError, match="'nowhere.safetensors' not found.*FXSTUDY_WEIGHTS"):
        build_network("test_resnet", weights="nowhere.safetensors")


def test_a_bare_name_is_found_in_the_named_folder(file, monkeypatch):
    monkeypatch.setenv("FXSTUDY_WEIGHTS", str(file.parent))
    assert find_weights(file.name) == file


def test_a_pickle_that_runs_code_is_not_opened(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = tmp_path / "evil.pth"
    torch.save({"x": Evil()}, path)
    with pytest.raises(WeightsError, match="is not opened"):
        build_network("test_resnet", weights=str(path))
    assert not (tmp_path / "ran").exists()
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Evil(), protocol=2))
    with pytest.raises(WeightsError):
        build_network("test_resnet", weights=str(tmp_path / "plain.pth"))


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(b"\x10\x00")
    with pytest.raises(WeightsError, match="cut.safetensors cannot be read as weights"):
        build_network("test_resnet", weights=str(path))


def test_imagenet_without_a_network_is_an_error_and_never_a_random_start(monkeypatch):
    def unreachable(*args, **kwargs):
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(weights_module, "try_to_load_from_cache", lambda *a: None)
    monkeypatch.setattr(weights_module.requests, "head", unreachable)
    with pytest.raises(WeightsError, match="weights: imagenet for 'resnet152' needs a network"):
        build_network("resnet152", weights="imagenet")


def test_an_unknown_network_suggests_close_names():
    with pytest.raises(TrainingError, match="'densenet16'; close names: .*densenet161"):
        build_network("densenet16", weights="random")


def test_the_real_imagenet_file_is_known_by_its_digest(shared_data):
    path = shared_data / "weights" / "mobilenetv2_100_imagenet.safetensors"
    network = build_network("mobilenetv2_100", weights=str(path))
    assert network.facts.mean == network.facts.std == (0.5, 0.5, 0.5)
    assert network.facts.licence == "Apache-2.0" and network.facts.fresh == 2
    white = torch.full((1, 1, 4, 4), 255, dtype=torch.uint8)
    assert torch.allclose(network.scale(white), torch.ones(1, 3, 4, 4))
