"""`make up`: from two installed environments to a running stack with data, doing only what is missing."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import requests

from orchestration.settings import ROOT
from stack import credentials, databases, demo, leftovers, ports, postgres, secret_rules
from stack.errors import DISK_FULL, StackError, failure, is_full
from stack.programs import Program, inherited
from stack.progress import Steps
from stack.sites import Site, prepare

SECONDS_TO_ANSWER = 180
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
    name locationOrLoadError { ... on PythonError { message } }
} } } }"""


def up() -> None:
    """Bring everything up and report it. Raises StackError with what stands in the way."""
    site = prepare()
    steps = Steps()
    if site.remark:
        steps.say(f"  {site.remark}")
    refuse_weak_secrets(site)
    clear_the_way(site, steps)
    try:
        _bring_up(site, steps)
    except (StackError, psycopg2.Error) as reason:
        if is_full(site.var, site.var / "postgres"):
            raise StackError(DISK_FULL) from reason
        raise
    _summary(site, steps)


def _bring_up(site: Site, steps: Steps) -> None:
    with steps.running(), ThreadPoolExecutor(max_workers=1) as beside:
        supervise(site)
        if site.server:
            start_postgres(site, steps)
        # Superset needs nothing of the pipeline but the database, and takes about as long.
        superset = beside.submit(_start_superset, site, steps)
        _start_pipeline(site, steps)
        if site.settings.demo:
            demo.fill(site, steps)
        superset.result()


def refuse_weak_secrets(site: Site) -> None:
    """Outside the demo, see that every secret is there and drawn by chance. Raises StackError."""
    if site.settings.demo:
        return
    given = {**site.credentials, **site.outside}
    secrets = {name: value for name, value in given.items() if name in credentials.SECRETS}
    optional = {credentials.SUPERUSER_PASSWORD} if not site.server else set()
    optional |= set(credentials.OPTIONAL) if "WAREHOUSE_URL" in site.outside else set()
    needed = [name for name in credentials.SECRETS if name not in optional]
    if complaints := secret_rules.complaints(secrets, needed):
        raise StackError("\n".join(f"{complaint}." for complaint in complaints))


def clear_the_way(site: Site, steps: Steps) -> None:
    """See that nothing of ours runs with other settings or without a supervisor, and that our ports are free."""
    supervisor = site.supervisor
    if supervisor.is_running() and not supervisor.is_current(site.programs, site.environment):
        with steps.step("Settings have changed, stopping what runs with the old ones"):
            supervisor.stop()
    if not supervisor.is_running():
        leftovers.end(site.var)
    alive = {name for name, info in supervisor.states().items() if info["pid"]}
    for program in site.programs:
        if program.port and program.name not in alive:
            ports.check(program.port_setting, program.port)


def supervise(site: Site) -> None:
    """See that the supervisor runs; it starts nothing by itself."""
    if not site.supervisor.is_running():
        site.supervisor.start(site.programs, site.environment, inherited(os.environ))


def start_postgres(site: Site, steps: Steps) -> None:
    """Start the embedded server and make the databases and roles that it lacks. Raises StackError."""
    server, url = site.server, site.superuser_url
    assert server
    with steps.step("Postgres"):
        postgres.initialise(server, site.credentials[credentials.SUPERUSER_PASSWORD])
        site.supervisor.begin("postgres")
        site.supervisor.wait("postgres", lambda: postgres.answers(url), SECONDS_TO_ANSWER)
    with steps.step("Databases and roles"):
        wanted = {name: site.credentials[name] for name in credentials.embedded(site.outside)}
        try:
            databases.provide(url, wanted)
        except psycopg2.Error as reason:
            raise StackError(f"The databases could not be made: {reason}") from reason


def _start_superset(site: Site, steps: Steps) -> None:
    superset = ROOT / "superset"
    with steps.step("Superset's database, roles and dashboards"):
        command = [str(superset / ".venv" / "bin" / "python"), "bootstrap.py"]
        _run(site, command, superset, "Superset could not be set up")
    _start(site, steps, "superset")
    site.supervisor.begin("superset-cache")


