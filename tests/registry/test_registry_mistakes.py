"""What is amiss around the registry ends as a sentence on standard error and exit code 1, from the real command too."""

from pathlib import Path

import pytest
from registry_support import DEALERS, Admin, process
from servers import unused_port
from sqlalchemy import make_url

from orchestration.settings import Settings

COMMANDS = [("list",), ("main-dealer", "list"), ("key", "list"), ("export",), ("history",), ("migrate",)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_warehouse_not_set(environment: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    environment.setattr("orchestration.settings.ROOT", Path("/nonexistent"))
    sentence = Admin().is_refused(*command)
    assert sentence == "WAREHOUSE_URL is not set: run `make up` first, or set it in the environment or in .env"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_postgres_not_there(environment: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    port = unused_port()
    environment.setenv("WAREHOUSE_URL", f"postgresql://dealers:hidden@127.0.0.1:{port}/warehouse")
    sentence = Admin().is_refused(*command)
    assert sentence.startswith("Postgres cannot be used: ")
    assert f"port {port} failed: Connection refused" in sentence
    assert "hidden" not in sentence


def test_wrong_settings(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WAREHOUSE_URL", "hidden")
    assert Admin().is_refused("list").startswith("WAREHOUSE_URL is no address such as")
    environment.setenv("DAGSTER_PORT", "hidden")
    assert Admin().is_refused("list").startswith("DAGSTER_PORT has a value that it cannot have")


def test_a_pull_that_means_nothing(environment: pytest.MonkeyPatch) -> None:
    pull = ("pull", "--from", "2026-01-02", "--to")
    assert "Invalid value for --from: is later than --to" in Admin().misuses(*pull, "2026-01-01")
    assert "'none' is not one of 'prsp'" in Admin().misuses(*pull, "2026-01-02", "--module", "none")


@pytest.mark.slow
def test_a_pull_that_cannot_begin(settings: Settings, environment: pytest.MonkeyPatch) -> None:
    admin = Admin()
    pull = ("pull", "--from", "2026-01-01", "--to", "2026-01-01", "--dealer", "09417")
    assert admin.is_refused(*pull).startswith("DAGSTER_DATABASE_URL is not set")
    environment.setenv("DAGSTER_DATABASE_URL", settings.require("warehouse_url"))
    assert "dagster_home is not there: run `make up` first" in admin.is_refused(*pull)
    (settings.var / "dagster_home").mkdir(parents=True)
    assert admin.is_refused(*pull) == "there is no dealer in the registry yet: `uv run dealers add`"
    admin.adds_main_dealer()
    admin.adds_key()
    admin.adds_dealer("00001")
    assert "there is no dealer 09417 in the registry" in admin.is_refused(*pull)
    environment.delenv("WAREHOUSE_REGISTRY_URL")
    environment.setenv("WAREHOUSE_URL", f"postgresql://u:hidden@127.0.0.1:{unused_port()}/w")
    assert admin.is_refused(*pull).startswith("Postgres cannot be used: ")


@pytest.mark.slow
def test_postgres_that_does_not_let_us_in(settings: Settings, environment: pytest.MonkeyPatch) -> None:
    url = make_url(settings.require("warehouse_url"))
    environment.delenv("WAREHOUSE_REGISTRY_URL")
    for other in (url.set(password="hidden"), url.set(database="none")):
        environment.setenv("WAREHOUSE_URL", other.render_as_string(hide_password=False))
        sentence = Admin().is_refused("list")
        assert sentence.startswith("Postgres cannot be used: ")
        assert "hidden" not in sentence


@pytest.mark.slow
def test_two_admins_enter_the_same_at_once(settings: Settings, environment: pytest.MonkeyPatch) -> None:
    admin = Admin()
    admin.adds_main_dealer()
    environment.setattr("orchestration.registry.store.Registry._must_be_new", lambda *_: None)
    options = ("--id", "Q7X", "--name", "N", "--base-url", "https://dgi.example.com")
    assert admin.is_refused("main-dealer", "add", *options) == (
        "somebody else changed the same entry at the same moment: try again"
    )


_NOWHERE = "postgresql://u:p@127.0.0.1:1/w"


class TestRealCommand:
    """`dealers` as its own process; what goes well there is in test_registry_page.py."""

    pytestmark = pytest.mark.slow

    @pytest.mark.parametrize(
        ("environment_of_process", "command", "sentence"),
        [
            ({}, "show 1", "dealers: there is no dealer 1 in the registry; see `uv run dealers list`\n"),
            ({"WAREHOUSE_URL": _NOWHERE, "WAREHOUSE_REGISTRY_URL": ""}, "list", "dealers: Postgres cannot be used: "),
            ({"POSTGRES_PORT": "x"}, "list", "dealers: POSTGRES_PORT has a value that it cannot have: "),
        ],
    )
    def test_mistaken(
        self, settings: Settings, environment_of_process: dict[str, str], command: str, sentence: str
    ) -> None:
        done = process(DEALERS, *command.split(), **environment_of_process)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(sentence)
        assert done.stderr.count("\n") == 1
