"""Opens a dashboard in the browser as a person does, and keeps what its charts asked for, got and drew."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from boards import Chart, Dashboard
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from real_stack import Stack

SECONDS = 120  # for anything to come: a machine may be busy, and nothing here asserts how long it takes
A_MOMENT = 5_000  # ms, for what is there already and may move away
PIXEL = "scarf.sh"  # a telemetry pixel of Superset's pages, which the content security policy keeps from loading
TAKEN_BACK = "net::ERR_ABORTED"
NO_ROOM = "+ 1 ..."  # in place of the one option that is chosen
# What the chart's card shows: an error, a sentence instead of data, a drawing; "" while it is at work.
STATE_OF_CARD = """id => {
    const card = document.querySelector(`[data-test-chart-id="${id}"]`);
    if (!card || card.querySelector('[data-test="loading-indicator"], .loading')) return '';
    const wrong = card.querySelector('.ant-alert-error, .missing-chart-container, [data-test="error-message"]');
    if (wrong) return 'error: ' + wrong.innerText;
    const empty = card.querySelector('.ant-empty, [data-test="empty-state"]');
    if (empty) return 'empty: ' + card.querySelector('[data-test="slice-container"]').innerText.trim();
    const figure = card.querySelector('[id^="chart-id-"]');
    const text = figure ? figure.innerText.trim() : '';
    return text || (figure && figure.querySelector('canvas')) ? 'drawn: ' + text : '';
}"""


@dataclass
class Answer:
    """What a chart asked for last and what it got."""

    payload: dict[str, Any]
    status: int
    results: list[dict[str, Any]]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the chart's own query; further ones count a paged table's rows or make its totals."""
        return list(self.results[0].get("data") or []) if self.results else []

    @property
    def total_rows(self) -> int:
        """All rows of a paged table, which it shows a page at a time."""
        (count,) = self.results[1]["data"]
        return int(count["rowcount"])

    def size(self, chart: Chart) -> float:
        """How much it shows: the rows of a paged table, the sum of figures that add up, else the number of rows."""
        if chart.is_paged:
            return self.total_rows
        if not chart.is_additive:
            return len(self.rows)
        columns = self.payload["queries"][0].get("columns", [])
        axes = {"__timestamp"} | {column if isinstance(column, str) else column["label"] for column in columns}
        values = (value for row in self.rows for name, value in row.items() if name not in axes)
        return sum(value for value in values if isinstance(value, int | float))

    def conditions(self, column: str) -> list[Any]:
        """The values that every query of the chart asks a column to be among; [] when one of them does not."""
        found = [[f["val"] for f in query["filters"] if f["col"] == column] for query in self.payload["queries"]]
        return found[0] if found and all(values == found[0] for values in found) else []


@dataclass
class Opened:
    """What a walk through all tabs of a dashboard showed. `states` and `answers` are by the chart's UUID."""

    answers: dict[str, Answer] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def log_in(page: Page, stack: Stack) -> None:
    """Fill in and send the form of login that the page shows."""
    page.fill("#username", stack.user)
    page.fill("#password", stack.password)
    page.click("button[type=submit]")


