"""From a figure down to its documents: search, export, lines of a document, detail of a bar. On Prospect Data."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from boards import Chart
from opening import A_MOMENT, Answer, Board
from playwright.sync_api import Download, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

OVERVIEW, BREAKDOWN, DOCUMENTS = range(3)


@pytest.fixture(scope="module")
def board(open_board: Callable[[str], Board]) -> Board:
    """A page for all tests that leave it as they find it."""
    return open_board("prospect-data")


@pytest.fixture(scope="module")
def documents(board: Board) -> Chart:
    """The table of prospects, which has been shown."""
    board.show(DOCUMENTS)
    return board.dashboard.tabs[DOCUMENTS][1][0]


@pytest.fixture
def own_board(open_board: Callable[[str], Board]) -> Board:
    """A page for one test alone, at the table of prospects."""
    one = open_board("prospect-data")
    one.show(DOCUMENTS)
    return one


def asked_again(board: Board, chart: Chart) -> Answer:
    """The answer to what was just clicked or typed."""
    return board.wait_for(chart)


def shown(board: Board, table: Chart) -> list[list[str]]:
    """The cells that stand on the screen."""
    return [row.split("\t") for row in board.card(table).locator("tbody tr").all_inner_texts()]


def entry(page: Page, text: str) -> Locator:
    """An entry of the menu that is open."""
    return page.get_by_role("menuitem").locator("visible=true").filter(has_text=re.compile(f"^{re.escape(text)}$"))


def export(board: Board, table: Chart, format_: str) -> Download:
    """Click an entry of the chart's Download menu."""
    page = board.page
    files: list[Download] = []

    def came() -> bool:
        # A menu that is still open or closing takes a click. The file comes in a window that is opened for it: on a
        # busy machine it is the new window that tells of it, not the page.
        try:
            with page.context.expect_event("download", timeout=6 * A_MOMENT) as download:
                board.card(table).get_by_label("More Options").click(timeout=A_MOMENT)
                entry(page, "Download").hover(timeout=A_MOMENT)
                entry(page, format_).click(timeout=A_MOMENT)
        except PlaywrightTimeout:
            return False
        files.append(download.value)
        return True

    board.until(came, f"{format_} of the table")
    return files[0]


def rows_of_csv(file: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))


def count_rows_of_excel(file: Path) -> int:
    with zipfile.ZipFile(file) as book:
        return len(re.findall(r"<row ", book.read("xl/worksheets/sheet1.xml").decode()))


def test_a_search_finds_a_document_that_is_not_on_the_first_page(own_board: Board) -> None:
    documents, _ = own_board.dashboard.tabs[DOCUMENTS][1]
    first_page = own_board.seen.answers[documents.uuid]
    numbers = {row["prospect_number"] for row in first_page.rows}
    assert first_page.total_rows > len(first_page.rows) == len(numbers)
    own_board.afresh()
    own_board.card(documents).locator(".pagination a").last.click()
    wanted = asked_again(own_board, documents).rows[-1]["prospect_number"]
    assert wanted not in numbers
    own_board.afresh()
    own_board.card(documents).get_by_label(re.compile("^Search")).fill(wanted)
    found = asked_again(own_board, documents)
    assert [row["prospect_number"] for row in found.rows] == [wanted]
    assert found.total_rows == 1
    own_board.until(
        lambda: [row[0] for row in shown(own_board, documents)] == [wanted], "the document alone on the screen"
    )


@pytest.mark.parametrize("format_", ["Export to .CSV", "Export to full .CSV"])
def test_a_csv_export_holds_the_whole_table(board: Board, documents: Chart, format_: str, tmp_path: Path) -> None:
    answer = board.seen.answers[documents.uuid]
    export(board, documents, format_).save_as(tmp_path / "export.csv")
    header, *rows = rows_of_csv(tmp_path / "export.csv")
    assert len(rows) == answer.total_rows > len(answer.rows)
    number = header.index("prospect_number")
    assert len({row[number] for row in rows}) == len(rows)
    assert rows[0][number] == answer.rows[0]["prospect_number"]


@pytest.mark.parametrize("format_", ["Export to Excel", "Export to full Excel"])
def test_an_excel_export_holds_the_whole_table(board: Board, documents: Chart, format_: str, tmp_path: Path) -> None:
    answer = board.seen.answers[documents.uuid]
    export(board, documents, format_).save_as(tmp_path / "export.xlsx")
    assert count_rows_of_excel(tmp_path / "export.xlsx") == 1 + answer.total_rows


def test_a_click_on_a_document_shows_its_lines_below(own_board: Board) -> None:
    documents, lines = own_board.dashboard.tabs[DOCUMENTS][1]
    everything = own_board.seen.answers[lines.uuid].total_rows
    number = shown(own_board, documents)[0][0]
    own_board.afresh()
    own_board.card(documents).locator("tbody td").first.click()
    answer = asked_again(own_board, lines)
    assert 0 < answer.total_rows < everything
    assert {row["prospect_number"] for row in answer.rows} == {number}
    own_board.until(lambda: {row[0] for row in shown(own_board, lines)} == {number}, "its lines alone on the screen")
    assert own_board.seen.failures == []


def test_a_bar_drills_down_to_its_rows(board: Board, stack: Stack) -> None:
    page = board.page
    board.show(BREAKDOWN)
    (chart,) = [chart for chart in board.dashboard.tabs[BREAKDOWN][1] if chart.name == "Unit types asked for"]
    answer = board.seen.answers[chart.uuid]
    largest = max(answer.rows, key=lambda row: row["prospect_unit_interest"])
    right_click_top_bar(board, chart)
    entry(page, "Drill to detail by").hover()
    entry(page, f"Drill to detail by {largest['unit_type']}").click()
    detail = page.get_by_role("dialog")
    count = detail.get_by_text(re.compile(r"^[\d.,]+ rows$"))
    rows = largest["prospect_unit_interest"]
    board.until(lambda: count.count() > 0 and int(re.sub(r"\D", "", count.inner_text())) == rows, f"{rows} rows")
    detail.get_by_text(re.compile("|".join(stack.dealer_names))).first.wait_for()  # the first column
    detail.locator(".ant-modal-close").click()
    detail.wait_for(state="hidden")
    assert board.seen.failures == []


def right_click_top_bar(board: Board, chart: Chart) -> None:
    """The bars are drawn on a canvas: go down from its edge until the menu is that of a bar."""
    page, canvas = board.page, board.card(chart).locator("canvas").first
    for y in range(20, 100, 6):
        canvas.click(button="right", position={"x": 120, "y": y})
        drill = entry(page, "Drill to detail by")
        drill.wait_for()
        if "disabled" not in (drill.get_attribute("class") or ""):
            return
        page.keyboard.press("Escape")
        drill.wait_for(state="hidden")
    raise AssertionError("no bar where the first one should be")
