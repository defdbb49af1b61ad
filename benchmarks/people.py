"""A hundred people on all dashboards: how long do they wait, and how long while a pull and a transform run beside them?

What a browser asks for is recorded once for each role: every dashboard that it may open, each tab, and a dealer chosen.
Then locust sends it as so many people would, each with an account, who open a dashboard or click on one every 15 to 45
seconds: first few of them, then all, then all beside a pull and a transform; at last a crowd asks for one chart each at
the same moment. `make up` decides the size (SANDBOX_SIZE=M); the accounts are the benchmark's own; they are removed
at its end, and those that Superset does not let go of made inactive.
"""

import csv
import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from playwright.sync_api import Request
from rich.console import Console
from rich.table import Table

from benchmarks.charts import browsing
from benchmarks.drawing import draw_bars
from benchmarks.request_kinds import ABOUT, CHANGE, CHART, PAGE, kind_of
from benchmarks.visiting import Waited, visited
from orchestration.settings import ROOT, Settings, load_settings

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "superset"))
from boards import dashboards
from dagster_api import DagsterApi
from opening import Board
from people import Person, admin, make
from real_stack import Stack

FEW = 5
CROWD = 1000
MAX_AGE = re.compile(r"\bmax-age=(\d+)")
DEALER_FILTER = "NATIVE_FILTER-dealer"
# Of the people who have a role; nobody shares an account.
SHARES = {"Dealer User": 0.8, "Analyst": 0.2}
Sent = dict[str, Any]


@click.command()
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="S", help="What the warehouse was filled with.")
@click.option("--people", default=100, show_default=True)
@click.option("--minutes", default=5.0, show_default=True, help="Of each of the two runs with all of them.")
def main(size: str, people: int, minutes: float) -> None:
    """Measure how long people wait."""
    settings, console = load_settings(), Console(width=150)
    stack = _stack(settings)
    dealers = _dealers(admin(stack))
    with tempfile.TemporaryDirectory() as folder, _accounts(stack, dealers, people) as accounts:
        recorded = {role: _record(stack, role, accounts, console) for role in SHARES}
        file = Path(folder) / "people.json"
        file.write_text(json.dumps({"recorded": recorded, "accounts": accounts}))
        _show_recorded(console, recorded)
        found = {f"{FEW} people": visited(stack.url, file, FEW, min(minutes, 2.0))}
        found[f"{people} people"] = visited(stack.url, file, people, minutes)
        beside = DagsterApi(f"http://127.0.0.1:{settings.dagster_port}")
        runs = [beside.launch("pull", {"ops": {"dgi": {"config": {"days": 7}}}}), beside.launch("transform")]
        found[f"{people} beside a pull and a transform"] = visited(stack.url, file, people, minutes)
        ended = [beside.wait_for_run(run, 3600) for run in runs]
        found[f"{CROWD} at the same moment"] = visited(stack.url, file, CROWD, 5, "Crowd", CROWD)
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


def _dealers(boss: Person) -> dict[str, str]:
    """Name -> number of the dealers; filters show the names."""
    listed = boss.get("/registry/dealers/export").text.splitlines()
    return {row["name"]: row["dealer_id"] for row in csv.DictReader(listed)}


@contextmanager
def _accounts(stack: Stack, dealers: dict[str, str], people: int) -> Iterator[list[dict[str, Any]]]:
    """Accounts that are logged in: their role, cookies, CSRF token, and the dealers that they filter by."""
    boss = admin(stack)
    names = list(dealers)
    made: list[Person] = []
    accounts = []
    try:
        for role, share in SHARES.items():
            for number in range(max(1, round(people * share))):
                own = names[number % len(names)] if role == "Dealer User" else None
                person = make(stack, boss, role, (dealers[own],) if own else ())
                made.append(person)
                token = person.get("/api/v1/security/csrf_token/").json()["result"]
                cookies = dict(person.session.cookies.items())
                accounts.append({"role": role, "cookies": cookies, "token": token, "dealers": [own] if own else names})
        random.Random(0).shuffle(accounts)  # of few people, too, some have each role
        yield accounts
    finally:
        for person in made:
            found = boss.get("/api/v1/security/users/", q=f"(filters:!((col:username,opr:eq,value:'{person.name}')))")
            (number,) = found.json()["ids"]
            # Superset deletes nobody of whom it keeps something, such as the filters of a page.
            if not boss.delete(f"/api/v1/security/users/{number}").ok:
                boss.put(f"/api/v1/security/users/{number}", {"active": False})


