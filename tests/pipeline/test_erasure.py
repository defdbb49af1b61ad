"""`dealers erase`: one person is gone from every schema, what was sold stays, and nothing comes back."""

import json
from dataclasses import dataclass
from datetime import datetime

import psycopg2
import pytest
from click.testing import CliRunner, Result
from pipeline_support import Sandbox, Warehouse, dates_back

from dlt_sources.dgi.client import Answer, Outcome
from dlt_sources.dgi.documents import DocumentReader
from dlt_sources.dgi.erased import NOTE, Erased
from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.server import Call, Key, Server, Window
from orchestration.by_hand import pull_by_hand
from orchestration.cli import cli
from orchestration.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]

SCHEMAS = ("raw", "staging", "core", "restricted", "marts", "registry")
SUMS = (
    "select count(*), sum(order_value) from marts.fct_order",
    "select count(*), sum(amount) from marts.fct_receipt",
    "select count(*) from marts.fct_delivery_unit",
    "select count(*), sum(total_amount) from marts.fct_work_order",
    "select count(*) from marts.fct_prospect",
    "select count(*) from core.spk_family_member",
)


@dataclass(frozen=True)
class Person:
    """Somebody who ordered a motorcycle and got it, with what is known of them alone."""

    dealer_id: str
    order: str
    identity_number: str
    phone: str
    address: str
    name: str


@pytest.fixture(scope="module")
def filled(two_weeks: Warehouse) -> Warehouse:
    return two_weeks


@pytest.fixture(scope="module")
def person(filled: Warehouse) -> Person:
    rows = filled.rows(
        """select s.dealer_id, s.id_spk, s.no_ktp, s.no_kontak, s.alamat, s.nama_customer from core.spk as s
            join core.delivery_detail as d on d.id_spk = s.id_spk and d.dealer_id = s.dealer_id
            join core.prospect as p on p.id_prospect = s.id_prospect and p.dealer_id = s.dealer_id
            join core.billing as b on b.id_spk = s.id_spk and b.dealer_id = s.dealer_id
            where d.nama_penerima is not null order by s.id_spk limit 1"""
    )
    return Person(*rows[0])


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(cli, ["erase", *arguments], input=stdin, catch_exceptions=False)


def places(warehouse: Warehouse, *texts: str) -> set[str]:
    """The tables and views that hold any of the texts in any row."""
    tables = warehouse.rows(
        """select table_schema, table_name from information_schema.tables where table_schema = any(%s)""",
        list(SCHEMAS),
    )
    return {
        f"{schema}.{table}"
        for schema, table in tables
        for text in texts
        if warehouse.one(f"select exists (select from {schema}.{table} as t where strpos(t::text, %s) > 0)", text)
    }


def sums(warehouse: Warehouse) -> list[object]:
    return [warehouse.rows(query) for query in SUMS]


def test_without_yes_it_shows_what_would_be_erased(filled: Warehouse, person: Person) -> None:
    held = places(filled, person.identity_number, person.phone, person.address)
    assert {"raw.spk", "raw.prsp", "raw.bast", "core.spk", "core.delivery_detail", "restricted.customer"} <= held
    shown = run("--dealer", person.dealer_id, "--identity-number", stdin=f"{person.identity_number}\n")
    assert shown.exit_code == 0, shown.output
    assert {line.split()[0] for line in shown.stdout.splitlines()} >= {"spk", "prsp", "bast", "inv1", "nothing"}
    assert person.identity_number not in shown.output
    assert places(filled, person.identity_number, person.phone, person.address) == held
    assert filled.one("select count(*) from registry.erasure") == 0


def test_a_number_that_nobody_has_or_that_is_none_is_a_sentence(filled: Warehouse, person: Person) -> None:
    for number, why in (("9999999999999999", "has no document"), ("12", "too few digits")):
        refused = run("--dealer", person.dealer_id, "--identity-number", number, "--yes")
        assert refused.exit_code == 1
        assert why in refused.stderr
    assert "--customer-key" in run("--dealer", person.dealer_id).stderr


