"""Which fields of DGI's documents hold personal data, how a person is recognised in them, and how they are taken out.

The catalogue in dbt's YAML says the same of the columns (config.meta.personal_data); a test holds the two equal.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dlt_sources.dgi.endpoints import ENDPOINTS

CUSTOMER_KEY, PHONE, IDENTITY_NUMBER = "customer_key", "phone", "identity_number"
_ADDRESSES = ("alamat", "kodeKelurahan", "kodePos")
_NAMES = """
    namaLengkap namaCustomer namaBPKB namaPemilik namaPembawa namaPenerima namaPenerimaBPKB namaPenerimaSTNK anggotaKK
"""
_PHONES = "noKontak noKontakKantor noKontakPenerima noTelpPembawa fax"
_IDENTITY_NUMBERS = "noKtp noKTP noKTPBPKB NPWP noKK noIdPenerimaBPKB noIdPenerimaSTNK"
_OTHERS = "lokasiPengiriman latitude longitude email note catatanTambahan keluhanKonsumen rekomendasiSA saranMekanik"
_IN_ADDRESSES = {
    f"{part}{whose}" for part in _ADDRESSES for whose in ("", "Kantor", "BPKB", "KK", "Pemilik", "Pembawa")
}
_EVERYWHERE = {*_NAMES.split(), *_PHONES.split(), *_IDENTITY_NUMBERS.split(), *_OTHERS.split(), *_IN_ADDRESSES}
# An identity number under another name.
_IN_MODULE = {"dphlo": {"idCustomer"}, "prsl": {"idCustomer"}}
# By which an order's documents name it, in the lines of deliveries too.
ORDER = "idspk"


def personal_fields(module: str) -> frozenset[str]:
    """The fields of the module's documents and lines that hold personal data."""
    endpoint = ENDPOINTS[module]
    known = {*endpoint.fields, *(name for lines in endpoint.children.values() for name in lines)}
    return frozenset(known & (_EVERYWHERE | _IN_MODULE.get(module, set())))


# The modules whose documents name people.
MODULES = tuple(module for module in ENDPOINTS if personal_fields(module))
_PERSONAL = {module: {name.casefold() for name in personal_fields(module)} for module in ENDPOINTS}
_KNOWN = {module: {name.casefold() for name in endpoint.fields} for module, endpoint in ENDPOINTS.items()}
_LINES = {
    module: {child.casefold(): {name.casefold() for name in names} for child, names in endpoint.children.items()}
    for module, endpoint in ENDPOINTS.items()
}
_KINDS = {name.casefold(): PHONE for name in _PHONES.split()}
_KINDS |= {name.casefold(): IDENTITY_NUMBER for name in (*_IDENTITY_NUMBERS.split(), "idCustomer")}
_NAME_FIELDS = {name.casefold() for name in _NAMES.split()}


def normal(kind: str, value: object) -> str | None:
    """A phone or identity number as its digits, however it is written; None when too few to tell a person by."""
    digits = re.sub("[^0-9]", "", str(value or ""))
    if kind == PHONE:
        digits = re.sub("^62", "0", digits)
    return digits if len(digits) >= (8 if kind == PHONE else 12) else None


def identifiers(module: str, value: Any) -> set[tuple[str, str]]:
    """The (kind, digits) of the phones and identity numbers in a document or a line."""
    found = set()
    for name, inner in _all_fields(value):
        if name in _PERSONAL[module] and name in _KINDS and (digits := normal(_KINDS[name], inner)):
            found.add((_KINDS[name], digits))
    return found


def names(module: str, value: Any) -> set[str]:
    """The names of people in a document, in lower case."""
    return {
        str(inner).strip().casefold()
        for name, inner in _all_fields(value)
        if name in _NAME_FIELDS and name in _PERSONAL[module] and str(inner or "").strip()
    }


def field(value: Any, name: str) -> str:
    """What a field of a document or line says, however the server spells its name; "" without it."""
    if isinstance(value, Mapping):
        for own, inner in value.items():
            if own.strip().casefold() == name.casefold():
                return str(inner or "").strip()
    return ""


def lines(module: str, value: Any) -> Iterator[Mapping[str, Any]]:
    """The lines of a document."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name.strip().casefold() in _LINES[module] and isinstance(inner, list):
                yield from (line for line in inner if isinstance(line, Mapping))


def redacted(module: str, value: Any, orders: Collection[str] | None = None) -> Any:
    """A document without its personal data, and without fields that DGI does not know: those may hold anything.

    `orders`: only what the lines of these order letters hold; a delivery has lines of several customers.
    """
    if isinstance(value, list):
        return [redacted(module, one, orders) for one in value]
    if not isinstance(value, Mapping):
        return None
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        folded = name.strip().casefold()
        if folded in _LINES[module]:
            kept[name] = _redacted_lines(module, _LINES[module][folded], inner, orders)
        else:
            kept[name] = inner if folded in _KNOWN[module] - _PERSONAL[module] else None
    return kept


def _redacted_lines(module: str, known: set[str], some: Any, orders: Collection[str] | None) -> Any:
    if not isinstance(some, list):
        return None
    allowed = known - _PERSONAL[module]
    return [
        line
        if orders is not None and isinstance(line, Mapping) and field(line, ORDER) not in orders
        else {name: inner if name.strip().casefold() in allowed else None for name, inner in line.items()}
        if isinstance(line, Mapping)
        else None
        for line in some
    ]


def _all_fields(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _all_fields(one)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(inner, list):
                yield from _all_fields(inner)
            else:
                yield name.strip().casefold(), inner
