"""From received records to documents: what identifies each, when it is from, and what could not be used.

A record is kept as it was sent. Beside it stands, only where the two differ, the same document in the documented
spelling (servers write `Amount` for `amount`), cleaned of what Postgres cannot hold, and gathered where a server sends
one document as several records.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from dlt_sources.dgi.endpoints import ENDPOINTS, Endpoint
from dlt_sources.dgi.envelope import Sent
from dlt_sources.dgi.gathering import gather
from dlt_sources.dgi.hashes import content_hash, text_hash
from dlt_sources.dgi.timestamps import read_local_time

# jsonb holds far larger numbers, but nothing that DGI measures comes near this; beyond it a number is kept as text.
_MAX_DIGITS = 1000
_MAX_KEY_LENGTH = 500
# DGI's documents have three levels. Whoever reads JSON recurses, and fails at a depth that depends on who calls it.
_MAX_LEVELS = 100
_SURROGATE = re.compile("[\ud800-\udfff]")


class Document(NamedTuple):
    """One document of one answer. `created` and `modified` are wall-clock times of the main dealer (naive)."""

    dealer_id: str
    key: str
    content_hash: str
    payload: str
    document: str | None
    created: datetime | None
    modified: datetime | None
    notes: tuple[str, ...] = ()

    def days(self) -> set[date]:
        """The local dates on which the document was created or modified."""
        return {moment.date() for moment in (self.created, self.modified) if moment}


@dataclass(frozen=True)
class Rejected:
    """A record that could not be used, whole, with the reason."""

    dealer_id: str
    payload: str
    reason: str
    content_hash: str


@dataclass
class Reading:
    """What an answer held. `undocumented` are the fields that DGI does not know, each once.

    `records` and `sizes` (bytes) are those received of each dealer, also of dealers that were left out.
    """

    documents: list[Document] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    undocumented: set[str] = field(default_factory=set)
    records: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)


class _Record(NamedTuple):
    text: str
    value: dict[str, Any]
    rewritten: bool
    notes: tuple[str, ...]


_encode = msgspec.json.Encoder(decimal_format="number").encode


class DocumentReader:
    """Reads the records of one module. Make one per module and keep it: it holds the spelling tables."""

    def __init__(self, module: str, endpoints: Mapping[str, Endpoint] = ENDPOINTS) -> None:
        self.endpoint = endpoints[module]
        names = [*self.endpoint.fields, *self.endpoint.children]
        self._names = frozenset(names)
        self._spelling = {name.casefold(): name for name in names}
        self._line_names = {child: frozenset(fields) for child, fields in self.endpoint.children.items()}
        self._line_spelling = {
            child: {name.casefold(): name for name in fields} for child, fields in self.endpoint.children.items()
        }
        self._decode = msgspec.json.Decoder(float_hook=self._read_number).decode
        self._numbers_as_text = 0

    def read(
        self,
        records: Iterable[Sent],
        asked_dealer: str,
        known_dealers: frozenset[str],
        left_out: frozenset[str] = frozenset(),
    ) -> Reading:
        """Read an answer's records. A record's own `dealerId` decides whose it is; without one, the asked dealer's.

        Where no dealer was asked for (""), a record of which nobody can tell whose it is is rejected in the name of
        none. Records of dealers `left_out` are counted and nothing else.
        """
        reading = Reading()
        # A parsed record takes ten times the memory of its text, so only those are parsed together that make up one
        # document: where a key comes again, its records are read once more in the end.
        documents: dict[tuple[str, str], Document] = {}
        several: dict[tuple[str, str], list[Sent]] = {}
        texts: dict[tuple[str, str], Sent] = {}
        for raw in records:
            record = self._record(raw, reading)
            whose = "" if isinstance(record, str) else _text(record.value.get("dealerId"))
            dealer_id = whose or asked_dealer
            reading.records[dealer_id] += 1
            reading.sizes[dealer_id] += len(raw)
            if isinstance(record, str):
                reading.rejected.append(_reject(asked_dealer, _stored_text(raw), record))
                continue
            if dealer_id in left_out:
                continue
            key = self._key(record.value)
            if not dealer_id:
                reading.rejected.append(_reject("", record.text, "no dealerId, and no dealer was asked for"))
            elif isinstance(key, Missing):
                reason = f"no {key.name}: the document cannot be identified"
                reading.rejected.append(_reject(dealer_id, record.text, reason))
            elif dealer_id not in known_dealers:
                reason = f"dealer {dealer_id} is not in the registry under this main dealer"
                reading.rejected.append(_reject(dealer_id, record.text, reason))
            elif (place := (dealer_id, key)) in documents:
                several.setdefault(place, [texts[place]]).append(raw)
            else:
                documents[place], texts[place] = self._document(dealer_id, key, [record]), raw
        for place, group in several.items():
            again = [self._record(raw, reading) for raw in group]
            documents[place] = self._document(*place, [one for one in again if isinstance(one, _Record)])
        reading.documents.extend(documents.values())
        return reading

    def _record(self, raw: Sent, reading: Reading) -> _Record | str:
        """The record with documented spelling, or why it cannot be used."""
        self._numbers_as_text = 0
        notes: list[str] = []
        try:
            value = self._value(raw, notes)
        except RecursionError:
            return "the record is nested too deeply"
        except ValueError:
            return "the record is not readable JSON"
        if not isinstance(value, dict):
            return f"the record is no object but {_kind(value)}"
        text = _stored_text(raw)
        if text.count("{") + text.count("[") > _MAX_LEVELS and _deeper_than(_MAX_LEVELS, value):
            return "the record is nested too deeply"
        cleaned = _clean(value) if notes or ("\\" in text and "\\u0000" in text) else value
        if cleaned is not value and not notes and cleaned != value:
            notes.append("NUL characters were removed")
        if self._numbers_as_text:
            notes.append("a number beyond range is kept as text")
        spelled = self._spell(cleaned, reading)
        return _Record(text, spelled, bool(notes) or spelled is not cleaned, tuple(notes))

    def _value(self, raw: Sent, notes: list[str]) -> Any:
        try:
            return self._decode(raw)
        except msgspec.MsgspecError:
            value = json.loads(
                bytes(raw), strict=False, parse_constant=lambda _: None, parse_float=self._read_number,
                parse_int=self._read_number,
            )  # fmt: skip
            notes.append("characters or numbers that no JSON allows were replaced")
            return value

    def _read_number(self, text: str) -> Decimal | str:
        """A number that is no 64-bit integer, exactly as it is written."""
        try:
            number = Decimal(text)
            if len(text) <= _MAX_DIGITS and abs(number.adjusted()) <= _MAX_DIGITS:
                return number
        except ArithmeticError:
            pass  # an exponent that not even Decimal holds
        self._numbers_as_text += 1
        return text

    def _spell(self, value: dict[str, Any], reading: Reading) -> dict[str, Any]:
        if not value.keys() <= self._names:
            value = _respell(value, value.keys() - self._names, self._spelling, reading.undocumented, "")
        for child, names in self._line_names.items():
            lines = value.get(child)
            if not isinstance(lines, list):
                continue
            for number, line in enumerate(lines):
                if isinstance(line, dict) and not line.keys() <= names:
                    odd, spelling = line.keys() - names, self._line_spelling[child]
                    spelled = _respell(line, odd, spelling, reading.undocumented, f"{child}.")
                    if spelled is not line:
                        if value.get(child) is lines:
                            value = {**value, child: list(lines)}
                        value[child][number] = spelled
        return value

    def _key(self, value: Mapping[str, Any]) -> "str | Missing":
        parts = []
        for name in self.endpoint.key:
            text = _text(value.get(name))
            if not text or len(text) > _MAX_KEY_LENGTH:
                return Missing(name)
            parts.append(text)
        return "|".join(parts)

    def _document(self, dealer_id: str, key: str, group: list[_Record]) -> Document:
        record = group[0]
        if len(group) > 1:
            gathered = gather([part.value for part in group], list(self.endpoint.children))
            parts = [group[at] for at in gathered.parts]
            if len(parts) == 1:
                record = parts[0]
            else:
                text = "[" + ",".join(part.text for part in parts) + "]"
                notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
                record = _Record(text, gathered.value, True, notes)
            record = record._replace(notes=(*record.notes, f"came as {len(group)} records"))
        value = record.value
        return Document(
            dealer_id=dealer_id,
            key=key,
            content_hash=content_hash(value),
            payload=record.text,
            document=_encode(value).decode() if record.rewritten else None,
            created=_time(value.get("createdTime")),
            modified=_time(value.get("modifiedTime")),
            notes=record.notes,
        )


@dataclass(frozen=True)
class Missing:
    """The part of a document's key that is not there."""

    name: str


