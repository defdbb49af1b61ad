import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import postgres
from stack.account import Account, server_account
from stack.errors import StackError


def test_it_listens_on_the_loopback_address_only(server: postgres.Server) -> None:
    settings = (server.data / postgres.CONFIG).read_text()
    assert "listen_addresses = '127.0.0.1'" in settings
    assert "unix_socket_directories = ''" in settings


def test_everybody_is_asked_for_a_password(server: postgres.Server) -> None:
    rules = (server.data / "pg_hba.conf").read_text().splitlines()
    methods = {rule.split()[-1] for rule in rules if rule.strip() and not rule.startswith("#")}
    assert methods == {"scram-sha-256"}


def test_the_cluster_is_made_once(server: postgres.Server) -> None:
    assert postgres.initialise(server, "another") is False


def test_the_server_gets_no_secrets_from_our_environment(server: postgres.Server) -> None:
    assert server.command()[:2] == ["/usr/bin/env", "-i"]


def test_psql_runs_what_comes_on_standard_input(superuser_url: str) -> None:
    command = [sys.executable, "-m", "stack", "psql", "--", "-At"]
    env = os.environ | {"WAREHOUSE_URL": superuser_url}
    good = subprocess.run(command, env=env, input="select 6 * 7", capture_output=True, text=True, check=False)
    assert (good.stdout, good.returncode) == ("42\n", 0)
    bad = subprocess.run(command, env=env, input="select 1/0;\nselect 1;", capture_output=True, text=True, check=False)
    assert bad.returncode != 0
    assert bad.stdout == ""


def test_a_password_that_does_not_belong_to_the_data_is_said_so(superuser_url: str) -> None:
    with pytest.raises(StackError, match=r"credentials\.env"):
        postgres.answers(superuser_url.replace("throwaway-superuser", "guess"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run it as another account")
def test_root_leaves_a_private_folder_private(tmp_path: Path, port: int) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    home = private / "var" / "postgres"
    server, remark = postgres.place(home, port)
    try:
        account = server_account()
        assert isinstance(account, Account)
        assert home.is_symlink()
        assert str(server.data.parent) in remark
        assert account.can_reach(server.data.parent)
        assert account.can_reach(server.binaries / "postgres")
        assert not account.can_reach(private)
        assert postgres.place(home, port)[0] == server  # the next start finds the same place
    finally:
        server.data.parent.rmdir()
