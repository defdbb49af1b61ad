"""Whether everything that the system needs is well: one sentence for each, and the remedy for what is not.

Every check is bounded in time. One that gets no answer says that it cannot tell, and holds nothing up.
"""

import queue
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import requests

from orchestration.backup import complete_backups
from orchestration.health_of_data import freshness, main_dealers, quotas
from orchestration.settings import Settings

SECONDS = 3
_DAEMONS = ("SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "BACKFILL")
_LATEST_HEARTBEAT = timedelta(minutes=3)
_LATEST_BACKUP = timedelta(hours=26)
_FREE_BYTES, _FREE_SHARE = 2 * 1024**3, 0.05
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
    name locationOrLoadError { ... on PythonError { message } }
} } } }"""
_DATABASES = {"dagster": "dagster_database_url", "superset": "superset_database_url"}
# Name -> setting of its port, path that answers when it is of use, program of `make logs`. What this stack has not,
# has no such setting.
_SERVERS = {
    "Superset": ("superset_port", "/health", "superset"),
    "data API": ("api_port", "/health", "data-api"),
    "registry service": ("registry_port", "/health", "registry"),
}


@dataclass(frozen=True)
class Finding:
    """What a check found of an area: well, not well or, when `ok` is None, that it cannot tell."""

    area: str
    ok: bool | None
    sentence: str
    remedy: str = ""


def look(settings: Settings) -> list[Finding]:
    """Make all checks side by side; takes little longer than SECONDS, whatever hangs."""
    checks: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("Postgres", lambda: [_postgres(settings)]),
        ("Dagster daemon", lambda: [_daemon(settings)]),
        ("code location", lambda: [_code_location(settings)]),
        *((name, _server_check(settings, name)) for name, (port, _, _) in _SERVERS.items() if hasattr(settings, port)),
        ("main dealers", lambda: _of_data(settings, main_dealers)),
        ("quotas", lambda: _of_data(settings, quotas)),
        ("freshness", lambda: _of_data(settings, freshness)),
        ("disk", lambda: [_disk(settings)]),
        ("backup", lambda: [_backup(settings)]),
    ]
    answers = [(area, _in_the_background(check)) for area, check in checks]
    deadline = datetime.now(UTC) + timedelta(seconds=SECONDS + 1)
    found: list[Finding] = []
    for area, answer in answers:
        left = (deadline - datetime.now(UTC)).total_seconds()
        try:
            found += _findings(area, answer.get(timeout=max(0.01, left)))
        except queue.Empty:
            found.append(Finding(area, None, f"no answer within {SECONDS} s", "make logs tells what is going on"))
    return found


def is_well(findings: list[Finding]) -> bool:
    """Whether there is nothing to do for anybody."""
    return all(finding.ok for finding in findings)


def _in_the_background(check: Callable[[], list[Finding]]) -> "queue.Queue[list[Finding] | Exception]":
    """Run a check in a thread that nobody waits for when it hangs."""
    answer: queue.Queue[list[Finding] | Exception] = queue.Queue(1)

    def run() -> None:
        try:
            answer.put(check())
        except Exception as error:
            answer.put(error)

    threading.Thread(target=run, daemon=True).start()
    return answer


def _findings(area: str, answer: "list[Finding] | Exception") -> list[Finding]:
    if isinstance(answer, Exception):
        # The text of an error may hold an address with its password.
        reason = f"cannot tell: {type(answer).__name__}"
        return [Finding(area, None, reason, "see to Postgres first, then look again")]
    return answer


def _connect(url: str) -> "psycopg2.extensions.connection":
    plain = url.replace("postgresql+psycopg2://", "postgresql://", 1)
    connection = psycopg2.connect(plain, connect_timeout=SECONDS, application_name="health")
    connection.set_session(readonly=True, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("select set_config('statement_timeout', %s, false)", (f"{SECONDS * 1000}",))
    return connection


def _postgres(settings: Settings) -> Finding:
    answers, silent = [], []
    addresses = {"warehouse": _warehouse(settings)} if settings.warehouse_url or settings.warehouse_registry_url else {}
    addresses |= {name: url for name, setting in _DATABASES.items() if (url := getattr(settings, setting))}
    for name, url in addresses.items():
        try:
            with closing(_connect(url)):
                answers.append(name)
        except psycopg2.Error:
            silent.append(name)
    if silent:
        sentence = f"the database {', '.join(silent)} does not answer"
        return Finding("Postgres", False, sentence, "make up starts it; make logs P=postgres tells why it stopped")
    return Finding("Postgres", bool(answers), f"answers: {', '.join(answers)}" if answers else "no address is set")


def _daemon(settings: Settings) -> Finding:
    remedy = "make up starts it; make logs P=dagster-daemon tells why it stopped"
    with closing(_connect(settings.require("dagster_database_url"))) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('daemon_heartbeats') is not null")
        if not (cursor.fetchone() or (False,))[0]:
            return Finding("Dagster daemon", False, "has never run", remedy)
        cursor.execute(
            "select daemon_type, max(timestamp) from daemon_heartbeats where daemon_type = any(%s) group by 1",
            (list(_DAEMONS),),
        )
        beats = dict(cursor.fetchall())
    missing = [name for name in _DAEMONS if name not in beats]
    if missing:
        return Finding("Dagster daemon", False, f"no sign of life of {', '.join(missing).lower()}", remedy)
    age = datetime.now(UTC) - min(beats.values()).replace(tzinfo=UTC)
    return Finding("Dagster daemon", age < _LATEST_HEARTBEAT, f"last sign of life {in_words(age)} ago", remedy)


def _code_location(settings: Settings) -> Finding:
    url = f"http://127.0.0.1:{settings.dagster_port}/graphql"
    try:
        answer = _session().post(url, json={"query": _LOCATIONS}, timeout=SECONDS).json()
        entries = answer["data"]["workspaceOrError"]["locationEntries"]
    except (requests.RequestException, KeyError, TypeError, ValueError):
        remedy = "make up starts it; make logs P=dagster-webserver tells why it stopped"
        return Finding("code location", False, "Dagster's webserver does not answer", remedy)
    broken = [entry["name"] for entry in entries if (entry["locationOrLoadError"] or {}).get("message")]
    if broken or not entries:
        remedy = "Dagster shows the error under Deployment; mend it, then Reload there"
        return Finding("code location", False, f"{', '.join(broken) or 'none'} cannot be loaded", remedy)
    return Finding("code location", True, f"{', '.join(entry['name'] for entry in entries)} is loaded")


def _server_check(settings: Settings, name: str) -> Callable[[], list[Finding]]:
    setting, path, program = _SERVERS[name]

    def check() -> list[Finding]:
        address = f"http://127.0.0.1:{getattr(settings, setting)}"
        try:
            answers = _session().get(address + path, timeout=SECONDS).ok
        except requests.RequestException:
            answers = False
        sentence = f"answers at {address}" if answers else f"does not answer at {address}"
        return [Finding(name, answers, sentence, f"make up starts it; make logs P={program} tells why it stopped")]

    return check


def _of_data(settings: Settings, check: Callable[[Any], list[tuple[str, bool, str, str]]]) -> list[Finding]:
    with closing(_connect(_warehouse(settings))) as connection, connection.cursor() as cursor:
        return [Finding(*row) for row in check(cursor)]


def _warehouse(settings: Settings) -> str:
    return settings.registry().set(drivername="postgresql").render_as_string(hide_password=False)


def _disk(settings: Settings) -> Finding:
    usage = shutil.disk_usage(settings.var)
    free = usage.free / usage.total
    sentence = f"{usage.free / 1024**3:,.1f} GB ({free:.0%}) are free where {settings.var} lies"
    ok = usage.free > _FREE_BYTES and free > _FREE_SHARE
    return Finding("disk", ok, sentence, "free some, or move VAR_DIR (and BACKUP_DIR) to a larger disk")


def _backup(settings: Settings) -> Finding:
    folder, remedy = settings.backups, "make backup makes one now; runs of the job back_up in Dagster tell what failed"
    found = complete_backups(folder) if folder.is_dir() else []
    if not found:
        # The first night of a new stack has not come yet.
        born = datetime.fromtimestamp(settings.var.stat().st_ctime, UTC)
        if settings.credentials_file.exists():
            born = datetime.fromtimestamp(settings.credentials_file.stat().st_mtime, UTC)
        is_new = datetime.now(UTC) - born < _LATEST_BACKUP
        when = "the first is made at 01:40 (Jakarta)" if is_new else "not even one"
        return Finding("backup", is_new, f"there is none yet: {when}", remedy)
    made_at = datetime.strptime(found[-1].name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    age = datetime.now(UTC) - made_at
    return Finding("backup", age < _LATEST_BACKUP, f"the newest is {in_words(age)} old, in {folder}", remedy)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment is not for 127.0.0.1
    return session


def in_words(age: timedelta) -> str:
    """A span of time as people say it."""
    seconds = max(0, int(age.total_seconds()))
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} seconds"
