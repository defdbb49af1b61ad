"""The data API on many documents: is the 10,000th page as fast as the first, and how many documents a second by key?

Prospects and their lines, in 100,000, 300,000 or 1,000,000 documents of 100 dealers (sizes S, M and L), put straight
into core with dbt's own tables and indexes. The API runs as `make up` starts it and is asked over HTTP on the same
cores. Beside each figure stands what plain SQL takes for the same rows, on a connection that is open already.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import jwt
import psycopg2
import requests
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, dbt_environment, load_settings
from stack import databases, postgres

sys.path.insert(0, str(ROOT / "tests"))
from servers import running, unused_port

SIZES = {"S": 100_000, "M": 300_000, "L": 1_000_000}
DEALERS = 100
PAGE = 100
ROUNDS = 15
SECONDS, CLIENTS = 10, 16
KEY = "a key of this benchmark, of more than thirty-two bytes"
MODELS = ("main_dealer", "dealer", "prospect", "prospect_unit")

_FLEET = f"""
    insert into registry.main_dealer (id, name, base_url, modules) values ('Q7X', 'A main dealer', 'http://x', '{{}}');
    insert into registry.dealer (id, name, main_dealer_id)
    select lpad(n::text, 5, '0'), 'Dealer ' || n, 'Q7X' from generate_series(0, {DEALERS - 1}) as n;
    insert into registry.user_dealer (user_name, dealer_id) values ('dealer', '00042');
"""
_USERS = """
    create table data_api_user (id int primary key, username text, is_active boolean, roles text []);
    insert into data_api_user values (1, 'admin', true, '{Admin}'), (2, 'dealer', true, '{Dealer User}');
    grant select on data_api_user to api_user_reader;
"""
_PROSPECTS = """
    insert into core.prospect (
        id, main_dealer_id, dealer_id, document_key, id_prospect, sumber_prospect, tanggal_prospect, nama_lengkap,
        no_kontak, no_ktp, alamat, kode_kota, status_prospect, id_sales_people, created_time, modified_time, time_zone,
        is_deleted_at_source, unread_fields, content_hash, call_id, called_at, received_at, load_id
    )
    select
        md5('prospect' || n)::uuid, 'Q7X', lpad((n %% 100)::text, 5, '0'), 'PSP/' || n,
        'PSP/2401/' || lpad(n::text, 7, '0'),
        '0004', date '2024-01-01' + (n %% 180)::int,
        (array['Budi', 'Sari', 'Agus', 'Dewi', 'Putri', 'Eko'])[1 + n %% 6] || ' ' || left(md5(n::text), 8),
        '0812' || (10000000 + (n::bigint * 7919) %% 90000000), '33740' || n, 'Jl. Melati ' || n %% 300, '3374',
        (1 + n %% 5)::text, '330127', timestamptz '2024-01-01' + n * interval '15 s',
        timestamptz '2024-01-01' + n * interval '17 s', 'Asia/Jakarta', false, '{}', md5(n::text), 'call', now(), now(),
        'load'
    from generate_series(1, %s) as n
"""
_UNITS = """
    insert into core.prospect_unit (
        id, prospect_id, line_number, main_dealer_id, dealer_id, document_key, kode_tipe_unit
    )
    select md5('unit' || id)::uuid, id, 1, main_dealer_id, dealer_id, document_key, 'JB2' from core.prospect
"""


@dataclass
class Measured:
    """The API, and the warehouse beside it."""

    url: str
    connection: Any
    session: requests.Session

    def ask(self, path: str, user: int = 1, **parameters: Any) -> Any:
        """What is answered with 200."""
        answer = self.session.get(f"{self.url}{path}", params=parameters, headers=_header(user), timeout=60)
        answer.raise_for_status()
        return answer.json()

    def sql(self, query: str, *values: Any) -> list[Any]:
        """Rows of the warehouse."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="S")
