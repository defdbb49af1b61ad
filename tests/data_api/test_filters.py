"""Filters, search, fields, children: each answer is what SQL says."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from api_stack import Api
from catalogued import DOCUMENTS, LINES, RESOURCES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def ids(answer: dict[str, Any]) -> set[str]:
    assert answer["next"] is None, "more rows than fit"
    return {row["id"] for row in answer["data"]}


def sql_ids(api: Api, query: str, *values: Any) -> set[str]:
    return {str(row) for (row,) in api.rows(query, *values)}


@pytest.mark.parametrize("name", RESOURCES)
def test_every_filter_by_value_finds_what_sql_finds(api: Api, name: str) -> None:
    for column in RESOURCES[name].exact:
        found = api.rows(f"select {column}::text from core.{name} where {column} is not null limit 1")
        if not found:
            continue
        value = found[0][0]
        expected = sql_ids(api, f"select id from core.{name} where {column}::text = %s", value)
        answer = api.get(f"/v1/{name}", fields="id", limit=1000, deleted="true", total="true", **{column: value})
        assert answer["total"] == len(expected), column
        assert {row["id"] for row in answer["data"]} <= expected, column


@pytest.mark.parametrize("name", RESOURCES)
def test_every_range_finds_what_sql_finds(api: Api, name: str) -> None:
    for column in RESOURCES[name].ranges:
        ((low, high),) = api.rows(
            f"select percentile_disc(0.3) within group (order by {column}), percentile_disc(0.6) within group "
            f"(order by {column}) from core.{name}"
        )
        if low is None:
            continue
        last = "<=" if RESOURCES[name].columns[column].kind == "date" else "<"
        query = f"select count(*) from core.{name} where {column} >= %s and {column} {last} %s"
        asked = {f"{column}_from": low.isoformat(), f"{column}_to": high.isoformat()}
        answer = api.get(f"/v1/{name}", limit=1, deleted="true", total="true", **asked)
        assert answer["total"] == api.rows(query, low, high)[0][0], column


def test_values_given_several_times_are_any_of_them(api: Api) -> None:
    expected = sql_ids(
        api, "select id from core.spk where dealer_id = any(%s) and not is_deleted_at_source", list(api.dealers[:2])
    )
    assert ids(api.get("/v1/spk", limit=1000, fields="id", dealer_id=list(api.dealers[:2]))) == expected


def test_search_finds_a_text_anywhere_in_any_case_also_in_lines(api: Api) -> None:
    ((name,),) = api.rows("select nama_lengkap from core.prospect where length(nama_lengkap) > 8 limit 1")
    expected = sql_ids(api, "select id from core.prospect where strpos(lower(nama_lengkap), lower(%s)) > 0", name[2:8])
    assert expected <= ids(api.get("/v1/prospect", q=name[2:8].upper(), limit=1000, fields="id", deleted="true"))
    ((part, sale),) = api.rows("select parts_number, parts_sale_id::text from core.parts_sale_part limit 1")
    assert sale in ids(api.get("/v1/parts_sale", q=part[1:], limit=1000, fields="id", deleted="true"))


@pytest.mark.parametrize("resource", [one for one in RESOURCES.values() if one.searched], ids=lambda one: one.name)
def test_every_searched_column_is_searched(api: Api, resource: Any) -> None:
    for column in resource.searched:
        rows = api.rows(f"select id::text, {column} from core.{resource.name} where length({column}) > 3 limit 1")
        for row_id, value in rows:
            pages = api.get(f"/v1/{resource.name}", q=value[1:100].strip(), limit=1000, fields="id", deleted="true")
            assert row_id in {row["id"] for row in pages["data"]}, column


def test_search_takes_signs_literally(api: Api) -> None:
    for term in ("%%%", "___", "\\\\\\"):
        assert api.get("/v1/prospect", q=term, total="true")["total"] == 0


def test_a_term_that_most_rows_match_finds_them_all(api: Api) -> None:
    answer = api.get("/v1/prospect", q="/psp/", limit=1000, fields="id", total="true", dealer_id=api.dealer)
    expected = sql_ids(
        api,
        """select id from core.prospect
            where id_prospect ilike '%%/psp/%%' and dealer_id = %s and not is_deleted_at_source""",
        api.dealer,
    )
    assert {row["id"] for row in answer["data"]} == expected
    assert answer["total"] == len(expected)


@pytest.mark.parametrize("resource", DOCUMENTS, ids=lambda one: one.name)
def test_lines_come_with_their_document_in_order(api: Api, resource: Any) -> None:
    if not resource.lines:
        assert api.ask(f"/v1/{resource.name}", include="lines").status_code == 400
        return
    answer = api.get(f"/v1/{resource.name}", include=",".join(resource.lines), limit=20)
    one = api.get(f"/v1/{resource.name}/{answer['data'][0]['id']}", include=",".join(resource.lines))
    assert one == answer["data"][0]
    for document in answer["data"]:
        for lines in resource.lines:
            alone = api.get(f"/v1/{lines}", limit=1000, **{f"{resource.name}_id": document["id"]})
            assert document[lines] == alone["data"]
            assert [line["line_number"] for line in document[lines]] == list(range(1, len(document[lines]) + 1))


@pytest.mark.parametrize("resource", [*DOCUMENTS, *LINES], ids=lambda one: one.name)
def test_one_has_every_column_and_its_exact_value(api: Api, resource: Any) -> None:
    ((row_id, text),) = api.rows(f"select id::text, to_jsonb(t)::text from core.{resource.name} as t limit 1")
    answer = api.ask(f"/v1/{resource.name}/{row_id}", deleted="true")
    found = json.loads(answer.text, parse_float=Decimal)
    expected = json.loads(text, parse_float=Decimal)
    assert list(found) == list(resource.columns)
    intervals = [name for name, column in resource.columns.items() if column.kind == "interval"]
    assert {k: v for k, v in found.items() if k not in intervals} == {
        k: v for k, v in expected.items() if k not in intervals
    }
    assert all(found[name] is None or found[name].startswith("PT") for name in intervals)


def test_fields_are_those_asked_for(api: Api) -> None:
    answer = api.get("/v1/prospect", fields="dealer_id, id", limit=1)
    assert list(answer["data"][0]) == ["id", "dealer_id"]


def test_deleted_documents_and_their_lines_are_left_out(api: Api) -> None:
    ((row_id,),) = api.rows(
        """update core.spk set is_deleted_at_source = true
            where id = (select spk_id from core.spk_unit limit 1) returning id::text"""
    )
    try:
        for path, asked in ((f"/v1/spk/{row_id}", {}), ("/v1/spk_unit", {"spk_id": row_id})):
            gone, there = api.ask(path, **asked), api.ask(path, **asked, deleted="true")
            assert gone.status_code == 404 or gone.json()["data"] == []
            assert there.status_code == 200 and there.json().get("data") != []
    finally:
        api.rows("update core.spk set is_deleted_at_source = false where id = %s", row_id)


def test_a_day_is_whole_and_periods_of_time_that_meet_share_nothing(api: Api) -> None:
    ((day, moment),) = api.rows("select tanggal_prospect, created_time from core.prospect limit 1")
    one_day = {"tanggal_prospect_from": day.isoformat(), "tanggal_prospect_to": day.isoformat()}
    assert api.get("/v1/prospect", limit=1, **one_day)["data"]
    until = api.get("/v1/prospect", limit=1, created_time_to=moment.isoformat(), total="true", deleted="true")["total"]
    since = api.get("/v1/prospect", limit=1, created_time_from=moment.isoformat(), total="true", deleted="true")[
        "total"
    ]
    assert until + since == api.rows("select count(created_time) from core.prospect")[0][0]
    ever = (moment + timedelta(days=400)).isoformat()
    assert api.get("/v1/prospect", created_time_from=ever)["data"] == []
