"""A large table and many files: GRAZPEDWRI-DX's table from file to audit, and thousands of films to scan.

The table is imported, split and audited without its images, in a warm process, least of the rounds. The scan
reads generated 16-bit films in processes, is then resumed, and must not grow in memory.

    python benchmarks/cohort.py GRAZPEDWRI_FOLDER [--files 10000] [--rounds 3] [--out FILE]
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from fxstudy.cohort import audit, import_grazpedwri
from fxstudy.cohort.scan import examine_all


def table_seconds(folder: Path, rounds: int) -> dict[str, float]:
    """Least seconds of import with split, of the audit, and of both."""
    found = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        cohort = import_grazpedwri(folder, files=False).cohort
        imported = time.perf_counter()
        audit(cohort, files=False)
        ended = time.perf_counter()
        found.append((ended - begun, imported - begun, ended - imported))
    whole, importing, auditing = min(found[1:])
    return {"all": round(whole, 2), "import and split": round(importing, 2), "audit": round(auditing, 2)}


def write_films(folder: Path, count: int) -> list[str]:
    """Noise films of 300 × 250 pixels."""
    rng = np.random.default_rng(0)
    names = []
    for number in range(count):
        values = rng.integers(0, 65536, (300, 250), dtype=np.uint16)
        names.append(f"{number:05d}.png")
        Image.fromarray(values).save(folder / names[-1], compress_level=1)
    return names


def peak_mebibytes() -> float:
    """Largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def scan(count: int) -> dict[str, float]:
    """Seconds to scan and to resume, and by how much memory grew in each half."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = write_films(folder, count)
        notes = folder / "scan.jsonl"
        before, begun = peak_mebibytes(), time.perf_counter()
        examine_all(folder, names[: count // 2], resume=notes, workers=os.cpu_count())
        half = peak_mebibytes()
        examine_all(folder, names, resume=notes, workers=os.cpu_count())
        ended, whole = time.perf_counter(), peak_mebibytes()
        examine_all(folder, names, resume=notes)
        resumed = time.perf_counter() - ended
    return {
        "files": count,
        "files_per_second": round(count / (ended - begun), 1),
        "resume_seconds": round(resumed, 2),
        "grown_first_half_MiB": round(half - before, 1),
        "grown_second_half_MiB": round(whole - half, 1),
        "thumbnails_MiB": round(count * 4096 / 2**20, 1),
    }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "cohort.json")
    given = parser.parse_args()
    result = {
        "cores": os.cpu_count(),
        "table": table_seconds(given.folder, given.rounds),
        "scan": scan(given.files),
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
