"""Secrets come from files, and the program takes the entry point's place."""

import os
import subprocess
import sys
from pathlib import Path

from containers import ROOT

ENTRYPOINT = ROOT / "deploy" / "docker" / "entrypoint.py"


def started(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, str(ENTRYPOINT), *command], env=env, capture_output=True, text=True, check=False
    )


def test_a_file_becomes_the_setting_without_its_line_end(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("p=ss w'rd\n")
    done = started("sh", "-c", 'echo "$TOKEN|${TOKEN_FILE-unset}"', TOKEN_FILE=str(secret), TOKEN="old")
    assert done.stdout == "p=ss w'rd|unset\n"


def test_a_missing_or_empty_secret_is_named_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name in ("empty", "missing"):
        done = started("echo", "started", TOKEN_FILE=str(tmp_path / name))
        assert (done.returncode, done.stdout) == (1, "")
        assert name in done.stderr and "Traceback" not in done.stderr


def test_no_file_named_is_no_secret() -> None:
    assert started("sh", "-c", 'echo "${TOKEN-unset}"', TOKEN_FILE="").stdout == "unset\n"


def test_the_program_is_the_process_itself() -> None:
    done = started("sh", "-c", "exit 7")
    assert done.returncode == 7


def test_an_unknown_program_ends_in_a_sentence() -> None:
    done = started("no-such-program")
    assert (done.returncode, done.stderr) == (1, "no-such-program cannot be started: No such file or directory\n")


def test_the_pipeline_gets_what_its_programs_read(tmp_path: Path) -> None:
    url = tmp_path / "warehouse_url"
    url.write_text("postgresql://dealers:secret@db:5433/warehouse\n")
    var = str(tmp_path / "var")
    done = started(
        "--pipeline", "sh", "-c", 'echo "$WAREHOUSE_HOST $WAREHOUSE_PORT $PGTZ"; ls -l "$DAGSTER_HOME"',
        WAREHOUSE_URL_FILE=str(url), VAR_DIR=var,
    )  # fmt: skip
    assert done.stdout.startswith("db 5433 UTC\n")
    assert f"dagster.yaml -> {ROOT}/orchestration/dagster.yaml" in done.stdout
