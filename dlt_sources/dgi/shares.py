"""The calls of a pull in shares, one for each process that makes them: Python works on one processor in each.

The calls of a key stay together. An answer may hold documents of other dealers of its key, and comparing them with raw
is exact only where one process has them all.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol, TypeVar

import psycopg2
from dlt.pipeline.exceptions import PipelineStepFailed

from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import LOAD_BYTES, Loaded, load_all
from dlt_sources.dgi.server import Call

# The warehouse went away, or a load did not get through: what was committed stays, and the rest can be pulled anew.
LOST = (psycopg2.OperationalError, psycopg2.InterfaceError, PipelineStepFailed)
# A load costs a fraction of a second by itself, as long as so many calls take.
_WORTH_A_SHARE = 100
_KeyPlace = tuple[str, str]  # main dealer, name of the key
_Thing = TypeVar("_Thing")


class Permission(Protocol):
    """Asked before anything is sent: see Client and Fetcher."""

    def may_call(self, call: Call) -> bool:
        """Whether one more request of this call may leave."""

    def objection(self, call: Call) -> str | None:
        """Why a call is not to be made any more."""


@dataclass(frozen=True)
class Share:
    """Calls, and what it takes to make and load them. It can be pickled.

    `threads` says how many requests may be under way at each main dealer; `permission` opens in the process that makes
    the calls what is asked before each. `load_bytes` is how much of documents goes into one load. The address of the
    warehouse is libpq's and holds a password.
    """

    calls: tuple[Call, ...]
    known_dealers: Mapping[str, frozenset[str]]
    threads: Mapping[str, int]
    warehouse_url: str = field(repr=False)
    run_id: str | None = None
    permission: Callable[[], AbstractContextManager[Permission]] | None = field(default=None, repr=False)
    load_bytes: int = LOAD_BYTES


class CallEnded(NamedTuple):
    """What is to be seen of a call the moment that it ends, before it is loaded. A group's ends for each member."""

    module: str
    dealer_id: str
    has_arrived: bool
    outcome: str
    reason: str | None
    documents: int


class Ended(NamedTuple):
    """The last that is told of a share; `reason` is why not all of it was pulled, and whether that may pass."""

    reason: str | None = None
    may_pass: bool = True


Told = CallEnded | Loaded | Ended
Tell = Callable[[CallEnded | Loaded], None]


def pull_share(share: Share, tell: Tell) -> None:
    """Make the calls and load what they bring; `tell` hears of each call that ends and of each load once committed.

    Raises one of LOST, and whatever `tell` raises: then nothing more is asked for or loaded.
    """
    with ExitStack() as stack:
        asked = stack.enter_context(share.permission()) if share.permission else None
        may_call, objection = (asked.may_call, asked.objection) if asked else (None, None)
        fetcher = Fetcher(share.calls, share.known_dealers, share.threads, may_call, objection)
        fetched = stack.enter_context(closing(_told(fetcher, tell)))
        loads = load_all(fetched, share.warehouse_url, share.run_id, share.load_bytes)
        for loaded in stack.enter_context(closing(loads)):
            tell(loaded)


def _told(fetcher: Fetcher, tell: Tell) -> Generator[Fetched, None, None]:
    with closing(iter(fetcher)) as ended:
        for one in ended:
            call, answer = one.call, one.answer
            documents = len(one.reading.documents)
            arrived = answer.outcome.arrived
            tell(CallEnded(call.module, call.dealer_id, arrived, answer.outcome, answer.reason, documents))
            yield one


def shared_out(whole: Share, processes: int) -> list[Share]:
    """The calls in as many shares as there are processes, as even as keys allow; fewer where that is not worth it.

    At no main dealer are there more requests under way than before: each share has some of its threads. Calls keep
    their order.
    """
    processes = min(processes, len(whole.calls) // _WORTH_A_SHARE)
    if processes < 2:
        return [whole]
    weights: dict[str, dict[_KeyPlace, int]] = {}
    for call in whole.calls:
        of_keys = weights.setdefault(call.server.id, {})
        of_keys[_place(call)] = of_keys.get(_place(call), 0) + (len(call.members) or 1)
    parts: list[tuple[str, int, int, list[_KeyPlace]]] = []  # main dealer, threads, weight, keys
    for main_dealer_id, of_keys in weights.items():
        threads = whole.threads[main_dealer_id]
        some = _even(of_keys, min(processes, threads))
        for number, (weight, keys) in enumerate(some):
            parts.append((main_dealer_id, (threads + number) // len(some), weight, keys))
    share_of: dict[_KeyPlace, int] = {}
    threads_of: list[dict[str, int]] = [{} for _ in range(processes)]
    by_part = {number: weight for number, (_, _, weight, _) in enumerate(parts)}
    for share, (_, numbers) in enumerate(_even(by_part, processes)):
        for main_dealer_id, threads, _, keys in (parts[number] for number in numbers):
            threads_of[share][main_dealer_id] = threads_of[share].get(main_dealer_id, 0) + threads
            share_of |= dict.fromkeys(keys, share)
    calls: list[list[Call]] = [[] for _ in range(processes)]
    for call in whole.calls:
        calls[share_of[_place(call)]].append(call)
    return [
        replace(whole, calls=tuple(some), threads=threads)
        for some, threads in zip(calls, threads_of, strict=True)
        if some
    ]


def _place(call: Call) -> _KeyPlace:
    return call.server.id, call.key.name


def _even(weights: Mapping[_Thing, int], count: int) -> list[tuple[int, list[_Thing]]]:
    """The things in at most `count` heaps of about the same weight: the heaviest first, each to the lightest heap."""
    heaps: list[tuple[int, list[_Thing]]] = [(0, []) for _ in range(min(count, len(weights)))]
    for thing in sorted(weights, key=lambda one: -weights[one]):
        lightest = min(range(len(heaps)), key=lambda number: heaps[number][0])
        weight, things = heaps[lightest]
        heaps[lightest] = (weight + weights[thing], [*things, thing])
    return heaps
