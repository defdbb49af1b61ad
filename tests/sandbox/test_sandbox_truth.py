"""The sandbox's truth is what a careful client counts; documents change and vanish with the clock."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sandbox_client import BOOK, MIXED, Client

from sandbox.contract import NUMERIC_TYPES, Module, modules


def _sums(module: Module, document: dict[str, Any]) -> dict[str, Decimal]:
    sums = {field.name: Decimal(str(document[field.name])) for field in module.fields if field.type in NUMERIC_TYPES}
    for child, fields in module.children.items():
        for field in fields:
            if field.type in NUMERIC_TYPES and document[child]:
                sums[f"{child}.{field.name}"] = sum(
                    (Decimal(str(line[field.name])) for line in document[child]), Decimal(0)
                )
    return sums


@pytest.mark.parametrize("main_dealer", [BOOK, MIXED])
def test_a_client_that_reads_all_windows_counts_the_truth(client: Client, today: date, main_dealer: str) -> None:
    first, last = today - timedelta(days=62), today - timedelta(days=1)
    client.post("/sandbox/clock", {"now": datetime.now(UTC).isoformat()})
    dealers = client.dealers_of(main_dealer)[1:3]
    query = {"dealer": dealers, "from": str(first), "to": str(last)}
    truth = {(row["dealer"], row["module"], row["date"]): row for row in client.get("/sandbox/truth", **query)["rows"]}
    counted: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for dealer in dealers:
        for name in modules():
            for document in client.documents(dealer, name, first, last).values():
                day = datetime.strptime(document["createdTime"][:10], "%d/%m/%Y").date()
                if first <= day <= last:
                    counted[dealer, name, str(day)].append(document)
    assert {place for place, row in truth.items() if row["documents"]} == set(counted)
    assert {place[1] for place in counted} == set(modules())
    for place, documents in counted.items():
        row, module = truth[place], modules()[place[1]]
        assert row["documents"] == len(documents), place
        assert row["lines"] == {child: sum(len(one[child]) for one in documents) for child in module.children}, place
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for one in documents:
            for name, value in _sums(module, one).items():
                sums[name] += value
        assert {name: Decimal(total) for name, total in row["sums"].items()} == sums, place


def test_about_forty_five_documents_a_dealer_and_day_and_one_in_a_hundred_deleted(client: Client, today: date) -> None:
    first, last = today - timedelta(days=34), today - timedelta(days=7)
    rows = client.get("/sandbox/truth", main_dealer=BOOK, **{"from": str(first), "to": str(last)})["rows"]
    documents, deleted = (
        sum(row[name] for row in rows if row["module"] != "unpaidhlo") for name in ("documents", "deleted")
    )
    assert 15 < documents / 6 / 28 < 90
    assert 0.004 < deleted / documents < 0.025
    assert {row["module"] for row in rows} == set(modules())


def test_documents_change_with_the_clock(client: Client, today: date) -> None:
    dealer = client.dealers_of(BOOK)[0]
    first = today - timedelta(days=40)
    early, late = (f"{first + timedelta(days=ahead)}T12:00:00+00:00" for ahead in (6, 36))
    client.post("/sandbox/clock", {"now": early})
    before = client.documents(dealer, "doch", first, first + timedelta(days=6))
    assert all(
        datetime.strptime(one["modifiedTime"], "%d/%m/%Y %H:%M:%S")
        <= datetime.fromisoformat(early[:19]) + timedelta(hours=7)
        for one in before.values()
    )
    client.post("/sandbox/clock", {"now": late})
    changed = [
        key
        for key, one in before.items()
        if client.get(
            "/sandbox/document", main_dealer=BOOK, module="doch", key=key
        )["document"]["modifiedTime"] != one["modifiedTime"]
    ]  # fmt: skip
    assert changed
    known = client.get("/sandbox/document", main_dealer=BOOK, module="doch", key=changed[0])
    assert known["version"] > 0
    moved = datetime.strptime(known["document"]["modifiedTime"][:10], "%d/%m/%Y").date()
    assert changed[0] in client.documents(dealer, "doch", moved, moved)


def test_mistaken_documents_vanish_and_paid_orders_stop_being_unpaid(client: Client, today: date) -> None:
    first, last = today - timedelta(days=30), today - timedelta(days=24)
    vanished: dict[str, list[str]] = {}
    for name in ("inv1", "unpaidhlo"):
        for dealer in client.dealers_of(BOOK):
            client.post("/sandbox/clock", {"now": f"{last}T16:00:00+00:00"})
            before = client.documents(dealer, name, first, last)
            client.post("/sandbox/clock", {"now": None})
            after = client.documents(dealer, name, first, last)
            vanished.setdefault(name, []).extend(before.keys() - after.keys())
    assert vanished["inv1"] or vanished["unpaidhlo"]
    for name, keys in vanished.items():
        for key in keys:
            assert client.get("/sandbox/document", main_dealer=BOOK, module=name, key=key)["deleted"] is True


def test_extra_records_are_sent_and_are_not_part_of_the_truth(client: Client, today: date) -> None:
    dealer, day = client.dealers_of(BOOK)[0], today - timedelta(days=3)
    client.post(
        "/sandbox/documents",
        {
            "main_dealer": BOOK, "dealer": dealer, "module": "prsp", "date": str(day),
            "records": [{"idProspect": None}, "text", 7], "raw": '{"idProspect": 1e400}',
        },
    )  # fmt: skip
    query = {"dealer": dealer, "module": "prsp", "from": str(day), "to": str(day)}
    rows = client.get("/sandbox/truth", **query)["rows"]
    body = {"fromTime": f"{day} 00:00:00", "toTime": f"{day} 23:59:59", "dealerId": dealer}
    text = client.call(dealer, "prsp", body).text
    extra = '{"idProspect":null},"text",7,{"idProspect": 1e400}]}'
    assert text.endswith((f",{extra}", f"[{extra}"))
    client.delete("/sandbox/documents")
    assert client.get("/sandbox/truth", **query)["rows"] == rows
    assert "1e400" not in client.call(dealer, "prsp", body).text
