"""1,000 changed documents among few and among many: what does an incremental run of the core tables cost?

Two warehouses on one server, with prospects and parts sales in equal parts: one with 20,000 documents, one with
200,000, 500,000 or 2,000,000 (sizes S, M and L). Each round gives 500 documents of either kind a new version in both
and runs dbt on both, in turn. The cost must follow the change, not the store: at most twice the time.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg2
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, load_settings
from stack import postgres

sys.path.insert(0, str(ROOT / "tests"))
from servers import unused_port

FEW = 20_000
MANY = {"S": 200_000, "M": 500_000, "L": 2_000_000}
CHANGED = 1_000
ROUNDS = 3
DEALERS = 100
MODELS = ("main_dealer", "dealer", "prospect", "prospect_unit", "parts_sale", "parts_sale_part")

_DEALERS = f"""
    insert into registry.main_dealer (id, name, base_url, modules) values ('Q7X', 'A main dealer', 'http://x', '{{}}');
    insert into registry.dealer (id, name, main_dealer_id)
    select lpad(n::text, 5, '0'), 'Dealer ' || n, 'Q7X' from generate_series(0, {DEALERS - 1}) as n;
"""
_PAYLOADS = {
    "prsp": """json_build_object(
        'idProspect', 'D/' || n, 'sumberProspect', '0004', 'tanggalProspect', '20/05/2024', 'taggingProspect', 'Yes',
        'namaLengkap', 'Sari Wulandari ' || n, 'noKontak', '0812' || n, 'noKtp', '33740' || n, 'alamat', 'Jl. Melati 7',
        'kodePropinsi', '3300', 'kodeKota', '3374', 'kodeKecamatan', '337401', 'latitude', '-6,98521',
        'longitude', '110,412345', 'metodeFollowUp', '2', 'statusProspect', (mod(n, 5) + 1)::text,
        'idSalesPeople', '330127', 'createdTime', '20/05/2024 09:14:07', 'modifiedTime', version::text,
        'unit', json_build_array(json_build_object('kodeTipeUnit', 'JB2', 'salesProgramId', 'P1,P2')))""",
    "prsl": """json_build_object(
        'noSO', 'D/' || n, 'tglSO', '20/05/2024', 'idCustomer', '33740' || n, 'namaCustomer', 'Budi ' || n, 'discSO', 0,
        'totalHargaSO', 86000, 'createdTime', '20/05/2024 09:14:07', 'modifiedTime', version::text,
        'parts', (select json_agg(json_build_object(
            'partsNumber', 'P' || mod(n + part, 5000), 'kuantitas', part, 'hargaParts', 43000, 'discPercentage', '2,5',
            'ppn', 4300, 'totalHargaParts', 47300 * part)) from generate_series(1, 2) as part))""",
}
_ROWS = f"""
    insert into raw.{{module}} (
        call_id, main_dealer_id, dealer_id, document_key, content_hash, payload, is_deleted, time_zone, created_time,
        window_from, window_to, called_at, received_at, _dlt_load_id
    )
    select
        'call', 'Q7X', lpad(mod(n, {DEALERS})::text, 5, '0'), 'D/' || n, md5(n || '/' || version), {{payload}}::text,
        false, 'Asia/Jakarta', '2024-05-20', '2024-05-20', '2024-05-21',
        timestamptz '2024-05-21' + version * interval '1 hour', now(), %(load)s
    from (select n * %(step)s as n, %(version)s as version from generate_series(1, %(count)s) as n) as numbers
"""
_COMMIT = "insert into raw._dlt_loads (load_id, schema_name, status, inserted_at) values (%s, 'dgi', 0, now())"
_TAKEN = """
    select (select count(*) from core.prospect where load_id = %s)
        + (select count(*) from core.parts_sale where load_id = %s)
