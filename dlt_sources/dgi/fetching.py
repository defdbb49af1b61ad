"""Makes many calls side by side, a bounded number at each main dealer; stops asking with a key that is of no use."""

import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from dlt_sources.dgi.client import Answer, Client, Outcome
from dlt_sources.dgi.documents import Document, DocumentReader, Reading, Rejected, days_of
from dlt_sources.dgi.server import Call, Key, Server

# So many answers wait for the loader at most: what is in memory is bounded by them and by the calls under way.
_WAITING_ANSWERS = 8
_REFUSED_IN_A_ROW, _FAILED_IN_A_ROW = 3, 8


@dataclass
class Fetched:
    """A call that ended, with what its answer held. What is new of it is filled in against what raw knows already."""

    call: Call
    answer: Answer
    reading: Reading
    by_day: Mapping[tuple[str, date], tuple[int, int]]
    new_documents: list[Document] = field(default_factory=list)
    new_rejected: list[Rejected] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.new_documents = self.reading.documents
        self.new_rejected = self.reading.rejected

    @property
    def size(self) -> int:
        """Bytes of documents held."""
        return sum(len(document.payload) for document in self.reading.documents)


class _KeyHealth:
    """Tells when a key has failed so often in a row, for several dealers, that the fault is the key's or the server's.

    One main dealer never answers an unknown key: every call would wait for its time-out (contract section 1).
    """

    def __init__(self, dealers: int) -> None:
        self._several = dealers > 1
        self._refused: list[str] = []
        self._failed: list[str] = []
        self.stopped: str | None = None

    def note(self, call: Call, answer: Answer) -> None:
        if answer.outcome.arrived:
            self._refused.clear()
            self._failed.clear()
        elif answer.stops_key:
            self._refused.append(call.dealer_id)
        elif answer.outcome is Outcome.FAILED:
            self._failed.append(call.dealer_id)
        for row, limit in ((self._refused, _REFUSED_IN_A_ROW), (self._failed, _FAILED_IN_A_ROW)):
            # One dealer may be dead by itself, and another have a hiccup beside it.
            of_others = len(row) - max(Counter(row).values(), default=0)
            if len(row) >= limit and (not self._several or of_others >= limit // 2):
                self.stopped = f"not asked: the {len(row)} calls before with key {call.key.name} had the same fate"
                if answer.reason:
                    self.stopped += f" ({answer.reason})"


class Fetcher:
    """Makes calls and yields each as it ends. `threads` says how many calls may be under way at each main dealer.

    `objection` says of a call whose turn it is why it is not to be made any more.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        known_dealers: Mapping[str, frozenset[str]],
        threads: Mapping[str, int] | None = None,
        may_call: Callable[[Call], bool] | None = None,
        objection: Callable[[Call], str | None] | None = None,
    ) -> None:
        self._objection = objection or (lambda call: None)
        self._waiting: dict[Server, deque[Call]] = {}
        for call in calls:
            self._waiting.setdefault(call.server, deque()).append(call)
        self._known_dealers = known_dealers
        self._threads = threads or {}
        self._may_call = may_call
        self._ended: queue.Queue[Fetched | BaseException] = queue.Queue(_WAITING_ANSWERS)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        dealers: dict[Key, set[str]] = {}
        for call in calls:
            dealers.setdefault(call.key, set()).add(call.dealer_id)
        self._health = {key: _KeyHealth(len(asked)) for key, asked in dealers.items()}
        self._total = len(calls)

    def __iter__(self) -> Iterator[Fetched]:
        workers = {server: self._threads.get(server.id, server.concurrency) for server in self._waiting}
        with ThreadPoolExecutor(max(1, sum(workers.values())), thread_name_prefix="dgi") as pool:
            try:
                for server, count in workers.items():
                    for _ in range(count):
                        pool.submit(self._work, server)
                for _ in range(self._total):
                    ended = self._ended.get()
                    if isinstance(ended, BaseException):
                        raise ended
                    yield ended
            finally:
                self._stop.set()

    def _work(self, server: Server) -> None:
        client = Client(self._may_call)
        readers: dict[str, DocumentReader] = {}
        waiting = self._waiting[server]
        while not self._stop.is_set():
            with self._lock:
                if not waiting:
                    return
                call = waiting.popleft()
            try:
                ended: Fetched | BaseException = self._fetch(client, readers, call)
            except BaseException as error:
                ended = error
            while not self._stop.is_set():
                try:
                    self._ended.put(ended, timeout=0.5)
                    break
                except queue.Full:
                    continue

    def _fetch(self, client: Client, readers: dict[str, DocumentReader], call: Call) -> Fetched:
        health = self._health[call.key]
        if objection := health.stopped or self._objection(call):
            now = datetime.now(UTC)
            answer = Answer(Outcome.FAILED, now, now, attempts=0, reason=objection)
        else:
            answer = client.call(call)
            with self._lock:
                health.note(call, answer)
        reader = readers.setdefault(call.module, DocumentReader(call.module))
        reading = reader.read(answer.records, call.dealer_id, self._known_dealers[call.server.id])
        return Fetched(call, answer, reading, days_of(reading.documents, call.window.dates))
