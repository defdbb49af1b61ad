"""Open connections by client address, so that one can be reset in the middle of a request.

ASGI has no way to break a connection, hence a uvicorn protocol that remembers its transports.
"""

import asyncio
import socket
import struct

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_open: dict[tuple[str, int], asyncio.Transport] = {}


class RememberedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also notes its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the connection."""
        super().connection_made(transport)
        self._peer = transport.get_extra_info("peername")[:2]
        _open[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        _open.pop(self._peer, None)
        super().connection_lost(exc)


def abort_connection(scope: Scope) -> None:
    """Reset the client's connection (RST, no answer)."""
    transport = _open.get(tuple(scope["client"]))
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        # Lingering for zero seconds turns the close into a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
