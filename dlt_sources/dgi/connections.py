"""One thread's connections to DGI servers: libcurl's, which are kept open, with bounds on time and size.

An HTTP library in Python took longer for a small answer than reading it and bringing it to Postgres together.
"""

import math
import re
import socket
import threading
import time
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import certifi
import pycurl

from dlt_sources.dgi.outgoing import AddressRefused, Outgoing, refuse_private
from dlt_sources.dgi.server import Server

# An answer of more bytes takes its turn (see Connection.post).
LARGE_ANSWER = 8 * 1024 * 1024
_BUFFER_BYTES = 256 * 1024
# libcurl sends headers as they are given: with a line break in it, one would be two.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Silent(Exception):
    """Nothing of the answer's body came for as long as a server may take, some seconds given or taken."""


class Incomplete(Exception):
    """The answer was not complete in time, however steadily it dripped."""


class TooLarge(Exception):
    """The answer was larger than the server's may be."""


class Response(NamedTuple):
    """An answer that came whole. Who gets one that `holds_turn` gives the turn back when done with it."""

    status: int
    head: tuple[bytes, ...]
    body: bytearray
    holds_turn: bool

    @property
    def headers(self) -> Message:
        """The headers, their names in whatever case: read when they are asked for, which is hardly ever."""
        return BytesHeaderParser().parsebytes(b"".join(self.head[1:]))


class Connection:
    """Posts to where requests may go. No proxy or `.netrc` of the machine has a say in it. For one thread.

    Where a kept connection turns out to be closed, libcurl sends the request once more over a new one.
    """

    def __init__(self, allowed: Outgoing) -> None:
        self._url = self._host = ""
        self._curl = curl = pycurl.Curl()
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.CAINFO, allowed.authorities or certifi.where())
        curl.setopt(pycurl.ACCEPT_ENCODING, "gzip, deflate")
        curl.setopt(pycurl.BUFFERSIZE, _BUFFER_BYTES)
        curl.setopt(pycurl.HEADERFUNCTION, self._take_line)
        curl.setopt(pycurl.WRITEFUNCTION, self._take)
        curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)  # byte a second
        if not allowed.private_addresses:
            curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)

    def post(
        self, server: Server, url: str, headers: Mapping[str, str], body: bytes, turn: threading.Semaphore
    ) -> Response:
        """The answer to a request; one that grows beyond LARGE_ANSWER waits for its `turn` before it goes on.

        Raises ValueError for what cannot be sent, AddressRefused, Silent, Incomplete, TooLarge, and pycurl.error where
        libcurl has more to say.
        """
        if url != self._url:
            self._aim(url)
        self._server, self._turn, self._holds_turn = server, turn, False
        self._refused: Exception | None = None
        self._stopped: Exception | None = None
        self._head: list[bytes] = []
        self._body = bytearray()
        self._deadline = time.monotonic() + 2 * server.answer_timeout
        curl = self._curl
        curl.setopt(pycurl.HTTPHEADER, [_header(name, value) for name, value in headers.items()])
        curl.setopt(pycurl.POSTFIELDS, body)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, int(server.connect_timeout * 1000))
        curl.setopt(pycurl.LOW_SPEED_TIME, math.ceil(server.answer_timeout))
        try:
            curl.perform()
        except pycurl.error as error:
            if self._holds_turn:
                turn.release()
            is_connected = curl.getinfo(pycurl.PRETRANSFER_TIME) > 0
            if error.args[0] == pycurl.E_OPERATION_TIMEDOUT and is_connected:
                raise Silent from None
            raise self._stopped or self._refused or error from None
        finally:
            came, self._body = self._body, bytearray()  # what lasts is the connection
        return Response(curl.getinfo(pycurl.RESPONSE_CODE), tuple(self._head), came, self._holds_turn)

    def _aim(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("no address")
        self._curl.setopt(pycurl.URL, url)
        self._url, self._host = url, parts.hostname

    def _take_line(self, line: bytes) -> None:
        if line.startswith(b"HTTP/"):
            self._head.clear()  # of an interim answer
        self._head.append(line)

    def _take(self, part: bytes) -> int | None:
        self._body += part
        now = time.monotonic()
        if len(self._body) > self._server.max_answer_bytes:
            self._stopped = TooLarge()
        elif now > self._deadline:
            self._stopped = Incomplete()
        elif len(self._body) > LARGE_ANSWER and not self._holds_turn:
            self._holds_turn = self._turn.acquire()
            self._deadline += time.monotonic() - now
        return -1 if self._stopped else None

    def _open(self, purpose: int, address: Any) -> socket.socket | int:
        """A socket to an address that the host's name leads to, unless it is one that nothing may be sent to."""
        try:
            refuse_private(self._host, address.addr[0])
        except AddressRefused as refused:
            self._refused = refused
            return pycurl.SOCKET_BAD
        return socket.socket(address.family, address.socktype, address.protocol)


def _header(name: str, value: str) -> bytes:
    if _CONTROL.search(value):
        raise ValueError(f"a control character in {name}")
    return f"{name}: {value}".encode("latin-1")
