"""Every row comes once, in order, on pages of any size, also while rows are being added."""

import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from api_stack import Api
from catalogued import DOCUMENTS, RESOURCES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def pages(api: Api, path: str, user: str = "admin", **parameters: Any) -> Iterator[list[dict[str, Any]]]:
    """All pages of a list, one after the other."""
    cursor: dict[str, str] = {}
    while True:
        answer = api.get(path, user, **parameters, **cursor)
        yield answer["data"]
        if answer["next"] is None:
            return
        cursor = {"cursor": answer["next"]}


def ids(api: Api, path: str, **parameters: Any) -> list[str]:
    return [row["id"] for page in pages(api, path, **parameters) for row in page]


@pytest.mark.parametrize("name", RESOURCES)
def test_all_rows_of_every_table_come_once_and_are_counted(api: Api, name: str) -> None:
    resource = RESOURCES[name]
    kept = "not is_deleted_at_source"
    if resource.parent:
        kept = f"exists (select from core.{resource.parent} as p where p.id = {resource.parent}_id and {kept})"
    expected = [str(row) for (row,) in api.rows(f"select id from core.{name} where {kept}")]
    assert expected, "the sandbox sends all kinds"
    size = len(expected) // 3 + 1
    found = list(pages(api, f"/v1/{name}", limit=size, fields="id"))
    assert sorted(row["id"] for page in found for row in page) == sorted(expected)
    assert {len(page) for page in found[:-1]} <= {size}
    assert api.get(f"/v1/{name}", limit=1, total="true")["total"] == len(expected)


@pytest.mark.parametrize("name", RESOURCES)
def test_every_order_is_that_of_postgres_forwards_and_backwards(api: Api, name: str) -> None:
    for order, columns in RESOURCES[name].orders.items():
        for sign, way in (("", ""), ("-", " desc")):
            by = ", ".join(f"t.{column}{way}" for column in columns)
            expected = [str(row) for (row,) in api.rows(f"select id from core.{name} as t order by {by} limit 60")]
            found = pages(api, f"/v1/{name}", sort=sign + order, limit=7, fields="id", deleted="true")
            first = [row["id"] for page in islice(found, 9) for row in page]
            assert first[:60] == expected, f"sort={sign}{order}"


@pytest.fixture
def without_dates(api: Api) -> Iterator[list[str]]:
    """Five prospects that have no date."""
    changed = api.rows(
        """update core.prospect set tanggal_prospect = null
            where id in (select id from core.prospect where not is_deleted_at_source order by id limit 5)
            returning id::text"""
    )
    yield [row for (row,) in changed]
    api.rows("update core.prospect set tanggal_prospect = created_time::date where tanggal_prospect is null")


@pytest.mark.parametrize("sort", ["tanggal_prospect", "-tanggal_prospect"])
@pytest.mark.parametrize("limit", [2, 3, 5, 1000])
def test_rows_without_a_value_come_once_too(api: Api, without_dates: list[str], sort: str, limit: int) -> None:
    found = ids(api, "/v1/prospect", sort=sort, limit=limit, fields="id")
    way = "desc" if sort.startswith("-") else ""
    expected = api.rows(
        f"select id::text from core.prospect where not is_deleted_at_source order by tanggal_prospect {way}, id {way}"
    )
    assert found == [row for (row,) in expected]
    assert set(found[:5] if way else found[-5:]) == set(without_dates)


def test_what_is_added_meanwhile_neither_repeats_nor_loses_a_row(api: Api) -> None:
    before = [row for (row,) in api.rows("select id::text from core.billing where not is_deleted_at_source")]
    added: list[str] = []
    found: list[str] = []
    for page in pages(api, "/v1/billing", limit=20, sort="created_time", fields="id"):
        found += [row["id"] for row in page]
        # One behind where the reader stands, and one before.
        for pick in ("min", "max"):
            new = str(uuid.uuid4())
            api.rows(
                f"""insert into core.billing select (row).* from (
                        select jsonb_populate_record(b, jsonb_build_object('id', %s::text, 'document_key', %s::text))
                            as row
                        from core.billing as b
                        where created_time = (select {pick}(created_time) from core.billing) limit 1
                    ) as made""",
                new,
                new,
            )
            added.append(new)
    api.rows("delete from core.billing where id = any(%s::uuid[])", added)
    assert len(found) == len(set(found))
    assert set(before) <= set(found)


def test_a_page_far_behind_is_read_by_the_index(api: Api) -> None:
    """What makes the 10,000th page cost what the first does: no sort, and nothing read that is not told."""
    for resource in DOCUMENTS:
        for order, columns in resource.orders.items():
            ((definition,),) = api.rows(
                """select count(*) from pg_index as i where indrelid = %s::regclass and indisvalid
                    and (select array_agg(attname::text order by place)
                        from unnest(indkey) with ordinality as k (n, place)
                        inner join pg_attribute on attrelid = indrelid and attnum = n) = %s""",
                f"core.{resource.name}",
                list(columns),
            )
            assert definition == 1, f"{resource.name} by {order}"


def test_a_cursor_belongs_to_its_question(api: Api) -> None:
    cursor = api.get("/v1/billing", limit=1)["next"]
    for path, other in (
        ("/v1/billing", {"sort": "created_time"}),
        ("/v1/billing", {"dealer_id": api.dealer}),
        ("/v1/leasing", {}),
    ):
        answer = api.ask(path, cursor=cursor, **other)
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "cursor"
    # How much is told of each row is no part of it.
    assert api.get("/v1/billing", limit=2, fields="id", total="true", cursor=cursor)["data"]