"""


@dataclass(frozen=True)
class Timing:
    """Seconds of a dbt run: all of it, and what its models took by their own account."""

    whole: float
    models: float


@dataclass
class Store:
    """A warehouse and what dbt writes about it."""

    url: str
    documents: int
    folder: Path
    loads: int = 0

    def put(self, count: int) -> str:
        """Load a new version of that many documents, spread over the store, half of either kind; return the load."""
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            load = f"{1_700_000_000 + self.loads}.0"
            values = {"load": load, "version": self.loads, "count": count // 2, "step": self.documents // count}
            for module, payload in _PAYLOADS.items():
                cursor.execute(_ROWS.format(module=module, payload=payload), values)
            cursor.execute(_COMMIT, [load])
            self.loads += 1
            return load

    def settle(self) -> None:
        """What autovacuum does in time."""
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            connection.cursor().execute("vacuum analyze")

    def dbt(self, *command: str) -> Timing:
        """Run dbt on it. Raises CalledProcessError."""
        started = time.monotonic()
        subprocess.run(
            [
                *(str(Path(sys.executable).with_name("dbt")), "--quiet", *command),
                *("--project-dir", str(ROOT / "dbt_project"), "--profiles-dir", str(ROOT / "dbt_project")),
                *("--target-path", str(self.folder), "--log-path", str(self.folder)),
            ],
            env=os.environ | _environment(self.url),
            check=True,
        )
        whole = time.monotonic() - started
        results = json.loads((self.folder / "run_results.json").read_text())["results"]
        return Timing(whole, sum(result["execution_time"] for result in results))


@click.command()
@click.option("--size", type=click.Choice(list(MANY)), default="S")
def main(size: str) -> None:
    """Measure incremental runs on a small and on a large store."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres.throwaway(folder, unused_port(), "throwaway"))
        stores = [_store(server, documents, folder) for documents in (FEW, MANY[size])]
        first = [_fill(store) for store in stores]
        nothing = [store.dbt("run", "--select", *MODELS) for store in stores]
        rounds = [[_change(store) for store in stores] for _ in range(ROUNDS)]
    changes = [
        Timing(*(statistics.median(getattr(timing, part) for timing in timings) for part in ("whole", "models")))
        for timings in zip(*rounds, strict=True)
    ]
    _show({"first, everything": first, "nothing new": nothing, f"{CHANGED:,} changed": changes}, stores)


def _store(server: str, documents: int, folder: Path) -> Store:
    name = f"documents_{documents}"
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"create database {name}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    os.environ |= {"WAREHOUSE_URL": url, "VAR_DIR": str(folder / "var")}
    migrate(load_settings())
    with closing(psycopg2.connect(url)) as connection, connection:
        connection.cursor().execute(_DEALERS)
    return Store(url, documents, folder / name)


def _fill(store: Store) -> Timing:
    store.put(store.documents)
    store.settle()
    store.dbt("build", "--select", "staging", "code_label", "--exclude-resource-type", "test", "unit_test")
    timing = store.dbt("run", "--select", *MODELS)
    store.settle()
    return timing


def _change(store: Store) -> Timing:
    load = store.put(CHANGED)
    timing = store.dbt("run", "--select", *MODELS)
    with closing(psycopg2.connect(store.url)) as connection, connection.cursor() as cursor:
        cursor.execute(_TAKEN, [load, load])
        assert cursor.fetchone() == (CHANGED,)
    return timing


def _environment(url: str) -> dict[str, str]:
    parts = make_url(url)
    return {
        "WAREHOUSE_HOST": str(parts.host),
        "WAREHOUSE_PORT": str(parts.port),
        "WAREHOUSE_USER": str(parts.username),
        "WAREHOUSE_PASSWORD": str(parts.password),
        "WAREHOUSE_DBNAME": str(parts.database),
    }


def _show(runs: dict[str, list[Timing]], stores: list[Store]) -> None:
    table = Table(title=f"dbt run of {len(MODELS)} core tables, seconds (in the models alone)")
    table.add_column("")
    for store in stores:
        table.add_column(f"{store.documents:,} documents", justify="right")
    table.add_column("ratio", justify="right")
    for name, (few, many) in runs.items():
        timings = [f"{timing.whole:.1f} ({timing.models:.2f})" for timing in (few, many)]
        table.add_row(name, *timings, f"{many.whole / few.whole:.2f} ({many.models / few.models:.2f})")
    Console().print(table)


if __name__ == "__main__":
    main()
