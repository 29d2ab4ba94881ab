"""Files that other processes may read at any moment: atomic writes, private folders, content hashes."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CHUNK = 1 << 20


def private_folder(folder: Path) -> Path:
    """Make ``folder`` and its missing parents, readable by this user only."""
    if not folder.is_dir():
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it is flushed to disk and renamed to ``path``.

    A crash at any moment leaves the old file or the new one, never half of one.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
        _flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as strict JSON (no NaN), atomically."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    with atomic(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict | None:
    """Content of a JSON file, or None when it is absent or not whole."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def sha256_text(text: str) -> str:
    """SHA-256 of a text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_json(value: object) -> str:
    """SHA-256 of a value in canonical JSON (sorted names, no spaces)."""
    return sha256_text(
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    )


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class HashCache:
    """Remembers hashes of large files by path, size and time of change.

    Parameters
    ----------
    file : Path or None
        Where the memory is kept between processes; losing it costs time only. Paths enter it hashed.
    """

    def __init__(self, file: Path | None = None):
        self._file = file
        self._known: dict[str, str] = (read_json(file) or {}) if file else {}
        self._new = False

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file, from memory where the file has not changed since."""
        facts = path.stat()
        name = sha256_text(f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}")
        if name not in self._known:
            self._known[name] = sha256_file(path)
            self._new = True
        return self._known[name]

    def get(self, name: str) -> object | None:
        """A remembered value by its own name."""
        return self._known.get(name)

    def put(self, name: str, value: object) -> None:
        """Remember a value under ``name``."""
        self._known[name] = value
        self._new = True

    def save(self) -> None:
        """Keep what was learned for the next process; a disk that refuses is no error."""
        if self._file is None or not self._new:
            return
        try:
            private_folder(self._file.parent)
            write_json(self._file, self._known)
            self._new = False
        except OSError:
            self._file = None
