"""A dealer user of one dealer tries to see another one's data, in every way there is: nothing, and no counts.

Over HTTP, against the real Superset and Postgres of the dashboards' tests, as accounts that an administrator makes.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import people
import psycopg2
import pytest
from people import Person
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
DENIED = (401, 403, 404)
MALFORMED = 400  # Superset sees for itself that it cannot be
# What a dealer must not see of calls and keys that several dealers share (assets/security.yaml).
SHARED = {"agg_key_usage", "fct_call", "fct_rejected_record", "fct_window_attention"}
OF_NOBODY = {"dim_date"}
ELSEWHERE = ("core.spk", "raw.spk", "staging.stg_dgi__spk", "restricted.customer")
ELSEWHERE += ("registry.dealer", "registry.user_dealer", "registry.api_key")
COUNT = {"expressionType": "SIMPLE", "column": {"column_name": "dealer_id"}, "aggregate": "COUNT", "label": "n"}


@dataclass(frozen=True)
class Dataset:
    """A dataset as the administrator sees it."""

    id: int
    name: str
    columns: tuple[str, ...]
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class House:
    """Superset with its objects, and people in it."""

    stack: Stack
    admin: Person
    analyst: Person
    own: Person  # of dealer A
    other: Person  # of dealer B
    nobody: Person  # a dealer user who may see no dealer
    stray: Person  # with a standard role of Superset
    datasets: dict[str, Dataset]
    charts: tuple[dict[str, Any], ...]
    boards: dict[str, int]

    @property
    def a(self) -> str:
        return self.stack.dealers[0]

    @property
    def b(self) -> str:
        return self.stack.dealers[1]

    def place(self, dataset: str) -> dict[str, Any]:
        """Form data of a request as a chart with these data sends it from its dashboard."""
        chart = next(one for one in self.charts if one["dataset"] == dataset)
        return {"slice_id": chart["id"], "dashboardId": chart["board"]}


@pytest.fixture(scope="module")
def house(stack: Stack) -> Iterator[House]:
    admin = people.admin(stack)
    a, b = stack.dealers[:2]
    datasets, names = {}, {}
    for one in admin.get("/api/v1/dataset/", q="(page_size:200,columns:!(id,table_name))").json()["result"]:
        detail = admin.get(f"/api/v1/dataset/{one['id']}").json()["result"]
        columns = tuple(column["column_name"] for column in detail["columns"])
        metrics = tuple(metric["metric_name"] for metric in detail["metrics"])
        names[one["id"]] = one["table_name"]
        datasets[one["table_name"]] = Dataset(one["id"], one["table_name"], columns, metrics)
    boards, charts = {}, []
    for board in admin.get("/api/v1/dashboard/", q="(page_size:100)").json()["result"]:
        boards[board["slug"]] = board["id"]
        for chart in admin.get(f"/api/v1/dashboard/{board['id']}/charts").json()["result"]:
            form = chart["form_data"]
            dataset = names[int(form["datasource"].split("__")[0])]
            charts.append(
                {"id": chart["id"], "board": board["id"], "slug": board["slug"], "dataset": dataset, "form": form}
            )
    yield House(
        stack, admin, people.make(stack, admin, "Analyst"), people.make(stack, admin, "Dealer User", (a,)),
        people.make(stack, admin, "Dealer User", (b,)), people.make(stack, admin, "Dealer User"),
        people.make(stack, admin, "Gamma"), datasets, tuple(charts), boards,
    )  # fmt: skip


def shown(house: House) -> list[Dataset]:
    """The datasets that stand on a dashboard which is open to dealer users."""
    on_boards = {chart["dataset"] for chart in house.charts if chart["slug"] != "data-operations"}
    return [house.datasets[name] for name in sorted(on_boards - SHARED)]


def everything(dataset: Dataset, *filters: dict[str, Any]) -> dict[str, Any]:
    """All metrics of a dataset, by dealer."""
    return {"columns": ["dealer_id"], "metrics": [COUNT, *dataset.metrics], "filters": list(filters), "row_limit": 1000}


def at_once(house: House, ask: Any, things: Any) -> list[Any]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(ask, things))


def test_a_dealer_user_sees_all_of_their_own_and_no_row_or_figure_more(house: House) -> None:
    own = {"col": "dealer_id", "op": "==", "val": house.a}

    def compare(dataset: Dataset) -> tuple[str, Any, Any]:
        total = {"columns": [], "metrics": [COUNT, *(m for m in dataset.metrics)], "filters": [], "row_limit": 10}
        seen = house.own.rows(dataset.id, total, form_data=house.place(dataset.name))
        there = house.admin.rows(dataset.id, total | {"filters": [own]})
        return dataset.name, _still(seen), _still(there)

    found = at_once(house, compare, shown(house))
    assert [name for name, seen, there in found if seen != there] == []
    assert sum(there[0]["n"] for _, _, there in found) > 0


def _still(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what moves with the clock between two questions."""
    return [{name: value for name, value in row.items() if "hours" not in name and "note" not in name} for row in rows]


