"""`make restore`: a backup into the empty databases of a machine. Nothing that is there is ever overwritten."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import make_url

from orchestration.backup import DATABASES, BackupError, fingerprints, read_contents
from orchestration.postgres_programs import connection_environment, wheel_binaries
from orchestration.settings import load_settings
from stack.errors import StackError, failure
from stack.progress import Steps
from stack.sites import prepare
from stack.up import clear_the_way, start_postgres, supervise

_OCCUPIED = """
    select count(*) from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
"""


def restore_here(backup: Path) -> None:
    """Restore into this checkout's databases; `make up` goes on from there. Raises StackError."""
    site = prepare()
    if site.supervisor.is_running():
        raise StackError("The stack is running: run make down first.")
    steps = Steps()
    with steps.step("The backup is read through"):
        contents = _contents(backup)
        check_keys(contents["keys"], fingerprints(load_settings()))
    clear_the_way(site, steps)
    supervise(site)
    try:
        if site.server:
            start_postgres(site, steps)
        settings = load_settings()
        addresses = {file: getattr(settings, name) for name, file in DATABASES.items() if file in contents["files"]}
        check_empty(addresses)
        for file, url in addresses.items():
            with steps.step(f"{make_url(url).database} ({contents['files'][file]['bytes'] / 1024**2:,.1f} MB)"):
                restore_file(backup / file, url)
    finally:
        site.supervisor.stop()
    steps.say(f"\nRestored what was there at {contents['made_at']}. Now: make up")


def check_keys(of_backup: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Raise StackError when what the backup holds was encrypted with other keys than ours."""
    for name, fingerprint in of_backup.items():
        if ours.get(name) != fingerprint:
            raise StackError(
                f"{name.upper()} is another one than this backup's: put the credentials.env that belongs to it into "
                "var/ (or its keys into .env), or no dealer's key could be read after the restore."
            )


def check_empty(addresses: Mapping[str, str]) -> None:
    """Raise StackError when one of the databases holds tables."""
    for url in addresses.values():
        connection = psycopg2.connect(url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(_OCCUPIED)
                tables = sum(count for (count,) in cursor.fetchall())
        finally:
            connection.close()
        if tables:
            raise StackError(
                f"The database {make_url(url).database} holds {tables} tables, and a restore overwrites nothing: "
                "restore on a new machine or checkout, or move var/postgres aside."
            )


def restore_file(file: Path, url: str) -> None:
    """Fill an empty database from a dump, all or nothing. Raises StackError."""
    # `--clean`, since a new warehouse has an empty schema marts; everything belongs to the address's role.
    options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
    environment = {**os.environ, **connection_environment(url)}
    command = [str(wheel_binaries() / "pg_restore"), *options, f"--dbname={environment['PGDATABASE']}", str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise failure(f"{file.name} could not be restored", done.stderr)


def _contents(backup: Path) -> dict[str, Any]:
    try:
        return read_contents(backup)
    except BackupError as reason:
        raise StackError(f"{reason}.") from reason
