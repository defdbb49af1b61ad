"""Backups hold everything, go by number, and fill an empty server again."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from cryptography.fernet import Fernet
from servers import unused_port
from sqlalchemy import make_url

from orchestration.backup import (
    CONTENTS,
    DATABASES,
    BackupError,
    back_up,
    complete_backups,
    fingerprints,
    read_contents,
)
from orchestration.settings import Settings
from stack import credentials, databases, postgres
from stack.errors import StackError
from stack.restore import check_empty, check_keys, restore_file

pytestmark = pytest.mark.slow

PASSWORD = "throwaway-superuser"
ROWS = "select md5(string_agg(t::text, '|' order by id)) from {table} as t"


def run(url: str, statement: str) -> list[Any]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def server_with_databases(superuser_url: str) -> dict[str, str]:
    port = make_url(superuser_url).port
    addresses = {
        name: f"postgresql://{role}:secret-of-{role}@127.0.0.1:{port}/{database}"
        for name, (role, database) in credentials.DATABASES.items()
    }
    databases.provide(superuser_url, addresses)
    return addresses


@pytest.fixture(scope="module")
def addresses(superuser_url: str) -> dict[str, str]:
    """The databases of a stack, with rows in each."""
    made = server_with_databases(superuser_url)
    run(
        made["WAREHOUSE_URL"],
        "create schema raw; create table raw.prsp as select n as id, jsonb_build_object('n', n, 'text', 'é😀')"
        " as document from generate_series(1, 5000) as n; create table marts.agg (id int, amount numeric(20, 2));"
        "insert into marts.agg values (1, 12.50)",
    )
    for name in ("DAGSTER_DATABASE_URL", "SUPERSET_DATABASE_URL"):
        run(
            made[name],
            "create table runs (id serial primary key, status text); insert into runs (status) values ('ok')",
        )
    return made


@pytest.fixture
def settings(addresses: dict[str, str], tmp_path: Path) -> Settings:
    values = {name.lower(): url for name, url in addresses.items()}
    keys = {"dgi_encryption_key": Fernet.generate_key().decode(), "superset_secret_key": "a-key-of-superset"}
    return Settings(_env_file=None, backup_dir=tmp_path / "backups", **values, **keys)  # type: ignore[call-arg]


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Another machine's server, as `make up` makes it before anything is in it."""
    with postgres.throwaway(tmp_path_factory.mktemp("empty"), unused_port(), PASSWORD) as url:
        yield server_with_databases(url)


def test_an_empty_machine_gets_everything_back(
    settings: Settings, addresses: dict[str, str], empty_server: dict[str, str]
) -> None:
    said: list[str] = []
    backup = back_up(settings, 7, said.append)
    assert [line.split(":")[0] for line in said] == ["dagster", "warehouse", "superset"]
    assert set(read_contents(backup)["files"]) == set(DATABASES.values())
    restored = {file: empty_server[name.upper()] for name, file in DATABASES.items()}
    check_empty(restored)
    for file, url in restored.items():
        restore_file(backup / file, url)
    for name, table in (
        ("WAREHOUSE_URL", "raw.prsp"),
        ("WAREHOUSE_URL", "marts.agg"),
        ("DAGSTER_DATABASE_URL", "runs"),
        ("SUPERSET_DATABASE_URL", "runs"),
    ):
        assert run(empty_server[name], ROWS.format(table=table)) == run(addresses[name], ROWS.format(table=table))
    # Superset's role reads the marts of before and those that come.
    assert run(empty_server["WAREHOUSE_READER_URL"], "select amount from marts.agg")
    run(empty_server["WAREHOUSE_URL"], "create table marts.later (id int)")
    assert run(empty_server["WAREHOUSE_READER_URL"], "select * from marts.later") == []
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(empty_server["WAREHOUSE_READER_URL"], "select * from raw.prsp")
    with pytest.raises(StackError, match="holds 1 tables, and a restore overwrites nothing"):
        check_empty(restored)


def test_no_key_and_no_password_is_in_a_backups_description(settings: Settings) -> None:
    backup = back_up(settings, 7, lambda _: None)
    text = (backup / CONTENTS).read_text()
    assert settings.dgi_encryption_key not in text
    assert "secret-of" not in text
    assert [oct(path.stat().st_mode)[-3:] for path in (backup, backup / "warehouse.dump")] == ["700", "600"]


def test_only_with_its_own_keys_it_is_restored(settings: Settings) -> None:
    ours = fingerprints(settings)
    check_keys(ours, ours)
    other = fingerprints(settings.model_copy(update={"dgi_encryption_key": "another"}))
    with pytest.raises(StackError, match="DGI_ENCRYPTION_KEY is another one"):
        check_keys(ours, other)


def test_the_oldest_go_and_what_was_cut_off_is_none(settings: Settings) -> None:
    folder = settings.backups
    for day in ("20260101T000000Z", "20260102T000000Z", "20260103T000000Z"):
        (folder / day).mkdir(parents=True)
        (folder / day / CONTENTS).write_text("{}")
    (folder / "20260104T000000Z.partial").mkdir()
    (folder / "my own folder").mkdir()
    newest = back_up(settings, 2, lambda _: None)
    assert complete_backups(folder) == [folder / "20260103T000000Z", newest]
    assert {path.name for path in folder.iterdir()} == {".lock", "20260103T000000Z", newest.name, "my own folder"}


def test_a_damaged_file_is_noticed(settings: Settings) -> None:
    backup = back_up(settings, 7, lambda _: None)
    with (backup / "warehouse.dump").open("r+b") as file:
        file.seek(200)
        file.write(b"damage")
    with pytest.raises(BackupError, match=r"warehouse\.dump is not as it was written"):
        read_contents(backup)


def test_what_cannot_be_backed_up_says_so_and_leaves_no_backup(settings: Settings) -> None:
    lost = settings.model_copy(update={"superset_database_url": "postgresql://nobody:x@127.0.0.1:1/superset"})
    with pytest.raises(BackupError, match="the database superset could not be backed up"):
        back_up(lost, 7, lambda _: None)
    assert complete_backups(lost.backups) == []


def test_a_database_of_another_container_is_left_out(settings: Settings) -> None:
    said: list[str] = []
    backup = back_up(settings.model_copy(update={"superset_database_url": None}), 7, said.append)
    assert "SUPERSET_DATABASE_URL is not set here: that database is left out" in said
    assert set(json.loads((backup / CONTENTS).read_text())["files"]) == {"dagster.dump", "warehouse.dump"}


def test_a_table_that_a_transform_replaces_meanwhile_does_not_stop_it(
    settings: Settings, addresses: dict[str, str]
) -> None:
    url, said = addresses["WAREHOUSE_URL"], list[str]()
    run(url, "create table marts.agg__dbt_backup (id int)")
    with closing(psycopg2.connect(url)) as transform, ThreadPoolExecutor(1) as thread:
        transform.cursor().execute("drop table marts.agg__dbt_backup")
        made = thread.submit(back_up, settings, 1, said.append)
        while not run(url, "select 1 from pg_locks where not granted"):
            assert not made.done(), "it did not wait for the table"
            time.sleep(0.05)
        transform.commit()
        assert "warehouse.dump" in read_contents(made.result())["files"]
    assert [line for line in said if "begun again" in line] == [
        "warehouse: a transform has replaced a table meanwhile, so it is begun again"
    ]
