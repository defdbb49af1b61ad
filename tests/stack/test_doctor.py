"""The doctor tells what is well, says the remedy for what is not, and never hangs."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psycopg2
import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from servers import unused_port

from orchestration.cli import cli
from orchestration.health import Finding, look
from orchestration.registry.migrate import migrate
from orchestration.registry.store import open_registry
from orchestration.settings import Settings, load_settings

pytestmark = pytest.mark.slow


class _Server(BaseHTTPRequestHandler):
    """Answers as Superset and as Dagster's webserver do when they are well."""

    def do_GET(self) -> None:
        self._send(b"OK")

    def do_POST(self) -> None:
        entry = {"name": "dealer_dashboard", "locationOrLoadError": {}}
        self._send(json.dumps({"data": {"workspaceOrError": {"locationEntries": [entry]}}}).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[int]:
    """The port of a server that answers well."""
    server = ThreadingHTTPServer(("127.0.0.1", unused_port()), _Server)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def warehouse(new_database: Callable[[str], str]) -> str:
    url = new_database("warehouse")
    migrate(Settings(_env_file=None, warehouse_url=url))  # type: ignore[call-arg]
    return url


@pytest.fixture
def settings(
    warehouse: str, new_database: Callable[[str], str], web: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A stack in which everything is well and nothing is registered."""
    dagster = new_database("dagster")
    run(dagster, "create table daemon_heartbeats (daemon_type text, timestamp timestamp)")
    beat(dagster, timedelta())
    run(warehouse, "truncate registry.main_dealer, registry.change cascade")
    for name, value in {
        "VAR_DIR": str(tmp_path), "WAREHOUSE_URL": warehouse, "DAGSTER_DATABASE_URL": dagster,
        "SUPERSET_DATABASE_URL": new_database("superset"), "DGI_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "DAGSTER_PORT": str(web), "SUPERSET_PORT": str(web), "API_PORT": str(web), "REGISTRY_PORT": str(web),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("orchestration.health.SECONDS", 60)
    return load_settings()


def run(url: str, statement: str, *values: object) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def beat(dagster: str, ago: timedelta) -> None:
    """The daemon's parts gave their last sign of life so long ago."""
    run(dagster, "truncate daemon_heartbeats")
    run(dagster, "insert into daemon_heartbeats select unnest(%s), %s",
        ["SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "BACKFILL"],
        datetime.now(UTC).replace(tzinfo=None) - ago)  # fmt: skip


def area(settings: Settings, name: str) -> Finding:
    (found,) = [finding for finding in look(settings) if finding.area == name]
    return found


def register(settings: Settings) -> None:
    with open_registry(settings) as registry:
        registry.add_main_dealer("Q7X", name="Sumber", base_url="https://dgi.example.com", modules=["prsp"])
        registry.add_key("Q7X", "GROUP", "key", "secret", daily_quota=10)
        registry.add_dealer("09417", "Jaya", "Q7X", "GROUP")
    run(str(settings.warehouse_url), "update registry.dealer set created_at = now() - interval '3 days'")
    run(str(settings.warehouse_url), "update registry.main_dealer set created_at = now() - interval '3 days'")


def add_call(settings: Settings, ago: timedelta, outcome: str) -> None:
    moment = datetime.now(UTC) - ago
    with closing(psycopg2.connect(str(settings.warehouse_url))) as connection, connection, connection.cursor() as query:
        query.execute("select column_name, data_type from information_schema.columns "
                      "where (table_schema, table_name, is_nullable) = ('raw', 'api_call', 'NO')")  # fmt: skip
        blank = {"bigint": 0, "date": moment, "timestamp with time zone": moment}
        values = {name: blank.get(kind, "") for name, kind in query.fetchall()}
        values |= {"dealer_id": "09417", "module": "prsp", "outcome": outcome, "_dlt_load_id": "1"}
        query.execute(f"insert into raw.api_call ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
                      list(values.values()))  # fmt: skip
        query.execute("insert into raw._dlt_loads (load_id, schema_name, status, inserted_at) "
                      "values ('1', 'dgi', 0, now()) on conflict do nothing")  # fmt: skip


def test_all_is_well(settings: Settings) -> None:
    findings = look(settings)
    assert [finding for finding in findings if not finding.ok] == []
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 0, result.output
    for name in ("Postgres", "Dagster daemon", "code location", "Superset", "disk", "backup", "freshness"):
        assert name in result.output


def test_a_daemon_without_a_sign_of_life_has_its_remedy_and_exit_code_1(settings: Settings) -> None:
    beat(str(settings.dagster_database_url), timedelta(minutes=10))
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert "last sign of life 10 minutes ago" in result.output
    assert "make logs P=dagster-daemon" in " ".join(result.output.split())


def test_a_main_dealer_that_fails_a_used_up_quota_and_late_dealers(settings: Settings) -> None:
    register(settings)
    assert area(settings, "freshness").ok is False, "nothing has arrived for days"
    assert area(settings, "main dealer Q7X").ok is False
    add_call(settings, timedelta(minutes=5), "records")
    assert area(settings, "main dealer Q7X").ok
    assert area(settings, "freshness").ok
    assert area(settings, "quota Q7X/GROUP").ok
    for _ in range(2):
        add_call(settings, timedelta(minutes=1), "failed")
    failing = area(settings, "main dealer Q7X")
    assert failing.ok is False
    assert "of 3 calls in the last 6 hours 2 failed" in failing.sentence
    assert "main-dealer edit Q7X" in failing.remedy
    run(str(settings.warehouse_url), "insert into registry.key_usage select id, "
        "(now() at time zone 'Asia/Jakarta')::date, 10 from registry.api_key")  # fmt: skip
    assert area(settings, "quota Q7X/GROUP").ok is False


def test_a_backup_that_is_too_old(settings: Settings) -> None:
    for age, ok in ((timedelta(days=2), False), (timedelta(hours=3), True)):
        folder = settings.backups / f"{datetime.now(UTC) - age:%Y%m%dT%H%M%SZ}"
        folder.mkdir(parents=True)
        (folder / "backup.json").write_text("{}")
        assert area(settings, "backup").ok is ok


def test_what_hangs_is_told_and_holds_nothing_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that take connections and never answer: as a database, as Dagster and as Superset."""
    monkeypatch.setattr("orchestration.health.SECONDS", 5)
    with socket.create_server(("127.0.0.1", unused_port()), backlog=50) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://dealers:s3cret@127.0.0.1:{port}/warehouse")
        monkeypatch.setenv("DAGSTER_PORT", str(port))
        monkeypatch.setenv("SUPERSET_PORT", str(port))
        findings = look(load_settings())
    found = {finding.area: finding.ok for finding in findings}
    assert not any(found[name] for name in ("Postgres", "code location", "Superset", "freshness"))
    assert found["Dagster daemon"]
    assert "s3cret" not in str(findings)
