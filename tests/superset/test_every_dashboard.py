"""Each dashboard as a person meets it: all tabs, one dealer, a dealer of today, a phone."""

from collections.abc import Iterator

import pytest
from boards import TILES, dashboards
from opening import Board, Opened
from playwright.sync_api import BrowserContext
from real_stack import FIRST_RUN_DEALER, Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

DEALER_FILTER = "NATIVE_FILTER-dealer"
# What a fleet without trouble rightly leaves empty.
NOTHING_WRONG = {
    ("data-operations", "Rejected records by reason"): "no record was rejected",
    ("data-operations", "Rejected records"): "no record was rejected",
}
NO_DATA = "No results were returned for this query"
PHONE = {"width": 390, "height": 844}
# Every card on the screen: how far it and its text reach, and how far the part of the page that it scrolls in.
CARDS_ON_PHONE = """() => {
    const scrolls = element => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
    const cards = [...document.querySelectorAll('[data-test-chart-id]')].filter(card => card.offsetParent);
    return cards.map(card => {
        let scroller = card.parentElement;
        while (scroller && !scrolls(scroller)) scroller = scroller.parentElement;
        const texts = document.createTreeWalker(card.querySelector('[id^="chart-id-"]') || card, NodeFilter.SHOW_TEXT);
        let right = 0;
        while (texts.nextNode()) {
            const range = document.createRange();
            range.selectNodeContents(texts.currentNode);
            right = Math.max(right, range.getBoundingClientRect().right);
        }
        return {id: +card.dataset.testChartId, right: card.getBoundingClientRect().right, text: right,
                scroller: scroller ? scroller.getBoundingClientRect().right : Infinity};
    });
}"""


@pytest.fixture(scope="module", params=list(dashboards()))
def board(request: pytest.FixtureRequest, context: BrowserContext, stack: Stack) -> Iterator[Board]:
    """The dashboard in a page of its own; pytest runs all tests of one before it opens the next."""
    page = context.new_page()
    yield Board(page, stack.url, dashboards()[request.param])
    page.close()


@pytest.fixture(scope="module")
def whole(board: Board) -> Opened:
    """All tabs as they open."""
    return board.walk()


@pytest.fixture(scope="module")
def one_dealer(board: Board, whole: Opened, stack: Stack) -> Opened:
    board.choose(DEALER_FILTER, stack.dealer_names[0])
    return board.walk()


@pytest.fixture(scope="module")
def first_run(board: Board, one_dealer: Opened) -> Opened:
    """Opened anew for a dealer that was registered and of which nothing has been fetched."""
    board.afresh()
    board.open()
    board.show(0)  # what is asked before the filter is not answered after it
    board.choose(DEALER_FILTER, FIRST_RUN_DEALER["name"])
    return board.walk()


def test_every_chart_is_drawn_with_data(board: Board, whole: Opened) -> None:
    empty = {
        chart.name: whole.states[chart.uuid]
        for chart in board.dashboard.charts
        if not whole.answers[chart.uuid].rows or not whole.states[chart.uuid].startswith("drawn")
    }
    rightly = [name for slug, name in NOTHING_WRONG if slug == board.dashboard.slug]
    assert sorted(empty) == sorted(rightly)
    assert all(state.startswith(f"empty: {NO_DATA}") for state in empty.values())


def test_nothing_fails_while_it_opens(whole: Opened) -> None:
    assert whole.failures == []
    assert not any(state.startswith("error") for state in whole.states.values())


def test_one_dealer_is_asked_for_by_every_chart(board: Board, one_dealer: Opened, stack: Stack) -> None:
    others = [
        chart.name
        for chart in board.dashboard.charts
        if one_dealer.answers[chart.uuid].conditions("dealer") != [[stack.dealer_names[0]]]
    ]
    assert others == []
    assert one_dealer.failures == []


def test_one_dealer_has_no_more_than_all(board: Board, whole: Opened, one_dealer: Opened) -> None:
    sizes = {
        chart.name: (one_dealer.answers[chart.uuid].size(chart), whole.answers[chart.uuid].size(chart))
        for chart in board.dashboard.charts
    }
    assert {name: both for name, both in sizes.items() if both[0] > both[1]} == {}
    assert any(part < all_of_it for part, all_of_it in sizes.values())


def test_a_dealer_without_data_gets_sentences_and_no_error(board: Board, first_run: Opened) -> None:
    assert first_run.failures == []
    wrong = {}
    for chart in board.dashboard.charts:
        state = first_run.states[chart.uuid]
        is_sentence = state.startswith(f"empty: {NO_DATA}")
        is_figure = state.startswith("drawn") and not any(
            odd in state for odd in ("NaN", "null", "undefined", "Invalid")
        )
        if not (is_sentence or is_figure):
            wrong[chart.name] = state
    assert wrong == {}


def test_a_dealer_without_data_is_told_that_nothing_has_arrived(board: Board, first_run: Opened) -> None:
    (freshness,) = [chart for chart in board.dashboard.charts if chart.name == "Freshness"]
    board.show(0)
    # the sentence of before stands there until the new one is drawn
    board.until(
        lambda: "has arrived yet" in board.state(freshness),
        lambda: f"that nothing has arrived: {board.state(freshness)}, asked {board.seen.answers[freshness.uuid]}",
    )


def test_on_a_phone_tiles_are_read_whole_and_charts_are_reached(board: Board, first_run: Opened) -> None:
    board.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    board.tabs.first.evaluate("tab => tab.click()")  # it may have to be swiped into sight
    assert board.page.evaluate(CARDS_ON_PHONE), "the first tab shows no chart"
    # Superset computes widths anew a while after the window has changed
    board.until(lambda: not out_of_reach(board), f"everything on {board.dashboard.title} within a phone's width")


def out_of_reach(board: Board) -> list[str]:
    """What a phone does not show: the page's right edge, charts that cannot be scrolled to, tiles that are cut off."""
    page, width = board.page, PHONE["width"]
    kinds = {board.ids[chart.uuid]: chart for chart in board.dashboard.charts}
    cards = page.evaluate(CARDS_ON_PHONE)
    found = ["the page"] if page.evaluate("document.documentElement.scrollWidth") > width else []
    found += [kinds[card["id"]].name for card in cards if card["right"] > width and card["scroller"] > width]
    return found + [kinds[c["id"]].name for c in cards if kinds[c["id"]].kind in TILES and c["text"] > width]
