"""A sandbox, a warehouse with its fleet, a mail server and a webhook's receiver; nothing is open before each test."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import dagster as dg
import pytest
from alerts_support import BOOK, MIXED, Mailbox, Sandbox, Stack, Tick, Webhook
from cryptography.fernet import Fernet
from parsed_dbt import give
from roles import roles_in
from servers import running_sandbox

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.definitions import build_definitions
from orchestration.pull.watcher import Watcher
from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.registry.store import open_registry
from orchestration.settings import ROOT, Settings, load_settings


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    with running_sandbox("--size", "S", "--days", "30") as url:
        yield url


@pytest.fixture(scope="session")
def installed(
    new_database: Callable[[str], str], dbt_target: Path, tmp_path_factory: pytest.TempPathFactory, sandbox_url: str
) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a migrated stack. A call is one request, so that failing ones do not wait."""
    var = tmp_path_factory.mktemp("var")
    home = var / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    give(dbt_target, var)
    with pytest.MonkeyPatch.context() as environment:
        for name in Settings.model_fields:
            environment.delenv(name.upper(), raising=False)
        environment.setenv("VAR_DIR", str(var))
        warehouse = new_database("warehouse")
        for name, url in {"WAREHOUSE_URL": warehouse, **roles_in(warehouse)}.items():
            environment.setenv(name, url)
        environment.setenv("DAGSTER_DATABASE_URL", new_database("dagster"))
        environment.setenv("DGI_ENCRYPTION_KEY", Fernet.generate_key().decode())
        environment.setenv("ALERT_DISK_FREE_PERCENT", "0")
        made = load_settings()
        for name, value in made.environment().items():
            environment.setenv(name, value)
        migrate(made)
        register(made, Sandbox(sandbox_url).fleet)
        with open_registry(made) as registry:
            for main_dealer in registry.main_dealers():
                registry.edit(main_dealer, attempts=1, answer_timeout=10.0)
        yield environment


@pytest.fixture(scope="session")
def tick_of_session(installed: pytest.MonkeyPatch) -> Iterator[Tick]:
    repository = build_definitions(Watcher()).get_repository_def()
    with dg.DagsterInstance.get() as instance:
        yield Tick(instance, repository)


@pytest.fixture
def environment(installed: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What a test sets of the environment; the rest of it is the stack's."""
    with pytest.MonkeyPatch.context() as own:
        yield own


@pytest.fixture
def sandbox(sandbox_url: str) -> Iterator[Sandbox]:
    one = Sandbox(sandbox_url)
    yield one
    one.reset()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    one = Mailbox()
    one.start()
    yield one
    one.stop()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    one = Webhook()
    yield one
    with suppress(OSError):
        one.close()


@pytest.fixture
def stack(environment: pytest.MonkeyPatch, sandbox: Sandbox) -> Stack:
    """The stack as if it had fetched everything until yesterday, and nobody had been alerted of anything."""
    environment.setenv("ALERT_AFTER_MINUTES", "0")
    one = Stack()
    shutil.rmtree(load_settings().backups, ignore_errors=True)
    one.rows("truncate registry.incident, registry.alert_message, registry.key_usage, raw.api_call, "
             "raw.rejected_record, raw._dlt_loads")  # fmt: skip
    one.rows("update registry.dealer set created_at = now(), is_enabled = true")
    one.rows("update registry.main_dealer set modules = %s, max_age_days = 30 where id = any(%s)",
             list(ENDPOINTS), [BOOK, MIXED])  # fmt: skip
    one.rows("update registry.api_key set daily_quota = null, is_enabled = true")
    one.rows("""
        insert into raw.api_call (call_id, main_dealer_id, api_key_name, dealer_id, module, window_from, window_to,
            date_from, date_to, called_at, answered_at, duration_ms, attempts, outcome, records, documents,
            new_versions, deleted, rejected, answer_bytes, _dlt_load_id)
        select gen_random_uuid(), main_dealer_id, 'before', dealer.id, module, now() - interval '40 days', now(),
            current_date - 40, current_date, now() - interval '1 hour', now(), 1, 1, 'no_data', 0, 0, 0, 0, 0, 0,
            'before'
        from registry.dealer join registry.main_dealer on main_dealer.id = main_dealer_id, unnest(modules) as module
    """)  # fmt: skip
    one.rows(
        "insert into raw._dlt_loads (load_id, schema_name, status, inserted_at) values ('before', 'dgi', 0, now())"
    )
    return one


@pytest.fixture
def tick(tick_of_session: Tick, environment: pytest.MonkeyPatch, mailbox: Mailbox, webhook: Webhook) -> Tick:
    """The sensor, with both addresses set."""
    environment.setenv("ALERT_URLS", f"{mailbox.url}, {webhook.url}")
    tick_of_session.said.clear()
    return tick_of_session
