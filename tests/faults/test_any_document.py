"""Whatever main dealers send as documents, it goes through to the typed core or to the rejected records, each once."""

import json
import random
import string
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from asking import DEALER, own_call
from core_tables import DOCUMENT_TABLES
from cryptography.fernet import Fernet
from hypothesis import strategies as st
from loading import Raw
from pipeline_support import Warehouse
from sqlalchemy import create_engine, text
from stand_in import Reply, Request, records, stand_in
from transforming import build
from truths import assert_core_is_staging

from dlt_sources.dgi.endpoints import ENDPOINTS, Endpoint
from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import LoadedCall, load
from orchestration.registry.migrate import migrate
from orchestration.settings import Settings, load_settings

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(900)]

GENERATED = 60  # documents of each module
LONG = "".join(random.Random(1).choices(string.printable, k=10_000_000))  # no compression makes it short
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.integers(min_value=10**25, max_value=10**60),
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.sampled_from([
        "", " ", "\x00", "\ud800", "😀", "31/02/2026 10:00:00", "99/99/9999", "00/00/0000 00:00:00", "29/02/2025",
        "01/01/0001 00:00:00", "31/12/9999 23:59:59", "25:61", "1e400", "-1e-400", "NaN", "Infinity", "9" * 400,
        "1.234.567,89", "20,5", "1,2,3", "0x1F", "09.00", "99:99", DEALER, "99999", "2026/11/05 08:00:00",
    ]),
)  # fmt: skip
_JSON = st.recursive(
    _VALUES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


def documents(endpoint: Endpoint) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the module's fields and children, in any spelling, with any values."""

    def fields(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        spelled = st.sampled_from(names).flatmap(lambda name: st.sampled_from([name, name.upper(), name.lower()]))
        return st.dictionaries(st.one_of(spelled, st.text(max_size=8)), _JSON, max_size=12)

    lines = {
        name: st.one_of(_JSON, st.lists(st.one_of(fields(list(own)), _JSON), max_size=4))
        for name, own in endpoint.children.items()
    }
    return st.tuples(fields(list(endpoint.fields)), st.fixed_dictionaries({}, optional=lines)).map(
        lambda parts: parts[0] | parts[1]
    )


def generated(endpoint: Endpoint) -> list[bytes]:
    """What hypothesis comes up with for the module, as JSON; all but some have a key of their own."""
    made: list[bytes] = []

    @hypothesis.settings(max_examples=GENERATED, database=None, derandomize=True, deadline=None,
                         suppress_health_check=list(hypothesis.HealthCheck))  # fmt: skip
    @hypothesis.given(documents(endpoint))
    def collect(document: dict[str, Any]) -> None:
        if len(made) % 10:
            keys = {*(name.casefold() for name in endpoint.key), "dealerid"}
            document = {name: value for name, value in document.items() if name.strip().casefold() not in keys}
            document |= dict.fromkeys(endpoint.key, f"G{len(made)}")
        made.append(json.dumps(document, ensure_ascii=len(made) % 2 == 0).encode(errors="surrogatepass"))

    collect()
    return made


def nasty(endpoint: Endpoint) -> list[bytes]:
    """What contract and issue name, for every field of the module at once, and records that are no documents."""
    names = [name for name in endpoint.fields if name not in endpoint.key and name != "dealerId"]

    def document(key: str, value: Any, **more: Any) -> bytes:
        lines = {child: [dict.fromkeys(own, value)] * 2 for child, own in endpoint.children.items()}
        whole = {**dict.fromkeys(names, value), **lines, **dict.fromkeys(endpoint.key, key), **more}
        return json.dumps(whole).encode()

    first = endpoint.key[0]
    doubled = document("N5", "1")[:-1] + f',"{first}":"N5","{names[0]}":"2"}}'.encode()
    return [
        document("N1", "\x00"),
        document("N2", "\ud83d \udc00 😀"),
        document("N3", 10**40),
        document("N4", "31/02/2026 25:61:61"),
        doubled,
        document("N6", {"a": [{"b": []}]}),
        document("N7", "x", nobody="documented", **{"this field": {"deep": [1]}}),
        document("N8", "long")[:-1] + b',"note to all":' + json.dumps(LONG).encode() + b"}",
        document("N9", LONG[:9000]),
        b'{"%b":"N10","%b":%b}' % (first.encode(), names[0].encode(), b"[" * 90 + b"]" * 90),
        document("N11", "of another dealer", dealerId="99999"),
        document("", "without a key"),
        b'{"%b":"N12","x":%b}' % (first.encode(), b"[" * 3000 + b"]" * 3000),
        b"7", b'"text"', b"null", b"[]", b"{}", b"{'a':1}", b"tru",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def settings(new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A migrated warehouse with one dealer."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VAR_DIR", str(tmp_path_factory.mktemp("var")))
        environment.setenv("WAREHOUSE_URL", new_database("any_document"))
        environment.setenv("DGI_ENCRYPTION_KEY", Fernet.generate_key().decode())
        made = load_settings()
        for name, value in made.environment().items():
            environment.setenv(name, value)
        migrate(made)
        engine = create_engine(made.warehouse())
        with engine.begin() as connection:
            connection.execute(
                text("insert into registry.main_dealer (id, name, base_url, modules) values ('OWN', 'O', 'x', '{}')")
            )
            connection.execute(
                text("insert into registry.dealer (id, name, main_dealer_id) values (:id, 'Dealer', 'OWN')"),
                {"id": DEALER},
            )
        engine.dispose()
        yield made


def pull(settings: Settings, sent: dict[str, list[bytes]]) -> list[LoadedCall]:
    def answer(request: Request) -> Reply:
        return records(*sent[request.path.split("/")[-2]])

    with stand_in(answer) as server:
        calls = [own_call(server.url, module=module, answer_timeout=120) for module in sent]
        loaded = load(Fetcher(calls, {"OWN": frozenset([DEALER])}), Warehouse(settings).url)
    assert loaded.miscounted == {}
    return loaded.calls


def test_any_document_goes_through_to_the_core_or_is_rejected_whole(settings: Settings, tmp_path: Path) -> None:
    sent = {module: [*nasty(endpoint), *generated(endpoint)] for module, endpoint in ENDPOINTS.items()}
    calls = pull(settings, sent)
    with closing(Warehouse(settings)) as warehouse:
        raw = Raw(warehouse.url)
        assert build(tmp_path, "staging", "core") == 0
        assert_core_is_staging(warehouse)
        for call in calls:
            module, table = call.call.module, DOCUMENT_TABLES[call.call.module]
            there = warehouse.one(f"select count(*) from core.{table}")
            assert there == call.documents == len({row[0] for row in raw.rows(module, "document_key")}), module
            # Every record went one of the two ways, but for those that are the same record.
            kept = {row[0] for row in raw.rows("rejected_record", "payload", f"module = '{module}'")}
            assert len(kept) == len({(one.payload) for one in _rejected(sent[module], module)})
            assert call.documents + call.rejected >= len(sent[module]) - 2
        assert pull_again_adds_nothing(settings, sent)
        drift = raw.query(
            "select field from raw.field_drift where module = 'prsp' and field in ('nobody', 'this field')"
        )
        assert len(drift) == 2


def pull_again_adds_nothing(settings: Settings, sent: dict[str, list[bytes]]) -> bool:
    return sum(call.added for call in pull(settings, sent)) == 0


def _rejected(sent: list[bytes], module: str) -> Any:
    from dlt_sources.dgi.documents import DocumentReader
    from dlt_sources.dgi.envelope import read_envelope

    received = read_envelope(records(*sent).body).records
    return DocumentReader(module).read(received, DEALER, frozenset([DEALER])).rejected
