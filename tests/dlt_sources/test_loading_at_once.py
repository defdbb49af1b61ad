"""Loads that run at the same time as others, and loads that are killed: nothing is lost, nothing doubled."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from loading import LoaderProcess, Raw, assert_all_there_once, loader_processes
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back

from dlt_sources.dgi.endpoints import ENDPOINTS

pytestmark = pytest.mark.slow

MODULES = list(ENDPOINTS)


def order_load(loader: LoaderProcess, raw: Raw, sandbox: Sandbox, dealers: list[str], modules: list[str]) -> None:
    # Thirty days are one window or five; a document changed in a later window than it was made in is sent by both.
    dates = [day.isoformat() for day in dates_back(30)]
    loader.order(do="load", warehouse=raw.url, sandbox=sandbox.url, dealers=dealers, modules=modules, dates=dates)


def test_loads_of_different_dealers_at_once(sandbox: Sandbox, raw: Raw) -> None:
    sandbox.set_clock(datetime.now(UTC))
    dealers = [sandbox.dealers(BOOK)[:2], sandbox.dealers(MIXED)[:2]]
    with loader_processes(2) as loaders:
        for turn in range(5):
            for loader, own in zip(loaders, dealers, strict=True):
                order_load(loader, raw, sandbox, own, MODULES[turn * 3 : turn * 3 + 3])
            for loader in loaders:
                loader.hear("done")
    assert raw.query("select count(*) from raw._dlt_loads where status = 0") == [(10,)]
    assert raw.uncommitted() == 0
    assert_all_there_once(raw, sandbox, [*dealers[0], *dealers[1]], MODULES)


def test_a_load_killed_at_any_moment_leaves_nothing_to_be_seen_and_the_next_brings_all(
    sandbox: Sandbox, raw: Raw
) -> None:
    sandbox.set_clock(datetime.now(UTC))
    dealers = [*sandbox.dealers(BOOK)[:2], *sandbox.dealers(MIXED)[:2]]
    with loader_processes(4) as (fetching, writing, committing, last):
        order_load(fetching, raw, sandbox, dealers, MODULES)
        while not sandbox.calls():
            time.sleep(0.01)
        fetching.kill()
        assert (raw.versions(), raw.uncommitted()) == ([], 0)
        for loader, table in ((writing, "prsl"), (committing, "_dlt_loads")):
            left_before = raw.uncommitted()
            with raw.held(table) as wait_for_writer:
                order_load(loader, raw, sandbox, dealers, MODULES)
                wait_for_writer()
                # Its other tables are written meanwhile.
                while raw.uncommitted() == left_before:
                    time.sleep(0.01)
                loader.kill()
            assert raw.versions() == []
        order_load(last, raw, sandbox, dealers, MODULES)
        last.hear("done")
    assert_all_there_once(raw, sandbox, dealers, MODULES)


def test_tables_made_by_two_processes_at_once(new_database: Callable[[str], str]) -> None:
    with loader_processes(2) as loaders:
        for _ in range(3):
            url = new_database("raw")
            for loader in loaders:
                loader.order(do="create", warehouse=url)
            for loader in loaders:
                loader.hear("done")
            assert Raw(url).versions() == []
