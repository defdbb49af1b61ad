"""Settings: environment over `.env` over what `make up` generated; wrong ones are named without their value."""

import importlib
from pathlib import Path

import pytest
from sqlalchemy import make_url

from orchestration import settings as module
from orchestration.settings import MissingSetting, SettingError, Settings, load_settings

SUPERSET = Path(__file__).parents[2] / "superset"
URL = "postgresql://dealers:hidden@127.0.0.1:15432/warehouse"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project root of the test's own, and an environment without any setting."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "var").mkdir()
    return tmp_path


def test_an_empty_environment_loads(root: Path) -> None:
    made = load_settings()
    assert made.var == root / "var"
    assert (made.demo, made.postgres_port, made.sandbox_size) == (True, 15432, "S")
    assert made.warehouse_url is None
    assert "WAREHOUSE_URL" not in made.environment()


def test_environment_over_env_file_over_generated(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "var" / "credentials.env").write_text("DAGSTER_PORT=1\nSUPERSET_PORT=1\nSANDBOX_PORT=1\n")
    (root / ".env").write_text("DAGSTER_PORT=2\nSUPERSET_PORT=2\nUNKNOWN=x\n")
    monkeypatch.setenv("DAGSTER_PORT", "3")
    made = load_settings()
    assert (made.dagster_port, made.superset_port, made.sandbox_port) == (3, 2, 1)


def test_var_dir_relative_and_absolute(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", "elsewhere")
    assert load_settings().var == root / "elsewhere"
    monkeypatch.setenv("VAR_DIR", "/srv/state")
    assert load_settings().credentials_file == Path("/srv/state/credentials.env")


@pytest.mark.parametrize("where", ["environment", "env file"])
def test_generated_settings_are_read_from_where_var_dir_says(
    root: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (root / "var" / "credentials.env").write_text("SANDBOX_PORT=1\n")
    (root / "other").mkdir()
    (root / "other" / "credentials.env").write_text("SANDBOX_PORT=2\n")
    if where == "environment":
        monkeypatch.setenv("VAR_DIR", "other")
    else:
        (root / ".env").write_text("VAR_DIR=other\n")
    assert load_settings().sandbox_port == 2


def test_an_empty_text_is_not_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Container files write `NAME=` for what nobody has set."""
    (root / ".env").write_text(f"WAREHOUSE_URL={URL}\nDAGSTER_PORT=\n")
    for name in ("VAR_DIR", "DEMO", "WAREHOUSE_URL"):
        monkeypatch.setenv(name, "")
    made = load_settings()
    assert (made.var, made.demo, made.dagster_port, made.warehouse_url) == (root / "var", True, 3000, URL)


def test_demo_off(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "0")
    assert load_settings().demo is False
    assert load_settings().environment()["DEMO"] == "0"


def test_what_is_missing_says_so(root: Path) -> None:
    with pytest.raises(MissingSetting, match=r"WAREHOUSE_URL is not set: run `make up` first, or set it in the env"):
        load_settings().warehouse()


def test_what_is_wrong_says_so_without_its_value(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PORT", "hidden")
    with pytest.raises(SettingError, match=r"^POSTGRES_PORT has a value that it cannot have: .*integer") as wrong:
        load_settings()
    assert "hidden" not in str(wrong.value)


@pytest.mark.parametrize("url", ["hidden", "postgresql://u:hidden@h:port/db", "://hidden"])
def test_an_address_that_is_none(root: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", url)
    with pytest.raises(SettingError, match="WAREHOUSE_URL is no address such as postgresql://") as wrong:
        load_settings().warehouse()
    assert "hidden" not in str(wrong.value)


def test_processes_get_what_their_programs_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", "postgres://dealers:p%40ss@db.example.com/warehouse")
    monkeypatch.setenv("DAGSTER_DATABASE_URL", "postgresql://dagster:x@db.example.com:6432/dagster")
    environment = load_settings().environment()
    dagster = "postgresql+psycopg2://dagster:x@db.example.com:6432/dagster"
    assert environment["DAGSTER_DATABASE_URL"] == f"{dagster}?sslmode=require"
    assert environment["DAGSTER_HOME"] == str(root / "var" / "dagster_home")
    assert environment["PGTZ"] == "UTC"
    assert {name: environment[f"WAREHOUSE_{name}"] for name in ("HOST", "PORT", "USER", "PASSWORD", "DBNAME")} == {
        "HOST": "db.example.com",
        "PORT": "5432",
        "USER": "dealers",
        "PASSWORD": "p@ss",
        "DBNAME": "warehouse",
    }


def test_secrets_do_not_show_in_the_representation(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DGI_ENCRYPTION_KEY", "hidden")
    monkeypatch.setenv("WAREHOUSE_URL", URL)
    assert "hidden" not in repr(load_settings())


def test_each_process_has_its_address_or_the_owners(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", URL)
    assert load_settings().loader() == load_settings().transformer() == load_settings().warehouse()
    monkeypatch.setenv("WAREHOUSE_TRANSFORMER_URL", URL.replace("dealers:", "transformer:"))
    made = load_settings()
    assert (made.loader().username, made.transformer().username) == ("dealers", "transformer")
    assert made.environment()["WAREHOUSE_USER"] == "transformer"
    monkeypatch.setenv("WAREHOUSE_LOADER_URL", URL.replace("15432", "15433"))
    with pytest.raises(SettingError, match="WAREHOUSE_LOADER_URL leads to another database than WAREHOUSE_URL"):
        load_settings().loader()


@pytest.mark.parametrize(
    ("address", "hosts", "mode"),
    [
        ("postgresql://u:p@db.example.com/w", "", "require"),
        ("postgresql://u:p@db.example.com/w?sslmode=verify-full", "", "verify-full"),
        ("postgresql://u:p@db.example.com/w?sslmode=disable", "", "disable"),
        ("postgresql://u:p@db.example.com/w?connect_timeout=3", "", "require"),
        ("postgresql://u:p@127.0.0.1:15432/w", "", "prefer"),
        ("postgresql://u:p@/w?host=/run/postgresql", "", "prefer"),
        ("postgresql://u:p@postgres/w", "postgres other", "prefer"),
        ("postgresql://u:p@postgres.example.com/w", "postgres", "require"),
    ],
)
def test_a_server_elsewhere_is_spoken_to_over_tls(
    address: str, hosts: str, mode: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WAREHOUSE_URL", "WAREHOUSE_TRANSFORMER_URL", "DAGSTER_DATABASE_URL"):
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("POSTGRES_PLAINTEXT_HOSTS", hosts)
    made = load_settings()
    environment = made.environment()
    assert environment["WAREHOUSE_SSLMODE"] == mode
    assert make_url(environment["DAGSTER_DATABASE_URL"]).query.get("sslmode", "prefer") == mode
    monkeypatch.syspath_prepend(str(SUPERSET))
    superset = importlib.import_module("postgres_url").for_libpq(address)
    assert make_url(superset).query.get("sslmode", "prefer") == mode
