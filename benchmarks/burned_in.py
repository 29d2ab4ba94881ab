"""How often burned-in text is found, by size and contrast, and how often where there is none.

Text is planted into real films at random places. "Found" means that the masked region covers at least 70 % of
its length. Planted contrasts are steps of grey from the surroundings (1 is black on white).

    python benchmarks/burned_in.py FOLDER [FOLDER …] [--films 40] [--planted 8] [--out FILE]
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fxstudy.cohort import read_image
from fxstudy.cohort.burned_in import find_text
from fxstudy.errors import ImageError

SIZES = (10, 14, 20, 28, 40)
CONTRASTS = (0.1, 0.2, 0.35, 0.6, 1.0)
TEXT = "DOE JANE 07.12.1950"


def plant(pixels: np.ndarray, size: int, contrast: float, rng: np.random.Generator):
    """The film with text in it, and the edges of the text."""
    font = ImageFont.load_default(size=size)
    left, top, right, bottom = font.getbbox(TEXT)
    text = TEXT if right - left + 10 < pixels.shape[1] else TEXT[:8]
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    canvas = Image.new("L", (right - left + 2, bottom - top + 2), 0)
    ImageDraw.Draw(canvas).text((1 - left, 1 - top), text, fill=255, font=font)
    letters = np.asarray(canvas, np.float32) / 255
    y = int(rng.integers(0, pixels.shape[0] - letters.shape[0]))
    x = int(rng.integers(0, pixels.shape[1] - letters.shape[1]))
    film = pixels.copy()
    window = film[y : y + letters.shape[0], x : x + letters.shape[1]]
    base = float(np.median(window))
    grey = min(base + contrast, 1.0) if base < 0.5 else max(base - contrast, 0.0)
    window[...] = window * (1 - letters) + grey * letters
    return film, (x, y, x + letters.shape[1], y + letters.shape[0])


def found(film: np.ndarray, edges: tuple[int, int, int, int]) -> bool:
    """True if the regions that would be masked cover the text."""
    left, top, right, bottom = edges
    covered = np.zeros(right - left, dtype=bool)
    for region in find_text(film):
        if min(region.y_max, bottom) - max(region.y_min, top) >= 0.6 * (bottom - top):
            covered[max(region.x_min - left, 0) : max(region.x_max - left, 0)] = True
    return bool(covered.mean() >= 0.7)


def films(folders: list[Path], most: int) -> list[np.ndarray]:
    """Readable films of the folders, evenly drawn from each."""
    kept = []
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png", ".dcm"))
        order = np.random.default_rng(0).permutation(len(files))
        taken = 0
        for i in order:
            if taken == most:
                break
            try:
                kept.append(read_image(files[i]).pixels)
                taken += 1
            except ImageError:
                continue
    return kept


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--films", type=int, default=40)
    parser.add_argument("--planted", type=int, default=8)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "burned_in.json")
    given = parser.parse_args()
    chosen = films(given.folders, given.films)
    result: dict = {"films": len(chosen), "planted_per_cell": 0, "found": {}}
    begun = time.perf_counter()
    alarms = [len(find_text(film)) for film in chosen]
    result["seconds_per_film"] = round((time.perf_counter() - begun) / len(chosen), 3)
    for name, wide in (("up to 1200 pixels", False), ("larger", True)):
        counts = [a for a, film in zip(alarms, chosen, strict=True) if (max(film.shape) > 1200) == wide]
        films_hit = sum(count > 0 for count in counts)
        result[f"false alarms, {name}"] = {
            "films": len(counts),
            "with_alarm": films_hit,
            "regions": sum(counts),
        }
    step = max(len(chosen) // given.planted, 1)
    targets = chosen[::step][: given.planted]
    result["planted_per_cell"] = len(targets)
    for size in SIZES:
        for contrast in CONTRASTS:
            hits = [
                found(*plant(film, size, contrast, np.random.default_rng(i)))
                for i, film in enumerate(targets)
            ]
            result["found"][f"{size} px, contrast {contrast}"] = round(float(np.mean(hits)), 2)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
