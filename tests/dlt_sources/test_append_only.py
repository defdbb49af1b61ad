"""Raw is only ever added to, even by its owner; erasing personal data is the one way in, and it leaves a trace."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from asking import DEALER, DEMO_KEY, day_window, own_server
from sandbox_orders import today
from sqlalchemy import URL, make_url
from stand_in import records, stand_in

from dlt_sources.dgi.fetching import Fetcher
from dlt_sources.dgi.loading import load
from dlt_sources.dgi.raw_schema import PROTECTED
from dlt_sources.dgi.server import Call
from dlt_sources.dgi.source import create_tables
from orchestration.backup import back_up
from orchestration.settings import Settings
from stack.restore import restore_file

pytestmark = pytest.mark.slow

PROSPECT = {"idProspect": "P1", "namaLengkap": "A", "flagSync": 1, "unit": [{"warnaUnit": "R"}]}
CHANGES = ("update raw.{0} set {1} = {1}", "delete from raw.{0}", "truncate raw.{0}")


@pytest.fixture(scope="module")
def owner(new_database: Callable[[str], str]) -> Iterator[URL]:
    """A database with raw tables and a load, all owned by a role that is no superuser, as the stack's `dealers` is."""
    url = make_url(new_database("append_only"))
    with closing(psycopg2.connect(_plain(url))) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"""
            create role owner_of_raw login password 'of-a-throwaway-server';
            alter database {url.database} owner to owner_of_raw
        """)
    own = url.set(username="owner_of_raw", password="of-a-throwaway-server")
    create_tables(_plain(own))
    _pull(own, PROSPECT, b"7")
    yield own


def test_the_owner_of_raw_cannot_change_what_is_there(owner: URL) -> None:
    before = _everything(owner)
    for table in PROTECTED:
        for change in CHANGES:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="only ever added to"):
                _run(owner, change.format(table, "load_id" if table == "_dlt_loads" else "_dlt_load_id"))
    assert _everything(owner) == before


def test_raw_still_takes_loads_and_its_tables_are_made_again(owner: URL) -> None:
    rows = len(_everything(owner)["prsp"])
    create_tables(_plain(owner))
    _pull(owner, {**PROSPECT, "idProspect": "P2"})
    assert len(_everything(owner)["prsp"]) > rows


def test_erasing_is_let_through_for_its_transaction_and_leaves_a_trace(owner: URL) -> None:
    _pull(owner, {**PROSPECT, "idProspect": "P3"})
    erase = "set local dealer_dashboard.maintenance = 'erase';"
    _run(owner, erase + "update raw.prsp set payload = '{}' where document_key = 'P3'")
    assert _run(owner, "select payload from raw.prsp where document_key = 'P3' and not is_deleted") == [("{}",)]
    _run(owner, erase + "delete from raw.prsp where document_key = 'P3'")
    trace = _run(owner, "select table_name, operation, role_name from raw.maintenance order by at")
    assert trace[-2:] == [("prsp", "UPDATE", "owner_of_raw"), ("prsp", "DELETE", "owner_of_raw")]
    for statement in (erase + "truncate raw.prsp", "delete from raw.prsp", "delete from raw.maintenance"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            _run(owner, statement)


def test_a_backup_brings_rows_and_protection_back(
    owner: URL, new_database: Callable[[str], str], tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, backup_dir=tmp_path, warehouse_url=_plain(owner))  # type: ignore[call-arg]
    settings.dgi_encryption_key, settings.superset_secret_key = "k", "s"
    backup = back_up(settings, 1, lambda _: None)
    empty = make_url(new_database("restored"))
    _run(empty, f"alter database {empty.database} owner to owner_of_raw")
    restored = empty.set(username=owner.username, password=owner.password)
    restore_file(backup / "warehouse.dump", _plain(restored))
    assert _everything(restored) == _everything(owner)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="only ever added to"):
        _run(restored, "delete from raw.prsp")
    _pull(restored, {**PROSPECT, "idProspect": "P4"})
    assert _run(restored, "select count(*) from raw.prsp where document_key = 'P4'") == [(1,)]


def test_an_undocumented_field_is_reported_once_and_not_for_each_document(owner: URL) -> None:
    _pull(owner, *({**PROSPECT, "idProspect": f"D{n}", "loyalty": n} for n in range(20)))
    _pull(owner, *({**PROSPECT, "idProspect": f"E{n}", "loyalty": n} for n in range(20)))
    drift = _run(owner, "select main_dealer_id, module, field, first_seen < last_seen from raw.field_drift order by 3")
    names = [field for _, _, field, _ in drift]
    assert names == sorted(set(names))
    assert set(names) >= {"flagSync", "loyalty", "unit.warnaUnit"}
    assert ("OWN", "prsp", "loyalty", True) in drift
    kept = _run(owner, "select payload::jsonb ->> 'loyalty' from raw.prsp where document_key = 'D7' and not is_deleted")
    assert kept == [("7",)]


def _pull(url: URL, *held: object) -> None:
    with stand_in(lambda request: records(*held)) as stand:  # type: ignore[arg-type]
        server = own_server(stand.url)
        yesterday = today() - timedelta(days=1)
        call = Call(server, DEMO_KEY, "prsp", DEALER, day_window(yesterday, yesterday, server))
        loaded = load(Fetcher([call], {server.id: frozenset([DEALER])}), _plain(url))
    assert loaded.miscounted == {}


def _everything(url: URL) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(map(repr, _run(url, f"select * from raw.{table}"))) for table in PROTECTED}  # type: ignore


def _run(url: URL, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(_plain(url))) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
