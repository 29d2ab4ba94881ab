"""Entry point of a run's kernel: ipykernel, with its last open port moved into the private folder.

ipykernel listens on a TCP port of this machine for what forked workers print. Here that channel is a socket
file beside the others. Started as a script by :mod:`fxstudy.runs.kernel`.
"""

import sys

del sys.path[0]  # this folder; IPython puts the working directory there

from ipykernel import iostream, kernelapp  # noqa: E402


def _private_channel(folder: str) -> type[iostream.IOPubThread]:
    import zmq
    from zmq.eventloop.zmqstream import ZMQStream

    address = f"ipc://{folder}/workers"

    class PrivateIOPubThread(iostream.IOPubThread):
        """Takes what forked workers print through a socket file."""

        def _setup_pipe_in(self) -> None:
            import os

            self._pipe_uuid = os.urandom(16)
            pipe = self.socket.context.socket(zmq.PULL)
            pipe.linger = 0
            pipe.bind(address)
            self._pipe_in = ZMQStream(pipe, self.io_loop)
            self._pipe_in.on_recv(self._handle_pipe_msg)

        def _setup_pipe_out(self) -> tuple:
            context = zmq.Context()
            pipe = context.socket(zmq.PUSH)
            pipe.linger = 3000
            pipe.connect(address)
            return context, pipe

    return PrivateIOPubThread


if __name__ == "__main__":
    if sys.argv[1] != "-":
        kernelapp.IOPubThread = _private_channel(sys.argv[1])
    del sys.argv[1]
    kernelapp.launch_new_instance()
