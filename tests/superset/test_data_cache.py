"""Answers come from the cache until a transform has ended, never after it, and the warmer has them ready by then."""

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from provisioned import PASSWORD, PYTHON, Rest, Superset, copied
from sqlalchemy import make_url

from orchestration.settings import ROOT, dbt_environment

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]
DBT = ROOT / "dbt_project"


@dataclass
class Desk:
    """A person before a chart of marts.sale, and the warehouse behind it."""

    superset: Superset
    rest: Rest
    warehouse_url: str
    dbt: Callable[[], None]
    sales: int
    slow_sales: int

    def sql(self, statement: str) -> None:
        with closing(psycopg2.connect(self.warehouse_url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def ask(self, **more: Any) -> tuple[float, bool]:
        """The sum that the chart shows, and whether it came from the cache."""
        answer = self.rest.session.post(f"{self.rest.url}/chart/data", json=request(self.sales) | more, timeout=60)
        assert answer.ok, answer.text
        (result,) = answer.json()["result"]
        return result["data"][0]["SUM(amount)"], bool(result["is_cached"])

    def asked(self) -> list[Path]:
        return list(Path(self.superset.env["SUPERSET_HOME"]).glob("asked/*.json"))


def request(dataset: int, **query: Any) -> dict[str, Any]:
    """What the page of a big number sends."""
    total = {
        "expressionType": "SIMPLE",
        "column": {"column_name": "amount"},
        "aggregate": "SUM",
        "label": "SUM(amount)",
    }
    return {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [{"metrics": [total], "columns": [], "row_limit": 1, **query}],
        "result_format": "json",
        "result_type": "full",
    }


@pytest.fixture(scope="module")
def desk(new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    warehouse_url = new_database("warehouse")
    scratch = tmp_path_factory.mktemp("dbt")

    def dbt() -> None:
        """A transform of one model: it ends as every other does."""
        places = {"project-dir": DBT, "profiles-dir": DBT, "target-path": scratch, "log-path": scratch}
        command = [Path(sys.executable).with_name("dbt"), "--quiet", "run", "--select", "dim_date"]
        command += [word for option, place in places.items() for word in (f"--{option}", place)]
        subprocess.run(command, env=os.environ | dbt_environment(make_url(warehouse_url)), check=True, timeout=300)

    superset = copied(tmp_path_factory.mktemp("superset") / "superset", new_database("superset"))
    superset.env["WAREHOUSE_READER_URL"] = superset.env["WAREHOUSE_DEALER_READER_URL"] = warehouse_url
    with ThreadPoolExecutor(1) as beside:
        bootstrapped = beside.submit(superset.run, "bootstrap.py")
        dbt()
        bootstrapped.result()
    with superset.serving() as rest:
        one = Desk(superset, rest, warehouse_url, dbt, 0, 0)
        one.sql("create table marts.sale as select 100 as amount")
        # A query of it has its view of the data three seconds before its answer.
        one.sql("create view marts.slow_sale as select amount from marts.sale, pg_sleep(3)")
        (warehouse,) = [one for one in rest.get("/database/") if one["database_name"] == "Warehouse"]
        one.sales, one.slow_sales = (
            rest.post("/dataset/", database=warehouse["id"], schema="marts", table_name=name)
            for name in ("sale", "slow_sale")
        )
        yield one


def until_it_asks(desk: Desk) -> None:
    """Wait until a query of marts.slow_sale has its view of the data and waits."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
    with closing(psycopg2.connect(desk.warehouse_url)) as connection:
        connection.autocommit = True
        for _ in range(600):
            with connection.cursor() as cursor:
                cursor.execute(waiting)
                if cursor.fetchone() != (0,):
                    return
            time.sleep(0.1)
    raise AssertionError("it does not ask")


def test_an_answer_is_cached_until_a_transform_has_ended_and_fresh_right_after(desk: Desk) -> None:
    desk.sql("update marts.sale set amount = 100")
    desk.dbt()
    assert [desk.ask() for _ in range(3)] == [(100, False), (100, True), (100, True)]
    desk.sql("update marts.sale set amount = 200")
    assert desk.ask() == (100, True)  # nothing has ended yet
    desk.dbt()
    assert [desk.ask() for _ in range(2)] == [(200, False), (200, True)]


@pytest.mark.parametrize("more", [{}, {"force": True}], ids=["asked", "forced"])
def test_an_answer_that_was_computed_while_the_version_changed_is_not_kept_as_new(
    desk: Desk, more: dict[str, Any]
) -> None:
    slow = Desk(**{**vars(desk), "sales": desk.slow_sales})
    desk.sql("update marts.sale set amount = 300")
    desk.sql("update marts.data_version set changed_at = clock_timestamp()")
    with ThreadPoolExecutor(1) as beside:
        began_before = beside.submit(slow.ask, **more)
        until_it_asks(desk)
        desk.sql("update marts.sale set amount = 400")
        desk.sql("update marts.data_version set changed_at = clock_timestamp()")
        assert began_before.result() == (300, False)
    assert [slow.ask() for _ in range(2)] == [(400, False), (400, True)]


def test_a_forced_answer_takes_the_place_of_the_cached_one(desk: Desk) -> None:
    desk.sql("update marts.data_version set changed_at = clock_timestamp()")
    desk.sql("update marts.sale set amount = 500")
    assert desk.ask()[0] == 500
    desk.sql("update marts.sale set amount = 600")
    assert [desk.ask(), desk.ask(force=True), desk.ask()] == [(500, True), (600, False), (600, True)]


def test_without_a_version_everything_is_answered_and_nothing_cached(desk: Desk) -> None:
    desk.sql("alter table marts.data_version rename to away")
    try:
        assert [desk.ask()[1] for _ in range(2)] == [False, False]
    finally:
        desk.sql("alter table marts.away rename to data_version")
    time.sleep(5.5)  # until it looks again
    assert [desk.ask()[1] for _ in range(2)][1] is True


def test_what_people_with_row_level_security_ask_is_not_kept(desk: Desk) -> None:
    roles = {role["name"]: role["id"] for role in desk.rest.get("/security/roles/?q=(page_size:100)")}
    desk.rest.post(
        "/rowlevelsecurity/", name="of a test", filter_type="Regular", clause="amount < 0", roles=[roles["Analyst"]],
        tables=[desk.sales],
    )  # fmt: skip
    time.sleep(5.5)  # until it is known
    person = {"username": "narrow", "password": PASSWORD, "first_name": "N", "last_name": "N", "email": "n@localhost"}
    desk.rest.post("/security/users/", **person, active=True, roles=[roles["Analyst"]])
    login = {"username": "narrow", "password": PASSWORD, "provider": "db"}
    token = requests.post(f"{desk.rest.url}/security/login", json=login, timeout=60).json()["access_token"]
    before = desk.asked()
    answer = requests.post(
        f"{desk.rest.url}/chart/data",
        json=request(desk.sales, row_limit=77),
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert answer.json()["result"][0]["data"] == [{"SUM(amount)": None}]
    assert desk.asked() == before
    desk.rest.session.post(f"{desk.rest.url}/chart/data", json=request(desk.sales, row_limit=77), timeout=60)
    assert len(desk.asked()) == len(before) + 1


@contextmanager
def warming(desk: Desk) -> Iterator[Callable[[], str]]:
    """The warmer beside Superset; gives what waits for its next line."""
    port = desk.rest.url.split(":")[2].partition("/")[0]
    process = subprocess.Popen(
        [PYTHON, "-u", "warm_cache.py"], cwd=desk.superset.folder, env=desk.superset.env | {"SUPERSET_PORT": port},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stderr or ()], daemon=True).start()
    try:
        yield lambda: lines.get(timeout=60)
    finally:
        process.kill()  # it holds nothing
        process.wait(20)


def test_after_a_transform_the_first_person_finds_a_fresh_answer_in_the_cache(desk: Desk) -> None:
    desk.sql("update marts.sale set amount = 700")
    desk.ask()
    with warming(desk) as next_line:
        next_line()
        desk.sql("update marts.sale set amount = 800")
        desk.dbt()
        assert "computed" in next_line()
        assert desk.ask() == (800, True)
    gone = request(10_000)
    with desk.asked()[0].open("w") as file:
        file.write(str(gone).replace("'", '"'))
    with warming(desk) as next_line:
        assert "1 refused" in next_line()
    assert not [file for file in desk.asked() if "10000" in file.read_text()]


def test_a_change_in_the_middle_of_a_round_begins_a_new_one(desk: Desk) -> None:
    slow = Desk(**{**vars(desk), "sales": desk.slow_sales})
    desk.ask()
    slow.ask()
    for file in desk.asked():
        if f'"datasource": {{"id": {desk.slow_sales},' in file.read_text():
            os.utime(file)  # the newest is asked first
    with warming(desk) as next_line:
        next_line()
        desk.sql("update marts.data_version set changed_at = clock_timestamp()")
        until_it_asks(desk)
        desk.sql("update marts.data_version set changed_at = clock_timestamp()")
        assert "the data changed meanwhile" in next_line()
        assert "computed" in next_line()
    assert slow.ask()[1] is True
