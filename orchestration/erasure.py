"""Erases one person's data at a dealer from raw, and with the next transform from core, restricted and the marts.

What a person asks for is more than the documents with their number: the papers and receipts of their order, the visits
of their motorcycle under their name. Fields that hold personal data become null in every version of these documents;
what was sold, when and for how much stays. What is erased is left out when the main dealer sends it again
(dlt_sources/dgi/erased.py). Backups from before hold it until they are rotated out.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import sql
from sqlalchemy import select

from dlt_sources.dgi import personal
from dlt_sources.dgi.erased import hashed, parsed, redacted_texts
from dlt_sources.dgi.personal import MODULES
from orchestration.pull.locks import open_locks
from orchestration.registry.models import Change, ErasedDocument, Erasure, ErasureSecret
from orchestration.registry.rules import RegistryError
from orchestration.registry.store import open_registry
from orchestration.settings import Settings

# Document kind of restricted.document_customer -> table of core, module.
_KINDS = {
    "prospect": ("prospect", "prsp"),
    "order": ("spk", "spk"),
    "work order": ("work_order", "pkb"),
    "hotline order": ("unpaid_hlo", "unpaidhlo"),
    "deposit": ("dp_hlo", "dphlo"),
    "parts sale": ("parts_sale", "prsl"),
}

Place = tuple[str, str]  # module, document key


@dataclass
class Found:
    """What is to be erased: documents with the orders whose lines are meant (None: the whole document)."""

    identifiers: set[tuple[str, str]] = field(default_factory=set)
    documents: dict[Place, set[str] | None] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)

    def by_module(self) -> Counter[str]:
        """How many documents of each module."""
        return Counter(module for module, _ in self.documents)


@dataclass(frozen=True)
class _Version:
    module: str
    key: str
    value: Any


def find(settings: Settings, dealer_id: str, criterion: str, value: str) -> Found:
    """The documents that concern a person at a dealer. Raises RegistryError when the value can tell nobody."""
    found = Found()
    with open_registry(settings, url=settings.warehouse()) as registry:
        registry.dealer(dealer_id)
    with closing(psycopg2.connect(_url(settings))) as connection:
        if criterion == personal.CUSTOMER_KEY:
            _by_customer_key(connection, dealer_id, value, found)
        elif digits := personal.normal(criterion, value):
            found.identifiers.add((criterion, digits))
        else:
            raise RegistryError(f"this {criterion.replace('_', ' ')} has too few digits to tell a person by")
        _spread(list(_versions(connection, dealer_id)), found)
    return found


def erase(settings: Settings, dealer_id: str, criterion: str, found: Found) -> int:
    """Erase what was found, and note that. Returns how many rows of raw were changed. The transform is the caller's."""
    url = _url(settings)
    as_owner = open_registry(settings, url=settings.warehouse())
    with open_locks(url) as locks, locks.dealers([dealer_id]), as_owner as registry:
        secret = registry.session.scalars(select(ErasureSecret.secret)).one()
        hashes = sorted(hashed(secret, dealer_id, *one) for one in found.identifiers)
        connection = registry.session.connection().connection.dbapi_connection
        with connection.cursor() as cursor:  # type: ignore[union-attr]
            # Raw is only ever added to; this opens it for the transaction, which holds the audit rows too.
            cursor.execute("set local dealer_dashboard.maintenance = 'erase'")
            changed = _redact(cursor, dealer_id, found) + _redact_rejected(cursor, dealer_id, found)
        by = registry.changed_by
        erasure = Erasure(
            dealer_id=dealer_id, erased_by=by, criterion=criterion, identifier_hashes=hashes, versions=changed
        )
        registry.session.add(erasure)
        registry.session.flush()
        for (module, key), orders in found.documents.items():
            for order in [None] if orders is None else sorted(orders):
                place = {"module": module, "dealer_id": dealer_id, "document_key": key, "order_number": order}
                registry.session.add(ErasedDocument(erasure_id=erasure.id, **place))
        values = {"criterion": criterion, "documents": len(found.documents), "versions": changed}
        registry.session.add(
            Change(changed_by=by, entity="personal data", entity_id=dealer_id, action="erase", values=values)
        )
    return changed


def _url(settings: Settings) -> str:
    return settings.warehouse().set(drivername="postgresql").render_as_string(hide_password=False)


def _by_customer_key(connection: Any, dealer_id: str, key: str, found: Found) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """select document_kind, document_id, phone, identity_number from restricted.document_customer
                where dealer_id = %s and customer_key::text = %s""",
            (dealer_id, key.strip().lower()),
        )
        for kind, document_id, phone, identity_number in cursor.fetchall():
            table, module = _KINDS[kind]
            query = sql.SQL("select document_key from core.{} where id = %s").format(sql.Identifier(table))
            cursor.execute(query, (document_id,))
            found.documents |= {(module, document_key): None for (document_key,) in cursor.fetchall()}
            for name, number in ((personal.PHONE, phone), (personal.IDENTITY_NUMBER, identity_number)):
                if digits := personal.normal(name, number):
                    found.identifiers.add((name, digits))


