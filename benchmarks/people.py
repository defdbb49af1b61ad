"""A hundred people on all dashboards: how long do they wait, and how long while a pull and a transform run beside them?

What a browser asks for is recorded once: every dashboard and tab opened, and another dealer chosen. Then locust sends
it as so many people would who click every 15 to 45 seconds, first few of them, then all, then all beside a pull and a
transform; at last a crowd asks for one chart each at the same moment. `make up` decides the size (SANDBOX_SIZE=M); the
accounts are the benchmark's own and are removed at its end.
"""

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from playwright.sync_api import Request, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.charts import browser_of
from benchmarks.drawing import draw_bars
from benchmarks.request_kinds import CHART
from orchestration.settings import ROOT, Settings, load_settings

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "superset"))
from boards import dashboards
from dagster_api import DagsterApi
from opening import Board, log_in
from people import Person, admin, make
from real_stack import Stack

FEW = 5
CROWD = 1000
DEALER_FILTER = "NATIVE_FILTER-dealer"
# How many accounts of each role; several people share one where there are more people.
ACCOUNTS = {"Dealer User": 20, "Analyst": 5}
Visit = dict[str, Any]


@click.command()
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="S", help="What the warehouse was filled with.")
@click.option("--people", default=100, show_default=True)
@click.option("--minutes", default=5.0, show_default=True, help="Of each of the two runs with all of them.")
def main(size: str, people: int, minutes: float) -> None:
    """Measure how long people wait."""
    settings, console = load_settings(), Console()
    stack = _stack(settings)
    dealers = _dealers(admin(stack))
    with tempfile.TemporaryDirectory() as folder, _accounts(stack, dealers) as accounts:
        visits = _record(stack, dealers[0], console)
        file = Path(folder) / "people.json"
        file.write_text(json.dumps({"visits": visits, "accounts": accounts, "dealer": dealers[0]}))
        requests = statistics.mean(len(visit["requests"]) for visit in visits)
        console.print(f"{len(visits)} kinds of visits, {requests:.0f} requests each on average")
        found = {f"{FEW} people": _visited(stack.url, file, FEW, min(minutes, 2.0))}
        found[f"{people} people"] = _visited(stack.url, file, people, minutes)
        beside = DagsterApi(f"http://127.0.0.1:{settings.dagster_port}")
        runs = [beside.launch("pull", {"ops": {"dgi": {"config": {"days": 7}}}}), beside.launch("transform")]
        found[f"{people} beside a pull and a transform"] = _visited(stack.url, file, people, minutes)
        ended = [beside.wait_for_run(run, 3600) for run in runs]
        found[f"{CROWD} at the same moment"] = _visited(stack.url, file, CROWD, 5, "Crowd", CROWD)
    _show(console, size, found)
    console.print(f"The runs beside them ended: {', '.join(ended)}")


def _stack(settings: Settings) -> Stack:
    held = dict(line.split("=", 1) for line in settings.credentials_file.read_text().splitlines() if "=" in line)
    return Stack(
        url=f"http://127.0.0.1:{settings.superset_port}",
        user=held["SUPERSET_ADMIN_USER"],
        password=held["SUPERSET_ADMIN_PASSWORD"],
        warehouse_url=settings.require("warehouse_url"),
        dealers=(),
        dealer_names=(),
        first_run_dealer="",
        dealer_reader_url="",
        env={},
        sandbox_url="",
    )


def _dealers(boss: Person) -> list[str]:
    """The dealers as filters name them."""
    listed = boss.get("/registry/dealers/export").text.splitlines()
    return [row["name"] for row in csv.DictReader(listed)]


@contextmanager
def _accounts(stack: Stack, dealers: list[str]) -> Iterator[list[dict[str, Any]]]:
    """Accounts that are logged in: cookie, CSRF token, and the dealers that they filter by."""
    boss = admin(stack)
    listed = boss.get("/registry/dealers/export").text.splitlines()
    numbers = {row["name"]: row["dealer_id"] for row in csv.DictReader(listed)}
    made: list[Person] = []
    accounts = []
    try:
        for role, count in ACCOUNTS.items():
            for number in range(count):
                own = dealers[number % len(dealers)] if role == "Dealer User" else None
                person = make(stack, boss, role, (numbers[own],) if own else ())
                made.append(person)
                cookie = "; ".join(f"{name}={value}" for name, value in person.session.cookies.items())
                token = person.get("/api/v1/security/csrf_token/").json()["result"]
                accounts.append({"cookie": cookie, "token": token, "dealers": [own] if own else dealers})
        yield accounts
    finally:
        users = boss.get("/api/v1/security/users/", q="(page_size:500)").json()["result"]
        ids = {one["username"]: one["id"] for one in users}
        for person in made:
            boss.delete(f"/api/v1/security/users/{ids[person.name]}")


