"""A dealer user of one dealer tries to see another one's data, in every way there is: nothing, and no counts.

Over HTTP, against the real Superset and Postgres of the dashboards' tests, as accounts that an administrator makes.
"""

import io
import json
import zipfile
from itertools import chain
from typing import Any

import pytest
from house import COUNT, DENIED, OF_NOBODY, SHARED, Dataset, House, at_once, shown
from people import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def everything(dataset: Dataset, *filters: dict[str, Any]) -> dict[str, Any]:
    """All metrics of a dataset, by dealer."""
    return {"columns": ["dealer_id"], "metrics": [COUNT, *dataset.metrics], "filters": list(filters), "row_limit": 1000}


def test_a_dealer_user_sees_all_of_their_own_and_no_row_or_figure_more(house: House) -> None:
    own = {"col": "dealer_id", "op": "==", "val": house.a}

    def compare(dataset: Dataset) -> tuple[str, Any, Any]:
        total = {"columns": [], "metrics": [COUNT, *(m for m in dataset.metrics)], "filters": [], "row_limit": 10}
        seen = house.own.rows(dataset.id, total, form_data=house.place(dataset.name))
        there = house.admin.rows(dataset.id, total | {"filters": [own]})
        return dataset.name, _still(seen), _still(there)

    found = at_once(compare, shown(house))
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
    assert list(chain(*at_once(break_in, datasets))) == []


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

    assert list(chain(*at_once(look, house.charts))) == []


def test_filters_offer_own_names_only(house: House) -> None:
    targets = []
    slugs = {number: slug for slug, number in house.boards.items()}
    for board in house.boards.values():
        detail = house.admin.get(f"/api/v1/dashboard/{board}").json()["result"]
        for one in json.loads(detail["json_metadata"])["native_filter_configuration"]:
            place = {"type": "NATIVE_FILTER", "native_filter_id": one["id"], "dashboardId": board}
            targets += [(place, t["datasetId"], t["column"]["name"]) for t in one.get("targets", []) if t.get("column")]
    others = {*house.stack.dealer_names[1:], *house.stack.dealers[1:]}

    def offered(target: tuple[dict[str, Any], int, str]) -> tuple[str, str, set[Any]]:
        place, dataset, column = target
        slug = slugs[place["dashboardId"]]
        query = {"columns": [column], "metrics": [], "row_limit": 1000}
        answer = house.own.ask(dataset, query, form_data=place)
        if place["dashboardId"] == house.boards["data-operations"]:  # not theirs to open
            return slug, column, {row[column] for row in answer.json()["result"][0]["data"]} if answer.ok else set()
        return slug, column, {row[column] for row in answer.json()["result"][0]["data"]}

    found = at_once(offered, targets)
    assert [one for one in found if one[2] & others] == []
    names = {slug: values for slug, column, values in found if column == "dealer"}
    assert names.pop("data-operations") == set(), "calls and keys are not theirs to see"
    assert names == {slug: {house.stack.dealer_names[0]} for slug in house.boards if slug != "data-operations"}
    assert len(names) == len(house.boards) - 1 == 17


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

    found = at_once(lambda one: samples(house.own, one.name, theirs), shown(house))
    assert [(one["data"], one["total_count"]) for one in found] == [([], 0)] * len(found)
    for name in ("fct_order", "agg_dealer_daily", "fct_delivery"):
        assert {row["dealer_id"] for row in samples(house.own, name, [])["data"]} == {house.a}
        assert samples(house.nobody, name, [])["total_count"] == 0
    assert {samples(house.own, name, []) for name in SHARED} <= {*DENIED}
