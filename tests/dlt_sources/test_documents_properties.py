"""Whatever JSON a server sends as a record, it ends as one document or as one rejected record, whole."""

import json
import random
from typing import Any

from asking import DEALER
from hypothesis import given
from hypothesis import strategies as st

from dlt_sources.dgi.documents import DocumentReader, Reading
from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.envelope import read_envelope

READERS = {module: DocumentReader(module) for module in ("prsp", "uinb", "pkb")}
KNOWN = frozenset([DEALER])

_NAMES = [name for module in READERS for name in (*ENDPOINTS[module].fields, *ENDPOINTS[module].children)]
_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=())),  # NUL and half surrogates included
    st.sampled_from(["", " ", "\x00", "\ud800", "NaN", "04/05/2026 08:00:00", "01/01/0001 00:00:00", DEALER]),
)
_NAME = st.one_of(st.sampled_from(_NAMES), st.sampled_from(_NAMES).map(str.upper), _TEXT)
_NUMBER = st.one_of(st.integers(), st.floats(), st.integers(min_value=10**20), st.just(1e308))
_SCALAR = st.one_of(st.none(), st.booleans(), _NUMBER, _TEXT)
_JSON = st.recursive(
    _SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_NAME, inner, max_size=6)),
    max_leaves=20,
)
_OBJECT = st.dictionaries(_NAME, _JSON, max_size=10)
_MODULE = st.sampled_from(list(READERS))


def read(module: str, *records: str) -> Reading:
    return READERS[module].read([record.encode() for record in records], DEALER, KNOWN)


def with_key(record: dict[str, Any], module: str, key: str) -> dict[str, Any]:
    """The record as one of the asked dealer with a usable key."""
    own = {name: value for name, value in record.items() if name.strip().casefold() != "dealerid"}
    return own | dict.fromkeys(ENDPOINTS[module].key, key)


@given(_JSON, _MODULE, st.booleans())
def test_any_json_is_kept_or_rejected_whole(value: Any, module: str, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped).encode(errors="replace").decode()
    reading = read(module, text)
    assert len(reading.documents) + len(reading.rejected) == 1
    assert [one.payload for one in (*reading.documents, *reading.rejected)] == [text.replace("\x00", "")]
    assert all(one.reason for one in reading.rejected)


@given(_OBJECT, _MODULE, st.from_regex(r"[A-Z0-9/-]{1,30}", fullmatch=True))
def test_any_object_with_a_key_is_one_document(record: dict[str, Any], module: str, key: str) -> None:
    text = json.dumps(with_key(record, module, key))
    reading = read(module, text)
    assert not reading.rejected
    (one,) = reading.documents
    assert (one.dealer_id, one.key) == (DEALER, "|".join([key] * len(ENDPOINTS[module].key)))
    assert one.payload == text
    stored = one.document or one.payload
    for name in ENDPOINTS[module].key:
        assert json.loads(stored, parse_constant=_no_constant)[name] == key


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} in what is stored")


# No two spellings of one name: which of them counts may depend on their order.
_PLAIN_NAME = st.sampled_from(list({name.casefold(): name for name in [*_NAMES, "x", "y"]}.values()))
_PLAIN = st.dictionaries(_PLAIN_NAME, st.one_of(_SCALAR, st.lists(st.dictionaries(_PLAIN_NAME, _SCALAR), max_size=3)))


@given(_PLAIN, _MODULE, st.randoms())
def test_the_hash_forgets_the_order_of_keys(record: dict[str, Any], module: str, rng: random.Random) -> None:
    record = with_key(record, module, "K")
    names = list(record)
    rng.shuffle(names)
    texts = [json.dumps(record), json.dumps({name: record[name] for name in names})]
    first, second = (read(module, text).documents[0].content_hash for text in texts)
    assert first == second


@given(_OBJECT, st.sampled_from(["alamat", "x"]), st.integers(), st.integers())
def test_the_hash_depends_on_values(record: dict[str, Any], name: str, one: int, other: int) -> None:
    record = with_key(record, "prsp", "K")
    record = {known: value for known, value in record.items() if known.strip().casefold() != name}
    texts = [json.dumps({**record, name: value}) for value in (one, other)]
    first, second = (read("prsp", text).documents[0].content_hash for text in texts)
    assert (first == second) == (one == other)


@given(st.lists(_JSON, max_size=5))
def test_an_answer_comes_apart_into_its_records(values: list[Any]) -> None:
    records = [json.dumps(value).encode() for value in values]
    body = b'{"status":"1","data":[' + b",".join(records) + b"]}"
    assert list(read_envelope(body).records) == records
