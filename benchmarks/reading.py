"""Files per second of `read_image` beside the bare decoder, and beside the readers of others.

The bare decoder is ``pydicom.dcmread(file).pixel_array``: no LUT, no window, no inversion, no check. Rounds
are interleaved and the least time of each file counts, since shared machines swing. MONAI and torchxrayvision
take part where they can be imported from ``--peers`` (a folder filled with ``pip install --target``), each on
the files that it reads at all.

    python benchmarks/reading.py FOLDER [--rounds 5] [--peers FOLDER] [--out benchmarks/results/reading.json]
"""

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom

from fxstudy.cohort import read_image
from fxstudy.errors import ImageError


def bare(path: Path) -> np.ndarray:
    """What pydicom alone gives."""
    return pydicom.dcmread(path).pixel_array


def monai_reader() -> Callable[[Path], np.ndarray]:
    """MONAI's reader for DICOM."""
    from monai.data import PydicomReader

    reader = PydicomReader()
    return lambda path: reader.get_data(reader.read(str(path)))[0]


def xray_reader() -> Callable[[Path], np.ndarray]:
    """torchxrayvision's reader for DICOM."""
    import torchxrayvision

    return lambda path: torchxrayvision.utils.read_xray_dcm(str(path))


def readable(folder: Path) -> list[Path]:
    """Files of the folder that `read_image` takes and that are DICOM."""
    found = []
    for path in sorted(folder.rglob("*.dcm")):
        try:
            read_image(path)
        except ImageError:
            continue
        found.append(path)
    return found


def seconds(readers: dict[str, Callable], files: list[Path], rounds: int) -> dict[str, dict[str, float]]:
    """Least time of each reader on each file; files that a reader cannot read are left out."""
    best: dict[str, dict[str, float]] = {name: {} for name in readers}
    for _ in range(rounds):
        for path in files:
            for name, read in readers.items():
                begun = time.perf_counter()
                try:
                    read(path)
                except Exception:  # a peer may raise anything; it then does not count on this file
                    continue
                took = time.perf_counter() - begun
                best[name][path.name] = min(took, best[name].get(path.name, took))
    return best


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "reading.json")
    given = parser.parse_args()
    if given.peers:
        sys.path.append(str(given.peers))
    readers: dict[str, Callable] = {"fxstudy": read_image, "pydicom alone": bare}
    for name, make in {"MONAI": monai_reader, "torchxrayvision": xray_reader}.items():
        try:
            readers[name] = make()
        except ImportError as error:
            sys.stderr.write(f"{name} is skipped: {error}\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = seconds(readers, readable(given.folder), given.rounds)
    result = {"rounds": given.rounds, "cores": os.cpu_count(), "readers": {}}
    for name, times in best.items():
        shared = set(times) & set(best["fxstudy"])
        if shared:
            own = sum(times[file] for file in shared)
            result["readers"][name] = {
                "files": len(shared),
                "files_per_second": round(len(shared) / own, 2),
                "fxstudy_takes_times": round(sum(best["fxstudy"][file] for file in shared) / own, 3),
            }
    result["overhead"] = {
        file: round(best["fxstudy"][file] / took - 1, 3) for file, took in best["pydicom alone"].items()
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
