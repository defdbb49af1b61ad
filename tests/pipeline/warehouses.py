"""The warehouse of one test module after the other, always under the same name: for another dbt parses all anew."""

from contextlib import closing

import psycopg2
from cryptography.fernet import Fernet
from parsed_dbt import WAREHOUSE
from psycopg2 import sql
from roles import roles_in
from sqlalchemy import make_url


class Warehouses:
    """The database, and copies that were kept of it for the modules that follow."""

    def __init__(self, server_url: str) -> None:
        self.url = make_url(server_url).set(database=WAREHOUSE).render_as_string(hide_password=False)
        self.roles: dict[str, str] = {}  # setting -> address
        self.encryption_key = Fernet.generate_key().decode()  # secrets in copies must be readable
        self._server_url = server_url
        self._kept: set[str] = set()

    def bring(self, name: str) -> bool:
        """Make the warehouse anew, as it was kept by that name, or empty. Returns whether it was kept."""
        is_kept = name in self._kept
        self._copy(_copy_named(name) if is_kept else "template0", WAREHOUSE)
        self.roles = roles_in(self.url)  # what they may do with a database is not copied
        return is_kept

    def keep(self, name: str) -> None:
        """Keep a copy of the warehouse. Who is connected to it is thrown out."""
        self._copy(WAREHOUSE, _copy_named(name))
        self._kept.add(name)

    def _copy(self, source: str, target: str) -> None:
        with closing(psycopg2.connect(self._server_url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (source,))
            cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(target)))
            copy = sql.SQL("create database {} template {}")
            cursor.execute(copy.format(sql.Identifier(target), sql.Identifier(source)))


def _copy_named(name: str) -> str:
    return f"{WAREHOUSE}_{name}"
