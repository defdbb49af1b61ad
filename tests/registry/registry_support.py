"""What the tests of the registry use: the command line as an admin runs it, and a look into its tables."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from click.testing import CliRunner, Result

from orchestration.cli import cli
from orchestration.settings import ROOT, Settings

SECRET = "sesame-8f1c20d7-open"
DEALERS = Path(sys.executable).with_name("dealers")


class Admin:
    """Runs commands in this process. What is mistaken must end as a sentence, never as an exception."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(cli, arguments, input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.said.append(result.output)
        return result

    def does(self, *arguments: str, stdin: str | bytes | None = None) -> str:
        """What a command prints that must succeed."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def is_refused(self, *arguments: str, stdin: str | bytes | None = None) -> str:
        """The one sentence on standard error with which a command ends, with exit code 1."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 1, result.output
        assert result.stderr.startswith("dealers: "), result.stderr
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr.removeprefix("dealers: ").strip()

    def misuses(self, *arguments: str) -> str:
        """What a command says that is not in the form it wants: click's usage, exit code 2."""
        result = self.run(*arguments)
        assert result.exit_code == 2, result.output
        return result.stderr

    def adds_main_dealer(self, main_dealer_id: str = "Q7X", *options: str) -> None:
        self.does("main-dealer", "add", "--id", main_dealer_id, "--name", "Sumber", "--base-url",
                  "https://dgi.example.com", "--timezone", "Asia/Jakarta", *options)  # fmt: skip

    def adds_key(self, name: str = "GROUP", main_dealer_id: str = "Q7X", secret: str = SECRET) -> None:
        self.does("key", "add", "--main-dealer", main_dealer_id, "--name", name, "--api-key", f"key-{name}",
                  stdin=secret)  # fmt: skip

    def adds_dealer(self, dealer_id: str = "09417", name: str = "Jaya Motor", key: str = "GROUP") -> None:
        self.does("add", "--main-dealer", "Q7X", "--dealer-id", dealer_id, "--name", name, "--key", key)

    def fields(self, *arguments: str) -> dict[str, str]:
        """What a `show` command shows."""
        lines = self.does(*arguments).splitlines()
        start = lines[0].index("value")
        return {line[:start].strip(): line[start:].strip() for line in lines[1:]}

    def row(self, *arguments: str, of: str) -> str:
        """The one line of a `list` command that begins with `of`, its columns one space apart."""
        (line,) = [line for line in self.does(*arguments).splitlines() if line.split()[0] == of]
        return " ".join(line.split())


class Tables:
    """Reads and changes the warehouse directly."""

    def __init__(self, settings: Settings) -> None:
        self._connection = psycopg2.connect(plain_url(settings))
        self._connection.autocommit = True

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def execute(self, statement: str, *values: Any) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)

    def where_is(self, text: str) -> list[str]:
        """The tables of schema registry of which any row, written out, holds `text`."""
        names = [name for (name,) in self.rows("select tablename from pg_tables where schemaname = 'registry'")]
        assert "api_key" in names
        return [name for name in names
                if self.rows(f"select 1 from registry.{name} as t where strpos(t::text, %s) > 0", text)]  # fmt: skip

    def changes(self) -> list[tuple[Any, ...]]:
        return self.rows("select changed_by, entity, entity_id, action, values from registry.change order by id")

    def close(self) -> None:
        self._connection.close()


@contextmanager
def tables_of(settings: Settings) -> Iterator[Tables]:
    with closing(Tables(settings)) as tables:
        yield tables


def plain_url(settings: Settings) -> str:
    """The warehouse's address as libpq reads it."""
    return settings.warehouse().set(drivername="postgresql").render_as_string(hide_password=False)


def process(*command: str | Path, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    """A program run from the project's root, with these variables on top of the environment."""
    return subprocess.run(
        command, cwd=ROOT, input=stdin, env={**os.environ, **environment}, capture_output=True, text=True, timeout=280
    )
