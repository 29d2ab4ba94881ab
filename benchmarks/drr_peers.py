"""One peer of benchmarks/drr.py, with packages of its own: prints milliseconds per projection as JSON.

    python drr_peers.py <rtk | diffdrr> volume.npy poses.json rounds

Volume: 1 mm voxels (z, y, x). poses.json: source, detector distances, pixels, and angles about the long axis.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def least(function, rounds):
    """Seconds of the fastest of several calls."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return min(times), result


def rtk(volume, facts, rounds):
    """ITK-RTK's Joseph projector on the CPU."""
    import itk
    from itk import RTK

    size = volume.shape[0]
    image = itk.image_from_array(volume)
    image.SetOrigin([-(size - 1) / 2] * 3)
    geometry = RTK.ThreeDCircularProjectionGeometry.New()
    for angle in facts["angles"]:
        geometry.AddProjection(facts["source_patient"], facts["source_detector"], angle)
    pixels, pitch, count = facts["pixels"], facts["pitch"], len(facts["angles"])
    kind = itk.Image[itk.F, 3]
    blank = RTK.ConstantImageSource[kind].New()
    blank.SetSize([pixels, pixels, count])
    blank.SetSpacing([pitch, pitch, 1.0])
    blank.SetOrigin([-(pixels - 1) / 2 * pitch] * 2 + [0.0])
    blank.SetConstant(0.0)

    def run():
        projector = RTK.JosephForwardProjectionImageFilter[kind, kind].New()
        projector.SetGeometry(geometry)
        projector.SetInput(0, blank.GetOutput())
        projector.SetInput(1, image)
        projector.Update()
        return itk.array_from_image(projector.GetOutput())

    return least(run, rounds)


def _torch_inputs(volume, facts):
    import torch

    size, pixels, pitch = volume.shape[0], facts["pixels"], facts["pitch"]
    sources, targets = [], []
    grid = (np.arange(pixels) - (pixels - 1) / 2) * pitch
    v, u = np.meshgrid(grid, grid, indexing="ij")
    for angle in np.deg2rad(facts["angles"]):
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        far = facts["source_detector"] - facts["source_patient"]
        sources.append(turn @ [0, -facts["source_patient"], 0])
        targets.append(np.stack([u.ravel(), np.full(u.size, far), -v.ravel()], axis=1) @ turn.T)
    middle = (size - 1) / 2
    source = torch.tensor(np.array(sources)[:, None] + middle, dtype=torch.float32)
    target = torch.tensor(np.array(targets) + middle, dtype=torch.float32)
    return torch.from_numpy(np.ascontiguousarray(volume.transpose(2, 1, 0))), source, target


def diffdrr(volume, facts, rounds):
    """DiffDRR's Siddon renderer, patches of 4,096 rays, on torch's CPU."""
    import torch
    from diffdrr.renderers import Siddon

    values, source, target = _torch_inputs(volume, facts)
    renderer = Siddon()

    def run():
        with torch.no_grad():
            return torch.cat(
                [
                    renderer(
                        values, source[b : b + 1], part, (part - source[b : b + 1]).norm(dim=-1)[:, None]
                    )
                    for b in range(len(source))
                    for part in target[b : b + 1].split(4096, dim=1)
                ],
                dim=-1,
            )

    return least(run, rounds)


def main():
    """Run one peer."""
    name, volume, facts, rounds = (
        sys.argv[1],
        np.load(sys.argv[2]),
        json.loads(Path(sys.argv[3]).read_text()),
        int(sys.argv[4]),
    )
    seconds, image = {"rtk": rtk, "diffdrr": diffdrr}[name](volume, facts, rounds)
    total = float(np.asarray(image).sum())
    print(json.dumps({"ms_per_projection": seconds / len(facts["angles"]) * 1e3, "sum": total}))


if __name__ == "__main__":
    main()
