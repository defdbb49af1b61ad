"""Connections that end a request whose answer does not begin in time, however many bytes of its head drip in.

A socket's time-out starts anew with every byte. The body is read by the client, which looks at the clock; the head is
read inside the HTTP library, so there the socket is shut from outside.
"""

import socket
import ssl
import threading
import time
from contextlib import suppress
from functools import lru_cache

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from dlt_sources.dgi.outgoing import Outgoing, guarded

# How late a socket may be shut, in seconds.
_LATENESS = 0.5


class _Watch:
    """Shuts sockets whose answers have not begun by their deadline: one thread for all of a process, not one each."""

    def __init__(self) -> None:
        self._deadlines: dict[_Bounded, float] = {}
        self._something = threading.Condition()
        self._thread: threading.Thread | None = None
        self._sleeps = False

    def begin(self, connection: "_Bounded", seconds: float) -> None:
        """Give the head of the answer so long."""
        with self._something:
            self._deadlines[connection] = time.monotonic() + seconds
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="heads-of-answers", daemon=True)
                self._thread.start()
            elif self._sleeps:
                self._something.notify()

    def end(self, connection: "_Bounded") -> None:
        """The head is there, or will not come."""
        with self._something:
            self._deadlines.pop(connection, None)

    def _look(self) -> None:
        while True:
            with self._something:
                self._sleeps = not self._deadlines
                self._something.wait(None if self._sleeps else _LATENESS)
                self._sleeps = False
                now = time.monotonic()
                late = [connection for connection, deadline in self._deadlines.items() if deadline <= now]
                for connection in late:
                    del self._deadlines[connection]
                    connection.shut()


_watch = _Watch()


class _Bounded(HTTPConnection):
    """Gives the head of an answer twice the time-out of one read."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _watch.begin(self, 2 * float(self.timeout or 0))
        try:
            return super().getresponse()
        finally:
            _watch.end(self)

    def shut(self) -> None:
        """End the wait of whoever reads from the socket."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _BoundedHTTPS(_Bounded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Bounded


class _PoolHTTPS(HTTPSConnectionPool):
    ConnectionCls = _BoundedHTTPS


def connections(allowed: Outgoing) -> urllib3.PoolManager:
    """Kept connections to where requests may go. No proxy or `.netrc` of the machine has a say in them."""
    manager = urllib3.PoolManager(maxsize=1, ssl_context=_trusting(allowed.authorities or certifi.where()))
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolHTTPS}
    return guarded(manager, allowed)


@lru_cache(maxsize=8)
def _trusting(authorities: str) -> ssl.SSLContext:
    context = urllib3.util.create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(authorities)
    return context
