"""What raw knows already: so that a document received again unchanged adds nothing, and one that is missing is seen."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extras import RealDictCursor

from dlt_sources.dgi.documents import Document
from dlt_sources.dgi.erased import parsed
from dlt_sources.dgi.fetched import Fetched
from dlt_sources.dgi.hashes import content_hash

# Only loads that committed count: a killed load leaves rows behind that no reader may see.
_COMMITTED = "exists (select from raw._dlt_loads as l where l.load_id = r._dlt_load_id and l.status = 0)"
_NEWEST = f"""
    select k.dealer_id, k.document_key, v.called_at, v.content_hash, v.is_deleted
    from unnest(%(dealers)s::text[], %(keys)s::text[]) as k (dealer_id, document_key)
    cross join lateral (
        select r.called_at, r.content_hash, r.is_deleted
        from raw.{{table}} as r
        where r.dealer_id = k.dealer_id and r.document_key = k.document_key and {_COMMITTED}
        order by r.called_at desc, r.call_id desc
        limit 1
    ) as v
"""  # noqa: S608 (constants and quoted identifiers only)
_CREATED_IN_WINDOW = f"""
    select w.call_id as asked_by, v.*
    from unnest(%(calls)s::text[], %(dealers)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        as w (call_id, dealer_id, window_from, window_to)
    cross join lateral (
        select distinct on (r.document_key)
            r.dealer_id, r.document_key, r.content_hash, r.payload, r.document, r.is_deleted, r.created_time,
            r.modified_time, r.notes
        from raw.{{table}} as r
        where r.dealer_id = w.dealer_id and {_COMMITTED} and r.document_key in (
            select c.document_key from raw.{{table}} as c
            where c.dealer_id = w.dealer_id and c.created_time between w.window_from and w.window_to
        )
        order by r.document_key, r.called_at desc, r.call_id desc
    ) as v
    where not v.is_deleted and v.created_time between w.window_from and w.window_to
"""  # noqa: S608


_Newest = dict[tuple[str, str, str], tuple[datetime, str, bool]]


class Known:
    """Compares fetched calls with raw. Keep one for all loads of a run; used by one thread.

    Exact only while nobody else loads the same dealers: the caller holds their locks.
    """

    def __init__(self, connection: "psycopg2.extensions.connection") -> None:
        self._connection = connection
        # By module, dealer and key: when the newest version was called for, its hash, whether it was deleted.
        # It lasts for the load and the one before it: what they add is not committed, so the database cannot tell yet.
        self._newest: _Newest = {}
        self._newest_before: _Newest = {}
        # Rejected records by dealer, module and hash, likewise.
        self._rejected: set[tuple[str, str, str]] = set()
        self._rejected_before: set[tuple[str, str, str]] = set()

    def next_load(self) -> None:
        """What was settled so far is on its way to raw; what was before the last time is committed there."""
        self._newest_before, self._newest = self._newest, {}
        self._rejected_before, self._rejected = self._rejected, set()

    def settle(self, batch: Iterable[Fetched]) -> None:
        """Leave in each call only what is new or changed, and add what has gone missing since it was last read."""
        by_module: dict[str, list[Fetched]] = {}
        for fetched in batch:
            by_module.setdefault(fetched.call.module, []).append(fetched)
        for module, group in by_module.items():
            self._missing(module, group)
            self._unchanged(module, group)
        self._known_rejected([fetched for group in by_module.values() for fetched in group])

    def _unchanged(self, module: str, group: list[Fetched]) -> None:
        wanted = []
        for document in (document for fetched in group for document in fetched.reading.documents):
            place = (module, document.dealer_id, document.key)
            if place in self._newest:
                continue
            if place in self._newest_before:
                self._newest[place] = self._newest_before[place]
            else:
                wanted.append(document)
        if wanted:
            places = {"dealers": [d.dealer_id for d in wanted], "keys": [d.key for d in wanted]}
            for row in self._rows(_NEWEST, module, **places):
                place = (module, row["dealer_id"], row["document_key"])
                self._newest[place] = (row["called_at"], row["content_hash"], row["is_deleted"])
        for fetched in group:
            fetched.new_documents = []
            called_at = fetched.answer.called_at
            for document in fetched.reading.documents:
                place = (module, document.dealer_id, document.key)
                newest = self._newest.get(place)
                if newest and not newest[2] and _is_same(newest[1], document):
                    continue
                fetched.new_documents.append(document)
                # Calls do not end in the order in which they left; the one that left last has the newest version.
                if not newest or newest[0] < called_at:
                    self._newest[place] = (called_at, document.content_hash, False)

    def _missing(self, module: str, group: list[Fetched]) -> None:
        # A rejected record may be the very document that seems to be missing.
        answered = {f.call.id: f for f in group if f.answer.outcome.arrived and f.is_whole}
        if not answered:
            return
        calls = [fetched.call for fetched in answered.values()]
        rows = self._rows(
            _CREATED_IN_WINDOW,
            module,
            calls=[call.id for call in calls],
            dealers=[call.dealer_id for call in calls],
            starts=[call.window.start for call in calls],
            ends=[call.window.end for call in calls],
        )
        there = {key: {(d.dealer_id, d.key) for d in f.reading.documents} for key, f in answered.items()}
        for row in rows:
            asked_by = row.pop("asked_by")
            place = (module, row["dealer_id"], row["document_key"])
            newest = self._newest.get(place) or self._newest_before.get(place)
            said_already = newest is not None and newest[2]
            if (row["dealer_id"], row["document_key"]) not in there[asked_by] and not said_already:
                answered[asked_by].missing.append(row)
                # A later call of the same load may return it: it must not be taken for unchanged then.
                self._newest[place] = (answered[asked_by].answer.called_at, row["content_hash"], True)

    def _known_rejected(self, group: list[Fetched]) -> None:
        rejected = [record for fetched in group for record in fetched.reading.rejected]
        if not rejected:
            return
        query = f"""
            select r.dealer_id, r.module, r.content_hash from raw.rejected_record as r
            where r.content_hash = any(%(hashes)s) and {_COMMITTED}
        """  # noqa: S608
        rows = self._rows(query, None, hashes=[record.content_hash for record in rejected])
        self._rejected |= {(row["dealer_id"], row["module"], row["content_hash"]) for row in rows}
        for fetched in group:
            fetched.new_rejected = []
            for record in fetched.reading.rejected:
                place = (record.dealer_id, fetched.call.module, record.content_hash)
                if place not in self._rejected and place not in self._rejected_before:
                    fetched.new_rejected.append(record)
                self._rejected.add(place)

    def _rows(self, query: str, module: str | None, **values: Any) -> list[dict[str, Any]]:
        statement = sql.SQL(query).format(table=sql.Identifier(module)) if module else sql.SQL(query)
        with self._connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(statement, values)
            return [dict(row) for row in cursor.fetchall()]


def _is_same(known_hash: str, document: Document) -> bool:
    """Whether a version is what raw has, or differs in nothing but whether it names its dealer.

    Some servers leave `dealerId` out when a dealer is asked for and send it when a whole group is.
    """
    if known_hash == document.content_hash:
        return True
    value = dict(parsed(document.document or document.payload))
    if value.get("dealerId"):
        del value["dealerId"]
    else:
        value["dealerId"] = document.dealer_id
    return known_hash == content_hash(value)
