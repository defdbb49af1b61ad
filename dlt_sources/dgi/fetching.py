"""Makes many calls side by side, a bounded number at each main dealer; stops asking with a key that is of no use."""

import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from dlt_sources.dgi.client import Answer, Client
from dlt_sources.dgi.documents import DocumentReader, Reading, Rejected
from dlt_sources.dgi.fetched import Fetched, days_of
from dlt_sources.dgi.groups import all_failed, is_worth_it, not_asked, not_whose, taken_apart
from dlt_sources.dgi.server import Call, Key, Server
from dlt_sources.dgi.verdicts import Outcome

# So many answers wait for the loader at most: what is in memory is bounded by them and by the calls under way.
_WAITING_ANSWERS = 8
_REFUSED_IN_A_ROW, _FAILED_IN_A_ROW = 3, 8


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
        whose = call.dealer_id or call.id  # a group's call is no single dealer's affair
        if answer.outcome.arrived:
            self._refused.clear()
            self._failed.clear()
        elif answer.stops_key:
            self._refused.append(whose)
        elif answer.outcome is Outcome.FAILED:
            self._failed.append(whose)
        for row, limit in ((self._refused, _REFUSED_IN_A_ROW), (self._failed, _FAILED_IN_A_ROW)):
            # One dealer may be dead by itself, and another have a hiccup beside it.
            of_others = len(row) - max(Counter(row).values(), default=0)
            if len(row) >= limit and (not self._several or of_others >= limit // 2):
                self.stopped = f"not asked: the {len(row)} calls before with key {call.key.name} had the same fate"
                if answer.reason:
                    self.stopped += f" ({answer.reason})"


@dataclass(frozen=True)
class _Tried:
    """Why a group's call was in vain: for this window only, for others of this run too, or for a day."""

    why: str
    tells_of_others: bool = True
    is_lasting: bool = True


@dataclass(frozen=True)
class _Turn:
    """A call whose turn comes. `tried` is the group's call that was made for it in vain; the first has its requests."""

    call: Call
    tried: _Tried | None = None
    requests: int = 0
    rejected: tuple[Rejected, ...] = ()


class Fetcher:
    """Makes calls and yields each dealer's as it ends. `threads` says how many may be under way at each main dealer.

    A group's call ends as those of its members. Where it asks for too much, or its answer does not say whose each
    record is, they are made one by one after all, and so are its key's others for that module. Where it brings no
    record at all they are made one by one too.
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
        self._waiting: dict[Server, deque[_Turn]] = {}
        for call in calls:
            self._waiting.setdefault(call.server, deque()).append(_Turn(call))
        self._known_dealers = known_dealers
        self._threads = threads or {}
        self._may_call = may_call
        self._ended: queue.Queue[Fetched | BaseException] = queue.Queue(_WAITING_ANSWERS)
        self._stop = threading.Event()
        # One at a time: they are what memory is measured by.
        self._large = threading.Semaphore(1)
        self._lock = threading.Lock()
        # Groups' calls under way: each may leave more calls to be made.
        self._groups: Counter[Server] = Counter()
        self._group_ended = threading.Condition(self._lock)
        self._apart: dict[tuple[Key, str], _Tried] = {}
        dealers: dict[Key, set[str]] = {}
        for call in calls:
            dealers.setdefault(call.key, set()).update(one.dealer_id for one in call.members or (call,))
        self._health = {key: _KeyHealth(len(asked)) for key, asked in dealers.items()}
        self.total = sum(len(call.members) or 1 for call in calls)

    def __iter__(self) -> Generator[Fetched, None, None]:
        workers = {server: self._threads.get(server.id, server.concurrency) for server in self._waiting}
        with ThreadPoolExecutor(max(1, sum(workers.values())), thread_name_prefix="dgi") as pool:
            try:
                for server, count in workers.items():
                    for _ in range(count):
                        pool.submit(self._work, server)
                for _ in range(self.total):
                    ended = self._ended.get()
                    if isinstance(ended, BaseException):
                        raise ended
                    yield ended
                    if ended.answer.is_large:
                        self._large.release()
            finally:
                self._stop.set()
                self._large.release(self.total or 1)  # nobody waits for their turn any more

    def _work(self, server: Server) -> None:
        client = Client(self._may_call, large_answers=self._large)
        readers: dict[str, DocumentReader] = {}
        while turn := self._next(server):
            ended: Sequence[Fetched | BaseException]
            try:
                if turn.call.members:
                    ended = self._fetch_group(client, readers, turn.call)
                else:
                    ended = [self._fetch(client, readers, turn)]
            except BaseException as error:
                ended = [error]
            if turn.call.members:
                with self._group_ended:
                    self._groups[server] -= 1
                    self._group_ended.notify_all()
            for one in ended:
                self._put(one)

    def _next(self, server: Server) -> _Turn | None:
        waiting = self._waiting[server]
        with self._group_ended:
            while not waiting and self._groups[server] and not self._stop.is_set():
                self._group_ended.wait(0.5)
            if not waiting or self._stop.is_set():
                return None
            turn = waiting.popleft()
            self._groups[server] += bool(turn.call.members)
            return turn

    def _put(self, ended: Fetched | BaseException) -> None:
        while not self._stop.is_set():
            try:
                self._ended.put(ended, timeout=0.5)
                return
            except queue.Full:
                continue

    def _fetch(self, client: Client, readers: dict[str, DocumentReader], turn: _Turn) -> Fetched:
        call = turn.call
        if objection := self._health[call.key].stopped or self._objection(call):
            ended = not_asked(call, objection)
            answer, reading, received = ended.answer, ended.reading, 0
        else:
            answer = client.call(call)
            with self._lock:
                self._health[call.key].note(call, answer)
            reading = self._read(readers, call, answer)
            received = len(answer.records)
        tried, notes, alone = turn.tried, answer.notes, None
        if tried and tried.is_lasting:
            alone = tried.why
        elif tried:
            notes += (tried.why,)
        answer = replace(answer, attempts=answer.attempts + turn.requests, records=(), notes=notes)
        by_day = days_of(reading.documents, call.window.dates)
        is_whole = not reading.rejected
        reading.rejected.extend(turn.rejected)
        return Fetched(call, answer, reading, by_day, received, is_whole, asked_alone=alone)

    def _fetch_group(self, client: Client, readers: dict[str, DocumentReader], call: Call) -> list[Fetched]:
        """Make a group's call. Members that have to be asked by themselves wait for their turn afterwards."""
        health = self._health[call.key]
        ended: list[Fetched] = []
        asked: list[Call] = []
        for member in call.members:
            if objection := health.stopped or self._objection(member):
                ended.append(not_asked(member, objection))
            else:
                asked.append(member)
        in_vain = self._apart.get((call.key, call.module))
        if in_vain or not is_worth_it(len(asked), len(call.group)):
            self._ask_apart(asked, in_vain)
            return ended
        call = replace(call, members=tuple(asked))
        answer = client.call(call)
        reading = self._read(readers, call, answer)
        if answer.is_too_much:
            # A server that is slow today may have been ill; one that refuses will do so tomorrow.
            is_lasting = answer.outcome is Outcome.REFUSED
            tried = _Tried(f"asked without a dealer: {answer.reason}", is_lasting=is_lasting)
            self._ask_apart(asked, tried, answer.attempts)
            return ended
        if answer.outcome is Outcome.NO_DATA:
            # Some servers may take a request without a dealer for one about nobody.
            tried = _Tried("asked without a dealer: no records, of nobody", tells_of_others=False, is_lasting=False)
            self._ask_apart(asked, tried, answer.attempts)
            return ended
        if lost := not_whose(reading):
            if answer.is_large:
                self._large.release()
            reason = f"asked without a dealer: of {len(lost)} records nobody can tell whose they are"
            self._ask_apart(asked, _Tried(reason), answer.attempts, lost)
            return ended
        with self._lock:
            health.note(call, answer)
        return ended + (taken_apart(call, answer, reading) if answer.outcome.arrived else all_failed(call, answer))

    def _ask_apart(
        self, calls: Sequence[Call], tried: _Tried | None, requests: int = 0, rejected: Sequence[Rejected] = ()
    ) -> None:
        if not calls:
            return
        first, *rest = calls
        if tried and tried.tells_of_others:
            self._apart[first.key, first.module] = tried
        turns = [_Turn(first, tried, requests, tuple(rejected)), *(_Turn(call, tried) for call in rest)]
        with self._lock:
            self._waiting[first.server].extendleft(reversed(turns))

    def _read(self, readers: dict[str, DocumentReader], call: Call, answer: Answer) -> Reading:
        if call.module not in readers:
            readers[call.module] = DocumentReader(call.module)
        left_out = call.group - {member.dealer_id for member in call.members}
        return readers[call.module].read(answer.records, call.dealer_id, self._known_dealers[call.server.id], left_out)
