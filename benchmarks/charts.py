"""How long Postgres needs for each chart of the dashboards, uncached, at the size that the stack was filled with.

Every dashboard of the running stack is opened in a browser, tab by tab, so that the queries are the ones that people
cause; Superset gives their SQL, which is then run by itself, `ROUNDS` times each, as Superset's own role. Beside it a
plain count of the rows of the same mart: what reading it once costs, whatever is computed.

`make up` decides the size (SANDBOX_SIZE=M); `--warehouse` runs the same SQL on another warehouse.
"""

import os
import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import click
import psycopg2
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from orchestration.settings import ROOT, load_settings

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "superset"))
from boards import dashboards
from browsers import provide
from opening import Board

MART = re.compile(r'marts"?\."?(\w+)')
ROUNDS = 3
SLOWEST = 15


@dataclass
class Timed:
    """One query of a chart. Times in milliseconds."""

    place: str
    milliseconds: float
    count_milliseconds: float

    @property
    def ratio(self) -> float:
        """How many times a count of the mart."""
        return self.milliseconds / self.count_milliseconds


@click.command()
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="S", help="What the warehouse was filled with.")
@click.option("--warehouse", help="Its address, when it is not the running stack's own.")
def main(size: str, warehouse: str | None) -> None:
    """Time the queries of all charts in Postgres."""
    settings = load_settings()
    console = Console()
    superset = f"http://127.0.0.1:{settings.superset_port}"
    queries = list(_queries(superset, console))
    with closing(psycopg2.connect(warehouse or settings.require("warehouse_reader_url"))) as connection:
        connection.autocommit = True
        timed = sorted(_timed(connection, queries), key=lambda one: -one.milliseconds)
    _print(console, size, timed)


def _queries(superset: str, console: Console) -> Iterator[tuple[str, str, str]]:
    """Yields (dashboard and chart, mart, SQL) of everything that opening all tabs asks for."""
    held = dict(line.split("=", 1) for line in load_settings().credentials_file.read_text().splitlines() if "=" in line)
    user, password = held["SUPERSET_ADMIN_USER"], held["SUPERSET_ADMIN_PASSWORD"]
    with browsing() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 1700})
        page = context.new_page()
        page.goto(f"{superset}/login/")
        page.fill("#username", user)
        page.fill("#password", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda address: "/login" not in address)
        for dashboard in dashboards().values():
            console.print(f"opening {dashboard.title}")
            tab = context.new_page()
            board = Board(tab, superset, dashboard)
            seen = board.walk()
            for chart in dashboard.charts:
                payload = seen.answers[chart.uuid].payload | {"result_type": "query", "force": False}
                answer = tab.request.post(
                    f"{superset}/api/v1/chart/data", data=payload, headers={"X-CSRFToken": _csrf(tab, superset)}
                )
                for result in answer.json()["result"]:
                    found = MART.search(result["query"])
                    assert found, result["query"]
                    yield f"{dashboard.title}: {chart.name}", found[1], result["query"]
            tab.close()


@contextmanager
def browsing() -> Iterator[Browser]:
    """The machine's headless browser; where there is none it is installed first."""
    path = provide()
    sandbox = [] if os.getuid() else ["--no-sandbox"]  # Chromium refuses to sandbox itself as root
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=path, args=sandbox)) as one,
    ):
        yield one


def _csrf(page: Page, superset: str) -> str:
    return str(page.request.get(f"{superset}/api/v1/security/csrf_token/").json()["result"])


def _timed(connection: Any, queries: list[tuple[str, str, str]]) -> Iterator[Timed]:
    counts: dict[str, float] = {}
    for place, mart, sql in queries:
        if mart not in counts:
            counts[mart] = _milliseconds(connection, f"select count(*) from marts.{mart}")
        yield Timed(place, _milliseconds(connection, sql), counts[mart])


def _milliseconds(connection: Any, sql: str) -> float:
    """The median of several runs, rows fetched."""
    taken = []
    with connection.cursor() as cursor:
        for _ in range(ROUNDS):
            started = time.perf_counter()
            cursor.execute(sql)
            cursor.fetchall()
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def _print(console: Console, size: str, timed: list[Timed]) -> None:
    table = Table(title=f"Queries of the charts, uncached, size {size}: the {SLOWEST} slowest of {len(timed)}")
    for heading in ("chart", "ms", "count(*) of its mart, ms", "ratio"):
        table.add_column(heading, justify="left" if heading == "chart" else "right")
    for one in timed[:SLOWEST]:
        table.add_row(one.place, f"{one.milliseconds:.0f}", f"{one.count_milliseconds:.1f}", f"{one.ratio:.1f}")
    console.print(table)
    all_times = [one.milliseconds for one in timed]
    ratio = statistics.median(one.ratio for one in timed)
    console.print(
        f"{len(timed)} queries: median {statistics.median(all_times):.0f} ms, 95 % under"
        f" {statistics.quantiles(all_times, n=20)[-1]:.0f} ms, slowest {all_times[0]:.0f} ms; median ratio to a"
        f" count of the mart {ratio:.1f}"
    )


if __name__ == "__main__":
    main()
