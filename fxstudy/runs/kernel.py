"""The Jupyter kernel of a run: this very interpreter, reached through sockets in a private folder.

No port is opened where the platform has such sockets (Linux, macOS); on Windows TCP is used, with a warning.
"""

import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from fxstudy.runs.files import write_json
from fxstudy.runs.process import process_facts

_HAS_IPC = os.name == "posix"
_LONGEST_FOLDER = 60  # a socket's whole path must stay under 104 bytes


class OwnKernelManager(AsyncKernelManager):
    """Starts ``sys.executable`` as the kernel, whatever kernel specs the user has installed."""

    exit_code: int | None = None
    _private: str | None = None

    def __init__(self, **options: object):
        super().__init__(**options)
        if _HAS_IPC:
            self._private = _short_private_folder()
            self.transport = "ipc"
            self.connection_file = os.path.join(self._private, "kernel.json")
            self.ip = os.path.join(self._private, "s")
        else:
            warnings.warn(
                "this platform has no private sockets: the kernel listens on a TCP port of this machine",
                stacklevel=2,
            )
        start = [sys.executable, str(Path(__file__).with_name("kernel_main.py")), self._private or "-"]
        argv = [*start, "-f", "{connection_file}"]
        self._own_spec = KernelSpec(argv=argv, display_name="Python 3", language="python")

    @property
    def kernel_spec(self) -> KernelSpec:
        """The running interpreter."""
        return self._own_spec

    async def _async_post_start_kernel(self, **options: object) -> None:
        await super()._async_post_start_kernel(**options)
        type(self).exit_code = None
        state = os.environ.get("FXSTUDY_RUN_FOLDER")
        if state:
            process = self.provisioner.process
            facts = process_facts(process.pid) | {"sockets": self._private}
            write_json(Path(state) / ".state" / "kernel.json", facts)

    async def _async_is_alive(self) -> bool:
        process = self.provisioner.process if self.provisioner else None
        if process is not None and process.poll() is not None:
            type(self).exit_code = process.returncode
        return await super()._async_is_alive()

    is_alive = _async_is_alive

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if self._private and not restart:
            shutil.rmtree(self._private, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


def _short_private_folder() -> str:
    folder = tempfile.mkdtemp(prefix="fx-")
    if len(folder) <= _LONGEST_FOLDER:
        return folder
    os.rmdir(folder)
    return tempfile.mkdtemp(prefix="fx-", dir="/tmp")
