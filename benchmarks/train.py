"""What our training loop and Grad-CAM cost beside the least that could be spent.

- a training step through fastai's Learner with all our callbacks, beside a bare PyTorch loop with the same
  network, batch, optimiser and loss;
- Grad-CAM of a batch beside one forward pass of it.

Both are timed in turn in the same process; the least time of all rounds counts.

    python benchmarks/train.py [--network resnet18] [--size 224] [--batch 16] [--rounds 7] [--out FILE]
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from fxstudy.explain import grad_cam
from fxstudy.learning import RadiographDataset, TrainingSettings, build_network, default_device, examples_of
from fxstudy.learning.bookkeeping import Bookkeeper, State
from fxstudy.learning.data import make_loaders
from fxstudy.learning.settings import resolve_precision
from fxstudy.learning.train import BinaryLoss, make_learner
from fxstudy.progress import Progress

STEPS = 4


def films(count: int, size: int) -> RadiographDataset:
    """Noise images, every other one a fracture."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"image_id": [f"i{k}" for k in range(count)]})
    table["label"] = ["fracture" if k % 2 else "none" for k in range(count)]
    prepared = {i: rng.integers(0, 256, (size, size)).astype(np.uint8) for i in table["image_id"]}
    return RadiographDataset(examples_of(table, "fracture"), prepared)


def wait() -> None:
    """Let a GPU finish what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(work) -> float:
    """Time of one call."""
    wait()
    start = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - start


def training(name: str, size: int, batch: int, rounds: int, device: torch.device) -> dict:
    """Seconds per training step through the Learner and in a bare loop."""
    data = films(STEPS * batch, size)
    settings = TrainingSettings(epochs=1, batch_size=batch, lr=1e-4, precision="fp32")
    networks = [
        build_network(name, weights="random").to(device, memory_format=torch.channels_last) for _ in range(2)
    ]
    loaders = make_loaders(data, data, batch_size=batch, seed=0, workers=0, device=device)
    optimiser, loss_of = torch.optim.Adam(networks[1].parameters(), lr=1e-4), BinaryLoss().to(device)

    def through_learner() -> float:
        with tempfile.TemporaryDirectory() as folder, Progress(STEPS, "") as progress:
            keeper = Bookkeeper(settings, loaders, Path(folder), State(), progress)
            learner = make_learner(networks[0], loaders, settings, "fp32", [keeper])
            learner.create_opt()
            learner.epoch, learner.n_epoch = 0, 1
            learner("before_fit")
            return seconds(learner._do_epoch_train)

    def bare() -> None:
        networks[1].train()
        for images, targets in loaders.train:
            loss = loss_of(networks[1](images.to(device)), targets.to(device))
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()

    times = [(through_learner(), seconds(bare)) for _ in range(rounds + 1)][1:]
    ours, theirs = (min(column) / STEPS for column in zip(*times, strict=True))
    return {"learner_s": ours, "bare_loop_s": theirs, "ratio": ours / theirs}


def saliency(name: str, size: int, batch: int, rounds: int, device: torch.device) -> dict:
    """Seconds per image of a prediction and of a Grad-CAM."""
    network = build_network(name, weights="random").to(device, memory_format=torch.channels_last).eval()
    images = torch.randint(0, 256, (batch, 1, size, size), dtype=torch.uint8).to(device)

    def forward() -> None:
        with torch.inference_mode():
            network(images)

    times = [(seconds(forward), seconds(lambda: grad_cam(network, images))) for _ in range(rounds + 1)][1:]
    once, mapped = (min(column) / batch for column in zip(*times, strict=True))
    return {"forward_s": once, "grad_cam_s": mapped, "ratio": mapped / once}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", action="append", help="repeatable; default resnet18 and densenet121")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "train.json")
    given = parser.parse_args()
    device = default_device()
    names = given.network or ["resnet18", "densenet121"]
    options = (given.size, given.batch, given.rounds, device)
    result = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
            "python": platform.python_version(),
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
        },
        "precision": resolve_precision("fp32", device),
        "size": given.size,
        "batch": given.batch,
        "training_step": {name: training(name, *options) for name in names},
        "grad_cam": {name: saliency(name, *options) for name in names},
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=2) + "\n")
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
