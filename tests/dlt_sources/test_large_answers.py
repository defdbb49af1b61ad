"""Large answers: memory is bounded, one is held at a time, and a long pull is several loads."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from asking import DEALER, own_call
from loading import COMMITTED, Raw
from stand_in import Reply, records, stand_in

from dlt_sources.dgi.client import Client
from dlt_sources.dgi.connections import LARGE_ANSWER
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import load_all
from dlt_sources.dgi.source import create_tables
from dlt_sources.dgi.verdicts import Outcome
from stack.programs import MEMORY

pytestmark = pytest.mark.slow

_HERE = Path(__file__).parent
MB = 1 << 20
# Measured: 732 MB, a process of 160 MB and 2.9 times the answer on top; 818 with a load's whole file in memory.
BOUND_MB = 800
KNOWN = {"OWN": frozenset([DEALER])}


def prospects(size: int) -> Reply:
    """An answer of at least so many bytes."""
    record = {"idProspect": "@@@@@@", "namaLengkap": "x" * 900, "alamat": "jalan " * 30, "unit": [{}] * 3}
    text = json.dumps(record).encode()
    return records(*(text.replace(b"@@@@@@", b"%06d" % n) for n in range(size // len(text) + 1)))


def test_two_hundred_megabytes_in_one_answer_fit_in_bounded_memory(new_database: Callable[[str], str]) -> None:
    warehouse = Raw(new_database("large"))
    create_tables(warehouse.url)
    reply = prospects(200 * MB)
    with stand_in(lambda request: reply) as server:
        process = subprocess.run(
            [sys.executable, str(_HERE / "memory_process.py"), warehouse.url, server.url],
            env={"PYTHONPATH": f"{_HERE}:{_HERE.parent}:{_HERE.parents[1]}", "PATH": "/usr/bin:/bin"} | MEMORY,
            capture_output=True,
            text=True,
            timeout=240,
        )
    assert process.returncode == 0, process.stderr[-2000:]
    peak_mb, documents = json.loads(process.stdout)
    print(f"200 MB in one answer: {documents} documents, {peak_mb} MB of memory at most")
    assert warehouse.query(f"select count(*) from raw.prsp as r where {COMMITTED}") == [(documents,)]
    assert documents > 100_000
    assert 200 < peak_mb < BOUND_MB


def test_large_answers_are_held_one_at_a_time() -> None:
    reply = prospects(LARGE_ANSWER + MB)
    held: list[int] = []
    lock = threading.Lock()

    class Counting(threading.Semaphore):
        holders = 0

        def acquire(self, *args: object, **options: object) -> bool:
            taken = super().acquire()
            with lock:
                self.holders += 1
                held.append(self.holders)
            return taken

        def release(self, n: int = 1) -> None:
            with lock:
                self.holders -= n
            super().release(n)

    with stand_in(lambda request: reply) as server:
        fetcher = Fetcher([own_call(server.url, answer_timeout=120) for _ in range(4)], KNOWN)
        fetcher._large = Counting(1)
        ended = list(fetcher)
    assert [one.answer.outcome for one in ended] == [Outcome.RECORDS] * 4
    assert held == [1, 1, 1, 1]


def test_a_large_answer_that_fails_gives_its_turn_back() -> None:
    turn = threading.Semaphore(1)
    cut = prospects(LARGE_ANSWER + MB)
    with stand_in(lambda request: Reply(cut.body[:-100])) as server:
        answer = Client(max_wait=0.05, large_answers=turn).call(own_call(server.url, attempts=2, answer_timeout=120))
    assert (answer.outcome, answer.is_large) == (Outcome.FAILED, False)
    assert turn.acquire(blocking=False)


def test_an_answer_may_wait_for_its_turn_longer_than_for_the_server() -> None:
    turn = threading.Semaphore(0)
    threading.Timer(7, turn.release).start()
    reply = prospects(3 * LARGE_ANSWER)
    with stand_in(lambda request: reply) as server:
        answer = Client(max_wait=0.05, large_answers=turn).call(own_call(server.url, attempts=1, answer_timeout=2))
    assert (answer.outcome, answer.is_large, answer.reason) == (Outcome.RECORDS, True, None)


def test_who_stops_listening_lets_those_go_that_wait_for_their_turn() -> None:
    reply = prospects(LARGE_ANSWER + MB)
    with stand_in(lambda request: reply) as server:
        calls = iter(Fetcher([own_call(server.url, answer_timeout=120) for _ in range(4)], KNOWN))
        next(calls)
        calls.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dgi")]


def test_a_long_pull_is_several_loads_that_hold_everything_once(raw: Raw) -> None:
    number = count()
    with stand_in(lambda request: records({"idProspect": f"{request.body['toTime']}{next(number)}"})) as server:
        fetcher = Fetcher([own_call(server.url) for _ in range(30)], KNOWN)
        loads = list(load_all(fetcher, raw.url, max_bytes=250))
    assert len(loads) > 3
    assert sum(len(one.calls) for one in loads) == len(raw.rows("api_call", "call_id")) == 30
    assert len({row[2] for row in raw.versions()}) == 30
