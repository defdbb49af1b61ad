"""Remembers, in Superset's database, for which files and settings it was last provisioned, and from which assets.

So an unchanged start is quick: loading Superset alone takes seconds, and nothing here imports it.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

TABLE = """
create table if not exists provisioning_state (
    only_row boolean primary key default true check (only_row),
    fingerprint text not null,
    schema_version text not null,
    finished_at timestamptz not null default now()
);
alter table provisioning_state add column if not exists assets jsonb
"""
IGNORED = {"__pycache__", "uv.lock"}


@contextmanager
def exclusive_connection(libpq_url: str) -> Iterator[Connection]:
    """A connection that keeps other provisionings of this database waiting; raises psycopg2.OperationalError."""
    connection = psycopg2.connect(libpq_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext('superset provisioning'))")
            cursor.execute(TABLE)
        yield connection
    finally:
        connection.close()


def fingerprint(folder: Path, settings: Mapping[str, str], secret_key: str) -> str:
    """A digest of all files of the folder but hidden and generated ones, and of the settings.

    Keyed with the secret key, for it covers passwords and is stored.
    """
    digest = hmac.new(secret_key.encode(), digestmod=hashlib.sha256)
    for name, value in sorted(settings.items()):
        digest.update(repr((name, value)).encode())
    for path in _files(folder):
        digest.update(repr((path.relative_to(folder).as_posix(), path.read_bytes())).encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in IGNORED:
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def is_current(connection: Connection, wanted: str) -> bool:
    """Whether the last provisioning ended well, was for this fingerprint, and the schema has not moved since.

    The fingerprint covers Superset's version, and with it the schema version that is its newest.
    """
    with connection.cursor() as cursor:
        cursor.execute("select fingerprint, schema_version from provisioning_state")
        return cursor.fetchone() == (wanted, _schema_version(connection))


def forget(connection: Connection) -> None:
    """Before a change: one that stops halfway must not pass for the state before it."""
    with connection.cursor() as cursor:
        cursor.execute("delete from provisioning_state")


def remember(connection: Connection, done: str, assets: Mapping[str, str]) -> None:
    """After everything is in place; `assets` is what an export will want to know of the files (export_plan.py)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into provisioning_state (fingerprint, schema_version, assets) values (%s, %s, %s)",
            (done, _schema_version(connection), Json(dict(assets))),
        )


def imported_assets(connection: Connection) -> dict[str, str]:
    """What `remember` was given when the last import ended; empty when none has, or one is at work or was cut off."""
    with connection.cursor() as cursor:
        cursor.execute("select assets from provisioning_state")
        row = cursor.fetchone()
        return dict(row[0] or {}) if row else {}


def remember_assets(connection: Connection, assets: Mapping[str, str]) -> None:
    """After an export: the files are again what Superset has."""
    with connection.cursor() as cursor:
        cursor.execute("update provisioning_state set assets = %s", (Json(dict(assets)),))


def _schema_version(connection: Connection) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('alembic_version')")
        if cursor.fetchone() == (None,):
            return None
        cursor.execute("select string_agg(version_num, ' ' order by version_num) from alembic_version")
        row = cursor.fetchone()
        return row[0] if row else None
