"""One parent at a time works on a run folder, also when the folder is shared by several machines.

A lock is a file that is made with its content at once (hard link, else exclusive creation), whose time of
change its holder renews while it lives. Nothing here relies on ``fcntl`` or on clocks that agree: an onlooker
calls a lock stale when it has not seen it change for a while by its own clock, or, on the same machine, when
the process that made it is gone.
"""

import contextlib
import hashlib
import os
import platform
import secrets
import threading
import time
from pathlib import Path

from fxstudy.runs.files import read_json, write_json
from fxstudy.runs.process import is_alive, process_facts

NAME = ".lock"
BEAT_SECONDS = 5.0
STALE_SECONDS = 45.0
_POLL_SECONDS = 0.2


def machine_id() -> str:
    """A hash that names this machine, its start and its view of processes; the name itself is not kept."""
    parts = [platform.node()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        with contextlib.suppress(OSError):
            parts.append(os.readlink(path) if "ns" in path else Path(path).read_text())
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


class LockWatch:
    """Looks at the lock of a folder from time to time and says whether its holder lives.

    Parameters
    ----------
    folder : Path
    stale_seconds : float
        Without a sign of life for this long, the lock is stale.
    """

    def __init__(self, folder: Path, *, stale_seconds: float = STALE_SECONDS):
        self.path = folder / NAME
        self._stale_seconds = stale_seconds
        self._seen: tuple[str, int] | None = None
        self._since = 0.0

    def state(self) -> str:
        """ "free", "held" or "stale"."""
        info, beat = self._look()
        if beat is None:
            return "free"
        if info.get("machine") == machine_id() and not is_alive(info.get("holder")):
            self._seen = (info.get("token", ""), beat)
            return "stale"
        now, seen = time.monotonic(), (info.get("token", ""), beat)
        if seen != self._seen:
            self._seen, self._since = seen, now
        return "stale" if now - self._since > self._stale_seconds else "held"

    def remove(self) -> None:
        """Take away a lock that :meth:`state` has called stale; a lock renewed meanwhile stays.

        Onlookers take turns, by a lock of the same kind: else one of them could remove the new lock of
        another who was faster.
        """
        turn = self.path.with_name(f"{NAME}.turn")
        if not _create(turn, {"machine": machine_id(), "holder": process_facts(os.getpid())}):
            self._end_turn_of_a_dead_onlooker(turn)
            return
        try:
            info, _ = self._look()
            if self._seen is not None and info.get("token", "") == self._seen[0]:
                self.path.unlink(missing_ok=True)
        finally:
            turn.unlink(missing_ok=True)

    def _end_turn_of_a_dead_onlooker(self, turn: Path) -> None:
        info = read_json(turn) or {}
        dead = info.get("machine") == machine_id() and not is_alive(info.get("holder"))
        with contextlib.suppress(OSError):
            if dead or time.time() - turn.stat().st_mtime > 2 * self._stale_seconds + 60:
                turn.unlink()

    def _look(self) -> tuple[dict, int | None]:
        try:
            with self.path.open("rb") as handle:  # opening makes a network file system ask the server
                beat = os.fstat(handle.fileno()).st_mtime_ns
        except OSError:
            return {}, None
        return read_json(self.path) or {}, beat


class FolderLock:
    """The lock of a run folder; a context manager once acquired.

    Attributes
    ----------
    lost : threading.Event
        Set when somebody else has taken the folder over (this process had been frozen for long).
    """

    def __init__(
        self, folder: Path, *, stale_seconds: float = STALE_SECONDS, beat_seconds: float = BEAT_SECONDS
    ):
        self.folder, self.path = folder, folder / NAME
        self.token = secrets.token_hex(8)
        self.lost = threading.Event()
        self._watch = LockWatch(folder, stale_seconds=stale_seconds)
        self._beat_seconds = beat_seconds
        self._released = threading.Event()

    def acquire(self, *, wait_seconds: float = 0.0) -> bool:
        """Take the lock; False if a living holder keeps it for longer than ``wait_seconds``."""
        deadline = time.monotonic() + wait_seconds
        info = {"token": self.token, "machine": machine_id(), "holder": process_facts(os.getpid())}
        while not _create(self.path, info):
            if self._watch.state() == "stale":
                self._watch.remove()
            elif time.monotonic() >= deadline:
                return False
            else:
                time.sleep(_POLL_SECONDS)
        threading.Thread(target=self._beat, daemon=True, name="lock").start()
        return True

    def release(self) -> None:
        """Give the lock back, unless somebody else holds it by now."""
        self._released.set()
        if self._is_mine():
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def _is_mine(self) -> bool:
        return (read_json(self.path) or {}).get("token") == self.token

    def _beat(self) -> None:
        while not self._released.wait(self._beat_seconds):
            if not self._is_mine():
                self.lost.set()
                return
            with contextlib.suppress(OSError):
                os.utime(self.path)


def _create(path: Path, info: dict) -> bool:
    """Make a file with its content at once; False if it is there already."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    write_json(draft, info)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return _create_exclusively(path, draft.read_bytes())
    finally:
        draft.unlink(missing_ok=True)
    return True


def _create_exclusively(path: Path, content: bytes) -> bool:
    try:
        with path.open("xb") as handle:
            handle.write(content)
    except FileExistsError:
        return False
    return True
