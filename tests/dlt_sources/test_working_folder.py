"""A load's folder goes with it; one that a killed load left goes with the next load, and no sooner."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlt_sources.dgi.working_folder import PREFIX, working_folder

HOLDS = """
from dlt_sources.dgi.working_folder import working_folder
with working_folder() as folder:
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def age(folder: Path) -> None:
    long_ago = time.time() - 3600
    os.utime(folder, (long_ago, long_ago))


def test_only_what_a_killed_load_left_is_removed(temporary: Path) -> None:
    alive, killed = (
        subprocess.Popen(
            [sys.executable, "-c", HOLDS], env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    )  # fmt: skip
    try:
        folders = [Path(one.stdout.readline().strip()) for one in (alive, killed)]  # type: ignore[union-attr]
        killed.kill()
        killed.wait()
        (folders[1] / "package").mkdir()
        fresh = temporary / f"{PREFIX}being-made"
        fresh.mkdir()
        for folder in folders:
            age(folder)
        with working_folder() as own:
            assert sorted(temporary.iterdir()) == sorted([folders[0], fresh, Path(own)])
        assert not Path(own).exists()
    finally:
        alive.communicate("\n")
    assert not folders[0].exists()
