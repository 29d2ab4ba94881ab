"""Prepared images on disk, so that a second training reads no JPEG and no DICOM.

One ``.npy`` file per image, named by the sha256 of the radiograph, in a folder named by the preparation and
by the code that reads and prepares. Files are written to a temporary name and moved into place: a killed run
leaves only whole files. Four bytes of checksum follow the array (``numpy.load`` ignores them).
"""

import os
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fxstudy.cohort import read_image
from fxstudy.errors import FxstudyError, ImageError
from fxstudy.imaging.fingerprint import file_sha256, source_digest
from fxstudy.imaging.prepare import Preparation, prepare, prepare_boxes
from fxstudy.progress import Progress

if TYPE_CHECKING:
    from fxstudy.cohort import Cohort

_LISTED = 50


class PreparedImages(Mapping):
    """The prepared images of a cohort: ``prepared[image_id]`` is uint8 of shape (height, width).

    An image that is not in the cache, or damaged there, is prepared when it is asked for; `ensure` prepares
    all that are missing with several threads. Originals may be deleted afterwards.

    Parameters
    ----------
    cohort : Cohort
        Its ``images`` table names the files and their sha256.
    preparation : Preparation
        How they are prepared.
    folder : Path or str
        Cache folder, shared by any number of cohorts and preparations.
    """

    def __init__(self, cohort: "Cohort", preparation: Preparation, folder: Path | str):
        self.preparation = preparation
        self.folder = Path(folder) / f"{preparation.digest}-{_code_digest()}"
        self._cohort = cohort
        images = cohort.images
        self._row = {image_id: i for i, image_id in enumerate(images["image_id"])}
        known = images["sha256"] if "sha256" in images else [None] * len(images)
        self._sha256 = [value if isinstance(value, str) and value else None for value in known]

    def __len__(self) -> int:
        return len(self._row)

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __getitem__(self, image_id: str) -> np.ndarray:
        cached = self._read(image_id)
        return self._build(image_id) if cached is None else cached

    def stack(self, image_ids: Sequence[str]) -> np.ndarray:
        """Several images as one array of shape (n, height, width)."""
        out = np.empty((len(image_ids), self.preparation.height, self.preparation.width), np.uint8)
        for i, image_id in enumerate(image_ids):
            out[i] = self[image_id]
        return out

    def boxes(self, image_id: str) -> pd.DataFrame:
        """Annotated boxes of an image, in pixels of the prepared image."""
        table = self._cohort.boxes
        rows, columns = self._size(image_id)
        if rows is None:
            raise ImageError(f"{image_id}: the images table must give rows and columns to place its boxes")
        return prepare_boxes(table[table["image_id"] == image_id], rows, columns, self.preparation)

    def missing(self) -> list[str]:
        """Images without a sound file in the cache."""
        return [image_id for image_id in self if self._read(image_id) is None]

    def ensure(self, *, progress: bool = True, threads: int | None = None) -> int:
        """Prepare what is missing; returns how many were prepared.

        Raises
        ------
        ImageError
            Some radiographs cannot be read: all of them are named, after all others have been prepared.
        """
        todo = self.missing()
        if not todo:
            return 0
        faults = []
        bar = Progress(len(todo), "preparing images", unit="images") if progress else None
        with ThreadPoolExecutor(threads or min(os.cpu_count() or 1, 8)) as pool:
            jobs = {pool.submit(self._build, image_id): image_id for image_id in todo}
            try:
                faults = _collect(jobs, bar)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        if faults:
            raise ImageError(_listing(sorted(faults), len(todo)))
        return len(todo)

    def file(self, image_id: str) -> Path:
        """The cache file of an image."""
        return self.folder / f"{self._checked_sha256(image_id)}.npy"

    def _position(self, image_id: str) -> int:
        try:
            return self._row[image_id]
        except KeyError:
            raise KeyError(f"no image {image_id!r} in cohort {self._cohort.name!r}") from None

    def _checked_sha256(self, image_id: str) -> str:
        row = self._position(image_id)
        if self._sha256[row] is None:
            self._sha256[row] = file_sha256(self._cohort.path(image_id))
        return self._sha256[row]

    def _size(self, image_id: str) -> tuple[int, int] | tuple[None, None]:
        images, row = self._cohort.images, self._position(image_id)
        if not {"rows", "columns"} <= set(images.columns):
            return None, None
        rows, columns = images["rows"].iloc[row], images["columns"].iloc[row]
        return (None, None) if pd.isna(rows) or pd.isna(columns) else (int(rows), int(columns))

    def _read(self, image_id: str) -> np.ndarray | None:
        try:
            return decode(self.file(image_id).read_bytes(), self.preparation)
        except (OSError, ImageError):
            return None

    def _build(self, image_id: str) -> np.ndarray:
        path, expected = self._cohort.path(image_id), self._checked_sha256(image_id)
        if not path.is_file():
            raise ImageError(f"{image_id}: no file at {path}")
        if file_sha256(path) != expected:
            raise ImageError(
                f"{image_id}: the file has changed since the manifest was written (sha256 differs)"
            )
        pixels = read_image(path).pixels
        size = self._size(image_id)
        if size[0] is not None and size != pixels.shape:
            stated, found = (f"{rows} × {columns}" for rows, columns in (size, pixels.shape))
            raise ImageError(f"{image_id}: the images table says {stated} pixels, the file has {found}")
        image = prepare(pixels, self.preparation)
        write_atomically(self.file(image_id), encode(image))
        return image


def _code_digest() -> str:
    return source_digest(read_image, prepare, Preparation)


def _collect(jobs: dict, bar: Progress | None) -> list[str]:
    faults = []
    for job in as_completed(jobs):
        error = job.exception()
        if isinstance(error, FxstudyError | OSError | ValueError):
            text, image_id = str(error), jobs[job]
            faults.append(text if text.startswith(image_id) else f"{image_id}: {text}")
        elif error is not None:
            raise error
        if bar is not None:
            bar.update()
    return faults


def _listing(faults: list[str], tried: int) -> str:
    lines = [f"  {i}. {fault}" for i, fault in enumerate(faults[:_LISTED], start=1)]
    if len(faults) > _LISTED:
        lines.append(f"  … and {len(faults) - _LISTED} more")
    head = f"{len(faults)} of {tried} images cannot be prepared; repair or exclude them (split = exclude):"
    return "\n".join([head, *lines])


def encode(image: np.ndarray) -> bytes:
    """A ``.npy`` file with four bytes of checksum behind it."""
    buffer = BytesIO()
    np.save(buffer, image, allow_pickle=False)
    raw = buffer.getvalue()
    return raw + zlib.crc32(raw).to_bytes(4, "big")


def decode(raw: bytes, preparation: Preparation) -> np.ndarray:
    """Read what `encode` wrote; ImageError when the bytes are damaged or of another preparation."""
    size = preparation.height * preparation.width
    if len(raw) < size + 4 or zlib.crc32(memoryview(raw)[:-4]) != int.from_bytes(raw[-4:], "big"):
        raise ImageError("a cache file is damaged")
    flat = np.frombuffer(raw, np.uint8, size, len(raw) - 4 - size)
    return flat.reshape(preparation.height, preparation.width).copy()


def write_atomically(path: Path, raw: bytes) -> None:
    """Write a whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        temporary.write_bytes(raw)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
