"""A server that costs next to nothing: every request is answered with the same work orders under numbers of its own.

What a benchmark compares is then the clients. The work orders are the sandbox's; only their numbers are replaced, so
that each request brings documents that nobody has seen: `python -m benchmarks.fixed_answers PORT RECORDS.json COUNT`.
"""

import itertools
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import uvicorn

# Both have the same length, so that one replaces the other in a ready answer.
_REQUEST_MARK = b"#request#"


def _ready_answer(records: list[dict[str, object]], count: int) -> bytes:
    """An answer of `count` documents, complete but for the number of the request."""
    numbered = itertools.islice(itertools.cycle(records), count)
    data = [{**record, "noWorkOrder": f"WO/{_REQUEST_MARK.decode()}/{n:06}"} for n, record in enumerate(numbered)]
    return orjson.dumps({"status": 1, "message": None, "data": data})


def application(records: list[dict[str, object]], count: int) -> Callable[..., Awaitable[None]]:
    """The ASGI application."""
    ready = _ready_answer(records, count)
    numbers = itertools.count(1)

    async def answer(
        scope: dict[str, str],
        receive: Callable[[], Awaitable[dict[str, object]]],
        send: Callable[[dict[str, object]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        body = b"ok" if scope["path"] == "/health" else ready.replace(_REQUEST_MARK, b"%09d" % next(numbers))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


if __name__ == "__main__":
    port, file, count = sys.argv[1:]
    app = application(orjson.loads(Path(file).read_bytes()), int(count))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", lifespan="off")
