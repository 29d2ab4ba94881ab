"""Plain words for the errors that end long runs: a full disk, a full memory, a full graphics card."""

from collections.abc import Mapping
from pathlib import Path

_CUDA = ("cuda out of memory", "cuda error: out of memory", "alloc_failed", "hip out of memory")
_HOST = ("can't allocate memory", "cannot allocate memory", "unable to allocate", "std::bad_alloc")
_DISK = ("[errno 28]", "[errno 122]", "[errno 27]", "no space left", "disk quota exceeded", "file too large")


def advise(ename: str, evalue: str, parameters: Mapping[str, object]) -> str:
    """The text of an error, with what it means and what to do where that is known.

    Parameters
    ----------
    ename, evalue : str
        Name and text of the error.
    parameters : mapping
        Of the run; its batch sizes are named.
    """
    text = evalue.lower()
    first = evalue.strip().splitlines()[0] if evalue.strip() else ename
    if ename == "OutOfMemoryError" or any(mark in text for mark in _CUDA):
        advice = "the memory of the graphics card is full; halve the batch size or use smaller images"
        return f"{advice}{_batch_sizes(parameters)}: {first}"
    if ename == "MemoryError" or any(mark in text for mark in _HOST):
        advice = "the memory of the machine is full; use fewer jobs, a smaller batch size or smaller images"
        return f"{advice}{_batch_sizes(parameters)}: {first}"
    if any(mark in text for mark in _DISK):
        return f"the disk is full, or a quota or file-size limit reached; free space and run again: {first}"
    return evalue


def _batch_sizes(parameters: Mapping[str, object]) -> str:
    sizes = [f"{name} was {value}" for name, value in parameters.items() if "batch_size" in name]
    return f" ({', '.join(sizes)})" if sizes else ""


def out_of_memory_kills() -> int:
    """How many processes the system has killed for lack of memory around this process so far.

    Read from the control group of this process (Linux); 0 where that is not known.
    """
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        group = next(line[3:] for line in lines if line.startswith("0::"))
    except (OSError, StopIteration):
        return 0
    for folder in (Path("/sys/fs/cgroup") / group.lstrip("/"), Path("/sys/fs/cgroup")):
        try:
            events = dict(line.split() for line in (folder / "memory.events").read_text().splitlines())
            return int(events.get("oom_kill", 0))
        except (OSError, ValueError):
            continue
    return 0
