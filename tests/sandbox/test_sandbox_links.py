"""Documents of one journey find each other, and their amounts hold together."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sandbox_client import BOOK, Client

from sandbox.contract import modules

Documents = dict[str, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def documents(url: str, today: date) -> Iterator[Documents]:
    """Everything that one dealer of ordinary size has of 170 days, by module and key."""
    client = Client(url)
    dealer = client.dealers_of(BOOK)[3]
    yield {name: client.documents(dealer, name, today - timedelta(days=170), today) for name in modules()}


def _share(found: list[bool]) -> float:
    assert len(found) > 20
    return sum(found) / len(found)


def test_a_prospect_becomes_an_order_receipts_a_delivery_and_papers(documents: Documents) -> None:
    orders = documents["spk"]
    assert 0.2 < len(orders) / len(documents["prsp"]) < 0.36
    assert _share([one["idProspect"] in documents["prsp"] for one in orders.values()]) > 0.8
    for name in ("inv1", "lsng", "doch"):
        assert _share([one["idSPK"] in orders for one in documents[name].values()]) > 0.6, name
    details = [line for one in documents["bast"].values() for line in one["detail"]]
    assert _share([line["idSPK"] in orders for line in details]) > 0.75
    delivered = {(line["noSO"], line["noRangka"]) for line in details}
    papers = [(one["idSO"], unit["nomorRangka"]) for one in documents["doch"].values() for unit in one["unit"]]
    assert _share([pair in delivered for pair in papers]) > 0.75
    serviced = {one["noRangka"] for one in documents["pkb"].values()}
    assert _share([line["noRangka"] in serviced for line in details]) > 0.2


def test_a_delivered_unit_was_invoiced_and_received(documents: Documents, today: date) -> None:
    invoiced = {line["noRangka"] for one in documents["mdinvh1"].values() for line in one["unit"]} - {""}
    received = {line["noRangka"] for one in documents["uinb"].values() for line in one["unit"]}
    recent = [
        line["noRangka"]
        for one in documents["bast"].values()
        if date(*map(int, reversed(one["createdTime"][:10].split("/")))) > today - timedelta(days=60)
        for line in one["detail"]
    ]
    assert _share([chassis in received for chassis in recent]) > 0.97
    assert _share([chassis in invoiced for chassis in recent]) > 0.7
    grouped = [line for one in documents["mdinvh1"].values() for line in one["unit"] if line["kuantitas"] > 1]
    assert all(line["noRangka"] == line["noMesin"] == "" for line in grouped)
    assert _share([one["noInvoice"] in documents["mdinvh1"] for one in documents["uinb"].values()]) > 0.9


def test_work_orders_lead_to_notes_and_hotline_orders_to_sales(documents: Documents) -> None:
    assert _share([one["noWorkOrder"] in documents["pkb"] for one in documents["inv2"].values()]) > 0.97
    returns = [one["noWorkOrderJobReturn"] for one in documents["pkb"].values() if one["noWorkOrderJobReturn"]]
    assert returns
    assert sum(number in documents["pkb"] for number in returns) > len(returns) / 2
    booked = {one["idHLODocument"] for one in documents["dphlo"].values()}
    bookings = [line["bookingIdReference"] for one in documents["prsl"].values() for line in one["parts"]]
    assert _share([number in booked for number in bookings if number]) > 0.9
    assert not booked & documents["unpaidhlo"].keys()
    ordered = {line["noPO"] for one in documents["mdinvh3"].values() for line in one["parts"]}
    assert _share([line["noPO"] in ordered for one in documents["pinb"].values() for line in one["po"]]) > 0.95


def test_lines_of_sales_may_repeat_exactly(documents: Documents) -> None:
    def repeated(name: str, child: str) -> bool:
        return any(one[child].count(line) > 1 for one in documents[name].values() for line in one[child])

    assert repeated("prsl", "parts")
    assert not repeated("pkb", "parts")
    assert not repeated("pkb", "services")


def test_amounts_hold_together(documents: Documents) -> None:
    for one in documents["pkb"].values():
        services = sum(line["totalHargaServis"] for line in one["services"])
        assert one["totalBiayaService"] == services + sum(line["totalHargaParts"] for line in one["parts"])
        for line in one["parts"]:
            total = line["kuantitas"] * (line["hargaParts"] + line["ppn"]) - line["discPartsAmount"]
            assert line["totalHargaParts"] == total
    for one in documents["inv2"].values():
        assert one["totalHargaNJB"] == sum(line["totalHargaServis"] for line in one["njb"])
        assert one["totalHargaNSC"] == sum(line["totalHargaParts"] for line in one["nsc"])
    for one in documents["prsl"].values():
        assert one["totalHargaSO"] == sum(line["totalHargaParts"] for line in one["parts"])
    for name in ("unpaidhlo", "dphlo"):
        for one in documents[name].values():
            for line in one["parts"]:
                assert line["totalHargaParts"] == line["kuantitas"] * line["hargaParts"]
                assert line["sisaBayar"] == line["totalHargaParts"] - line["uangMuka"] >= 0
    for name, lines, discount, total in (
        ("mdinvh1", "unit", "diskonPerUnit", "totalDiskonPerUnit"),
        ("mdinvh3", "parts", "diskonPerPartsNumber", "totalDiskonPerPartsNumber"),
    ):
        for one in documents[name].values():
            before = sum(line["kuantitas"] * line["hargaSatuanSebelumDiskon"] for line in one[lines])
            assert one["totalHargaSebelumDiskon"] == before
            assert one[total] == sum(line["kuantitas"] * line[discount] for line in one[lines])
            net = before - one[total] - one["potonganPerInvoice"]
            assert abs(one["totalPPN"] - net * 11 / 100) <= 1
            assert one["totalHarga"] == net + one["totalPPN"]
    # A payment entered twice stands there twice until it is noticed: it is counted once, by what it is for.
    receipts: dict[str, dict[str, int]] = {}
    for number, one in documents["inv1"].items():
        receipts.setdefault(one["idSPK"], {})[number.partition("/")[0]] = one["amount"]
        assert one["amount"] > 0
    for key, one in documents["spk"].items():
        line = one["unit"][0]
        assert sum(receipts.get(key, {}).values()) <= line["quantity"] * (line["hargaJual"] - line["diskon"])
