"""Progress of long work: how much is done, how long it will still take.

Under ``fxstudy run`` the parent process names a file in ``FXSTUDY_PROGRESS`` and draws the bars itself;
by hand, in a terminal or a notebook, one line is redrawn in place. Nothing is shown when neither applies.
"""

import json
import os
import sys
import time
from pathlib import Path

_REDRAW_SECONDS = 0.5


class Progress:
    """Count finished units of a long piece of work.

    Parameters
    ----------
    total : int
        Number of units.
    label : str
        What is being done, in words a reader of the terminal understands.
    unit : str
        Name of one unit, plural ("images", "epochs").

    Examples
    --------
    >>> with Progress(3, "preparing", unit="images") as progress:
    ...     for _ in range(3):
    ...         progress.update()
    >>> progress.done
    3
    """

    def __init__(self, total: int, label: str, *, unit: str = "steps", done: int = 0):
        self.total, self.label, self.unit, self.done = total, label, unit, done
        self.facts: dict[str, object] = {}
        self._first = done
        self._started = time.monotonic()
        self._drawn = 0.0
        file = os.environ.get("FXSTUDY_PROGRESS")
        self._file = Path(file) if file else None
        self._line = self._file is None and (sys.stderr.isatty() or "ipykernel" in sys.modules)

    def __enter__(self) -> "Progress":
        self._show(force=True)
        return self

    def __exit__(self, *error: object) -> None:
        self._show(force=True)
        if self._line:
            sys.stderr.write("\r\x1b[K")

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the seconds still needed, None while nothing is known."""
        fresh = self.done - self._first
        if fresh <= 0:
            return None
        return (time.monotonic() - self._started) / fresh * max(self.total - self.done, 0)

    def update(self, n: int = 1, **facts: object) -> None:
        """Count ``n`` more units; ``facts`` (epoch, loss) are shown beside the bar."""
        self.done += n
        self.facts.update(facts)
        self._show(force=self.done >= self.total)

    def _show(self, *, force: bool) -> None:
        now = time.monotonic()
        if not force and now - self._drawn < _REDRAW_SECONDS:
            return
        self._drawn = now
        if self._file is not None:
            self._write()
        elif self._line:
            sys.stderr.write("\r\x1b[K" + line(self.state()))
            sys.stderr.flush()

    def state(self) -> dict[str, object]:
        """Everything a reader of the progress needs, as plain JSON values."""
        return {
            "label": self.label,
            "unit": self.unit,
            "done": self.done,
            "total": self.total,
            "seconds_left": self.seconds_left,
            "facts": {key: _plain(value) for key, value in self.facts.items()},
        }

    def _write(self) -> None:
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}.part")
        try:
            temporary.write_text(json.dumps(self.state()))
            os.replace(temporary, self._file)
        except OSError:  # progress is a courtesy: a full disk must surface where results are written
            temporary.unlink(missing_ok=True)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def line(state: dict[str, object], *, width: int = 24) -> str:
    """One line of text for a progress state: label, bar, count, facts and time left."""
    total = max(int(state["total"]), 1)
    share = min(int(state["done"]) / total, 1.0)
    bar = "█" * round(share * width) + "·" * (width - round(share * width))
    text = f"{state['label']} {bar} {state['done']}/{state['total']} {state['unit']}"
    for name, value in state["facts"].items():
        text += f"  {name} {value:.4g}" if isinstance(value, float) else f"  {name} {value}"
    if state["seconds_left"] is not None and share < 1:
        text += f"  {duration(state['seconds_left'])} left"
    return text


def duration(seconds: float) -> str:
    """Seconds in words: ``duration(75)`` is ``'1 min 15 s'``."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
