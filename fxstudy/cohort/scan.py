"""Look at many image files once: hash, size, spacing, and the reason where a file is refused."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from fxstudy.cohort.pixels import decode
from fxstudy.errors import ImageError
from fxstudy.progress import Progress


@dataclass(frozen=True)
class FileFacts:
    """What one file is. ``refused`` is the reason why it is no radiograph, empty if it is one."""

    path: str
    sha256: str = ""
    rows: int | None = None
    columns: int | None = None
    photometric: str = ""
    pixel_spacing_mm: float | None = None
    notes: str = ""
    refused: str = ""


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
        return FileFacts(name, digest, refused=str(error).removeprefix(f"{path.name}: "))
    rows, columns = radiograph.pixels.shape
    return FileFacts(
        name,
        digest,
        rows,
        columns,
        radiograph.photometric,
        radiograph.spacing_mm[0] if radiograph.spacing_mm else None,
        "; ".join(radiograph.notes),
        "blank: all pixels are equal" if radiograph.blank else "",
    )


def examine_all(root: Path, paths: Sequence[str], *, label: str = "reading images") -> pd.DataFrame:
    """`examine` for many files below ``root``, one row each in the order of ``paths``."""
    facts = []
    with Progress(len(paths), label, unit="images") as progress:
        for path in paths:
            facts.append(asdict(examine(root / path, name=path)))
            progress.update()
    return pd.DataFrame(facts, columns=list(FileFacts.__dataclass_fields__))
