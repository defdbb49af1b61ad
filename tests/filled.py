"""A real stack for tests: what `make up` starts, by the same functions, filled by the real pipeline from a sandbox.

It has a Postgres of its own, since roles and their passwords belong to a whole server. Dagster's servers are left out:
they would go on pulling and change the figures while they are looked at.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parsed_dbt import give
from sandbox_orders import Sandbox, dates_back
from servers import running_sandbox, unused_port

from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, Settings
from stack import credentials, databases, postgres
from stack.programs import Program, environment, inherited, programs

# What of a sandbox's fleet is registered, and which of its dealers are pulled: gets the fleet, gives both.
Choice = Callable[[dict[str, Any]], tuple[dict[str, Any], tuple[str, ...]]]


@dataclass(frozen=True)
class Filled:
    """What is there, and with what its programs are started."""

    held: Mapping[str, str]  # credentials by name
    env: Mapping[str, str]
    programs: Mapping[str, Program]
    sandbox: Sandbox
    sandbox_url: str
    dealers: tuple[str, ...]  # numbers of those that have data


@contextmanager
def filled_stack(folder: Path, dbt_target: Path, days: int, choose: Choice, *options: str) -> Iterator[Filled]:
    """Databases with some days of a sandbox of size S, which answers meanwhile; `options` are those of the pull."""
    server, files = folder / "postgres", folder / "var"
    server.mkdir()
    files.mkdir()
    port = unused_port()
    with (
        postgres.throwaway(server, port, "of-a-throwaway-server") as server_url,
        running_sandbox("--size", "S", "--days", str(days)) as sandbox_url,
        ThreadPoolExecutor(1) as beside,
    ):
        held = credentials.keep(files / "credentials.env", port, ())
        databases.provide(server_url, {name: held[name] for name in credentials.DATABASES})
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            var_dir=files,
            postgres_port=port,
            superset_port=unused_port(),
            registry_port=unused_port(),
            api_port=unused_port(),
            dagster_port=unused_port(),  # nothing answers there
            **{name.lower(): held[name] for name in (*credentials.DATABASES, "DGI_ENCRYPTION_KEY")},
        )
        env = {**inherited(os.environ), **environment(settings, held)}
        give(dbt_target, files, held["WAREHOUSE_TRANSFORMER_URL"])
        by_name = {program.name: program for program in programs(settings, None)}
        superset = by_name["superset"].directory
        bootstrap = [str(superset / ".venv" / "bin" / "python"), "bootstrap.py"]
        superset_ready = beside.submit(run_to_end, bootstrap, superset, env)
        sandbox = Sandbox(sandbox_url)
        fleet, dealers = choose(sandbox.fleet)
        _fill(settings, env, fleet, dealers, days, options)
        superset_ready.result()
        yield Filled(held, env, by_name, sandbox, sandbox_url, dealers)


def _fill(
    settings: Settings, env: Mapping[str, str], fleet: dict[str, Any], dealers: tuple[str, ...], days: int,
    options: tuple[str, ...],
) -> None:  # fmt: skip
    home = settings.var / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    migrate(settings)
    register(settings, fleet)
    dates = dates_back(days)
    pull = [sys.executable, "-m", "orchestration.cli", "pull", "--from", str(dates[0]), "--to", str(dates[-1])]
    run_to_end([*pull, *options, *(word for dealer in dealers for word in ("--dealer", dealer))], ROOT, env)


def run_to_end(command: list[str], folder: Path, env: Mapping[str, str]) -> None:
    """Run a program to its end. Raises RuntimeError with the end of what it said."""
    done = subprocess.run(
        command, cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stdout.decode(errors="replace").splitlines()[-25:]
        raise RuntimeError(f"{command[:4]} ended with {done.returncode}:\n" + "\n".join(said))