def _versions(connection: Any, dealer_id: str) -> Iterator[_Version]:
    """Every version of a dealer's documents that name people."""
    with connection.cursor() as cursor:
        for module in (*MODULES, "lsng"):
            query = "select document_key, coalesce(document, payload) from raw.{} where dealer_id = %s"
            cursor.execute(sql.SQL(query).format(sql.Identifier(module)), (dealer_id,))
            for key, text in cursor:
                yield _Version(module, key, parsed(text))


def _spread(versions: list[_Version], found: Found) -> None:
    """From the documents with the person's numbers to those of the same orders, prospects and motorcycles."""
    for one in versions:
        if one.module != "bast" and found.identifiers & personal.identifiers(one.module, one.value):
            found.documents[one.module, one.key] = None
    whole = set(found.documents)
    orders = {key for module, key in whole if module == "spk"}
    prospects = {key for module, key in whole if module == "prsp"}
    for one in versions:
        if one.module == "spk" and (one.key in orders or personal.field(one.value, "idProspect") in prospects):
            orders.add(one.key)
            prospects.add(personal.field(one.value, "idProspect"))
    hotline_orders = {key for module, key in whole if module == "unpaidhlo"}
    chassis = _chassis_of(versions, orders, found)
    people = {
        name
        for one in versions
        if ((one.module, one.key) in whole and one.module != "pkb") or (one.module == "spk" and one.key in orders)
        for name in personal.names(one.module, one.value)
    }
    for one in versions:
        of_order = personal.field(one.value, "idSPK") in orders
        if (
            (one.module == "spk" and one.key in orders)
            or (one.module == "prsp" and one.key in prospects)
            or (one.module in ("inv1", "doch") and of_order)
            or (one.module == "dphlo" and personal.field(one.value, "idHLODocument") in hotline_orders)
            or (
                one.module == "pkb"
                and _chassis(one.value, "noRangka") in chassis
                and people & personal.names("pkb", one.value)
            )
        ):
            found.documents[one.module, one.key] = None
    found.versions = Counter(one.module for one in versions if (one.module, one.key) in found.documents)


def _chassis_of(versions: list[_Version], orders: set[str], found: Found) -> set[str]:
    """The motorcycles of the orders; notes the deliveries with the orders whose lines are meant."""
    chassis = set()
    for one in versions:
        if one.module != "bast":
            continue
        for line in personal.lines("bast", one.value):
            order = personal.field(line, "idSPK")
            if order in orders or found.identifiers & personal.identifiers("bast", line):
                meant = found.documents.setdefault(("bast", one.key), set())
                if meant is not None:
                    meant.add(order)
                chassis.add(_chassis(line, "noRangka"))
    return chassis - {""}


def _chassis(value: Any, name: str) -> str:
    number = personal.field(value, name).upper()
    return number[3:] if number.startswith("MH1") and len(number) == 17 else number


def _redact(cursor: Any, dealer_id: str, found: Found) -> int:
    changed = 0
    for (module, key), orders in sorted(found.documents.items()):
        table = sql.Identifier(module)
        place = (dealer_id, key)
        query = "select call_id, _dlt_load_id, payload, document from raw.{} where dealer_id = %s and document_key = %s"
        cursor.execute(sql.SQL(query).format(table), place)
        for call_id, load_id, payload, document in cursor.fetchall():
            texts = redacted_texts(module, payload, document, orders)
            update = """update raw.{} set payload = %s, document = %s, content_hash = %s
                where dealer_id = %s and document_key = %s and call_id = %s and _dlt_load_id = %s"""
            cursor.execute(sql.SQL(update).format(table), (*texts, *place, call_id, load_id))
            changed += int(cursor.rowcount)
            # Every table of core takes the load again, and with it the document as it is now.
            cursor.execute("select to_regclass('core.taken_load') is not null")
            if cursor.fetchone() == (True,):
                cursor.execute("delete from core.taken_load where load_id = %s", (load_id,))
    return changed


def _redact_rejected(cursor: Any, dealer_id: str, found: Found) -> int:
    """Records that could not be used: known by what they hold. Their hash stays, so that they do not come again."""
    changed = 0
    query = "select module, content_hash, payload from raw.rejected_record where dealer_id = %s and module = any(%s)"
    cursor.execute(query, (dealer_id, list(MODULES)))
    for module, content_hash, payload in cursor.fetchall():
        try:
            value = parsed(payload)
        except ValueError:
            continue
        if found.identifiers & personal.identifiers(module, value):
            rest = redacted_texts(module, payload, None, None)[0]
            update = """update raw.rejected_record set payload = %s
                where dealer_id = %s and module = %s and content_hash = %s"""
            cursor.execute(update, (rest, dealer_id, module, content_hash))
            changed += int(cursor.rowcount)
    return changed
