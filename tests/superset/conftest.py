"""The stack and the browser of the tests of the dashboards, both started once, for the first test that wants them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import browsers
import pytest
from boards import dashboards
from house import House, enter
from opening import SECONDS, Board, log_in
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright
from real_stack import Stack, running_stack

# Wide as a notebook, and so high that Superset draws all rows of a tab: it leaves out those far below the screen.
SCREEN = {"width": 1440, "height": 3000}
# No sandbox: as root Chromium has none. The rest keeps it from asking the outside for anything.
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, dbt_target: Path) -> Iterator[Stack]:
    """A real stack with data of all dealers of the sandbox, and one dealer that has none yet."""
    with running_stack(tmp_path_factory.mktemp("stack"), dbt_target) as one:
        yield one


@pytest.fixture(scope="session")
def house(stack: Stack) -> House:
    """The same with accounts of every kind."""
    return enter(stack)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as one:
        yield one


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Looked for before Playwright runs, which can be asked once at a time only."""
    return browsers.provide()


@pytest.fixture(scope="session")
def browser(browser_path: str, playwright: Playwright) -> Iterator[Browser]:
    one = playwright.chromium.launch(executable_path=browser_path, args=OPTIONS, timeout=SECONDS * 1000)
    yield one
    one.close()


@pytest.fixture(scope="session")
def context(browser: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """Logged in as the administrator, on a notebook."""
    one = browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]
    one.set_default_timeout(SECONDS * 1000)
    page = one.new_page()
    page.goto(f"{stack.url}/login/")
    log_in(page, stack)
    page.wait_for_url(lambda url: "/login" not in url)
    page.close()
    yield one
    one.close()


@pytest.fixture(scope="module")
def open_board(context: BrowserContext, stack: Stack) -> Iterator[Callable[[str], Board]]:
    """Opens a dashboard by its slug in a page of its own."""
    opened = []

    def make(slug: str) -> Board:
        board = Board(context.new_page(), stack.url, dashboards()[slug])
        opened.append(board)
        return board

    yield make
    for board in opened:
        board.page.close()
