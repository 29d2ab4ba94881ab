"""Look at many image files once: hash, size, spacing, thumbnail, and the reason where a file is refused.

Thousands of files are read by several processes, a few at a time, so that memory stays flat. With a resume
file an interrupted scan goes on where it stopped: files that did not change since are not read again.
"""

import base64
import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from fxstudy.cohort.pixels import decode
from fxstudy.errors import ImageError
from fxstudy.progress import Progress

THUMBNAIL = 64
_WORTH_PROCESSES = 2000
_BATCH = 256
_TYPES = {"rows": "Int64", "columns": "Int64", "pixel_spacing_mm": "float64", "thumbnail": object}
_CRASHED = "damaged: the decoder crashed on this file"


@dataclass(frozen=True)
class FileFacts:
    """What one file is. ``refused`` is the reason why it is no radiograph, empty if it is one."""

    path: str
    sha256: str = ""
    rows: int | None = None
    columns: int | None = None
    photometric: str = ""
    pixel_spacing_mm: float | None = None
    spacing_kind: str = ""
    notes: str = ""
    refused: str = ""
    thumbnail: bytes = b""
    header: dict = field(default_factory=dict)


def examine(path: str | Path, *, name: str = "") -> FileFacts:
    """Read one file whole and say what it is; never raises for a bad file."""
    path = Path(path)
    name = name or path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        return FileFacts(name, refused=f"missing file: {error.strerror}")
    digest = hashlib.sha256(data).hexdigest()
    try:
        radiograph = decode(data, path.name)
    except ImageError as error:
        words = str(error).removeprefix(f"{path.name}: ")
        return FileFacts(name, digest, refused=words, header=_header(data))
    rows, columns = radiograph.pixels.shape
    return FileFacts(
        name,
        digest,
        rows,
        columns,
        radiograph.photometric,
        radiograph.spacing_mm[0] if radiograph.spacing_mm else None,
        radiograph.spacing_kind,
        "; ".join(radiograph.notes),
        "blank: all pixels are equal" if radiograph.blank else "",
        thumbnail(radiograph.pixels),
        _header(data),
    )


def _header(data: bytes) -> dict:
    """Row of the DICOM header, empty for other files; only the names of what identifies are kept."""
    if data[128:132] != b"DICM":
        return {}
    from fxstudy.cohort.dicom import parse_dicom
    from fxstudy.cohort.headers import header_row

    try:
        row = header_row(parse_dicom(data, pixels=False))
    except ImageError:
        return {}
    return {"names_patient": row["names_patient"]} if row["names_patient"] else row


def thumbnail(pixels: np.ndarray, size: int = THUMBNAIL) -> bytes:
    """The image averaged down to ``size`` × ``size`` grey values of one byte, whatever its shape was."""
    import cv2

    small = cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA)
    return np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8).tobytes()


def examine_all(
    root: str | Path,
    paths: Sequence[str],
    *,
    label: str = "reading images",
    workers: int | None = None,
    resume: str | Path | None = None,
) -> pd.DataFrame:
    """`examine` for many files below ``root``, one row each in the order of ``paths``.

    Parameters
    ----------
    root : path
    paths : sequence of str
        Relative to ``root``.
    label : str
        Shown beside the progress.
    workers : int, optional
        Processes; by default one below 2,000 files, else as many as there are cores, at most 8.
    resume : path, optional
        File that keeps the facts found so far; an interrupted scan resumes from it.
    """
    root = Path(root)
    known = _Notes(resume, root)
    todo = [path for path in dict.fromkeys(paths) if path not in known]
    if workers is None:
        workers = min(os.cpu_count() or 1, 8) if len(todo) >= _WORTH_PROCESSES else 1
    with Progress(len(set(paths)), label, unit="images", done=len(known)) as progress, known:
        found = _in_processes(root, todo, workers) if workers > 1 else _one_by_one(root, todo)
        for facts in found:
            known.add(facts)
            progress.update()
    rows = [asdict(known[path]) for path in paths]
    return pd.DataFrame(rows, columns=list(FileFacts.__dataclass_fields__)).astype(_TYPES)


def _examine_below(root: Path, path: str) -> FileFacts:
    return examine(root / path, name=path)


def _one_by_one(root: Path, paths: Sequence[str]) -> Iterator[FileFacts]:
    return (_examine_below(root, path) for path in paths)


def _in_processes(root: Path, paths: Sequence[str], workers: int) -> Iterator[FileFacts]:
    """Facts in the order of ``paths``; a file that kills its process is refused, the others go on."""
    pool = _pool(workers)
    if pool is None:
        yield from _one_by_one(root, paths)
        return
    try:
        for start in range(0, len(paths), _BATCH):
            batch = paths[start : start + _BATCH]
            done: list[FileFacts] = []
            try:
                for facts in pool.map(_examine_below, [root] * len(batch), batch, chunksize=4):
                    done.append(facts)
                    yield facts
            except BrokenProcessPool:
                yield from _each_alone(root, batch[len(done) :])
                pool = _pool(workers)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _pool(workers: int) -> ProcessPoolExecutor | None:
    """A pool whose processes do start, None where they cannot (a script without a main guard)."""
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        return None
    return pool


def _each_alone(root: Path, paths: Sequence[str]) -> Iterator[FileFacts]:
    for path in paths:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
            try:
                yield alone.submit(_examine_below, root, path).result()
            except BrokenProcessPool:
                yield FileFacts(path, refused=_CRASHED)


class _Notes:
    """Facts by path, kept in a file of JSON lines while a scan runs."""

    def __init__(self, file: str | Path | None, root: Path):
        self._file, self._root = Path(file) if file else None, root
        self._facts: dict[str, FileFacts] = {}
        self._stream = None
        if self._file and self._file.is_file():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                self._recall(line)

    def _recall(self, line: str) -> None:
        try:
            stamp, values = json.loads(line)
            facts = FileFacts(**values)
        except (ValueError, TypeError):  # the last line of an interrupted scan may be cut
            return
        if stamp == self._stamp(facts.path):
            picture = base64.b64decode(facts.thumbnail)
            self._facts[facts.path] = replace(facts, thumbnail=picture)

    def _stamp(self, path: str) -> list[int] | None:
        try:
            state = (self._root / path).stat()
        except OSError:
            return None
        return [state.st_size, state.st_mtime_ns]

    def __enter__(self) -> "_Notes":
        if self._file:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._stream = open(self._file, "a", encoding="utf-8")
        return self

    def __exit__(self, *error: object) -> None:
        if self._stream:
            self._stream.close()

    def __contains__(self, path: str) -> bool:
        return path in self._facts

    def __len__(self) -> int:
        return len(self._facts)

    def __getitem__(self, path: str) -> FileFacts:
        return self._facts[path]

    def add(self, facts: FileFacts) -> None:
        """Remember the facts of one file, on disk too where a notes file was named."""
        self._facts[facts.path] = facts
        if self._stream:
            picture = base64.b64encode(facts.thumbnail).decode("ascii")
            values = asdict(replace(facts, thumbnail=b"")) | {"thumbnail": picture}
            self._stream.write(json.dumps([self._stamp(facts.path), values]) + "\n")
            self._stream.flush()
