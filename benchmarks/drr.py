"""Projections per second beside other projectors: 256³ voxels of 1 mm onto 256² pixels, cone beam.

The peers are installed into a folder of their own (pip, once), never into the project's environment; one that
cannot be installed or run is named and skipped. Rounds are interleaved; the least time of each counts, since
shared machines swing.

    python benchmarks/drr.py [--rounds 3] [--peers FOLDER] [--out benchmarks/results/drr.json]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from fxstudy.imaging.drr.geometry import Camera, pose
from fxstudy.imaging.drr.projector import project
from fxstudy.imaging.drr.volume import Volume

FACTS = {
    "source_patient": 800,
    "source_detector": 1000,
    "pixels": 256,
    "pitch": 1.25,
    "angles": [-20, 0, 20, 40],
}
PEERS = {"rtk": ["itk-rtk==2.7.0.post1"], "diffdrr": ["--no-deps", "diffdrr==0.6.1"]}


def make_volume() -> np.ndarray:
    """A soft ellipsoid that fills the grid; every slice holds something, so that nothing can be skipped."""
    axis = np.arange(256, dtype=np.float32) - 127.5
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij", sparse=True)
    inside = np.clip(0.5 - (np.sqrt(x**2 / 100**2 + y**2 / 60**2 + z**2 / 110**2) - 1) * 60, 0, 1)
    return (1e-6 + 0.02 * inside).astype(np.float32)


def install(name: str, folder: Path) -> Path | None:
    """Folder with the peer's packages, or None with a word why not."""
    target = folder / name
    if target.is_dir():
        return target
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--target", str(target), *PEERS[name]],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.stderr.write(
            f"{name} is skipped: pip could not install it ({done.stderr.strip().splitlines()[-1:]})\n"
        )
        return None
    return target


def run_peer(name: str, packages: Path, volume: Path, facts: Path) -> dict | None:
    """One round of a peer in a process of its own."""
    script = Path(__file__).with_name("drr_peers.py")
    done = subprocess.run(
        [sys.executable, str(script), name, str(volume), str(facts), "2" if name == "rtk" else "1"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(packages)},
    )
    if done.returncode:
        sys.stderr.write(f"{name} is skipped: {done.stderr.strip().splitlines()[-1:]}\n")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def run_ours(volume: Volume, *, gradients: bool) -> dict:
    """One round of our projector."""
    camera = Camera(
        FACTS["source_detector"], FACTS["source_patient"], FACTS["pixels"], FACTS["pixels"], FACTS["pitch"]
    )
    poses = pose([float(a) for a in FACTS["angles"]]).requires_grad_(gradients)
    times = []
    for _ in range(2):
        start = time.perf_counter()
        image = project(volume, camera, poses)
        times.append(time.perf_counter() - start)
    return {"ms_per_projection": min(times) / len(poses) * 1e3, "sum": float(image.detach().sum())}


def measure(rounds: int, peers: Path) -> dict:
    """Least times of all."""
    values = make_volume()
    volume = Volume(torch.from_numpy(values), (1.0, 1.0, 1.0), (-127.5,) * 3)
    found: dict[str, list[dict]] = {}
    with tempfile.TemporaryDirectory() as name:
        files = Path(name) / "volume.npy", Path(name) / "facts.json"
        np.save(files[0], values)
        files[1].write_text(json.dumps(FACTS))
        packages = {peer: path for peer in PEERS if (path := install(peer, peers)) is not None}
        for _ in range(rounds):
            found.setdefault("fxstudy (OpenCV)", []).append(run_ours(volume, gradients=False))
            found.setdefault("fxstudy (torch, with gradients)", []).append(run_ours(volume, gradients=True))
            for peer, path in packages.items():
                if (one := run_peer(peer, path, *files)) is not None:
                    found.setdefault(peer, []).append(one)
    best = {peer: min(runs, key=lambda run: run["ms_per_projection"]) for peer, runs in found.items()}
    ours = best["fxstudy (OpenCV)"]["ms_per_projection"]
    ratios = {peer: run["ms_per_projection"] / ours for peer, run in best.items()}
    return {"projectors": best, "times_slower_than_fxstudy": ratios}


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "fxstudy" / "peers")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "drr.json")
    options = parser.parse_args()
    versions = {"python": platform.python_version(), "torch": torch.__version__, "opencv": cv2.__version__}
    record = {"machine": {"cores": os.cpu_count(), "system": platform.system(), **versions}}
    record |= measure(options.rounds, options.peers)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + "\n")
    json.dump(record, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
