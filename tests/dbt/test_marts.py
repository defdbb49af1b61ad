"""What the marts make of documents: metric decisions, links of the customer journey, and that people stay masked."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from core_tables import DEALER, Core, new_key

from dictionary.marts import read_marts

pytestmark = pytest.mark.slow

METRICS = Path(__file__).parents[2] / "docs" / "metrics.md"
PERSON = {"namaCustomer": "Sari Wulandari", "noKtp": "3374990101900001", "noKontak": "081200001234"}


@cache
def today() -> date:
    """The dealers' date when the marts are made: much may run between the import of this file and then."""
    return (datetime.now(UTC) + timedelta(hours=7)).date()


def days_ago(days: int) -> str:
    return (today() - timedelta(days)).strftime("%d/%m/%Y")


def at(days: int) -> dict[str, str]:
    return {"createdTime": f"{days_ago(days)} 09:00:00"}


@pytest.fixture(scope="module")
def marts(core: Core) -> Core:
    """One order all the way, one that names nobody, hotline orders in each state, papers in each age."""
    documents: list[tuple[str, str, dict[str, Any]]] = [
        ("prsp", "P/1", {"idProspect": "P/1", "namaLengkap": "Sari Wulandari", "noKontak": "081200001234",
                         "noKtp": "3374990101900001", "tanggalProspect": days_ago(60), "statusProspect": "4",
                         "statusFollowUpProspecting": "1", "tanggalAppointment": days_ago(58)}),
        ("prsp", "P/2", {"idProspect": "P/2", "namaLengkap": "Ucok", "tanggalProspect": days_ago(9),
                         "statusProspect": "3", "statusFollowUpProspecting": "1", "tanggalAppointment": days_ago(1)}),
        ("prsp", "P/3", {"idProspect": "P/3", "namaLengkap": "Ayu", "tanggalProspect": days_ago(9),
                         "statusProspect": "3", "statusFollowUpProspecting": "1", "tanggalAppointment": days_ago(0)}),
        ("spk", "S/1", {"idSpk": "S/1", "idProspect": "P/1", "tanggalPesanan": days_ago(55), "statusSPK": "3",
                        "alamat": "Jl. Kenanga No. 8", **PERSON,
                        "unit": [{"kodeTipeUnit": "HP5", "quantity": 1, "hargaJual": 20000000, "diskon": 500000,
                                  "tanggalPengiriman": days_ago(50)}]}),
        ("spk", "S/2", {"idSpk": "S/2", "idProspect": "P/unknown", "tanggalPesanan": days_ago(5), "statusSPK": "4"}),
        ("inv1", "R/1", {"idInvoice": "R/1", "idSPK": "S/1", "amount": 500000, "tipePembayaran": "2", "status": "4",
                         **at(55)}),
        ("inv1", "R/2", {"idInvoice": "R/2", "idSPK": "S/1", "amount": 9250000, "tipePembayaran": "1", "status": "1",
                         **at(54)}),
        ("inv1", "R/3", {"idInvoice": "R/3", "idSPK": "S/gone", "amount": 1, "status": "4", **at(54)}),
        ("bast", "B/1", {"deliveryDocumentId": "B/1", "tanggalPengiriman": days_ago(49), "statusDeliveryDocument": "4",
                         "detail": [{"idSPK": "S/1", "noRangka": "MH1JX9910CK952800", "namaPenerima": "Wati Suryani",
                                     "lokasiPengiriman": "Jl. Kenanga No. 8"}]}),
        ("doch", "SO/1", {"idSO": "SO/1", "idSPK": "S/1",
                          "unit": [{"nomorRangka": "JX9910CK952800", "tanggalPengajuanSTNKKeBiro": days_ago(45),
                                    "tanggalTerimaSTNKOlehKonsumen": days_ago(25)}]}),
        ("doch", "SO/2", {"idSO": "SO/2", "idSPK": "S/gone",
                          "unit": [{"tanggalPengajuanSTNKKeBiro": days_ago(age)} for age in (30, 31)]}),
        ("pkb", "W/0", {"noWorkOrder": "W/0", "tanggalServis": days_ago(70), "noRangka": "JX9910CK952800",
                        "statusWorkOrder": "4"}),
        ("pkb", "W/1", {"noWorkOrder": "W/1", "tanggalServis": days_ago(20), "noRangka": "JX9910CK952800",
                        "namaPemilik": "Sari Wulandari", "noTelpPembawa": "081200001234", "statusWorkOrder": "4"}),
        ("unpaidhlo", "H/open", {"idHLODocument": "H/open", "tanggalPemesananHLO": days_ago(8), "namaCustomer": "Nur",
                                 "parts": [{"totalHargaParts": 100, "uangMuka": 0, "sisaBayar": 100}]}),
        ("unpaidhlo", "H/paid", {"idHLODocument": "H/paid", "tanggalPemesananHLO": days_ago(8)}),
        ("dphlo", "D/1", {"noInvoiceUangJaminan": "D/1", "idHLODocument": "H/paid", **at(6),
                          "parts": [{"totalHargaParts": 200, "uangMuka": 50, "sisaBayar": 150}]}),
        ("dphlo", "D/2", {"noInvoiceUangJaminan": "D/2", "idHLODocument": "H/paid", **at(5),
                          "parts": [{"totalHargaParts": 200, "uangMuka": 100, "sisaBayar": 100}]}),
        ("dphlo", "D/3", {"noInvoiceUangJaminan": "D/3", "idHLODocument": "H/never listed", **at(5)}),
    ]  # fmt: skip
    for module, key, document in documents:
        core.load(module, key, document)
    core.load("unpaidhlo", "H/gone", {"idHLODocument": "H/gone"}, deleted=True)
    core.load("prsp", "P/gone", {"idProspect": "P/gone", "statusProspect": "4"}, deleted=True)
    core.run("core")
    core.dbt("build", "--select", "marts", "--exclude-resource-type", "unit_test")
    return core