class Board:
    """A dashboard in a page of the browser."""

    def __init__(self, page: Page, url: str, dashboard: Dashboard) -> None:
        self.page, self.dashboard = page, dashboard
        self.seen = Opened()
        self._waiting: list[Response] = []
        self._address = f"{url}/superset/dashboard/{dashboard.slug}/"
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.seen.failures.append(f"script: {error}"))
        page.on("requestfailed", self._note_failure)
        page.on("response", self._receive)
        self.open()
        self.ids = self._chart_ids(url)

    def open(self) -> None:
        """Go to the dashboard as it opens: with its filters as they stand for everyone."""
        self.page.goto(self._address)
        self.page.wait_for_selector(".grid-row")

    def walk(self) -> Opened:
        """Go through all tabs until each chart of each tab has asked, been answered and drawn."""
        for number, (name, _) in enumerate(self.dashboard.tabs):
            self.show(number)
            assert self.tabs.nth(number).inner_text().strip() == name
        return self.seen

    def show(self, tab: int) -> None:
        """Open a tab and wait for all its charts."""
        if self.tabs.nth(tab).locator(".ant-tabs-tab-btn").get_attribute("aria-selected") != "true":
            self.tabs.nth(tab).click()
        for chart in self.dashboard.tabs[tab][1]:
            self.wait_for(chart)

    def wait_for(self, chart: Chart) -> Answer:
        """Wait until the chart is answered and drawn. Raises AssertionError when that never happens."""
        self.until(lambda: chart.uuid in self.seen.answers, f"{chart.name} has asked for its data")
        self.until(lambda: self._shows_answer(chart), f"{chart.name} shows its answer")
        self.seen.states[chart.uuid] = self.state(chart)
        return self.seen.answers[chart.uuid]

    def until(self, holds: Callable[[], bool], what: str | Callable[[], str]) -> None:
        """Wait for a condition while the page goes on. Raises AssertionError that says what did not come."""
        deadline = time.monotonic() + SECONDS
        self._take_answers()
        while not holds():
            late = time.monotonic() > deadline
            assert not late, f"{self.dashboard.title}: never came: {what() if callable(what) else what}"
            self.page.wait_for_timeout(150)
            self._take_answers()

    def state(self, chart: Chart) -> str:
        """What the chart's card shows now, "" while it is at work."""
        return str(self.page.evaluate(STATE_OF_CARD, self.ids[chart.uuid]))

    def _shows_answer(self, chart: Chart) -> bool:
        """Whether the card has come to what was answered: right after it, the figures before may still stand there."""
        kind = self.state(chart).partition(":")[0]
        return kind == ("drawn" if self.seen.answers[chart.uuid].rows else "empty") or kind == "error"

    def card(self, chart: Chart) -> Locator:
        return self.page.locator(f'[data-test-chart-id="{self.ids[chart.uuid]}"]')

    @property
    def tabs(self) -> Locator:
        return self.page.locator('[data-test="dashboard-component-tabs"] .ant-tabs-tab')

    def afresh(self) -> None:
        """Forget what was seen, before something that makes charts ask again."""
        self._take_answers()
        self.seen = Opened()

    def choose(self, filter_id: str, option: str) -> None:
        """Choose an option of a filter that holds none, and apply it."""
        page = self.page
        box = page.locator(f"input#{filter_id}").locator("visible=true")
        more = page.locator('[data-test="dropdown-container-btn"]').locator("visible=true")
        shown = page.locator(f'.ant-select[data-test="{filter_id}"] .ant-select-selection-item').locator("visible=true")
        offered = page.locator(f'.ant-select-item-option[title="{option}"]').locator("visible=true")

        in_the_way = "nothing"

        def chosen() -> bool:
            return [text.strip() for text in shown.all_inner_texts()] in ([option], [NO_ROOM])

        def typed() -> bool:
            nonlocal in_the_way
            # The bar is laid out again while the page fills: a filter that it had room for may go behind its button,
            # with what was chosen; a second click on that option would take it back.
            try:
                if not box.count():
                    more.click(timeout=A_MOMENT)
                    box.wait_for(timeout=A_MOMENT)
                if not chosen():
                    box.click(timeout=A_MOMENT)
                    box.fill(option, timeout=A_MOMENT)
                    offered.first.click(timeout=A_MOMENT)  # Enter takes whatever option is on top by then
                    shown.first.wait_for(timeout=A_MOMENT)
            except PlaywrightTimeout as late:
                in_the_way = late.message
                return False
            return chosen()

        def stuck() -> str:
            return (
                f"the filter {filter_id} holds {option}: it holds {shown.all_inner_texts()}, {offered.count()} such are"
                f" offered, in the way: {in_the_way}; failures: {self.seen.failures}"
            )

        # The bar is drawn after the grid.
        self.until(lambda: bool(box.count() or more.count()), "the bar of filters")
        self.until(typed, stuck)
        page.keyboard.press("Escape")
        self.afresh()
        page.locator('[data-test="filter-bar__apply-button"]').click()
        self.until(lambda: self._asked_for([option]), f"a question for {option} alone")

    def _asked_for(self, values: list[str]) -> bool:
        queries = [query for answer in self.seen.answers.values() for query in answer.payload["queries"]]
        return any(each.get("val") == values for query in queries for each in query["filters"])

    def _chart_ids(self, url: str) -> dict[str, int]:
        described = self.page.request.get(f"{url}/api/v1/dashboard/{self.dashboard.slug}").json()["result"]
        nodes = [node for node in json.loads(described["position_json"]).values() if isinstance(node, dict)]
        return {node["meta"]["uuid"]: node["meta"]["chartId"] for node in nodes if node.get("type") == "CHART"}

    def _receive(self, response: Response) -> None:
        if urlsplit(response.url).path == "/api/v1/chart/data":
            self._waiting.append(response)
        elif response.status >= 400:
            self.seen.failures.append(f"{response.status} {response.url}")

    def _take_answers(self) -> None:
        """Read the answers that have arrived: not in the event itself, where Playwright cannot be asked."""
        while self._waiting:
            response = self._waiting.pop(0)
            payload = json.loads(response.request.post_data or "{}")
            body = response.json() if response.ok else {}
            if not response.ok:
                self.seen.failures.append(f"{response.status} {response.url}: {response.text()[:300]}")
            uuids = {number: uuid for uuid, number in self.ids.items()}
            if uuid := uuids.get(payload.get("form_data", {}).get("slice_id")):
                self.seen.answers[uuid] = Answer(payload, response.status, body.get("result", []))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and PIXEL not in message.text:
            self.seen.failures.append(f"console: {message.text}")

    def _note_failure(self, request: Request) -> None:
        # The log of clicks is sent as a page is left; the page itself takes back a question that it asks anew.
        if PIXEL not in request.url and "/superset/log/" not in request.url and request.failure != TAKEN_BACK:
            self.seen.failures.append(f"{request.failure} {request.url}")