def test_no_dataset_gives_another_dealers_rows_to_whoever_asks_directly(house: House) -> None:
    theirs = {"col": "dealer_id", "op": "IN", "val": [house.b]}

    def break_in(dataset: Dataset) -> list[str]:
        found = []
        home = {"form_data": {"dashboardId": house.boards["home"]}}
        tries: list[tuple[Person, list[Any], dict[str, Any]]] = [
            (house.own, [], {}), (house.own, [theirs], home), (house.nobody, [], home), (house.stray, [theirs], {})
        ]  # fmt: skip
        for person, filters, around in tries:
            answer = person.ask(dataset.id, everything(dataset, *filters), **around)
            dealers = {row["dealer_id"] for row in answer.json()["result"][0]["data"]} if answer.ok else set()
            if dealers - ({house.a} if person is house.own else set()):
                found.append(f"{person.name}: {dataset.name}: {dealers}")
            if not answer.ok and answer.status_code not in DENIED:
                found.append(f"{dataset.name}: {answer.status_code} {answer.text[:200]}")
        return found

    datasets = [one for one in house.datasets.values() if one.name not in OF_NOBODY]
    assert list(chain(*at_once(house, break_in, datasets))) == []


def test_no_chart_of_any_dashboard_names_another_dealer(house: House) -> None:
    names = [*house.stack.dealers[1:], *house.stack.dealer_names[1:]]

    def look(chart: dict[str, Any]) -> list[str]:
        form, dataset = chart["form"], house.datasets[chart["dataset"]]
        groups = form.get("groupby") or []
        columns = form.get("all_columns") or ([groups] if isinstance(groups, str) else groups)
        metrics = form.get("metrics") or ([form["metric"]] if form.get("metric") else [])
        query = {"columns": columns, "metrics": metrics or None, "row_limit": 500}
        place = {"slice_id": chart["id"], "dashboardId": chart["board"]}
        answer = house.own.ask(dataset.id, query, form_data=place)
        if answer.ok != (dataset.name not in SHARED):
            return [f"{chart['slug']} {chart['id']}: {answer.status_code} {answer.text[:200]}"]
        data = str(answer.json()["result"][0]["data"]) if answer.ok else ""
        return [f"{chart['slug']} {chart['id']}: {one}" for one in names if f"'{one}'" in data]

    assert list(chain(*at_once(house, look, house.charts))) == []


