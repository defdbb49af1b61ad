"""What lies around the charts: login, home and its links, light and dark, the menus and filters on a phone."""

import re
from collections.abc import Callable, Iterator

import pytest
from boards import dashboards
from opening import SECONDS, Board, log_in
from playwright.sync_api import Browser, BrowserContext, Page, expect
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HOME = "/superset/dashboard/home/"
BRIGHTNESS = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)"


@pytest.fixture
def phone(context: BrowserContext, browser: Browser) -> Iterator[BrowserContext]:
    """The same person on a phone."""
    one = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, storage_state=context.storage_state()
    )
    one.set_default_timeout(SECONDS * 1000)
    yield one
    one.close()


def test_home_opens_after_login(browser: Browser, stack: Stack) -> None:
    page = browser.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.goto(stack.url)
    log_in(page, stack)
    page.wait_for_url(re.compile(f"^{re.escape(stack.url + HOME)}"))
    page.locator(".grid-row").first.wait_for()
    page.close()


def test_home_opens_at_the_root(context: BrowserContext, stack: Stack) -> None:
    page = context.new_page()
    page.goto(f"{stack.url}/")
    assert page.url.startswith(stack.url + HOME)
    page.close()


def test_home_leads_to_every_other_dashboard(open_board: Callable[[str], Board]) -> None:
    home = open_board("home")
    page = home.page
    links = page.locator('.grid-row a[href^="/superset/dashboard/"]')
    expected = {f"/superset/dashboard/{slug}/": board.title for slug, board in dashboards().items() if slug != "home"}
    home.until(lambda: links.count() >= len(expected), "a link to every other dashboard")
    named = {link.get_attribute("href"): link.inner_text() for link in links.all()}
    assert named == expected
    page.locator('a[href="/superset/dashboard/unit-inbound/"]').click()
    expect(page.get_by_label("Dashboard title")).to_have_value("Unit Inbound")


def test_a_person_may_switch_to_dark_and_back(open_board: Callable[[str], Board]) -> None:
    board = open_board("prospect-data")
    board.show(0)
    assert board.page.evaluate(BRIGHTNESS) > 600
    for theme, is_as_it_should in (("Dark", lambda sum_: sum_ < 200), ("Light", lambda sum_: sum_ > 600)):
        board.page.locator('[data-menu-id$="theme-sub-menu"]').hover()
        board.page.get_by_role("menuitem", name=theme).click()
        board.until(lambda: is_as_it_should(board.page.evaluate(BRIGHTNESS)), f"{theme} colours")  # noqa: B023
    assert board.seen.failures == []


def on_screen(page: Page, selector: str) -> bool:
    box = page.locator(selector).locator("visible=true").first.bounding_box()
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_on_a_phone_menus_tabs_and_filters_can_be_used(phone: BrowserContext, stack: Stack) -> None:
    board = Board(phone.new_page(), stack.url, dashboards()["prospect-data"])
    page, dealer = board.page, stack.dealer_names[0]
    board.until(lambda: bool(board.seen.answers), "a chart has asked")
    board.until(lambda: on_screen(page, '[data-test="actions-trigger"]'), "the menu of the dashboard on the screen")
    page.locator('[data-test="actions-trigger"]').click()
    page.get_by_role("menuitem", name="Refresh dashboard").wait_for()
    page.keyboard.press("Escape")
    board.choose("NATIVE_FILTER-dealer", dealer)
    board.until(
        # What was asked before may be answered after; the chart asks again then.
        lambda: {str(answer.conditions("dealer")) for answer in board.seen.answers.values()} == {str([[dealer]])},
        "all charts ask for the dealer",
    )
    board.tabs.last.click()
    documents = board.dashboard.tabs[-1][1][0]
    assert board.wait_for(documents).rows
    assert board.seen.failures == []


def test_on_a_phone_the_dashboards_name_and_the_main_menu_can_be_read(phone: BrowserContext, stack: Stack) -> None:
    board = Board(phone.new_page(), stack.url, dashboards()["prospect-data"])
    page = board.page

    def has_room() -> bool:
        title = page.get_by_label("Dashboard title").bounding_box()
        return title is not None and title["width"] >= 40

    # The header is laid out anew while the page fills.
    board.until(lambda: on_screen(page, "#main-menu .main-nav > li"), "the main menu on the screen")
    board.until(has_room, "room for the dashboard's name")
