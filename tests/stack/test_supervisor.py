import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from orchestration.settings import Settings
from stack import leftovers, postgres
from stack.errors import StackError
from stack.programs import LONGEST_SOCKET_PATH, MARK, Program, environment, inherited, programs, socket_of
from stack.supervisor import Supervisor, render

pytestmark = pytest.mark.slow

SECRETS = {
    "SUPERSET_SECRET_KEY": "secret-key-of-superset",
    "SUPERSET_ADMIN_PASSWORD": "secret-of-admin",
    "SUPERSET_ADMIN_USER": "admin",
}


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    yield supervisor
    if supervisor.is_running():
        supervisor.stop()
    assert leftovers.end(tmp_path) == []


def start(supervisor: Supervisor, *started: Program) -> None:
    mark = {MARK: str(supervisor.run.parent)}
    supervisor.start(list(started), mark, inherited(os.environ))
    for program in started:
        supervisor.begin(program.name)


def script(name: str, text: str) -> Program:
    return Program(name, (sys.executable, "-c", text), Path("/"))


def test_the_configuration_holds_no_secrets(tmp_path: Path, port: int) -> None:
    settings = Settings(
        var_dir=tmp_path,
        warehouse_url="postgresql://dealers:secret-of-dealers@127.0.0.1/warehouse",
        dgi_encryption_key="secret-of-dgi",
    )
    server = postgres.Server(tmp_path / "data", Path("/opt/bin"), port, None)
    everything = programs(settings, server)
    assert everything[0].name == "postgres"
    assert "secret" not in render(everything, tmp_path / "run", tmp_path / "log", tmp_path / "sock")
    handed_on = environment(settings, SECRETS | {"POSTGRES_SUPERUSER_PASSWORD": "secret-of-root"})
    assert handed_on["SUPERSET_SECRET_KEY"] == "secret-key-of-superset"
    assert "secret-of-root" not in handed_on.values()


def test_without_demo_there_is_no_sandbox(tmp_path: Path) -> None:
    names = [program.name for program in programs(Settings(var_dir=tmp_path, demo=False), None)]
    dagster = ["code-location", "dagster-webserver", "dagster-daemon"]
    assert names == ["registry", "superset", "superset-cache", "data-api", *dagster]


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    assert len(str(Supervisor(deep).socket)) <= LONGEST_SOCKET_PATH
    assert Supervisor(deep).socket != Supervisor(deep / "other").socket
    for length in range(60, 110):  # the folder that the supervisor makes private has them all
        var = Path("/" + "d" * length)
        assert socket_of(var, "code-location").parent == Supervisor(var).socket.parent
        assert len(str(socket_of(var, "code-location"))) <= LONGEST_SOCKET_PATH


def test_paths_are_taken_literally(supervisor: Supervisor, tmp_path: Path) -> None:
    odd = tmp_path / "100% odd"
    odd.mkdir()
    program = Program(
        "odd", (sys.executable, "-c", f"open({str(odd / 'out')!r}, 'w'); import time; time.sleep(99)"), odd
    )
    start(supervisor, program)
    until((odd / "out").exists)


def test_a_program_that_dies_is_started_again(supervisor: Supervisor) -> None:
    start(supervisor, script("sleeper", "import time; time.sleep(99)"))
    until(lambda: supervisor.state("sleeper") == "RUNNING")
    first = supervisor.states()["sleeper"]["pid"]
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.states()["sleeper"]["pid"] not in (0, first))


def test_a_program_that_cannot_start_shows_the_end_of_its_log(supervisor: Supervisor) -> None:
    start(supervisor, script("broken", "raise SystemExit('no such table')"))
    with pytest.raises(StackError, match=r"(?s)broken does not start, see .*broken\.log.*no such table"):
        supervisor.wait("broken", lambda: False, seconds=30)


def test_children_that_left_their_group_end_as_well(supervisor: Supervisor, tmp_path: Path) -> None:
    pid_file = str(tmp_path / "pid")
    leave = f"os.setsid(); open({pid_file!r}, 'w').write(str(os.getpid())); time.sleep(99)"
    start(supervisor, script("parent", f"import os, time; os.fork() and time.sleep(99); {leave}"))
    until(lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text()))
    pid = int((tmp_path / "pid").read_text())
    supervisor.stop()
    assert psutil.pid_exists(pid)
    assert leftovers.end(tmp_path) == []
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_other_settings_are_noticed(supervisor: Supervisor) -> None:
    program = script("sleeper", "import time; time.sleep(99)")
    mark = {MARK: str(supervisor.run.parent)}
    supervisor.start([program], mark, inherited(os.environ))
    assert supervisor.is_current([program], mark)
    assert not supervisor.is_current([program], mark | {"SANDBOX_SIZE": "M"})
    assert not supervisor.is_current([], mark)


def test_postgres_comes_back_after_kill_9_with_its_data(
    server: postgres.Server, server_url: str, supervisor: Supervisor, tmp_path: Path
) -> None:
    user = server.account.name if server.account else ""
    program = Program("postgres", tuple(server.command()), Path("/"), user=user, stop_signal="INT")
    start(supervisor, program)
    supervisor.wait("postgres", lambda: postgres.answers(server_url), seconds=30)
    connection = psycopg2.connect(server_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("create table kept as select 42 as answer")

    os.kill(supervisor.states()["postgres"]["pid"], signal.SIGKILL)
    supervisor.wait("postgres", lambda: postgres.answers(server_url), seconds=60)
    connection = psycopg2.connect(server_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select answer from kept")
        assert cursor.fetchone() == (42,)

    supervisor.stop()
    assert not postgres.answers(server_url)
    assert leftovers.processes(tmp_path) == []
