"""Connections that end a request whose answer does not begin in time, however many bytes of its head drip in.

A socket's time-out starts anew with every byte. The body is read by the client, which looks at the clock; the head is
read inside the HTTP library, so there the socket is shut from outside.
"""

import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse


class _Bounded(HTTPConnection):
    """Gives the head of an answer twice the time-out of one read."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        timer = threading.Timer(2 * float(self.timeout or 0), self._shut)
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()
        finally:
            timer.cancel()

    def _shut(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _BoundedHTTPS(_Bounded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Bounded


class _PoolHTTPS(HTTPSConnectionPool):
    ConnectionCls = _BoundedHTTPS


class BoundedAdapter(HTTPAdapter):
    """requests' adapter over such connections."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of such connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolHTTPS}
