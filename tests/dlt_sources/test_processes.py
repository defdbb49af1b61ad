"""A pull in several processes: what one would have done is done, once, whatever becomes of them."""

import pickle
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from asking import Fleet, own_call
from loading import Raw, assert_all_there_once
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back

from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.loading import Loaded
from dlt_sources.dgi.processes import Processes, ProcessLost, worth
from dlt_sources.dgi.server import Call, Key
from dlt_sources.dgi.shares import CallEnded, Share, shared_out

pytestmark = pytest.mark.slow

_HERE = Path(__file__).parent


def whole_of(calls: list[Call], **settings: object) -> Share:
    servers = {call.server.id: call.server.concurrency for call in calls}
    return Share(tuple(calls), {name: frozenset() for name in servers}, servers, "", **settings)  # type: ignore[arg-type]


def of_keys(counts: dict[str, int], main_dealer: str = "OWN", **settings: object) -> list[Call]:
    """So many calls with each key, the keys taking turns."""
    turns = [(number, name) for name, count in counts.items() for number in range(count)]
    call = own_call("http://127.0.0.1:1", id=main_dealer, **settings)
    return [replace(call, key=Key(name, name, "s"), id=f"{name}-{number}") for number, name in sorted(turns)]


@pytest.mark.parametrize("processes", [2, 3])
def test_shares_are_even_and_keep_the_calls_of_a_key_together(processes: int) -> None:
    calls = of_keys({"a": 400, "b": 200, "c": 200, "d": 100, "e": 100}) + of_keys({"f": 90}, "OTHER", concurrency=1)
    shares = shared_out(whole_of(calls), processes)
    assert len(shares) == processes
    places = [{(call.server.id, call.key.name) for call in share.calls} for share in shares]
    assert sum(map(len, places)) == len(set().union(*places)) == 6
    sizes = [len(share.calls) for share in shares]
    assert (sum(sizes), max(sizes) < 1.4 * min(sizes)) == (len(calls), True)
    in_order = {call.id: number for number, call in enumerate(calls)}
    for share in shares:
        numbers = [in_order[call.id] for call in share.calls]
        assert numbers == sorted(numbers)
        assert set(share.threads) == {call.server.id for call in share.calls}
        assert min(share.threads.values()) >= 1
    assert sum((Counter(share.threads) for share in shares), Counter()) == {"OWN": 4, "OTHER": 1}


@pytest.mark.parametrize(
    "calls",
    [of_keys({"a": 50, "b": 100}), of_keys({"only": 5000}), of_keys({"a": 500, "b": 500}, concurrency=1)],
    ids=["few calls", "one key", "one request at a time"],
)
def test_what_cannot_be_shared_out_stays_in_one_process(calls: list[Call]) -> None:
    (share,) = shared_out(whole_of(calls), 2)
    assert (share.calls, share.threads) == (tuple(calls), {"OWN": calls[0].server.concurrency})


def test_processes_are_started_where_they_are_worth_it() -> None:
    assert [worth(calls, 4) for calls in (0, 1_999, 2_000, 3_999, 100_000)] == [1, 1, 2, 3, 4]


@pytest.fixture
def dealers(sandbox: Sandbox) -> list[str]:
    sandbox.set_clock(datetime.now(UTC))
    return [*sandbox.dealers(BOOK)[:4], *sandbox.dealers(MIXED)[:4]]


@pytest.fixture
def whole(sandbox: Sandbox, raw: Raw, dealers: list[str]) -> Share:
    fleet = Fleet(sandbox.fleet)
    calls = fleet.calls(dealers, dates_back(30))
    calls.sort(key=lambda call: (call.window.start, call.module, call.dealer_id))
    threads = {call.server.id: call.server.concurrency for call in calls}
    return Share(tuple(calls), fleet.known_dealers, threads, raw.url, load_bytes=1 << 20)


@pytest.fixture
def child() -> Callable[[], psutil.Process]:
    def find() -> psutil.Process:
        (one,) = (c for c in psutil.Process().children() if "dlt_sources.dgi.share_process" in c.cmdline())
        return one

    return find