def main(size: str) -> None:
    """Fill a throwaway server, then measure pages, search and keys."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = unused_port()
        with postgres.throwaway(folder, port, "throwaway") as server:
            addresses = _addresses(port)
            databases.provide(server, addresses)
            _fill(addresses, folder, SIZES[size])
            env = os.environ | addresses | {"SUPERSET_JWT_KEY": KEY, "API_PORT": str(unused_port())}
            url = f"http://127.0.0.1:{env['API_PORT']}"
            with (
                running([sys.executable, "-m", "data_api"], f"{url}/health", env, cwd=ROOT),
                closing(psycopg2.connect(addresses["WAREHOUSE_URL"])) as connection,
            ):
                connection.autocommit = True
                _measure(Measured(url, connection, requests.Session()), SIZES[size])


def _addresses(port: int) -> dict[str, str]:
    roles = {
        "WAREHOUSE_URL": "dealers:a@127.0.0.1:{}/warehouse",
        "SUPERSET_DATABASE_URL": "superset:b@127.0.0.1:{}/superset",
        "API_DATABASE_URL": "api_reader:c@127.0.0.1:{}/warehouse",
        "API_USERS_URL": "api_user_reader:d@127.0.0.1:{}/superset",
    }
    return {name: f"postgresql://{address.format(port)}" for name, address in roles.items()}


def _fill(addresses: dict[str, str], folder: Path, documents: int) -> None:
    os.environ |= {"WAREHOUSE_URL": addresses["WAREHOUSE_URL"], "VAR_DIR": str(folder / "var")}
    migrate(load_settings())
    _execute(addresses["WAREHOUSE_URL"], _FLEET)
    _execute(addresses["SUPERSET_DATABASE_URL"], _USERS)
    _dbt(addresses["WAREHOUSE_URL"], folder, "staging", "code_label", *MODELS)
    # A trigram index is made faster over rows that are there; the next run of dbt makes it.
    _execute(addresses["WAREHOUSE_URL"], "drop index core.prospect__search")
    _execute(addresses["WAREHOUSE_URL"], _PROSPECTS, documents)
    _execute(addresses["WAREHOUSE_URL"], _UNITS)
    _dbt(addresses["WAREHOUSE_URL"], folder, *MODELS)
    with closing(psycopg2.connect(addresses["WAREHOUSE_URL"])) as connection:
        connection.autocommit = True
        connection.cursor().execute("vacuum analyze")


def _execute(url: str, statement: str, *values: Any) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def _dbt(url: str, folder: Path, *models: str) -> None:
    subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--quiet", "build", "--select", *models),
            *("--exclude-resource-type", "test", "unit_test", "--project-dir", str(ROOT / "dbt_project")),
            *("--profiles-dir", str(ROOT / "dbt_project"), "--target-path", str(folder), "--log-path", str(folder)),
        ],
        env=os.environ | dbt_environment(make_url(url)),
        check=True,
    )


def _measure(api: Measured, documents: int) -> None:
    last = min(10_000, documents // PAGE) - 1
    table = Table(title=f"{documents:,} documents: pages of {PAGE}, milliseconds (median of {ROUNDS})")
    for column in ("", "first page", f"page {last + 1:,}", "ratio", "the same by offset in SQL"):
        table.add_column(column, justify="left" if not column else "right")
    for sort, order in (
        ("-tanggal_prospect", "tanggal_prospect desc, id desc"),
        ("created_time", "created_time, id"),
        ("id", "id"),
    ):
        cursor = _cursor_behind(api, last * PAGE, sort)
        first = _median(lambda: api.ask("/v1/prospect", sort=sort, limit=PAGE))  # noqa: B023  (called at once)
        far = _median(lambda: api.ask("/v1/prospect", sort=sort, limit=PAGE, cursor=cursor))  # noqa: B023
        query = f"select * from core.prospect where not is_deleted_at_source order by {order} limit {PAGE} offset %s"
        offset = _median(lambda: api.sql(query, last * PAGE), 3)  # noqa: B023
        table.add_row(f"sort={sort}", *(f"{ms:.1f}" for ms in (first, far)), f"{far / first:.2f}", f"{offset:.0f}")
    Console().print(table)
    _show_questions(api)
    _show_keys(api, documents)


def _cursor_behind(api: Measured, rows: int, sort: str) -> str:
    cursor: dict[str, str] = {}
    for size in [*[1000] * (rows // 1000), *([rows % 1000] if rows % 1000 else [])]:
        answer = api.ask("/v1/prospect", sort=sort, limit=size, fields="id", **cursor)
        cursor = {"cursor": answer["next"]}
    return cursor["cursor"]


def _show_questions(api: Measured) -> None:
    table = Table(title=f"other questions, milliseconds (median of {ROUNDS})")
    table.add_column("")
    table.add_column("all dealers", justify="right")
    table.add_column("a dealer's user", justify="right")
    questions: dict[str, dict[str, str]] = {
        "a page of a dealer": {"dealer_id": "00042"},
        "a page with its lines": {"include": "prospect_unit"},
        "a page of one status": {"status_prospect": "3"},
        "changed since": {"sort": "modified_time", "modified_time_from": "2024-02-01T00:00:00Z"},
        "q: a number that few have": {"q": "2401/0001242"},
        "q: what all have": {"q": "PSP/2401"},
        "q: what nobody has": {"q": "zzzz"},
        "a page with its total": {"total": "true"},
    }
    for name, parameters in questions.items():
        figures = [_median(lambda: api.ask("/v1/prospect", user, **parameters)) for user in (1, 2)]  # noqa: B023
        table.add_row(name, *(f"{ms:.1f}" for ms in figures))
    Console().print(table)


def _show_keys(api: Measured, documents: int) -> None:
    ids = [row[0] for row in api.sql("select id::text from core.prospect order by md5(id::text) limit 2000")]
    table = Table(title=f"GET by key, {CLIENTS} connections at once, {SECONDS} s; {documents:,} documents")
    for column in ("", "a second", "median ms", "95 % under ms"):
        table.add_column(column, justify="left" if not column else "right")
    for name, user in (("all dealers", 1), ("a dealer's user", 2)):
        own = (
            ids
            if user == 1
            else [row[0] for row in api.sql("select id::text from core.prospect where dealer_id = '00042'")]
        )
        times = asyncio.run(_load(api.url, own[:2000], user))
        ordered = sorted(times)
        table.add_row(
            name, f"{len(times) / SECONDS:,.0f}", f"{statistics.median(ordered):.1f}",
            f"{ordered[int(len(ordered) * 0.95)]:.1f}",
        )  # fmt: skip
    started, count = time.monotonic(), 0
    while time.monotonic() - started < 3:
        api.sql("select * from core.prospect where id = %s", ids[count % len(ids)])
        count += 1
    table.add_row("plain SQL, one connection", f"{count / 3:,.0f}", f"{3000 / count:.1f}", "")
    Console().print(table)


async def _load(url: str, ids: list[str], user: int) -> list[float]:
    """Milliseconds of each answer, from clients that ask again as soon as they have one."""
    end, times = time.monotonic() + SECONDS, list[float]()
    host, port = url.removeprefix("http://").split(":")
    token = _header(user)["Authorization"]

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        place = number
        while (started := time.monotonic()) < end:
            row = ids[place % len(ids)]
            writer.write(f"GET /v1/prospect/{row} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.split(b"\r\n", 1)[0], head
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            times.append((time.monotonic() - started) * 1000)
            place += CLIENTS
        writer.close()

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return times


def _median(act: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Milliseconds of the median call; the first is not counted."""
    times = []
    for _ in range(rounds + 1):
        started = time.monotonic()
        act()
        times.append((time.monotonic() - started) * 1000)
    return statistics.median(times[1:])


def _header(user: int) -> dict[str, str]:
    claims = {"sub": str(user), "type": "access", "exp": int(time.time()) + 3600}
    return {"Authorization": f"Bearer {jwt.encode(claims, KEY, 'HS256')}"}


if __name__ == "__main__":
    main()
