"""How much faster a training reads prepared images than it would decode and prepare the originals each epoch.

Films of the paper's size (1,776 × 2,132 pixels, JPEG) are made for the purpose. Times are the least of
several rounds, in milliseconds per image, on one thread.

    python benchmarks/prepare.py [--films 24] [--rounds 5] [--out benchmarks/results/prepare.json]
"""

import argparse
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from fxstudy.cohort import Cohort, read_image
from fxstudy.imaging import Preparation, PreparedImages, prepare
from fxstudy.imaging.augment import apply, plain

SIZES = {"demo 256 × 256": Preparation(256, 256), "paper 550 × 660": Preparation(550, 660, aspect="stretch")}


def make_films(folder: Path, count: int) -> Cohort:
    """Films with smooth structure and grain, as large as the paper's originals."""
    rng, rows = np.random.default_rng(0), []
    for i in range(count):
        coarse = cv2.resize(rng.random((9, 7), dtype=np.float32), (1776, 2132), interpolation=cv2.INTER_CUBIC)
        grain = rng.standard_normal((2132, 1776), dtype=np.float32) * 0.02
        path = folder / f"film{i}.jpg"
        cv2.imwrite(
            str(path),
            np.clip((coarse + grain) * 255, 0, 255).astype(np.uint8),
            [cv2.IMWRITE_JPEG_QUALITY, 95],
        )
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append({"image_id": f"film{i}", "path": path.name, "sha256": digest, "label": "none"})
    return Cohort(name="films", root=folder, images=pd.DataFrame(rows))


def least(function, items, rounds: int) -> float:
    """Milliseconds per item, least of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for item in items:
            function(item)
        times.append(time.perf_counter() - start)
    return min(times) / len(items) * 1e3


def machine() -> dict:
    """What the times were measured on."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        names = [
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ]
        cpu = names[0] if names else cpu
    versions = {"python": platform.python_version(), "numpy": np.__version__, "opencv": cv2.__version__}
    return {"cpu": cpu, "cores": os.cpu_count(), "system": platform.system(), **versions}


def measure(films: int, rounds: int) -> dict:
    """All times."""
    cv2.setNumThreads(1)
    results = {}
    with tempfile.TemporaryDirectory() as name:
        cohort = make_films(Path(name), films)
        ids = cohort.images["image_id"].tolist()
        for title, preparation in SIZES.items():
            prepared = PreparedImages(cohort, preparation, Path(name) / "cache")
            prepared.ensure(progress=False)
            each = least(
                lambda i, p=preparation: prepare(read_image(cohort.path(i)).pixels, p),
                ids,
                max(rounds // 2, 1),
            )
            cached = least(lambda i, p=prepared: p[i], ids, rounds)
            results[title] = {
                "decode_and_prepare_ms": each,
                "read_prepared_ms": cached,
                "ratio": each / cached,
            }
    picture = np.random.default_rng(0).integers(0, 256, (256, 256), dtype=np.uint8)
    draws = [plain().sample(np.random.default_rng(i)) for i in range(200)]
    return {
        "reading": results,
        "augmentation_256_ms": least(lambda drawn: apply(picture, drawn), draws, rounds),
    }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "prepare.json")
    options = parser.parse_args()
    record = {"machine": machine(), **measure(options.films, options.rounds)}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + "\n")
    json.dump(record, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