def test_one_person_is_erased_everywhere_and_what_was_sold_stays(filled: Warehouse, person: Person) -> None:
    before = sums(filled)
    versions = filled.one("select count(*) from raw.spk")
    others = filled.one("select count(*) from core.spk where no_ktp is not null")
    done = run("--dealer", person.dealer_id, "--phone", "--yes", stdin=f"{person.phone}\n")
    assert done.exit_code == 0, done.output
    assert places(filled, person.identity_number, person.phone, person.address) == set()
    assert sums(filled) == before
    assert filled.one("select count(*) from raw.spk") == versions
    assert filled.one("select count(*) from core.spk where no_ktp is not null") == others - 1
    assert filled.one("select count(*) from core.spk where id_spk = %s and nama_customer is null", person.order) == 1
    receivers = "select nama_penerima from core.delivery_detail where id_spk = %s and dealer_id = %s"
    assert {name for (name,) in filled.rows(receivers, person.order, person.dealer_id)} == {None}
    assert filled.one("select count(*) from core.delivery_detail where nama_penerima is not null") > 0, "others' stay"


def test_it_leaves_an_audit_line_without_the_data(filled: Warehouse, person: Person) -> None:
    ((by, dealer_id, criterion, hashes, versions),) = filled.rows(
        "select erased_by, dealer_id, criterion, identifier_hashes, versions from registry.erasure"
    )
    assert by and dealer_id == person.dealer_id and criterion == "phone" and versions > 0
    assert [len(one) for one in hashes] == [64]
    told = CliRunner().invoke(cli, ["history", "--limit", "1"]).stdout
    assert f"erase personal data {person.dealer_id}" in told and "criterion: phone" in told
    assert person.phone not in told


def test_the_same_documents_do_not_bring_it_back(
    settings: Settings, sandbox: Sandbox, filled: Warehouse, person: Person
) -> None:
    sandbox.set_clock(filled.one("select max(called_at) from raw.api_call"))  # nothing has happened since
    modules = ("spk", "prsp", "bast", "inv1")
    before = filled.raw_counts(modules)
    dates = dates_back(14)
    assert pull_by_hand(settings, dates[0], dates[-1], [person.dealer_id], list(modules), False)
    assert places(filled, person.identity_number, person.phone, person.address) == set()
    assert filled.raw_counts(modules) == before, "what is left of them was known already"


def test_a_new_document_of_that_person_arrives_without_it(filled: Warehouse, person: Person) -> None:
    sent = {"noSO": "SO/NEW", "idCustomer": "3374990101900077", "namaCustomer": "Somebody", "totalHargaSO": 5}
    order = {"idSpk": "SPK/NEW", "namaCustomer": person.name, "noKontak": f"+62 {person.phone[1:]}", "unit": []}
    with psycopg2.connect(filled.url) as connection:
        erased = Erased(connection)
        new, other = fetched("spk", order, person.dealer_id), fetched("prsl", sent, person.dealer_id)
        erased.redact([new, other])
        elsewhere = fetched("spk", order, "00000")
        erased.redact([elsewhere])
    (document,) = new.reading.documents
    left = {"idSpk": "SPK/NEW", "namaCustomer": None, "noKontak": None, "unit": []}
    assert (json.loads(document.payload), NOTE in document.notes) == (left, True)
    assert json.loads(other.reading.documents[0].payload) == sent
    assert json.loads(elsewhere.reading.documents[0].payload) == order, "a person at one dealer is nobody at another"


def fetched(module: str, document: dict[str, object], dealer_id: str) -> Fetched:
    """A call that brought one document."""
    (day,) = dates_back(1)
    server = Server("Q7X", "https://dgi.example.com")
    window = Window(*(server_time(server, day.isoformat(), hour) for hour in (0, 23)))
    reading = DocumentReader(module).read([json.dumps(document).encode()], dealer_id, frozenset([dealer_id]))
    answer = Answer(Outcome.RECORDS, window.start, window.end)
    return Fetched(Call(server, Key("group", "k", "s"), module, dealer_id, window), answer, reading, {}, 1)


def server_time(server: Server, day: str, hour: int) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=server.zone)