def test_filters_offer_own_names_only(house: House) -> None:
    targets = []
    for board in house.boards.values():
        detail = house.admin.get(f"/api/v1/dashboard/{board}").json()["result"]
        for one in json.loads(detail["json_metadata"])["native_filter_configuration"]:
            place = {"type": "NATIVE_FILTER", "native_filter_id": one["id"], "dashboardId": board}
            targets += [(place, t["datasetId"], t["column"]["name"]) for t in one.get("targets", []) if t.get("column")]
    others = {*house.stack.dealer_names[1:], *house.stack.dealers[1:]}

    def offered(target: tuple[dict[str, Any], int, str]) -> tuple[str, set[Any]]:
        place, dataset, column = target
        query = {"columns": [column], "metrics": [], "row_limit": 1000}
        answer = house.own.ask(dataset, query, form_data=place)
        if place["dashboardId"] == house.boards["data-operations"]:  # not theirs to open
            return "of calls", {row[column] for row in answer.json()["result"][0]["data"]} if answer.ok else set()
        return column, {row[column] for row in answer.json()["result"][0]["data"]}

    found = at_once(house, offered, targets)
    assert [(column, values) for column, values in found if values & others] == []
    assert [values for column, values in found if column == "dealer"] == [{house.stack.dealer_names[0]}] * len(
        house.boards
    )


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_files_hold_own_rows_only(house: House, file_format: str) -> None:
    dataset = house.datasets["fct_order"]
    query = {"columns": ["dealer_id", "order_number"], "metrics": [], "row_limit": 100_000}
    around = {"form_data": house.place("fct_order"), "result_format": file_format}
    mine, all_of_them = house.own.ask(dataset.id, query, **around), house.admin.ask(dataset.id, query, **around)
    assert mine.ok
    assert len(mine.content) < len(all_of_them.content)
    if file_format == "csv":
        assert {line.split(",")[0] for line in mine.text.splitlines()[1:]} == {house.a}
        assert len({line.split(",")[0] for line in all_of_them.text.splitlines()[1:]}) == len(house.stack.dealers)
    else:
        with zipfile.ZipFile(io.BytesIO(mine.content)) as file:
            text = b"".join(file.read(name) for name in file.namelist()).decode()
        assert f">{house.a}<" in text
        assert [dealer for dealer in house.stack.dealers[1:] if f">{dealer}<" in text] == []


def test_drilling_into_details_shows_own_rows_and_counts_them_only(house: House) -> None:
    theirs = [{"col": "dealer_id", "op": "==", "val": house.b}]

    def samples(person: Person, name: str, filters: list[Any]) -> Any:
        dataset = house.datasets[name].id
        path = f"/datasource/samples?force=true&datasource_type=table&datasource_id={dataset}&per_page=100&page=1"
        answer = person.post(path, {"filters": filters})
        return answer.json()["result"] if answer.ok else answer.status_code

    found = at_once(house, lambda one: samples(house.own, one.name, theirs), shown(house))
    assert [(one["data"], one["total_count"]) for one in found] == [([], 0)] * len(found)
    for name in ("fct_order", "agg_dealer_daily", "dim_dealer"):
        assert {row["dealer_id"] for row in samples(house.own, name, [])["data"]} == {house.a}
        assert samples(house.nobody, name, [])["total_count"] == 0
    assert {samples(house.own, name, []) for name in SHARED} <= {*DENIED}


WISHES: dict[str, dict[str, Any]] = {
    "SQL as a metric": {"metrics": [{"expressionType": "SQL", "sqlExpression": "count(*) + 0", "label": "x"}]},
    "SQL as a metric that says it is none": {
        "metrics": [{"expressionType": "SIMPLE", "aggregate": "MAX", "column": {"column_name": "dealer_id"},
                     "sqlExpression": "count(*) + 0", "label": "x"}]
    },
    "SQL as a column": {"columns": [{"label": "x", "sqlExpression": "current_user", "expressionType": "SIMPLE"}]},
    "SQL as the name of a column": {"columns": ["current_setting('dealer_dashboard.user_name')"]},
    "another name set": {
        "columns": ["set_config('dealer_dashboard.user_name', '{other}', false)"], "metrics": [COUNT]
    },
    "SQL as an order": {"columns": ["dealer_id"], "orderby": [["random()", True]]},
    "SQL as a filter's column": {
        "columns": ["dealer_id"], "filters": [{"col": {"label": "x", "sqlExpression": "1"}, "op": "==", "val": 1}]
    },
    "a condition": {"columns": ["dealer_id"], "extras": {"where": "1 = 1) or (1 = 1"}},
    "a condition on groups": {"columns": ["dealer_id"], "metrics": [COUNT], "extras": {"having": "count(*) > 0"}},
    "a query in a condition": {
        "columns": ["dealer_id"], "extras": {"where": "exists (select from marts.fct_order where dealer_id = '{b}')"}
    },
    "Jinja": {"columns": ["dealer_id"], "extras": {"where": "dealer_id = '{{{{ current_username() }}}}' or true"}},
    "SQL as a series": {"columns": ["dealer_id"], "metrics": [COUNT], "series_columns": ["version()"]},
}  # fmt: skip


