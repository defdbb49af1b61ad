"""dbt as Dagster starts it says its version by itself: dbt's own answer takes seconds and asks PyPI for the newest."""

import subprocess
import sys
from pathlib import Path

import dbt.version

DBT = str(Path(sys.executable).with_name("dbt-of-run"))


def test_it_says_its_version_and_asks_nobody() -> None:
    said = subprocess.run([DBT, "--version"], capture_output=True, text=True, check=True).stdout
    assert said == f"{dbt.version.__version__}\n"


def test_everything_else_is_dbts_to_answer() -> None:
    said = subprocess.run([DBT, "build", "--help"], capture_output=True, text=True, check=True).stdout
    assert "--select" in said
