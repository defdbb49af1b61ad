"""One stack as it is set up here: its settings, its server if it has one, its programs and its supervisor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import click

from orchestration.settings import ROOT, Settings, load_settings
from stack import credentials, postgres
from stack.programs import Program, environment, programs
from stack.supervisor import Supervisor


@dataclass(frozen=True)
class Site:
    """What the commands work with."""

    settings: Settings
    credentials: dict[str, str]
    outside: dict[str, str]
    server: postgres.Server | None
    remark: str
    programs: list[Program]
    supervisor: Supervisor

    @property
    def var(self) -> Path:
        """The folder for everything that is written."""
        return self.settings.var

    @property
    def environment(self) -> dict[str, str]:
        """What our processes need on top of the caller's environment."""
        return environment(self.settings, {**self.credentials, **self.outside})

    @property
    def superuser_url(self) -> str:
        """Address of the embedded server as its superuser."""
        return postgres.superuser_url(self.settings.postgres_port, self.credentials[credentials.SUPERUSER_PASSWORD])


def prepare() -> Site:
    """Make what is missing of the credentials and of Postgres's folders, and return the site. Raises StackError."""
    outside = credentials.set_outside(ROOT)
    settings = load_settings()
    settings.var.mkdir(parents=True, exist_ok=True)
    held = credentials.keep(settings.credentials_file, settings.postgres_port, outside)
    settings = load_settings()
    server, remark = None, ""
    if credentials.is_embedded(outside):
        server, remark = postgres.place(settings.var / "postgres", settings.postgres_port)
    return Site(settings, held, outside, server, remark, programs(settings, server), Supervisor(settings.var))


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Hold the lock of `up` and `down`; waits, and says so, while another one is at work."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "stack.lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            click.echo("  Another make up or make down is at work here; waiting for it ...", err=True)
            flock(lock, LOCK_EX)
        yield
