"""Connections that stay open from one chart to the next tell nobody who asked before, and outlive what breaks them."""

import importlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

SUPERSET = Path(__file__).parents[2] / "superset"
WHO = "dealer_dashboard.user_name"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SUPERSET))
    return importlib.import_module("kept_connections")


@pytest.fixture
def shelf(module: Any, new_database: Callable[[str], str]) -> Any:
    return module.Shelf({"dsn": new_database("kept"), "options": "-c statement_timeout=54321"})


def ask(connection: Any, query: str) -> Any:
    """The one value of an answer, read as Superset reads it: in a transaction that is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        ((value,),) = cursor.fetchall()
    connection.rollback()
    return value


def backend(connection: Any) -> int:
    return int(ask(connection, "select pg_backend_pid()"))


def test_a_closed_connection_is_used_again_with_nothing_of_who_asked_before(shelf: Any) -> None:
    first = shelf.connect({WHO: "ani"})
    process = backend(first)
    assert ask(first, f"select current_setting('{WHO}')") == "ani"
    with first.cursor() as cursor:
        cursor.execute("set statement_timeout = 1; set work_mem = '1GB'")
    first.commit()
    first.close()

    second = shelf.connect({WHO: "o'neil -c x=y"})
    assert backend(second) == process
    assert ask(second, f"select current_setting('{WHO}')") == "o'neil -c x=y"
    assert ask(second, "show statement_timeout") == "54321ms"
    assert ask(second, "show work_mem") != "1GB"
    second.close()

    nobody = shelf.connect({})
    assert backend(nobody) == process
    assert not ask(nobody, f"select current_setting('{WHO}', true)")
    nobody.close()


def test_who_asks_stays_when_the_question_fails(shelf: Any) -> None:
    connection = shelf.connect({WHO: "ani"})
    with pytest.raises(psycopg2.Error):
        ask(connection, "select 1 / 0")
    connection.rollback()
    assert ask(connection, f"select current_setting('{WHO}')") == "ani"
    connection.close()


def test_two_at_once_have_one_each(shelf: Any) -> None:
    first, second = shelf.connect({WHO: "ani"}), shelf.connect({WHO: "budi"})
    assert backend(first) != backend(second)
    assert ask(first, f"select current_setting('{WHO}')") == "ani"
    first.close()
    first.close()  # twice is once: the next two do not share it
    third, fourth = shelf.connect({WHO: "citra"}), shelf.connect({WHO: "dewi"})
    assert len({backend(each) for each in (second, third, fourth)}) == 3
    for each in (second, third, fourth):
        each.close()


def test_one_in_the_middle_of_something_is_closed_for_good(shelf: Any, module: Any) -> None:
    connection = shelf.connect({})
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    connection.close()
    assert connection.closed
    many = [shelf.connect({}) for _ in range(module.MOST_KEPT + 3)]
    for each in many:
        each.close()
    assert sum(not each.closed for each in many) == module.MOST_KEPT


def test_a_restart_of_postgres_goes_unnoticed(shelf: Any, new_database: Callable[[str], str]) -> None:
    kept = [shelf.connect({WHO: "ani"}) for _ in range(3)]
    gone = [backend(each) for each in kept]
    for each in kept:
        each.close()
    with closing(psycopg2.connect(new_database("other"))) as other, other.cursor() as cursor:
        for process in gone:
            cursor.execute("select pg_terminate_backend(%s, 5000)", (process,))
    anew = shelf.connect({WHO: "budi"})
    assert backend(anew) not in gone
    assert ask(anew, f"select current_setting('{WHO}')") == "budi"


def test_those_that_nobody_wants_are_closed(shelf: Any, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    old, other = shelf.connect({}), shelf.connect({})
    process = backend(old)
    old.close()
    monkeypatch.setattr(module, "SECONDS_KEPT", -1.0)
    assert backend(shelf.connect({})) != process
    assert old.closed
    other.close()


def test_without_postgres_the_reason_is_told(module: Any) -> None:
    nowhere = module.Shelf({"host": "127.0.0.1", "port": 1, "user": "x", "dbname": "x"})
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        nowhere.connect({})
