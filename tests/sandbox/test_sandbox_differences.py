"""However a main dealer differs, what it sends can be read back; and every difference is shown by one."""

from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from sandbox_client import BOOK, MIXED, Client, days, gathered
from servers import running_sandbox

from sandbox.contract import NUMERIC_TYPES, modules
from sandbox.differences import BY_THE_BOOK
from sandbox.fleet import build
from sandbox.main_dealers import MAIN_DEALERS, MainDealer
from sandbox.model.sale import Sale
from sandbox.rendering import sender
from sandbox.store import Store, canonical, journey
from sandbox.times import DAY, day_number

_DAY = day_number(date(2026, 9, 15))


@pytest.fixture(scope="module")
def store() -> Store:
    """All main dealers, without a server."""
    return Store(build("L", 20240521))


def test_every_switch_is_on_somewhere() -> None:
    for switch in fields(BY_THE_BOOK):
        ordinary = getattr(BY_THE_BOOK, switch.name)
        assert any(getattr(one.differences, switch.name) != ordinary for one in MAIN_DEALERS), switch.name
    assert {one.differences.no_value for one in MAIN_DEALERS} == {"", "null", "missing", "mixed"}
    assert {one.range_days for one in MAIN_DEALERS} == {3, 7, 30}
    assert any(one.lacks for one in MAIN_DEALERS)


def _comparable(module: str, document: dict[str, Any], main_dealer: MainDealer, prospect: str) -> dict[str, Any]:
    """The canonical document as it can be read back: without what the main dealer leaves out or replaces."""
    shown = main_dealer.differences
    book = modules()[module]

    def level(record: dict[str, Any], specs: Any) -> dict[str, Any]:
        values = {}
        for spec in specs:
            value = record[spec.name]
            if spec.type in NUMERIC_TYPES:
                value = Decimal(str(value))
            elif spec.type == "time":
                value = value.replace(".", ":")
            values[spec.name] = value
        if shown.modified_time == "missing":
            values["modifiedTime"] = values["createdTime"]
        if shown.doch_without_chassis and "nomorRangka" in values:
            values["nomorRangka"] = ""
        if shown.sales_order_is_spk and "noSO" in values and module == "bast":
            values["noSO"] = values["idSPK"]
        return values

    result = level(document, book.fields)
    if shown.customer_is_prospect and module == "inv1":
        result["idCustomer"] = prospect
    if shown.without_dealer_id:
        result["dealerId"] = ""
    return {
        **result,
        **{child: [level(line, specs) for line in document[child]] for child, specs in book.children.items()},
    }


@pytest.mark.parametrize("main_dealer", MAIN_DEALERS, ids=lambda one: one.id)
def test_what_is_sent_can_be_read_back(store: Store, main_dealer: MainDealer) -> None:
    dealer = max(store.fleet.select([main_dealer.id], []), key=lambda one: one.size)
    for module in main_dealer.modules:
        expected, records = {}, []
        for found, _ in store.created(dealer, module, _DAY * DAY, (_DAY + 9) * DAY, (_DAY + 20) * DAY):
            whole = journey(*found[:4])
            prospect = whole.prospect_number() if isinstance(whole, Sale) else ""
            record = canonical(found)
            records += sender(main_dealer, module).send(record, prospect=prospect, dealer_asked=True)
            key = modules()[module].key_of(record)
            expected[key] = _comparable(module, record, main_dealer, prospect)
        assert expected, module
        assert gathered(modules()[module], main_dealer.differences, records) == expected


def test_the_second_main_dealer_looks_different(client: Client, today: date) -> None:
    dealer = client.dealers_of(MIXED)[0]
    first, last = today - timedelta(days=25), today - timedelta(days=1)

    def records(module: str) -> list[dict[str, Any]]:
        answer = client.read(dealer, module, first, last)
        assert answer["status"] == "1"
        found: list[dict[str, Any]] = answer["data"]
        return found

    receipts = records("inv1")
    assert all(isinstance(one["Amount"], str) and "dealerId" not in one for one in receipts)
    assert {"Closed"} <= {one["Status"] for one in receipts} <= {"New", "Process", "Accepted", "Closed"}
    assert all("/PSP/" in one["idCustomer"] and one["createdTime"][4] == "/" for one in receipts)
    deliveries = records("bast")
    assert all(len(one["detail"]) == 1 for one in deliveries)
    assert all(
        line["noRangka"].startswith("MH1") and line["noSO"] == line["idSPK"].strip()
        for one in deliveries
        for line in one["detail"]
    )
    work_orders = records("pkb")
    assert all(len(one["services"]) <= 1 and len(one["parts"]) <= 1 for one in work_orders)
    assert len({one["noWorkOrder"] for one in work_orders}) < len(work_orders)
    assert all(one["noWorkOrder"].startswith(" ") for one in work_orders)
    assert all("nomorRangka" not in unit for one in records("doch") for unit in one["unit"])
    assert {one["statusProspect"] for one in records("prsp")} <= set("LMHDN")
    assert all(float(one["latitude"].replace(",", ".")) > 100 for one in records("prsp"))
    assert all("," in one["totalHarga"] for one in records("mdinvh1"))
    group = client.call(dealer, "inv1", days(first, last)).json()["data"]
    assert len({one["dealerId"] for one in group}) == 3
    empty = client.read(dealer, "inv1", first, last, idSPK="none")
    assert empty == {"status": "0", "message": "Tidak Ada Data Pada Periode ini"}


def test_other_sizes_show_the_differences_of_the_envelope(today: date) -> None:
    with running_sandbox("--size", "M") as address:
        client = Client(address)
        assert (len(client.main_dealers), len(client.dealers)) == (5, 100)
        window = days(today - timedelta(days=2), today)
        silent, lacking = client.dealers_of("M2D")[0], client.dealers_of("T9C")[0]
        with pytest.raises(requests.Timeout):
            client.call(silent, "prsp", window, client.headers(silent, key="unknown"), timeout=0.5)
        empty = client.call(silent, "spk", {**window, "dealerId": silent, "idProspect": "none"}).json()
        assert empty == {"status": 1, "message": None, "data": None}
        assert client.call(silent, "spk", days(today - timedelta(days=5), today)).json()["message"] == [
            "Melebihi Rentang Waktu Pengambilan Data"
        ]
        with pytest.raises(requests.Timeout):
            client.call(lacking, "spk", {"fromTime": window["fromTime"]}, timeout=0.5)
        assert client.call(lacking, "lsng", window).status_code == 404
        assert "lsng" not in client.main_dealers["T9C"]["modules"]
        assert BOOK in client.main_dealers
