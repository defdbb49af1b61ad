"""One real stack for the tests of the dashboards: sandbox, pipeline, warehouse and Superset, none of them made up.

It is what `make up` starts, by the same functions, without Dagster's servers: those would go on pulling and change the
figures while they are looked at.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox_orders import Sandbox, dates_back
from servers import running, running_sandbox, unused_port
from sqlalchemy import make_url

from orchestration.registry.fleet import register
from orchestration.registry.migrate import migrate
from orchestration.settings import ROOT, Settings
from stack import credentials, databases
from stack.programs import Program, environment, inherited, programs
from stack.up import SECONDS_TO_ANSWER

# A period of 30 days and the period before it have data; boards of 90 days show what there is.
DAYS = 65
FIRST_RUN_DEALER = {"id": "77001", "name": "Sinar Baru Motor", "city": "Bandung"}


@dataclass(frozen=True)
class Stack:
    """Where the stack answers, and who may enter."""

    url: str
    user: str
    password: str
    warehouse_url: str  # as its owner, who sees core too
    dealers: tuple[str, ...]  # the numbers of those that have data
    dealer_names: tuple[str, ...]  # theirs, in the same order; what filters offer
    first_run_dealer: str  # registered, and nothing fetched yet
    dealer_reader_url: str  # the warehouse as dealers' users see it
    env: Mapping[str, str]  # what its programs are started with
    sandbox_url: str


@contextmanager
def running_stack(folder: Path, server_url: str) -> Iterator[Stack]:
    """A filled warehouse and a Superset before it; the databases are made on the server at `server_url`."""
    port = int(make_url(server_url).port or 0)
    held = credentials.keep(folder / "credentials.env", port, ())
    databases.provide(server_url, {name: held[name] for name in credentials.DATABASES})
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        var_dir=folder,
        postgres_port=port,
        superset_port=unused_port(),
        registry_port=unused_port(),
        **{name.lower(): held[name] for name in (*credentials.DATABASES, "DGI_ENCRYPTION_KEY")},
    )
    env = {**inherited(os.environ), **environment(settings, held)}
    known = {program.name: program for program in programs(settings, None)}
    superset, registry = known["superset"], known["registry"]
    with running_sandbox("--size", "S", "--days", str(DAYS)) as sandbox_url, ThreadPoolExecutor(1) as beside:
        bootstrap = [str(superset.directory / ".venv" / "bin" / "python"), "bootstrap.py"]
        superset_ready = beside.submit(_run, bootstrap, superset.directory, env)
        sandbox = Sandbox(sandbox_url)
        _fill(settings, env, sandbox)
        superset_ready.result()
        with _serving(registry, env), _serving(superset, env):
            yield Stack(
                url=superset.address,
                user=env["SUPERSET_ADMIN_USER"],
                password=env["SUPERSET_ADMIN_PASSWORD"],
                warehouse_url=held["WAREHOUSE_URL"],
                dealers=_of_dealers(sandbox, "id"),
                dealer_names=_of_dealers(sandbox, "name"),
                first_run_dealer=FIRST_RUN_DEALER["id"],
                dealer_reader_url=held["WAREHOUSE_DEALER_READER_URL"],
                env=env,
                sandbox_url=sandbox_url,
            )


def _serving(program: Program, env: Mapping[str, str]) -> AbstractContextManager[None]:
    health = program.address + program.health
    return running(list(program.command), health, dict(env), SECONDS_TO_ANSWER, program.directory)


def _of_dealers(sandbox: Sandbox, field: str) -> tuple[str, ...]:
    return tuple(str(dealer[field]) for dealer in sandbox.fleet["dealers"])


def _fill(settings: Settings, env: Mapping[str, str], sandbox: Sandbox) -> None:
    """Pull all dealers of the sandbox through the pipeline; one more is registered and not pulled."""
    home = settings.var / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").symlink_to(ROOT / "orchestration" / "dagster.yaml")
    migrate(settings)
    like = sandbox.fleet["dealers"][0]
    newcomer = {**like, **FIRST_RUN_DEALER}
    register(settings, {**sandbox.fleet, "dealers": [*sandbox.fleet["dealers"], newcomer]})
    dealers = _of_dealers(sandbox, "id")
    dates = dates_back(DAYS)
    pull = [sys.executable, "-m", "orchestration.cli", "pull", "--from", str(dates[0]), "--to", str(dates[-1])]
    _run([*pull, *(option for dealer in dealers for option in ("--dealer", dealer))], ROOT, env)


def _run(command: list[str], folder: Path, env: Mapping[str, str]) -> None:
    """Run a program to its end. Raises RuntimeError with the end of what it said."""
    done = subprocess.run(
        command, cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stdout.decode(errors="replace").splitlines()[-25:]
        raise RuntimeError(f"{command[:4]} ended with {done.returncode}:\n" + "\n".join(said))