@pytest.mark.parametrize("wish", WISHES)
def test_nobody_but_analysts_sends_sql(house: House, wish: str) -> None:
    def filled(part: Any) -> Any:
        if isinstance(part, str):
            return part.format(other=house.other.name, b=house.b) if "{" in part else part
        if isinstance(part, dict):
            return {name: filled(value) for name, value in part.items()}
        return [filled(each) for each in part] if isinstance(part, list) else part

    query = {"columns": [], "metrics": [], "row_limit": 10} | filled(WISHES[wish])
    dataset = house.datasets["fct_order"].id
    for around in ({}, {"form_data": house.place("fct_order")}):
        answer = house.own.ask(dataset, query, **around)
        assert "not with SQL" in answer.text or answer.status_code == MALFORMED, answer.text[:300]
        assert "result" not in answer.json()


def test_other_sources_of_data_are_closed(house: House) -> None:
    query = {"columns": ["dealer_id"], "metrics": [], "row_limit": 10}
    for source in ({"id": 1, "type": "query"}, {"id": 1, "type": "saved_query"}, {"id": 999_999, "type": "table"}):
        answer = house.own.post("/api/v1/chart/data", {"datasource": source, "queries": [query]})
        assert answer.status_code >= 400, (source, answer.text[:200])
    # Another dashboard's or chart's name does not open data that stand on none of theirs.
    for name in SHARED:
        place = house.place("fct_order")
        assert house.own.ask(house.datasets[name].id, query, form_data=place).status_code in DENIED


def test_what_is_cached_of_one_person_is_not_given_to_another(house: House) -> None:
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": 77}
    dataset, place = house.datasets["fct_order"].id, house.place("fct_order")

    def ask(person: Person) -> tuple[set[str], bool]:
        result = person.ask(dataset, query, form_data=place).json()["result"][0]
        return {row["dealer_id"] for row in result["data"]}, result["is_cached"] is True

    everybody = {*house.stack.dealers}
    assert [ask(house.admin) for _ in range(2)] == [(everybody, False), (everybody, True)]
    assert [ask(house.own) for _ in range(2)] == [({house.a}, False), ({house.a}, True)]
    assert [ask(house.other) for _ in range(2)] == [({house.b}, False), ({house.b}, True)]
    assert ask(house.nobody)[0] == set()
    # A person's dealers change: what was kept before is not found again.
    people.may_see(house.stack, house.other.name, house.a, house.b)
    try:
        assert ask(house.other) == ({house.a, house.b}, False)
    finally:
        people.may_see(house.stack, house.other.name, house.b)
    assert ask(house.other) == ({house.b}, True)


@contextmanager
def changed_rule(house: House, **changes: Any) -> Iterator[None]:
    """The rule of own dealers, changed by the administrator for as long as the block lasts."""
    rules = house.admin.get("/api/v1/rowlevelsecurity/").json()["result"]
    assert {rule["name"] for rule in rules} == {"Own dealers", "Belongs to no dealer", "Shared by dealers"}
    address = next(f"/api/v1/rowlevelsecurity/{rule['id']}" for rule in rules if rule["name"] == "Own dealers")
    rule = house.admin.get(address).json()["result"]
    as_it_was = {name: rule[name] for name in ("name", "filter_type", "clause")}
    as_it_was |= {name: [one["id"] for one in rule[name]] for name in ("tables", "roles")}
    assert as_it_was["tables"]
    assert house.admin.put(address, as_it_was | changes).ok
    try:
        yield
    finally:
        assert house.admin.put(address, as_it_was).ok


