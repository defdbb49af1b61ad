"""Backups of the stack's databases: a folder each, complete or not there, the oldest removed.

Raw documents cannot be fetched again once they are 30 days old, so this is the only second copy of them. Dagster's
database is read before the warehouse: what Dagster then says has arrived is in the warehouse's copy for certain.
The keys are left out, so that a backup alone gives away no dealer's credentials; it says which keys it belongs to.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tenacity

from orchestration.postgres_programs import connection_environment, wheel_binaries
from orchestration.settings import Settings

# In this order (see above): setting with the address -> file.
DATABASES = {
    "dagster_database_url": "dagster.dump",
    "warehouse_url": "warehouse.dump",
    "superset_database_url": "superset.dump",
}
# What the databases hold is encrypted with these.
KEYS = ("dgi_encryption_key", "superset_secret_key")
CONTENTS = "backup.json"
_COMPLETE = re.compile(r"\d{8}T\d{6}Z")
_PARTIAL = ".partial"
_ATTEMPTS = 10
_TABLE_IS_GONE = re.compile(r'relation "[^"]+" does not exist|could not open relation|cache lookup failed')
MB = 1024**2


class BackupError(Exception):
    """A backup or a restore that could not be made, in a sentence with the remedy."""


def back_up(settings: Settings, keep: int, say: Callable[[str], Any]) -> Path:
    """Dump the databases into a new folder and remove all but the newest `keep`. Raises BackupError.

    Databases whose address is not set here (in a container of its own, Superset's) are left out, which `say` is told.
    """
    settings.require("warehouse_url")
    folder = settings.backups
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        for abandoned in folder.glob(f"*{_PARTIAL}"):
            shutil.rmtree(abandoned)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        partial = folder / f"{name}{_PARTIAL}"
        partial.mkdir(mode=0o700)
        files = {}
        for setting, file in DATABASES.items():
            if url := getattr(settings, setting):
                files[file] = _dump(str(url), partial / file, say)
            else:
                say(f"{setting.upper()} is not set here: that database is left out")
        contents = {"made_at": name, "files": files, "keys": fingerprints(settings)}
        (partial / CONTENTS).write_text(json.dumps(contents, indent=2) + "\n")
        complete = partial.rename(folder / name)
        for old in complete_backups(folder)[:-keep]:
            shutil.rmtree(old)
            say(f"{old.name} removed: the last {keep} are kept")
    return complete


def complete_backups(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first."""
    found = [one for one in folder.iterdir() if _COMPLETE.fullmatch(one.name) and (one / CONTENTS).is_file()]
    return sorted(found)


def read_contents(backup: Path) -> dict[str, Any]:
    """What a backup holds, after its files were read and found to be as they were written. Raises BackupError."""
    try:
        contents: dict[str, Any] = json.loads((backup / CONTENTS).read_text())
    except (OSError, ValueError):
        raise BackupError(f"{backup} is no backup: it has no readable {CONTENTS}") from None
    for file, written in contents["files"].items():
        path = backup / file
        if not path.is_file() or _sha256(path) != written["sha256"]:
            raise BackupError(f"{path} is not as it was written: take another backup")
    return contents


def fingerprints(settings: Settings) -> dict[str, str]:
    """What tells one key from another and does not lead back to it."""
    return {
        name: hashlib.sha256(f"{name}:{key}".encode()).hexdigest()[:16]
        for name in KEYS
        if (key := getattr(settings, name))
    }


def _dump(url: str, file: Path, say: Callable[[str], Any]) -> dict[str, Any]:
    started = time.monotonic()
    # The archive's own format: compressed, and pg_restore can take single tables out of it.
    command = [str(wheel_binaries() / "pg_dump"), "--format=custom", "--compress=gzip:1", f"--file={file}"]
    environment = {**os.environ, **connection_environment(url)}

    def dump() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603

    # pg_dump lists the tables and locks them then: one that a transform replaces in between ends it at once.
    dumping = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        wait=tenacity.wait_random(0.2, 1.0),
        retry=tenacity.retry_if_result(lambda done: bool(_TABLE_IS_GONE.search(done.stderr))),
        before_sleep=lambda _: say(f"{file.stem}: a transform has replaced a table meanwhile, so it is begun again"),
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )
    done = dumping(dump)
    if done.returncode:
        raise BackupError(f"the database {environment['PGDATABASE']} could not be backed up: {done.stderr.strip()}")
    file.chmod(0o600)
    size = file.stat().st_size
    say(f"{file.stem}: {size / MB:,.1f} MB in {time.monotonic() - started:.1f} s")
    return {"bytes": size, "sha256": _sha256(file)}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"another backup is being made in {folder}: wait for it to end") from None
        yield
