"""Whether the ports that the stack is about to use are free, and who has them if not."""

import socket

import psutil

from stack.errors import StackError

# The kernel hands higher ports to outgoing connections, so that a server there sometimes finds its own taken.
LAST_SAFE_PORT = 32767


def check(setting: str, port: int) -> None:
    """Raise StackError, naming the setting to change and the holder, unless 127.0.0.1:`port` can be listened on."""
    if not 0 < port <= LAST_SAFE_PORT:
        raise StackError(f"{setting}={port} cannot be used: choose a port between 1024 and {LAST_SAFE_PORT}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise StackError(f"{setting}={port} may only be used by root: choose a port above 1023.") from None
        except OSError:
            raise StackError(
                f"Port {port} is in use by {holder(port)}: end that, or set {setting} to another port "
                f"(in the environment or in .env)."
            ) from None


def holder(port: int) -> str:
    """The process that listens on a port, as far as this user may know."""
    try:
        pids = [
            connection.pid
            for connection in psutil.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
            and connection.laddr
            and connection.laddr.port == port
            and connection.pid
        ]
        return f"{psutil.Process(pids[0]).name()} (process {pids[0]})" if pids else "another program"
    except psutil.Error:
        return "another program"