def test_two_processes_bring_everything_once(sandbox: Sandbox, raw: Raw, whole: Share, dealers: list[str]) -> None:
    ended: list[CallEnded] = []
    loads: list[Loaded] = []
    with Processes(1) as processes:
        processes.pull(whole, lambda told: ended.append(told) if isinstance(told, CallEnded) else loads.append(told))
    assert Counter((one.module, one.dealer_id) for one in ended) == Counter(
        (call.module, call.dealer_id) for call in whole.calls
    )
    assert all(one.has_arrived for one in ended)
    loaded = [call for load in loads for call in load.calls]
    assert sorted(call.call.id for call in loaded) == sorted(call.id for call in whole.calls)
    assert not [load.miscounted for load in loads if load.miscounted]
    assert sum(call.documents for call in loaded) == sum(one.documents for one in ended) > 0
    keys = [{(call.call.server.id, call.call.key.name) for call in load.calls} for load in loads]
    shares = [{(call.server.id, call.key.name) for call in share.calls} for share in shared_out(whole, 2)]
    assert len(shares) == 2
    assert all(any(of_load <= share for share in shares) for of_load in keys)
    assert sandbox.calls() == len(whole.calls)
    assert sandbox.max_concurrent(BOOK) <= whole.threads[BOOK]
    assert_all_there_once(raw, sandbox, dealers, list(ENDPOINTS))


def test_processes_take_one_share_after_the_other(raw: Raw, whole: Share, sandbox: Sandbox, dealers: list[str]) -> None:
    with Processes(1) as processes:
        for module in ENDPOINTS:
            some = tuple(call for call in whole.calls if call.module == module)
            processes.pull(replace(whole, calls=some), lambda told: None)
        processes.pull(whole, lambda told: None)
    assert_all_there_once(raw, sandbox, dealers, list(ENDPOINTS))


def test_a_process_that_dies_is_told_of_and_what_is_not_committed_can_be_pulled_anew(
    raw: Raw, whole: Share, sandbox: Sandbox, dealers: list[str], child: Callable[[], psutil.Process]
) -> None:
    killed: list[int] = []

    def tell(told: CallEnded | Loaded) -> None:
        if not killed:
            killed.append(child().pid)
            child().kill()

    with pytest.raises(ProcessLost, match=r"process \d+, which pulled a share"), Processes(1) as processes:
        processes.pull(whole, tell)
    with Processes(1) as processes:
        processes.pull(whole, lambda told: None)
    assert_all_there_once(raw, sandbox, dealers, list(ENDPOINTS))


def test_whoever_hears_of_it_and_fails_ends_all(whole: Share, child: Callable[[], psutil.Process]) -> None:
    started: list[psutil.Process] = []

    def tell(told: CallEnded | Loaded) -> None:
        started.append(child())
        raise LookupError("the locks are lost")

    with Processes(1) as processes:
        with pytest.raises(LookupError, match="the locks are lost"):
            processes.pull(whole, tell)
        (one,) = started
        assert not one.is_running()


def test_a_run_that_is_killed_takes_its_processes_with_it(whole: Share) -> None:
    run = subprocess.Popen(
        [sys.executable, str(_HERE / "shares_process.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert run.stdin and run.stdout
    run.stdin.write(pickle.dumps(whole))
    run.stdin.close()
    other = psutil.Process(int(run.stdout.readline()))
    run.kill()
    run.wait()
    run.stdout.close()
    with suppress(psutil.NoSuchProcess):
        other.wait(10)
    assert not other.is_running()


def test_a_warehouse_that_goes_away_under_the_other_process_is_a_passing_trouble(
    raw: Raw, whole: Share, child: Callable[[], psutil.Process]
) -> None:
    cut: list[int] = []

    def tell(told: CallEnded | Loaded) -> None:
        deadline = time.monotonic() + 60
        while not cut and time.monotonic() < deadline:
            ports = [one.laddr.port for one in child().net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]
            of_it = f"from pg_stat_activity where client_port = any(array{ports}::int[])"
            cut.extend(pid for pid, _ in raw.query(f"select pid, pg_terminate_backend(pid) {of_it}"))

    with pytest.raises(ProcessLost, match=r"OperationalError|InterfaceError"), Processes(1) as processes:
        processes.pull(whole, tell)
    assert cut
