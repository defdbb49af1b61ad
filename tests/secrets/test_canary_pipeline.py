"""Canary secrets in every place that the pipeline takes one from are found nowhere, whatever goes wrong."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from canary import Search, canary, forms, new_role
from cryptography.fernet import Fernet
from parsed_dbt import give
from sandbox_orders import BOOK, Sandbox, dates_back
from servers import running_sandbox, unused_port
from sqlalchemy import make_url

from orchestration.registry.encryption import Encryption
from orchestration.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]

REFUSED = "77009"


@pytest.fixture(scope="module")
def searched(
    server_url_of_session: str, dbt_target: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Search]:
    """Everything that pulls, mistakes and failures leave behind, looked through."""
    var, temporary = tmp_path_factory.mktemp("canary"), tmp_path_factory.mktemp("tmp")
    password, secret, key = canary("database"), canary("api"), Fernet.generate_key().decode()
    urls = new_role(server_url_of_session, "canary", password, "warehouse", "dagster")
    env = {**os.environ, "VAR_DIR": str(var), "DGI_ENCRYPTION_KEY": key, "DEMO": "1", "TMPDIR": str(temporary),
           "WAREHOUSE_URL": urls["warehouse"], "DAGSTER_DATABASE_URL": urls["dagster"]}  # fmt: skip
    home = var / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    give(dbt_target, var)
    with running_sandbox("--size", "S", "--days", "10") as sandbox_url:
        sandbox = Sandbox(sandbox_url)
        dealer = sandbox.dealers(BOOK)[0]
        known = next(one for one in sandbox.fleet["dealers"] if one["id"] == dealer)
        main_dealer = next(one for one in sandbox.fleet["main_dealers"] if one["id"] == BOOK)
        good = next(k for k in sandbox.fleet["keys"] if (k["main_dealer"], k["name"]) == (BOOK, known["key"]))
        wanted = {"database password": password, "refused secret": secret, "encryption key": key,
                  "secret": good["secret_key"]}  # fmt: skip
        search = Search(wanted)

        def dealers(*arguments: str, stdin: str = "", **changed: str) -> subprocess.CompletedProcess[bytes]:
            command = [sys.executable, "-m", "orchestration.cli", *arguments]
            done = subprocess.run(
                command, cwd=ROOT, env={**env, **changed}, input=stdin.encode(), capture_output=True, check=False
            )
            search.look("error messages and output", " ".join(arguments[:2]), done.stdout + done.stderr)
            return done

        day = dates_back(2)[0].isoformat()

        def pull(dealer_id: str, **changed: str) -> int:
            options = ("--from", day, "--to", day, "--dealer", dealer_id, "--module", "prsp", "--no-transform")
            return dealers("pull", *options, **changed).returncode

        with search.looking_at_commands():
            assert dealers("migrate").returncode == 0
            address = ("--base-url", main_dealer["h1_base_url"], "--version", "")
            dealers("main-dealer", "add", "--id", BOOK, "--name", "Book", *address)
            for name, api_key, text in (("GOOD", good["api_key"], good["secret_key"]), ("BAD", "key-bad", secret)):
                dealers("key", "add", "--main-dealer", BOOK, "--name", name, "--api-key", api_key, stdin=text)
            for dealer_id, name in ((dealer, "GOOD"), (REFUSED, "BAD")):
                dealers("add", "--main-dealer", BOOK, "--dealer-id", dealer_id, "--name", "D", "--key", name)
            dealers("key", "show", "--main-dealer", BOOK, "--name", "BAD")
            dealers("history")
            assert pull(dealer) == 0
            assert pull(REFUSED) == 1
            wrong = make_url(urls["warehouse"]).set(password=canary("wrong"))
            assert pull(dealer, WAREHOUSE_URL=wrong.set(database="none").render_as_string(hide_password=False)) == 1
            nowhere = make_url(urls["warehouse"]).set(port=unused_port()).render_as_string(hide_password=False)
            assert pull(dealer, WAREHOUSE_URL=nowhere) == 1
            with psycopg2.connect(urls["warehouse"]) as connection:
                connection.cursor().execute("alter table raw.prsp rename to prsp_away")
            assert pull(dealer) == 1, "a statement that fails"
            with psycopg2.connect(urls["warehouse"]) as connection:
                connection.cursor().execute("alter table raw.prsp_away rename to prsp")
            assert dealers("key", "show", "--main-dealer", BOOK, "--name", "BAD",
                           DGI_ENCRYPTION_KEY=Fernet.generate_key().decode()).returncode == 0  # fmt: skip
        search.look_at_files("files in var", var)
        search.look_at_database("runs, events and run config (dump)", urls["dagster"])
        search.look_at_database("warehouse (dump)", urls["warehouse"])
        search.look_at_files("temporary files", temporary)
        with psycopg2.connect(urls["warehouse"]) as connection, connection.cursor() as cursor:
            cursor.execute("select secret_encrypted from registry.api_key where name = 'BAD'")
            ((stored,),) = cursor.fetchall()
        assert Encryption(key).decrypt(stored) == secret, "it is there, encrypted"
        print(search.report())
        yield search


def test_a_secret_is_recognised_in_every_form() -> None:
    secret = canary("x")
    for written in forms(secret):
        search = Search({"x": secret})
        search.look("text", "here", b"before " + written + b" after")
        assert search.hits == ["x in text: here"]
    search = Search({"x": secret})
    search.look("text", "there", "nothing")
    assert (search.hits, search.places) == ([], {"text": 1})


def test_no_secret_is_found_anywhere(searched: Search) -> None:
    assert set(searched.places) >= {"command lines", "error messages and output", "files in var", "warehouse (dump)"}
    assert sorted(set(searched.hits)) == []
