"""The marts of a fleet from the sandbox: sums equal core's, links are all accounted for, nobody can be read."""

import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import catalogue
import pytest
import yaml
from pipeline_support import Warehouse

from orchestration.registry.store import open_registry
from orchestration.settings import ROOT, Settings

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]

# Codes of a village and a postal area are in a column of their own or nowhere: as a run of digits they say nothing.
AREA_CODES = re.compile("^(kode_kelurahan|kode_pos)")
SUMS = [
    ("fct_prospect", "count(*)", "prospect", "count(*)"),
    ("fct_order", "count(*)", "spk", "count(*)"),
    ("fct_receipt", "sum(amount)", "billing", "sum(amount)"),
    ("fct_leasing", "sum(down_payment)", "leasing", "sum(jumlah_dp)"),
    ("fct_delivery", "count(*)", "delivery", "count(*)"),
    ("fct_unit_inbound", "count(*)", "unit_inbound", "count(*)"),
    ("fct_unit_invoice", "sum(payable)", "unit_invoice", "sum(total_harga)"),
    ("fct_work_order", "sum(total_amount)", "work_order", "sum(total_biaya_service)"),
    ("fct_workshop_invoice", "sum(revenue)", "workshop_invoice", "sum(total_harga_njb) + sum(total_harga_nsc)"),
    ("fct_deposit", "count(*)", "dp_hlo", "count(*)"),
    ("fct_parts_inbound", "count(*)", "parts_inbound", "count(*)"),
    ("fct_parts_sale", "sum(sales)", "parts_sale", "sum(total_harga_so)"),
    ("fct_parts_invoice", "sum(payable)", "parts_invoice", "sum(total_harga)"),
]
LINE_SUMS = [
    ("fct_prospect_unit", "count(*)", "prospect", "prospect_unit", "count(*)"),
    ("fct_order_unit", "sum(units)", "spk", "spk_unit", "sum(quantity)"),
    ("fct_delivery_unit", "count(*)", "delivery", "delivery_detail", "count(*)"),
    ("fct_papers", "count(*)", "document_handling", "document_handling_unit", "count(*)"),
    ("fct_unit_inbound_unit", "sum(units_received)", "unit_inbound", "unit_inbound_unit", "sum(kuantitas_diterima)"),
    ("fct_unit_invoice_unit", "sum(units)", "unit_invoice", "unit_invoice_unit", "sum(kuantitas)"),
    ("fct_work_order_service", "sum(amount)", "work_order", "work_order_service", "sum(total_harga_servis)"),
    ("fct_work_order_part", "sum(amount)", "work_order", "work_order_part", "sum(total_harga_parts)"),
    ("fct_workshop_invoice_service", "sum(amount)", "workshop_invoice", "workshop_invoice_service",
     "sum(total_harga_servis)"),
    ("fct_workshop_invoice_part", "sum(amount)", "workshop_invoice", "workshop_invoice_part",
     "sum(total_harga_parts)"),
    ("fct_deposit_part", "sum(remaining)", "dp_hlo", "dp_hlo_part", "sum(sisa_bayar)"),
    ("fct_parts_inbound_item", "sum(quantity)", "parts_inbound", "parts_inbound_item", "sum(kuantitas)"),
    ("fct_parts_sale_part", "sum(amount)", "parts_sale", "parts_sale_part", "sum(total_harga_parts)"),
    ("fct_parts_invoice_part", "sum(quantity)", "parts_invoice", "parts_invoice_part", "sum(kuantitas)"),
]  # fmt: skip


@pytest.fixture(scope="module")
def marts(two_weeks: Warehouse) -> Warehouse:
    return two_weeks


def columns(marts: Warehouse, schema: str) -> list[tuple[str, str]]:
    """(table, column) of the text and numeric columns of a schema."""
    return marts.rows(
        """select table_name, column_name from information_schema.columns
            where table_schema = %s and data_type in ('text', 'numeric')""",
        schema,
    )


def values(marts: Warehouse, schema: str, table: str, column: str) -> set[str]:
    found = marts.rows(f"select distinct {column}::text from {schema}.{table} where {column} is not null")
    return {value for (value,) in found}


def by_dealer(marts: Warehouse, query: str) -> dict[str, object]:
    return dict(marts.rows(f"{query} group by dealer_id"))


@pytest.mark.parametrize(("fact", "measure", "document", "sent"), SUMS, ids=[row[0] for row in SUMS])
def test_a_fact_has_what_core_has(marts: Warehouse, fact: str, measure: str, document: str, sent: str) -> None:
    expected = by_dealer(marts, f"select dealer_id, {sent} from core.{document} where not is_deleted_at_source")
    assert by_dealer(marts, f"select dealer_id, {measure} from marts.{fact}") == expected != {}