def one(marts: Core, query: str) -> tuple[Any, ...]:
    (row,) = marts.execute(query)
    return row


def test_a_follow_up_is_overdue_from_the_day_after_the_appointment_until_it_is_decided(marts: Core) -> None:
    flags = marts.execute(
        """select prospect_number, is_deal, is_follow_up_overdue, has_order from marts.fct_prospect
            where prospect_number like 'P/%' order by 1"""
    )
    assert flags == [("P/1", True, False, True), ("P/2", False, True, False), ("P/3", False, False, False)]


def test_what_is_paid_of_an_order_is_measured_against_its_price_after_discount(marts: Core) -> None:
    order = "select order_value, discount, paid_amount, paid_share from marts.fct_order where order_number = 'S/1'"
    assert one(marts, order) == (20000000, 500000, 9750000, 0.5)


def test_the_journey_joins_every_step_and_never_drops_an_order(marts: Core) -> None:
    def day(days: int) -> date:
        return today() - timedelta(days)

    steps = """select prospect_on, ordered_on, first_receipt_on, delivered_on, stnk_handed_over_on, bpkb_handed_over_on,
        first_service_on, waits_for, days_since_last_step from marts.fct_journey where order_number = 'S/1'"""
    dates = [day(60), day(55), day(55), day(49), day(25), None, day(20)]
    assert one(marts, steps) == (*dates, "BPKB", 20)
    lonely = "select prospect_link, waits_for, has_receipt from marts.fct_journey where order_number = 'S/2'"
    assert one(marts, lonely) == ("prospect not known", "Cancelled", False)


def test_a_late_delivery_is_not_on_time_although_its_chassis_is_spelled_otherwise(marts: Core) -> None:
    unit = "select chassis_number, is_on_time from marts.fct_delivery_unit where order_number = 'S/1'"
    assert one(marts, unit) == ("JX9910CK952800", False)


def test_papers_are_overdue_when_the_stnk_is_not_handed_over_after_30_days(marts: Core) -> None:
    papers = marts.execute(
        """select open_days, is_in_process, is_overdue, has_order from marts.fct_papers
            where sales_order_number in ('SO/1', 'SO/2') order by 1"""
    )
    assert papers == [(30, True, False, False), (31, True, True, False), (45, True, False, True)]


def test_a_hotline_order_is_open_until_a_deposit_or_its_disappearance(marts: Core) -> None:
    orders = marts.execute(
        """select hotline_order_number, state, deposits, open_days, remaining from marts.fct_hotline_order
            where hotline_order_number like 'H/%' order by 1"""
    )
    assert orders == [
        ("H/gone", "gone without deposit", 0, None, 0),
        ("H/never listed", "deposited", 1, None, 0),
        ("H/open", "open", 0, 8, 100),
        ("H/paid", "deposited", 2, None, 0),
    ]
    newest = """select sum(parts_value), sum(down_payment), sum(remaining) from marts.fct_deposit
        where is_newest_of_order and hotline_order_number = 'H/paid'"""
    assert one(marts, newest) == (200, 100, 100), "the order's value counts once"


