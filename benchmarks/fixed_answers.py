"""A server that costs next to nothing: every request is answered with the same work orders under numbers of its own.

What a benchmark compares is then the clients. The work orders are the sandbox's; only their numbers are replaced, so
that each request brings documents that nobody has seen: `python -m benchmarks.fixed_answers PORT RECORDS.json COUNT`.
A web server's machinery would take a part of the processors that the clients want.
"""

import asyncio
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson

# Both have the same length, so that one replaces the other in a ready answer.
_REQUEST_MARK = b"#request#"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


def _ready_answer(records: list[dict[str, object]], count: int) -> bytes:
    """An answer of `count` documents, complete but for the number of the request."""
    numbered = itertools.islice(itertools.cycle(records), count)
    data = [{**record, "noWorkOrder": f"WO/{_REQUEST_MARK.decode()}/{n:06}"} for n, record in enumerate(numbered)]
    return _response(orjson.dumps({"status": 1, "message": None, "data": data}))


def _response(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


class _Connection(asyncio.Protocol):
    """Answers one request after the other, as HTTP/1.1 clients send them."""

    def __init__(self, ready: bytes, numbers: Iterator[int]) -> None:
        self._ready, self._numbers = ready, numbers
        self._received = b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        self._received += data
        while (head := self._received.find(_HEAD_END)) >= 0:
            length = _LENGTH.search(self._received, 0, head)
            end = head + len(_HEAD_END) + (int(length[1]) if length else 0)
            if len(self._received) < end:
                return
            is_health = self._received.startswith(b"GET /health")
            answer = (
                _response(b"ok") if is_health else self._ready.replace(_REQUEST_MARK, b"%09d" % next(self._numbers))
            )
            self._received = self._received[end:]
            self._transport.write(answer)


async def _serve(port: int, ready: bytes) -> None:
    numbers = itertools.count(1)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(ready, numbers), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    port, file, count = sys.argv[1:]
    asyncio.run(_serve(int(port), _ready_answer(orjson.loads(Path(file).read_bytes()), int(count))))