def test_without_supersets_rules_postgres_shows_no_more(house: House, stack: Stack) -> None:
    """As if somebody had forgotten the rule, and the default that closes what has none."""
    dataset, place = house.datasets["fct_order"].id, house.place("fct_order")
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": 78}
    with changed_rule(house, clause="1 = 1"):
        assert {row["dealer_id"] for row in house.own.rows(dataset, query, form_data=place)} == {house.a}
        assert house.nobody.rows(dataset, query, form_data=place) == []
        assert {row["dealer_id"] for row in house.analyst.rows(dataset, query)} == {*stack.dealers}


def test_without_any_rule_superset_shows_nothing(house: House) -> None:
    dataset, place = house.datasets["fct_order"].id, house.place("fct_order")
    query = {"columns": ["dealer_id"], "metrics": [COUNT], "filters": [], "row_limit": 79}
    with changed_rule(house, tables=[house.datasets["dim_dealer"].id]):
        assert house.own.rows(dataset, query, form_data=place) == []


def test_names_cannot_lie_to_postgres(stack: Stack, house: House) -> None:
    """A user whose name would set another name, were it not quoted."""
    for name in (f"x -c dealer_dashboard.user_name={house.other.name}", "a\\ b", "müller o'neil", "tab\tname"):
        people.may_see(stack, name, house.a)
        account = {"username": name, "first_name": "x", "last_name": "y", "email": f"{abs(hash(name))}@example.org"}
        roles = house.admin.get("/api/v1/security/roles/", q="(page_size:100)").json()
        role = next(i for i, one in zip(roles["ids"], roles["result"], strict=True) if one["name"] == "Dealer User")
        made = house.admin.post(
            "/api/v1/security/users/", account | {"password": people.PASSWORD, "active": True, "roles": [role]}
        )
        assert made.ok, made.text
        person = Person(stack.url, name).log_in()
        query = {"columns": ["dealer_id"], "metrics": [COUNT], "row_limit": 80}
        rows = person.rows(house.datasets["fct_order"].id, query, form_data=house.place("fct_order"))
        assert {row["dealer_id"] for row in rows} == {house.a}, name


def test_every_relation_of_marts_is_decided(stack: Stack, house: House) -> None:
    """As dealer_reader: own rows where there is a dealer, nothing of what is shared or new."""
    with closing(psycopg2.connect(stack.warehouse_url)) as owner, owner, owner.cursor() as cursor:
        cursor.execute("create table marts.forgotten as select 'x' as dealer_id")
    try:
        with (
            closing(psycopg2.connect(stack.dealer_reader_url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("set dealer_dashboard.user_name = %s", (house.own.name,))
            cursor.execute(
                "select relname, has_table_privilege(c.oid, 'select'), exists (select from pg_attribute as a"
                " where a.attrelid = c.oid and a.attname = 'dealer_id')"
                " from pg_class as c where relnamespace = 'marts'::regnamespace and relkind = any ('{r,v,m,p,f}')"
            )
            closed = set()
            for name, may_read, has_dealer in cursor.fetchall():
                if not may_read:
                    closed.add(name)
                elif has_dealer:
                    cursor.execute(f"select distinct dealer_id from marts.{name}")
                    assert {row[0] for row in cursor.fetchall()} <= {house.a}, name
                else:
                    assert name in OF_NOBODY, name
            assert closed == SHARED | {"data_version", "forgotten"}
            for table in ELSEWHERE:
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(f"savepoint here; select 1 from {table}")
                cursor.execute("rollback to here")
    finally:
        with closing(psycopg2.connect(stack.warehouse_url)) as owner, owner, owner.cursor() as cursor:
            cursor.execute("drop table marts.forgotten")