def test_what_is_open_at_the_end_of_today_is_what_is_open_now(marts: Core) -> None:
    # A dealer that changed its main dealer has a row for each.
    daily = """select sum(hotline_orders_open), sum(papers_in_process), sum(papers_overdue)
        from marts.agg_dealer_daily"""
    now = "select count(*) from marts.fct_hotline_order where is_open and dealer_id = %s"
    papers = "select count(*) filter (where is_in_process), count(*) filter (where is_overdue) from marts.fct_papers"
    ((orders,),), (ages,) = marts.execute(now, [DEALER]), marts.execute(f"{papers} where dealer_id = %s", [DEALER])
    assert marts.execute(f"{daily} where dealer_id = %s and day = %s", [DEALER, today()]) == [(orders, *ages)]


def test_a_metric_is_the_same_whichever_mart_it_is_read_from(marts: Core) -> None:
    read: dict[str, dict[str, Any]] = {}
    for mart in read_marts().values():
        if mart.metrics:
            expressions = ", ".join(metric.expression for metric in mart.metrics)
            values = one(marts, f"select {expressions} from marts.{mart.name}")
            for metric, value in zip(mart.metrics, values, strict=True):
                read.setdefault(metric.name, {})[mart.name] = value
    assert sum(len(values) > 1 for values in read.values()) > 40
    assert {name: values for name, values in read.items() if len(set(values.values())) > 1} == {}


def test_the_unit_tests_of_the_marts_pass(marts: Core) -> None:
    results = marts.dbt("test", "--select", "marts,test_type:unit")
    assert len([result for result in results if result.node.resource_type == "unit_test"]) >= 90


def test_an_own_code_counts_once_its_label_is_known(marts: Core) -> None:
    key = new_key()
    marts.load("prsp", key, {"idProspect": key, "statusProspect": "D"})
    deal = f"select status_label, is_deal from marts.fct_prospect where prospect_number = '{key}'"
    marts.dbt("run", "--select", "prospect", "fct_prospect")
    assert one(marts, deal) == ("D", False)
    with marts.labels([("statusProspect", "D", "Deal", "Q7X")]):
        marts.dbt("run", "--select", "prospect", "fct_prospect")
        assert one(marts, deal) == ("Deal", True)


def test_a_customer_has_one_key_at_a_dealer_whatever_document_tells(marts: Core) -> None:
    keys = marts.execute(
        """select p.customer_key, o.customer_key, p.customer_initials, p.customer_masked_phone
            from marts.fct_prospect as p, marts.fct_order as o
            where p.prospect_number = 'P/1' and o.order_number = 'S/1'"""
    )
    ((prospect, order, initials, phone),) = keys
    assert prospect == order
    assert (initials, phone) == ("S. W.", "*********234")
    assert one(marts, f"select customer_name from restricted.customer where customer_key = '{order}'") == (
        PERSON["namaCustomer"],
    )


def test_every_metric_of_a_dashboard_is_defined_once() -> None:
    definitions, dashboards = METRICS.read_text().split("## Which dashboard shows what")
    defined = Counter(re.findall(r"^\| `([a-z_]+)`", definitions, re.MULTILINE))
    assert [name for name, times in defined.items() if times > 1] == []
    shown = set(re.findall(r"`([a-z_]+)`", dashboards))
    assert {name for name in shown if not name.startswith(("agg_", "fct_"))} <= set(defined)


def test_every_column_of_the_marts_is_described(manifest: Any) -> None:
    marts = [node for node in manifest.nodes.values() if node.resource_type == "model" and node.fqn[1] == "marts"]
    assert len(marts) > 50
    assert [node.name for node in marts if "One row per" not in node.description] == []
    tables = [node for node in marts if node.config.materialized != "ephemeral"]
    assert all(node.contract.enforced and {"main_dealer_id", "dealer_id"} & set(node.columns) for node in tables
               if node.name != "dim_date")  # fmt: skip
    assert [c.name for node in tables for c in node.columns.values() if len(c.description) < 5] == []