@pytest.mark.parametrize(("fact", "measure", "document", "lines", "sent"), LINE_SUMS, ids=[row[0] for row in LINE_SUMS])
def test_the_lines_of_a_fact_are_those_of_core(
    marts: Warehouse, fact: str, measure: str, document: str, lines: str, sent: str
) -> None:
    there = f"""select dealer_id, {sent} from core.{lines} where {document}_id in
        (select id from core.{document} where not is_deleted_at_source)"""
    assert by_dealer(marts, f"select dealer_id, {measure} from marts.{fact}") == by_dealer(marts, there) != {}


def test_every_hotline_order_of_the_list_and_of_the_deposits_is_there_once(marts: Warehouse) -> None:
    expected = marts.one(
        """select count(*) from (
            select dealer_id, document_key from core.unpaid_hlo
            union
            select dealer_id, id_hlo_document from core.dp_hlo where not is_deleted_at_source
        ) as orders"""
    )
    assert marts.one("select count(*) from marts.fct_hotline_order") == expected > 0


def test_what_was_joined_and_what_was_not_are_all(marts: Warehouse) -> None:
    links = dict(marts.rows("select link, sum(documents) from marts.agg_journey_unjoined group by link"))
    assert marts.one("select count(*) from marts.agg_journey_unjoined where joined + unjoined <> documents") == 0
    for link, table in [("order to prospect", "spk"), ("receipt to order", "billing"), ("leasing to order", "leasing")]:
        assert links[link] == marts.one(f"select count(*) from core.{table} where not is_deleted_at_source")
    steps = "select count(*) from marts.fct_journey"
    assert marts.one(steps) == marts.one("select count(*) from core.spk where not is_deleted_at_source")
    assert marts.one(f"{steps} where has_receipt and has_delivery") > 0, "the sandbox's documents belong together"


def test_daily_figures_add_up_to_their_facts(marts: Warehouse) -> None:
    daily = "select sum(prospects), sum(visits), sum(workshop_revenue), sum(parts_sales) from marts.agg_dealer_daily"
    facts = [
        "select count(*) from marts.fct_prospect",
        "select count(*) from marts.fct_work_order where is_visit",
        "select sum(revenue) from marts.fct_workshop_invoice",
        "select sum(sales) from marts.fct_parts_sale",
    ]
    assert marts.rows(daily) == [tuple(marts.one(fact) for fact in facts)]


def test_no_personal_data_of_core_can_be_read_in_the_marts(marts: Warehouse) -> None:
    raw: set[str] = set()
    for column in catalogue.columns("core"):
        if "personal_data" in column.meta and not AREA_CODES.match(column.name):
            raw |= values(marts, "core", column.model, column.name)
    raw -= {"Dealer"}  # the one place of delivery that is no address, and a word of statuses
    assert len(raw) > 5_000
    leaks = {
        (table, column)
        for table, column in columns(marts, "marts")
        if any(not raw.isdisjoint(parts(value)) for value in values(marts, "marts", table, column))
    }
    assert leaks == set()


def parts(text: str) -> set[str]:
    """Every run of whole words in a text, and every run of digits."""
    words = text.split()
    runs = {" ".join(words[start:end]) for start, end in combinations(range(len(words) + 1), 2)}
    return runs | set(re.findall(r"\d{6,}", text))


def test_a_disabled_dealer_keeps_its_data_and_is_left_out_of_every_dashboard(
    settings: Settings, marts: Warehouse
) -> None:
    dealer, *_ = [row[0] for row in marts.rows("select dealer_id from marts.fct_order group by 1 order by 1")]
    set_enabled(settings, dealer, is_enabled=False)
    left_out, checked = "select exists (select from ({}) as dataset where dealer_id = %s)", 0
    for file in sorted((ROOT / "superset" / "assets" / "datasets").glob("*.yaml")):
        dataset = yaml.safe_load(file.read_text())
        if "sql" not in dataset:
            continue
        checked += marts.one(f"select exists (select from marts.{file.stem} where dealer_id = %s)", dealer)
        assert not marts.one(left_out.format(dataset["sql"]), dealer), file.stem
    assert checked > 30, "marts without the dealer's data show nothing"
    set_enabled(settings, dealer, is_enabled=True)
    orders = yaml.safe_load((ROOT / "superset" / "assets" / "datasets" / "fct_order.yaml").read_text())["sql"]
    assert marts.one(left_out.format(orders), dealer)


def set_enabled(settings: Settings, dealer_id: str, is_enabled: bool) -> None:
    """Off-board a dealer or take it back, and let dbt build the dimension of dealers."""
    with open_registry(settings) as registry:
        registry.edit(registry.dealer(dealer_id), is_enabled=is_enabled)
    dbt = Path(sys.executable).with_name("dbt")
    subprocess.run([dbt, "run", "--quiet", "--select", "dealer", "dim_dealer"], cwd=ROOT / "dbt_project", check=True)
