"""The four ways of bringing the same answers into Postgres, each in a process of its own.

`python -m benchmarks.pull_contenders NAME BASE_URL DATABASE_URL CALLS` pulls and prints seconds, documents and the peak
of its memory as JSON. Seconds count from the first request to the last commit, imports and tables left out.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg2
import requests

from benchmarks.memory import peak_mb

THREADS = 4
PROCESSES = 2
_DEALERS_OF_A_KEY = 25
MODULE = "pkb"


def ours(base_url: str, database: str, calls: int) -> Callable[[], int]:
    """The project's own: fetched side by side, hashed, compared with what is known, loaded by dlt as Arrow."""
    from dlt_sources.dgi.loading import Loaded
    from dlt_sources.dgi.outgoing import Outgoing
    from dlt_sources.dgi.processes import Processes, worth
    from dlt_sources.dgi.server import Call, Key, Server
    from dlt_sources.dgi.shares import CallEnded, Share
    from dlt_sources.dgi.source import create_tables
    from dlt_sources.dgi.windows import window_of

    processes = Processes(worth(calls, PROCESSES) - 1)
    create_tables(database)
    now = datetime.now(UTC)
    here = Outgoing(plain_http=True, private_addresses=True)
    server = Server("BENCH", base_url, concurrency=THREADS, max_age_days=3660, outgoing=here)
    keys = [Key(f"group {number}", f"key {number}", "secret") for number in range(1 + calls // _DEALERS_OF_A_KEY)]
    day = now.date() - timedelta(days=1)
    dealers = [f"{number:05}" for number in range(calls)]
    window = window_of([day], server, now)
    asked = [
        Call(server, keys[number // _DEALERS_OF_A_KEY], MODULE, dealer, window) for number, dealer in enumerate(dealers)
    ]
    # The answers name one dealer, whoever is asked for: it has to be known.
    known = {server.id: frozenset([*dealers, *_answered_dealers(base_url)])}
    whole = Share(tuple(asked), known, {server.id: THREADS}, database)

    def pull() -> int:
        added = 0

        def tell(told: CallEnded | Loaded) -> None:
            nonlocal added
            if isinstance(told, CallEnded):
                assert told.has_arrived, told
            else:
                assert not told.miscounted, told.miscounted
                added += sum(ended.added for ended in told.calls)

        processes.pull(whole, tell)
        return added

    return pull


def plain_dlt(base_url: str, database: str, calls: int) -> Callable[[], int]:
    """dlt's own REST source with its defaults: nested tables, merged by the document's key."""
    import dlt
    from dlt.destinations import postgres
    from dlt.sources.rest_api import rest_api_source

    resources = [
        {
            "name": f"call_{number}",
            "table_name": MODULE,
            "write_disposition": "merge",
            "primary_key": "noWorkOrder",
            "endpoint": {
                "path": f"{MODULE}/read",
                "method": "POST",
                "json": _body(f"{number:05}"),
                "data_selector": "data",
                "paginator": "single_page",
            },
        }
        for number in range(calls)
    ]
    source = rest_api_source({"client": {"base_url": f"{base_url}/"}, "resources": resources})  # type: ignore[arg-type, typeddict-item, list-item]
    pipeline = dlt.pipeline("plain", destination=postgres(credentials=database), dataset_name="plain")

    def pull() -> int:
        pipeline.run(source).raise_on_failed_jobs()
        return _count(database, f"plain.{MODULE}")

    return pull


def orm_loop(base_url: str, database: str, calls: int) -> Callable[[], int]:
    """What a service would write: a table a kind of line and a column a field; a look-up of each document, insert or
    update, its lines replaced, a commit a call."""
    from sqlalchemy import Column, ForeignKey, Integer, Text, create_engine, select
    from sqlalchemy.orm import DeclarativeBase, Session, relationship

    from dlt_sources.dgi.endpoints import ENDPOINTS

    endpoint = ENDPOINTS[MODULE]
    (key,) = endpoint.key

    class Base(DeclarativeBase):
        pass

    def model(name: str, fields: Iterable[str], more: dict[str, Any]) -> Any:
        columns = {field: Column(Text, unique=field == key) for field in fields}
        return type(
            name, (Base,), {"__tablename__": name.lower(), "id": Column(Integer, primary_key=True)} | columns | more
        )

    cascade = "all, delete-orphan"
    WorkOrder = model(
        "WorkOrder",
        endpoint.fields,
        {child: relationship(child.title(), cascade=cascade) for child in endpoint.children},
    )
    lines = {
        child: model(child.title(), fields, {"order_id": Column(ForeignKey("workorder.id"), index=True)})
        for child, fields in endpoint.children.items()
    }
    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg2://", 1))
    Base.metadata.create_all(engine)

    def pull() -> int:
        with requests.Session() as http:
            for number in range(calls):
                answer = http.post(f"{base_url}/{MODULE}/read", json=_body(f"{number:05}"), timeout=600).json()
                with Session(engine) as session, session.begin():
                    for record in answer["data"]:
                        found = session.scalars(select(WorkOrder).where(getattr(WorkOrder, key) == record[key]))
                        order = found.one_or_none() or WorkOrder()
                        for field in endpoint.fields:
                            setattr(order, field, record.get(field))
                        for child, line in lines.items():
                            setattr(order, child, [line(**one) for one in record.get(child) or []])
                        session.add(order)
        return _count(database, "workorder")

    return pull


def floor(base_url: str, database: str, calls: int) -> Callable[[], int]:
    """The least that can be done: threads, a fast parser, COPY of the documents into one jsonb column."""
    import io

    import orjson

    with closing(psycopg2.connect(database)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create table floor_document (document jsonb)")

    def work(numbers: Iterator[int]) -> int:
        copied = 0
        with requests.Session() as http, closing(psycopg2.connect(database)) as connection:
            for number in numbers:
                answer = http.post(f"{base_url}/{MODULE}/read", json=_body(f"{number:05}"), timeout=600)
                documents = orjson.loads(answer.content)["data"]
                # COPY's text form has backslashes doubled.
                lines = b"\n".join(orjson.dumps(one).replace(b"\\", b"\\\\") for one in documents)
                with connection, connection.cursor() as cursor:
                    cursor.copy_expert("copy floor_document from stdin", io.BytesIO(lines + b"\n"))
                copied += len(documents)
        return copied

    def pull() -> int:
        shares = [iter(range(first, calls, THREADS)) for first in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(work, shares))

    return pull


CONTENDERS: dict[str, Callable[[str, str, int], Callable[[], int]]] = {
    "ours": ours,
    "plain dlt": plain_dlt,
    "ORM loop": orm_loop,
    "floor": floor,
}


def _body(dealer_id: str) -> dict[str, str]:
    day = date.today() - timedelta(days=1)
    return {"fromTime": f"{day} 00:00:00", "toTime": f"{day} 23:59:59", "dealerId": dealer_id}


def _answered_dealers(base_url: str) -> set[str]:
    records = requests.post(f"{base_url}/{MODULE}/read", json=_body("00000"), timeout=600).json()["data"]
    return {record["dealerId"] for record in records}


def _count(database: str, table: str) -> int:
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return int((cursor.fetchone() or (0,))[0])


if __name__ == "__main__":
    name, base_url, database, calls = sys.argv[1:]
    pull = CONTENDERS[name](base_url, database, int(calls))
    started = time.monotonic()
    documents = pull()
    seconds = time.monotonic() - started
    print(json.dumps({"seconds": seconds, "documents": documents, "peak_mb": peak_mb()}))
