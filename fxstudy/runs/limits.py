"""Memory of a run: what it declares, what it uses, what the machine has."""

import shutil
import subprocess

from fxstudy.errors import RunError
from fxstudy.runs.request import Request

GB = 1e9


def require_room(request: Request, device: str | None) -> None:
    """Refuse a run that declares more memory than there is.

    Raises
    ------
    RunError
        Naming what is needed and what is there. A machine without NVIDIA tools has no graphics memory to
        check.
    """
    import psutil

    total = psutil.virtual_memory().total / GB
    if request.memory_gb is not None and request.memory_gb > total:
        raise RunError(
            f"the run declares memory_gb: {request.memory_gb:g}, but this machine has {total:.1f} GB"
        )
    free = free_gpu_memory(device) if request.gpu_memory_gb is not None else None
    if free is not None and free < request.gpu_memory_gb:
        raise RunError(
            f"the run declares gpu_memory_gb: {request.gpu_memory_gb:g}, but {free:.1f} GB are free on the "
            "graphics card: wait for other programs, choose another card or lower the batch size"
        )


def free_gpu_memory(device: str | None) -> float | None:
    """Free memory (GB) of a graphics card; None where there is none, or no way to ask."""
    tool = shutil.which("nvidia-smi")
    if tool is None or device == "":
        return None
    command = [tool, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    if device is not None:
        command.append(f"--id={device}")
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
        return max(float(line) * 1.048576e6 for line in answer.split()) / GB
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def used_memory(pid: int) -> float:
    """Memory (GB) of a process and all its descendants; pages that they share count once on Linux."""
    import psutil

    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0
    for member in tree:
        try:
            facts = member.memory_full_info()
            total += getattr(facts, "pss", facts.rss)
        except psutil.Error:
            continue
    return total / GB