def _record(stack: Stack, role: str, accounts: list[dict[str, Any]], console: Console) -> dict[str, Any]:
    """Everything that the browser of somebody with the role asks for, once it has its static files.

    `boards` has a list for each dashboard, of the requests of opening it and of each further click there.
    """
    account = next(account for account in accounts if account["role"] == role)
    dealer = account["dealers"][0]
    boards: list[list[list[Sent]]] = []
    with browsing() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 1700})
        context.add_cookies([{"name": n, "value": v, "url": stack.url} for n, v in account["cookies"].items()])
        listed = context.request.get(f"{stack.url}/api/v1/dashboard/?q=(page_size:100)").json()["result"]
        for dashboard in (dashboards()[one["slug"]] for one in listed):
            console.print(f"recording {dashboard.title} of {role}")
            Board(context.new_page(), stack.url, dashboard).show(0)  # its files are in the browser's cache now
            tab = context.new_page()
            asked: list[Request] = []
            tab.on("request", lambda request, asked=asked: asked.append(request))
            board = Board(tab, stack.url, dashboard)
            clicks = []
            for number in range(len(dashboard.tabs)):
                board.show(number)
                clicks.append(_taken(stack.url, asked))
            board.choose(DEALER_FILTER, dealer)
            board.show(len(dashboard.tabs) - 1)
            clicks.append(_taken(stack.url, asked))
            boards.append(clicks)
            for one in context.pages:
                one.close()
    return {"dealer": dealer, "boards": boards}


def _taken(url: str, asked: list[Request]) -> list[Sent]:
    """What reached the server since the last click: files are in the browser's cache, a pixel is blocked."""
    taken = [one for one in asked if one.url.startswith(url) and not re.match("/(static|brand)/", one.url[len(url) :])]
    asked.clear()
    return [_sent(request) for request in taken]


def _show_recorded(console: Console, recorded: dict[str, Any]) -> None:
    table = Table(title="What a click makes a browser ask for, on average")
    for heading in ("", "clicks recorded", "charts' data", "other requests"):
        table.add_column(heading, justify="right" if heading else "left")
    for role, found in recorded.items():
        opened = [clicks[0] for clicks in found["boards"]]
        further = [click for clicks in found["boards"] for click in clicks[1:]]
        for what, clicks in (("opens a dashboard", opened), ("clicks on it", further)):
            kinds = [kind_of(one["method"], one["path"]) for click in clicks for one in click]
            charts = kinds.count(CHART) / len(clicks)
            others = len(kinds) / len(clicks) - charts
            table.add_row(f"{role} {what}", str(len(clicks)), f"{charts:.1f}", f"{others:.1f}")
    console.print(table)


def _sent(request: Request) -> dict[str, Any]:
    address, headers = urlsplit(request.url), request.headers
    sent = {
        "method": request.method,
        "path": f"{address.path}?{address.query}" if address.query else address.path,
        "accept": headers.get("accept", "*/*"),
        "content_type": headers.get("content-type", "application/json"),
        "body": request.post_data,
    }
    answer = request.response()
    assert answer
    if request.method == "POST" and address.path.endswith("/filter_state"):
        # The page keeps its filters under a key that the server made: each person gets one of their own.
        sent["key"] = answer.json()["key"]
    if found := MAX_AGE.search(answer.headers.get("cache-control", "")):
        sent["seconds_kept"] = int(found[1])
    return sent


def _show(console: Console, size: str, found: dict[str, dict[str, Waited]]) -> None:
    table = Table(title=f"size {size}: milliseconds that people wait")
    for heading in ("", "requests", "a second", "failed", "median", "95 % under", "99 % under", "median : few"):
        table.add_column(heading, justify="left" if not heading else "right")
    few = next(iter(found.values()))
    for who, kinds in found.items():
        for kind in (CHART, PAGE, ABOUT, CHANGE):
            if one := kinds.get(kind):
                ratio = one.under(0.5) / max(1, few.get(kind, one).under(0.5))
                table.add_row(
                    f"{who}: {kind}", f"{one.requests:,}", f"{one.requests / one.seconds:.1f}", str(one.failed),
                    *(f"{one.under(share):,}" for share in (0.5, 0.95, 0.99)), f"{ratio:.1f}",
                )  # fmt: skip
    console.print(table)
    draw_bars(
        f"people-{size}",
        f"size {size}: 95 % of charts' data under, ms",
        {who: float(kinds[CHART].under(0.95)) for who, kinds in found.items()},
    )


if __name__ == "__main__":
    main()
