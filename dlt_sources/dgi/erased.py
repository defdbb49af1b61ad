"""Keeps out of raw what was erased: documents of an erased person are loaded without their personal data.

Who was erased is in schema registry, as hashes of their phones and identity numbers and as the keys of their documents.
A warehouse without that schema (a source that runs alone) has erased nobody.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import psycopg2

from dlt_sources.dgi.documents import Document
from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.hashes import content_hash
from dlt_sources.dgi.personal import MODULES, identifiers, redacted

NOTE = "personal data was erased"
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def hashed(secret: str, dealer_id: str, kind: str, digits: str) -> str:
    """What is kept of an erased person's phone or identity number. It cannot be computed without the secret."""
    return hashlib.sha256("|".join((secret, dealer_id, kind, digits)).encode()).hexdigest()


def parsed(text: str) -> Any:
    """JSON with numbers exactly as they are written. Raises ValueError."""
    return _decode(text)


def written(value: Any) -> str:
    """A value as JSON."""
    return _encode(value).decode()


class Erased:
    """Who was erased, read once for a load."""

    def __init__(self, connection: "psycopg2.extensions.connection") -> None:
        self._secret = ""
        self._hashes: dict[str, set[str]] = {}
        self._documents: dict[tuple[str, str, str], set[str] | None] = {}
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass('registry.erasure') is not null")
            if cursor.fetchone() != (True,):
                return
            cursor.execute("select secret from registry.erasure_secret")
            ((self._secret,),) = cursor.fetchall()
            cursor.execute("select dealer_id, identifier_hashes from registry.erasure")
            for dealer_id, hashes in cursor.fetchall():
                self._hashes.setdefault(dealer_id, set()).update(hashes)
            cursor.execute("select module, dealer_id, document_key, order_number from registry.erased_document")
            for module, dealer_id, key, order in cursor.fetchall():
                place = (module, dealer_id, key)
                orders = self._documents.setdefault(place, None if order is None else set())
                if order is None:
                    self._documents[place] = None
                elif orders is not None:
                    orders.add(order)

    def redact(self, batch: Iterable[Fetched]) -> None:
        """Take the personal data of erased people out of fetched documents. Before they are compared with raw."""
        for fetched in batch:
            if fetched.call.module in MODULES and self._hashes:
                reading = fetched.reading
                reading.documents = [self._document(fetched.call.module, one) for one in reading.documents]

    def redact_rejected(self, batch: Iterable[Fetched]) -> None:
        """The same for records that could not be used; they are known by the hash of what was sent, which stays."""
        for fetched in batch:
            if fetched.call.module in MODULES and self._hashes:
                fetched.new_rejected = [
                    replace(one, payload=written(redacted(fetched.call.module, parsed(one.payload))))
                    if self._names_erased(fetched.call.module, one.dealer_id, one.payload)
                    else one
                    for one in fetched.new_rejected
                ]

    def _document(self, module: str, document: Document) -> Document:
        if document.dealer_id not in self._hashes:
            return document
        place = (module, document.dealer_id, document.key)
        text = document.document or document.payload
        if place in self._documents:
            return without_personal_data(module, document, self._documents[place])
        return without_personal_data(module, document) if self._names_erased(module, place[1], text) else document

    def _names_erased(self, module: str, dealer_id: str, text: str) -> bool:
        hashes = self._hashes.get(dealer_id)
        if not hashes:
            return False
        try:
            found = identifiers(module, parsed(text))
        except ValueError:
            return False
        return any(hashed(self._secret, dealer_id, *one) in hashes for one in found)


def without_personal_data(module: str, document: Document, orders: Iterable[str] | None = None) -> Document:
    """A document without the personal data in it, or in the lines of some orders."""
    some = None if orders is None else set(orders)
    payload, spelled, new_hash = redacted_texts(module, document.payload, document.document, some)
    notes = (*document.notes, NOTE)
    return document._replace(payload=payload, document=spelled, content_hash=new_hash, notes=notes)


def redacted_texts(
    module: str, payload: str, document: str | None, orders: set[str] | None
) -> tuple[str, str | None, str]:
    """A version's payload and document without personal data, and the hash of what is left."""
    usable = redacted(module, parsed(document or payload), orders)
    spelled = None if document is None else written(usable)
    try:
        sent = written(redacted(module, parsed(payload), orders)) if spelled else written(usable)
    except ValueError:  # what was sent is no JSON that is read the same twice
        sent = written(usable)
    return sent, spelled, content_hash(usable)
