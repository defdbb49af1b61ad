"""What runs while the stack is up: the programs, how each is started, and where it answers."""

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.priority import NICENESS
from orchestration.settings import ROOT, Settings
from stack.credentials import HANDED_ON
from stack.postgres import Server

# In the environment of every process that we start, so that `make down` can find those that left their parents.
MARK = "DEALER_DASHBOARD_STACK"

# The kernel's limit for the address of a socket is 108 bytes, the terminating one among them (104 on a Mac).
LONGEST_SOCKET_PATH = 100
_LONGEST_NAME = 20  # with its slash: all sockets of a stack lie in one folder

# Threads that hand large texts to each other leave glibc's and Arrow's pools full of holes: with these a pull of large
# answers takes two thirds of the memory (docs/performance.md). Up to 32 MB, glibc's most, what is free is used again,
# though: memory that is given back and asked for anew cost a quarter of a pull. The images set the same.
MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "33554432",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


@dataclass(frozen=True)
class Program:
    """One supervised program."""

    name: str
    command: tuple[str, ...]
    directory: Path
    port_setting: str = ""
    port: int = 0
    health: str = ""  # a path that answers 200 when the program is of use
    user: str = ""  # another account than the supervisor's
    stop_signal: str = "TERM"
    stop_seconds: int = 15

    @property
    def address(self) -> str:
        """Where people or programs find it, "" if nowhere."""
        if not self.port:
            return ""
        return f"http://127.0.0.1:{self.port}" if self.health else f"127.0.0.1:{self.port}"


def programs(settings: Settings, server: Server | None) -> list[Program]:
    """The programs of this stack in the order in which they start (and, backwards, stop)."""
    scripts = Path(sys.executable).parent
    found = []
    if server:
        found.append(
            Program(
                name="postgres",
                command=tuple(server.command()),
                directory=Path("/"),
                port_setting="POSTGRES_PORT",
                port=server.port,
                user=server.account.name if server.account else "",
                stop_signal="INT",  # "fast": without waiting for clients
                stop_seconds=60,
            )
        )
    if settings.demo:
        # Nice, as runs are: main dealers answer them on machines of their own.
        sandbox = ["nice", "-n", str(NICENESS), sys.executable, "-m", "sandbox", "--port", str(settings.sandbox_port)]
        sandbox += ["--size", settings.sandbox_size, "--seed", str(settings.sandbox_seed)]
        sandbox += ["--days", str(settings.sandbox_days)]
        found.append(Program("sandbox", tuple(sandbox), ROOT, "SANDBOX_PORT", settings.sandbox_port, "/sandbox/fleet"))
    code = [str(scripts / "dagster"), "code-server", "start", "--socket", str(socket_of(settings.var, "code-location"))]
    code += ["--module-name", "orchestration.definitions", "--location-name", "dealer_dashboard"]
    workspace = ("-w", str(ROOT / "stack" / "workspace.yaml"))
    webserver = (str(scripts / "dagster-webserver"), "-h", "127.0.0.1", "-p", str(settings.dagster_port), *workspace)
    superset = ROOT / "superset"
    registry = (sys.executable, "-m", "orchestration.registry.service")
    return [
        *found,
        # What the administrators' pages in Superset ask; it answers them alone.
        Program("registry", registry, ROOT, "REGISTRY_PORT", settings.registry_port, "/health"),
        Program(
            name="superset",
            command=(str(superset / ".venv" / "bin" / "gunicorn"), "-c", "gunicorn.conf.py"),
            directory=superset,
            port_setting="SUPERSET_PORT",
            port=settings.superset_port,
            health="/health",
        ),
        # Asks for charts again when a transform has ended, so that people find them in the cache.
        Program("superset-cache", (str(superset / ".venv" / "bin" / "python"), "warm_cache.py"), superset),
        Program("data-api", (sys.executable, "-m", "data_api"), ROOT, "API_PORT", settings.api_port, "/health"),
        Program("code-location", tuple(code), ROOT),
        Program("dagster-webserver", webserver, ROOT, "DAGSTER_PORT", settings.dagster_port, "/server_info"),
        Program("dagster-daemon", (str(scripts / "dagster-daemon"), "run", *workspace), ROOT),
    ]


def socket_of(var: Path, name: str) -> Path:
    """Where a program listens that only the stack is to reach: in a folder that the supervisor makes private."""
    folder = var / "run"
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_PATH - _LONGEST_NAME:
        return folder / f"{name}.sock"
    short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path("/tmp") / f"dealer-dashboard-{os.getuid()}-{short}" / name  # noqa: S108  (made private in start)


def environment(settings: Settings, credentials: Mapping[str, str]) -> dict[str, str]:
    """What the programs need on top of the environment that `make up` was called in."""
    return {
        **settings.environment(),
        **{name: credentials[name] for name in HANDED_ON if name in credentials},
        "DAGSTER_CODE_SOCKET": str(socket_of(settings.var, "code-location")),
        "SUPERSET_HOME": str(settings.var / "superset"),
        "SUPERSET_CONFIG_PATH": str(ROOT / "superset" / "superset_config.py"),
        MARK: str(settings.var),
    }


def inherited(present: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what belongs to the caller's own session."""
    left_out = {"VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHONPATH", "PYTHONHOME"}
    # Without cached byte code every start of Superset or Dagster compiles some thousand files anew.
    left_out.add("PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in present.items() if name not in left_out}
    # dagster-dbt looks for `dbt` on PATH.
    return MEMORY | kept | {"PATH": f"{Path(sys.executable).parent}:{present.get('PATH', '/usr/bin:/bin')}"}