def _respell(
    value: dict[str, Any], unknown: Iterable[str], spelling: Mapping[str, str], undocumented: set[str], prefix: str
) -> dict[str, Any]:
    renamed: dict[str, str] = {}
    for name in unknown:
        documented = spelling.get(name.strip().casefold())
        if documented is None:
            undocumented.add(prefix + name[:80])
        elif value.get(documented) in (None, ""):
            renamed[name] = documented
    if not renamed:
        return value
    taken = set(renamed.values())
    return {renamed.get(name, name): inner for name, inner in value.items() if name not in taken}


def _reject(dealer_id: str, payload: str, reason: str) -> Rejected:
    return Rejected(dealer_id, payload, reason, text_hash(payload.encode()))


def _stored_text(raw: Sent) -> str:
    text = str(raw, errors="replace")
    return text.replace("\x00", "") if "\x00" in text else text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value).replace("\x00", "")
    if isinstance(value, dict):
        return {_clean(name): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return value


def _deeper_than(levels: int, value: Any) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(levels - 1, one) for one in inner)


def _text(value: Any) -> str:
    if type(value) is str:
        return value.strip()
    if value is None or isinstance(value, dict | list | bool):
        return ""
    return str(value).strip()


def _time(value: Any) -> datetime | None:
    return read_local_time(value) if isinstance(value, str) and value else None


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
