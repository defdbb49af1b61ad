"""A main dealer's server of the tests' own: it answers as told and remembers what it was asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from servers import unused_port


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What to answer, after `delay` seconds."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0


Answer = Callable[[Request], Reply]


def records(*some: dict[str, Any] | bytes, delay: float = 0) -> Reply:
    """A success with these records; bytes go out as they are."""
    encoded = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in some]
    return Reply(b'{"status":1,"message":null,"data":[' + b",".join(encoded) + b"]}", delay=delay)


def refusal(message: str) -> Reply:
    """Status 0 with a reason."""
    return Reply(json.dumps({"status": 0, "message": {"error": message}, "data": None}).encode())


class StandIn:
    """The running server: `answer` may be changed while it runs."""

    def __init__(self, url: str, answer: Answer) -> None:
        self.url = url
        self.answer = answer
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    @contextmanager
    def taking(self, request: Request) -> Iterator[None]:
        with self._lock:
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


@contextmanager
def stand_in(answer: Answer) -> Iterator[StandIn]:
    """A stand-in main dealer that runs for the block."""
    port = unused_port()
    one = StandIn(f"http://127.0.0.1:{port}", answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body leave together: in two pieces, the second waits 40 ms for the first's receipt

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request = Request(self.path, dict(self.headers), body)
            with one.taking(request):
                reply = one.answer(request)
                time.sleep(reply.delay)
            headers = {"Content-Length": str(len(reply.body)), **reply.headers}
            self.send_response_only(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
