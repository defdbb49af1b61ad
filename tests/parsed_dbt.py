"""dbt's project, parsed once for a session: that takes longer than most of what a test has dbt do."""

import fcntl
import os
import pprint
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from orchestration.settings import ROOT

WAREHOUSE = "warehouse"  # the database's name is all over what was parsed
_NOBODY = make_url(f"postgresql://nobody:none@127.0.0.1:1/{WAREHOUSE}")
_PARSED = "partial_parse.msgpack"


def parsed_once(factory: pytest.TempPathFactory) -> Path:
    """The folder with what was parsed, made by whichever of a session's processes needs it first."""
    base = factory.getbasetemp()
    target = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "parsed-dbt"
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "manifest.json").exists():
            _parse(target)
    return target


def _parse(target: Path) -> None:
    names = {"HOST": _NOBODY.host, "PORT": _NOBODY.port, "USER": _NOBODY.username, "DBNAME": WAREHOUSE}
    env = {**os.environ, **{f"WAREHOUSE_{name}": str(value) for name, value in names.items()}}
    env.pop("WAREHOUSE_SSLMODE", None)
    places = {"project-dir": "dbt_project", "profiles-dir": "dbt_project", "target-path": target, "log-path": target}
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "parse"]
    command += [word for option, place in places.items() for word in (f"--{option}", str(place))]
    subprocess.run(command, env=env, cwd=ROOT, check=True)


def give(target: Path, var: Path, url: str = "") -> None:
    """Give it to the stack with this VAR_DIR, whose dbt goes to that address.

    dbt takes it for its own if it bears the digest of the address, and the database is called WAREHOUSE. Without an
    address it is a manifest for Dagster and no more.
    """
    own = var / "dbt" / "target"
    shutil.copytree(target, own, ignore=shutil.ignore_patterns("*.log", "" if url else _PARSED))
    if url:
        parsed, digest = (own / _PARSED).read_bytes(), _digest(_NOBODY)
        assert parsed.count(digest) == 1, "dbt marks what it has parsed in another way now"
        (own / _PARSED).write_bytes(parsed.replace(digest, _digest(make_url(url))))


def _digest(url: URL) -> bytes:
    """What dbt keeps of the address that it has parsed for."""
    from dbt.adapters.postgres.connections import PostgresCredentials  # takes seconds
    from dbt.artifacts.resources import FileHash

    credentials = PostgresCredentials(
        host=url.host or "", port=url.port or 0, user=url.username or "", password="", database=url.database or "",
        schema="staging", sslmode="prefer",
    )  # fmt: skip
    return FileHash.from_contents(pprint.pformat(sorted(credentials.connection_info()))).checksum.encode()
