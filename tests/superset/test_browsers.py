"""Which browser the tests of the dashboards take, and what is said when there is none."""

import os
import subprocess
import sys
from pathlib import Path

import browsers
import pytest


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without a browser, without apt, whose way to Playwright's host is closed."""
    (tmp_path / "bin").mkdir()
    kept = {name: value for name, value in os.environ.items() if name != "CHROMIUM"}
    return {
        **kept,
        "PATH": str(tmp_path / "bin"),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "browsers"),
        "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:1",
    }


def stand_in(file: Path, says: str) -> Path:
    """A program that gives its version as a browser does."""
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


def ask(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(browsers.__file__)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_the_browser_that_is_named_comes_before_the_one_on_path(bare: dict[str, str], tmp_path: Path) -> None:
    stand_in(Path(bare["PATH"]) / "chromium", "Chromium 1")
    named = stand_in(tmp_path / "mine", "Chrome 2")
    assert ask({**bare, "CHROMIUM": str(named)}).stdout == f"Browser for the tests: Chrome 2, {named}\n"


def test_a_browser_on_path_is_taken(bare: dict[str, str]) -> None:
    found = stand_in(Path(bare["PATH"]) / "google-chrome", "Google Chrome 3")
    assert ask(bare).stdout == f"Browser for the tests: Google Chrome 3, {found}\n"


def test_a_name_of_something_else_is_one_sentence(bare: dict[str, str]) -> None:
    done = ask({**bare, "CHROMIUM": "/nonexistent"})
    assert done.returncode == 1
    assert done.stderr == "CHROMIUM names /nonexistent, which is no browser that runs: correct it or unset it.\n"


@pytest.mark.slow
def test_without_any_browser_one_sentence_names_the_remedy(bare: dict[str, str]) -> None:
    done = ask(bare)
    assert done.returncode == 1
    assert done.stderr == f"{browsers.REMEDY}\n"
