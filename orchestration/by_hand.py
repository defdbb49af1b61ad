"""`dealers pull`: runs the same Dagster jobs in this process, with progress on the terminal."""

import io
import os
import uuid
from contextlib import redirect_stdout
from datetime import date

import dagster as dg
from rich.console import Console
from rich.table import Table

from orchestration.definitions import build_definitions
from orchestration.partitions import DEALERS, at_one_moment, in_step
from orchestration.pull.watcher import TerminalWatcher
from orchestration.registry.store import open_registry
from orchestration.reporting import failure_rows, summary
from orchestration.run_launcher import dagster_url
from orchestration.run_lock import alive
from orchestration.settings import Settings

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def pull_by_hand(
    settings: Settings, first: date, last: date, dealers: list[str], modules: list[str], transform: bool
) -> bool:
    """Pull the dates for the dealers and modules (empty: all), then transform. Returns whether everything arrived."""
    os.environ.update(settings.environment())
    console = Console(stderr=True)
    watcher = TerminalWatcher(console)
    definitions = build_definitions(watcher)
    with dg.DagsterInstance.get() as instance:
        _check_dealers(settings, instance, dealers)
        console.print("starting the run …")
        config = {"first": first.isoformat(), "last": last.isoformat(), "dealers": dealers, "modules": modules}
        run = _run(definitions, instance, "pull", {"ops": {"dgi": {"config": config}}})
        pulled = watcher.pulled
        if pulled is None:
            console.print(f"[red]the run failed before it could pull:[/] {_why(run)}")
            return False
        console.print(summary(pulled))
        if pulled.failed:
            _print_failures(console, failure_rows(pulled))
        if not transform:
            return not pulled.failed
        return _transform(definitions, instance, console) and not pulled.failed


def transform_by_hand(settings: Settings) -> bool:
    """Transform what has been loaded. Returns whether it went well."""
    os.environ.update(settings.environment())
    console = Console(stderr=True)
    definitions = build_definitions(TerminalWatcher(console))
    with dg.DagsterInstance.get() as instance:
        return _transform(definitions, instance, console)


def _transform(definitions: dg.Definitions, instance: dg.DagsterInstance, console: Console) -> bool:
    # dbt tells its progress on standard output, line by line; the run's log in Dagster keeps it.
    with console.status("transforming …"), redirect_stdout(io.StringIO()):
        transformed = _run(definitions, instance, "transform", {})
    console.print("transformed" if transformed.success else f"[red]the transform failed:[/] {_why(transformed)}")
    return bool(transformed.success)


def _run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, config: dict[str, object]
) -> dg.ExecuteInProcessResult:
    run_id = str(uuid.uuid4())
    with alive(dagster_url(instance), run_id), at_one_moment(instance):
        return definitions.resolve_job_def(job).execute_in_process(
            instance=instance, run_config={**config, **_QUIET}, run_id=run_id, raise_on_error=False
        )


def _check_dealers(settings: Settings, instance: dg.DagsterInstance, dealers: list[str]) -> None:
    """Dealers must exist, and have their partitions before the run marks any of them."""
    with open_registry(settings, url=settings.loader()) as registry:
        for dealer_id in dealers:
            registry.dealer(dealer_id)
        lacking, _ = in_step(instance, [dealer.id for dealer in registry.dealers()])
    if lacking:
        instance.add_dynamic_partitions(DEALERS.name or "", lacking)


def _why(run: dg.ExecuteInProcessResult) -> str:
    for event in run.all_events:
        if event.is_step_failure and (error := event.step_failure_data.error):
            cause = error.cause or error
            return cause.message.strip()
    return f"see run {run.run_id} in Dagster"


def _print_failures(console: Console, rows: list[tuple[str, str, str, str]]) -> None:
    table = Table("module", "dealer", "dates", "reason", title="failed", title_justify="left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print("retry: launch the job retry_failed in Dagster, or pull these dates again")