def _record(stack: Stack, dealer: str, console: Console) -> list[Visit]:
    """Everything that the browser asks for at each visit, once it has its static files."""
    visits: list[Visit] = []
    with sync_playwright() as playwright, closing(browser_of(playwright)) as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 1700})
        page = context.new_page()
        page.goto(f"{stack.url}/login/")
        log_in(page, stack)
        page.wait_for_url(lambda address: "/login" not in address)
        for dashboard in dashboards().values():
            console.print(f"recording {dashboard.title}")
            Board(context.new_page(), stack.url, dashboard).show(0)  # its files are in the browser's cache now
            tab = context.new_page()
            asked: list[dict[str, Any]] = []
            tab.on("request", lambda request, asked=asked: asked.append(_sent(request)))
            board = Board(tab, stack.url, dashboard)
            for number in range(len(dashboard.tabs)):
                board.show(number)
                visits.append(_visit(f"{dashboard.title}, tab {number + 1}", asked))
            board.choose(DEALER_FILTER, dealer)
            board.show(len(dashboard.tabs) - 1)
            visits.append(_visit(f"{dashboard.title}, another dealer", asked))
            for one in context.pages[1:]:
                one.close()
    return visits


def _visit(name: str, asked: list[dict[str, Any]]) -> Visit:
    """What was asked for since the last visit; files from the browser's cache make no request."""
    requests = [one for one in asked if not one["path"].startswith("/static/")]
    asked.clear()
    return {"name": name, "requests": requests}


def _sent(request: Request) -> dict[str, Any]:
    address, headers = urlsplit(request.url), request.headers
    return {
        "method": request.method,
        "path": f"{address.path}?{address.query}" if address.query else address.path,
        "accept": headers.get("accept", "*/*"),
        "content_type": headers.get("content-type", "application/json"),
        "body": request.post_data,
    }


def _visited(
    url: str, file: Path, people: int, minutes: float, kind: str = "Person", come_a_second: float = 0
) -> dict[str, dict[str, str]]:
    """Locust's figures by kind of request."""
    prefix = file.with_name(f"people-{time.monotonic_ns()}")
    locust = [sys.executable, "-m", "locust", "-f", str(ROOT / "benchmarks" / "people_visits.py"), "--headless"]
    rate = come_a_second or max(1.0, people / 30)
    options = [kind, "--host", url, "--users", str(people), "--spawn-rate", str(rate)]
    options += ["--run-time", f"{int(minutes * 60)}s", "--csv", str(prefix), "--only-summary", "--stop-timeout", "30"]
    env = os.environ | {"PEOPLE_FILE": str(file), "PYTHONPATH": str(ROOT)}
    subprocess.run([*locust, *options], env=env, cwd=file.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with prefix.with_name(f"{prefix.name}_stats.csv").open() as stats:
        return {row["Name"]: row for row in csv.DictReader(stats)}


def _show(console: Console, size: str, found: dict[str, dict[str, dict[str, str]]]) -> None:
    table = Table(title=f"size {size}: milliseconds that people wait")
    for heading in ("", "requests", "a second", "failed", "median", "95 % under", "99 % under", "median : few"):
        table.add_column(heading, justify="left" if not heading else "right")
    few = next(iter(found.values()))
    for who, stats in found.items():
        for kind in (CHART, "page", "other API"):
            row = stats.get(kind)
            if row and int(row["Request Count"]):
                ratio = float(row["50%"]) / max(1.0, float(few[kind]["50%"]))
                table.add_row(
                    f"{who}: {kind}", row["Request Count"], f"{float(row['Requests/s']):.1f}", row["Failure Count"],
                    row["50%"], row["95%"], row["99%"], f"{ratio:.1f}",
                )  # fmt: skip
    console.print(table)
    draw_bars(
        f"people-{size}",
        f"size {size}: 95 % of charts' data under, ms",
        {who: float(stats[CHART]["95%"]) for who, stats in found.items()},
    )


if __name__ == "__main__":
    main()
