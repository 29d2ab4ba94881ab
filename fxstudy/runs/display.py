"""What a batch shows: one live line per running notebook on a terminal, one line per event elsewhere."""

import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from fxstudy.progress import duration, line
from fxstudy.runs.files import read_json
from fxstudy.runs.record import STATE

_REDRAW_SECONDS = 0.25


class Display:
    """Draws the state of a batch.

    Parameters
    ----------
    total : int
        Number of runs in the plan.
    stream : file, optional
        Default stderr. Live lines are drawn only if it is a terminal.
    """

    def __init__(self, total: int, stream: TextIO | None = None):
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._total, self._drawn, self._height = total, 0.0, 0
        self._started = time.monotonic()

    def event(self, text: str) -> None:
        """Write one lasting line."""
        self._erase()
        self._stream.write(text + "\n")
        self._stream.flush()

    def draw(self, running: Iterable[tuple[str, Path]], counts: dict[str, int]) -> None:
        """Redraw the live lines: label and folder of each running notebook, numbers by kind of outcome."""
        if not self._live or time.monotonic() - self._drawn < _REDRAW_SECONDS:
            return
        self._drawn = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        lines = [running_line(label, folder)[:width] for label, folder in running]
        lines.append(self._summary(counts)[:width])
        self._erase()
        self._stream.write("\n".join(lines) + "\n")
        self._stream.flush()
        self._height = len(lines)

    def close(self) -> None:
        """Take the live lines away."""
        self._erase()
        self._stream.flush()

    def _summary(self, counts: dict[str, int]) -> str:
        done = sum(counts.values())
        parts = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
        passed = duration(time.monotonic() - self._started)
        return f"{done} of {self._total} runs{': ' if parts else ''}{parts}  {passed}"

    def _erase(self) -> None:
        if self._live and self._height:
            self._stream.write(f"\x1b[{self._height}A\x1b[J")
        self._height = 0


def running_line(label: str, folder: Path) -> str:
    """Label and progress of a running notebook."""
    state = read_json(folder / STATE / "progress.json")
    try:
        return f"{label}  {line(state)}" if state else f"{label}  …"
    except (KeyError, TypeError, ValueError):
        return f"{label}  …"
