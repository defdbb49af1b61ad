"""What the tests of loading ask of Postgres, and the processes that load side by side."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from sandbox_orders import Sandbox, dates_back

from dlt_sources.dgi.endpoints import ENDPOINTS

COMMITTED = "exists (select from raw._dlt_loads as l where l.load_id = r._dlt_load_id and l.status = 0)"
_HERE = Path(__file__).parent


class Raw:
    """Reads schema raw as a reader that takes committed loads only."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, query: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def rows(self, table: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Committed rows, those called first at the top; documents of one call in the order of their keys."""
        order = {"rejected_record": "received_at", "api_call": "called_at"}.get(
            table, "called_at, dealer_id, document_key, is_deleted"
        )
        return self.query(f"select {columns} from raw.{table} as r where {COMMITTED} and {where} order by {order}")

    def versions(self) -> list[tuple[Any, ...]]:
        """Every committed version of every document of every module."""
        return [
            (module, *row)
            for module in ENDPOINTS
            for row in self.rows(module, "dealer_id, document_key, content_hash, is_deleted")
        ]

    def empty(self) -> None:
        """Remove every row that a load left. Raw refuses it to everybody but a superuser who insists."""
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("select tablename from pg_tables where schemaname = 'raw' and tablename <> '_dlt_version'")
            cursor.execute(
                "set local session_replication_role = replica; truncate "
                + ", ".join(f"raw.{name}" for (name,) in cursor.fetchall())
            )

    @contextmanager
    def held(
        self, table: str, writer_is_killed: bool = True, schema: str = "raw", seconds: float = 60
    ) -> Iterator[Callable[[], None]]:
        """Nobody can write to the table in the block; gives a function that waits until somebody has tried to."""
        blocked = "from pg_locks where not granted and database = (select oid from pg_database where datname = %s)"
        with closing(psycopg2.connect(self.url)) as holder, closing(psycopg2.connect(self.url)) as observer:
            observer.autocommit = True
            name = (observer.info.dbname,)
            with holder.cursor() as holding, observer.cursor() as observing:
                holding.execute(f"lock table {schema}.{table} in exclusive mode")

                def wait_for_writer() -> None:
                    deadline = time.monotonic() + seconds
                    while time.monotonic() < deadline:
                        observing.execute(f"select count(*) {blocked}", name)
                        if observing.fetchone() != (0,):
                            return
                        time.sleep(0.01)
                    raise TimeoutError(f"nobody writes to {schema}.{table}")

                yield wait_for_writer
                # The sessions of a killed process are still in the queue, and would write before they notice.
                if writer_is_killed:
                    observing.execute(f"select pg_terminate_backend(pid) {blocked}", name)

    def uncommitted(self) -> int:
        """Rows that a load left behind which did not commit."""
        counts = " union all ".join(f"select count(*) as n from raw.{m} as r where not {COMMITTED}" for m in ENDPOINTS)
        count: int = self.query(f"select sum(n)::int from ({counts}) as t")[0][0]
        return count


def assert_all_there_once(raw: Raw, sandbox: Sandbox, dealers: list[str], modules: list[str]) -> None:
    """Each document that the main dealers have is in raw, in one version."""
    assert max(Counter(row[:3] for row in raw.versions()).values()) == 1
    oldest = dates_back(30)[0].isoformat()
    truth: Counter[tuple[str, str]] = Counter()
    for row in sandbox.truth(dealer=dealers, module=modules, **{"from": oldest}):
        truth[row["module"], row["dealer"]] += row["documents"]
    created: Counter[tuple[str, str]] = Counter()
    for module in modules:
        within = f"(created_time at time zone time_zone)::date >= '{oldest}'"
        created.update((module, dealer) for (dealer,) in raw.rows(module, "dealer_id", within))
    assert created == +truth


class LoaderProcess:
    """A loader_process.py that takes orders."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def order(self, **order: Any) -> None:
        """Say what to do; return when it has begun."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        self.hear("working")

    def hear(self, word: str) -> None:
        """Wait until it says the word."""
        assert self.process.stdout
        said = self.process.stdout.readline().strip()
        assert said == word, f"it said {said!r}, not {word!r}: see its standard error"

    def kill(self) -> None:
        """End it as the kernel would: no handler of its own runs."""
        self.process.kill()
        self.process.wait()


@contextmanager
def loader_processes(count: int) -> Iterator[list[LoaderProcess]]:
    """So many loaders, ready for their first order; they end with the block."""
    path = os.pathsep.join([str(_HERE), str(_HERE.parent), str(_HERE.parents[1])])
    env = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, str(_HERE / "loader_process.py")]
    loaders = [
        LoaderProcess(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True))
        for _ in range(count)
    ]
    try:
        for loader in loaders:
            loader.hear("ready")
        yield loaders
    finally:
        for loader in loaders:
            loader.process.kill()
            loader.process.communicate()