def _start_pipeline(site: Site, steps: Steps) -> None:
    _provide_dagster_home(site)
    if site.settings.demo:
        site.supervisor.begin("sandbox")
    site.supervisor.begin("code-location")
    with steps.step("Tables of the warehouse"):
        _run(site, [sys.executable, "-m", "orchestration.cli", "migrate"], ROOT, "The warehouse could not be migrated")
    site.supervisor.begin("registry")
    if site.settings.demo:
        _start(site, steps, "sandbox")
    with steps.step("Dagster's definitions"):
        listens = _listens(site.environment["DAGSTER_CODE_SOCKET"])
        site.supervisor.wait("code-location", listens, SECONDS_TO_ANSWER)
    site.supervisor.begin("dagster-daemon")
    _start(site, steps, "dagster-webserver")
    _start(site, steps, "data-api")
    _check_definitions(f"http://127.0.0.1:{site.settings.dagster_port}")
    site.supervisor.wait("dagster-daemon", lambda: True, SECONDS_TO_ANSWER)


def _check_definitions(dagster: str) -> None:
    """The webserver answers also when it could not load our code: then nothing would ever run."""
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment is not for 127.0.0.1
    answer = session.post(f"{dagster}/graphql", json={"query": _LOCATIONS}, timeout=60).json()
    for location in answer["data"]["workspaceOrError"]["locationEntries"]:
        problem = (location["locationOrLoadError"] or {}).get("message")
        if problem:
            raise failure(f"Dagster cannot load {location['name']}", problem)


def _provide_dagster_home(site: Site) -> None:
    """Dagster reads its instance's settings from its home only: a link there makes it read the checkout's."""
    home = site.var / "dagster_home"
    home.mkdir(parents=True, exist_ok=True)
    link, target = home / "dagster.yaml", ROOT / "orchestration" / "dagster.yaml"
    if not (link.is_symlink() and link.readlink() == target):
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def _start(site: Site, steps: Steps, name: str) -> None:
    program = next(program for program in site.programs if program.name == name)
    with steps.step(f"{name} on {program.address}"):
        site.supervisor.begin(name)
        site.supervisor.wait(name, responds(program), SECONDS_TO_ANSWER)


def responds(program: Program) -> Callable[[], bool]:
    """A check whether the program answers its health address."""
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment is not for 127.0.0.1

    def check() -> bool:
        try:
            return session.get(program.address + program.health, timeout=10).status_code == requests.codes.ok
        except requests.RequestException:
            return False

    return check


def _listens(path: str) -> Callable[[], bool]:
    """A check whether a program listens on its socket."""

    def check() -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(path) == 0

    return check


def _run(site: Site, command: list[str], directory: Path, sentence: str) -> None:
    """Run a program of ours quietly. Raises StackError with the end of what it said."""
    env = {**inherited(os.environ), **site.environment}
    done = subprocess.run(
        command,
        cwd=directory,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise failure(sentence, done.stdout.decode(errors="replace"), 25)


def _summary(site: Site, steps: Steps) -> None:
    settings = site.settings
    steps.say(f"\nUp after {steps.elapsed():.0f} s.\n")
    steps.say(f"  Dashboards   http://127.0.0.1:{settings.superset_port}")
    steps.say(f"  Dagster      http://127.0.0.1:{settings.dagster_port}")
    steps.say(f"  Data API     http://127.0.0.1:{settings.api_port}/docs")
    if settings.demo:
        steps.say(f"  Sandbox      http://127.0.0.1:{settings.sandbox_port} (the demo's main dealers)")
    steps.say(f"  Log in as {site.environment['SUPERSET_ADMIN_USER']}; passwords are in {settings.credentials_file}")
    steps.say("\n  make status, make logs, make psql, make down")
