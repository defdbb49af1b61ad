import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import install

ROOT = Path(install.__file__).resolve().parent.parent
GB = 1024**3


@pytest.mark.parametrize("current", [(3, 11), (3, 12)])
def test_a_fitting_python_is_used_as_it_is(current: tuple[int, int]) -> None:
    assert install.choose_interpreter(current, ["/nonexistent"]) == ""


@pytest.mark.parametrize("current", [(3, 8), (3, 10), (3, 13)])
def test_another_python_hands_over_to_a_fitting_one(current: tuple[int, int]) -> None:
    assert install.choose_interpreter(current, ["/nonexistent", sys.executable]) == sys.executable


@pytest.mark.parametrize("current", [(3, 8), (3, 13)])
def test_without_a_fitting_python_one_sentence_says_so(current: tuple[int, int]) -> None:
    with pytest.raises(install.CannotInstall) as refusal:
        install.choose_interpreter(current, ["/nonexistent"])
    said = str(refusal.value)
    assert f"this machine offers {current[0]}.{current[1]}" in said
    assert "Python 3.11 or 3.12 is needed" in said
    assert "\n" not in said


def test_a_shim_without_a_python_behind_it_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert install.version_of(str(shim)) == ()


def test_a_full_disk_is_one_sentence_with_both_figures() -> None:
    with pytest.raises(install.CannotInstall, match=r"/srv has 1\.5 GB left and 4\.0 GB are needed") as refusal:
        install.check_disk(Path("/srv"), int(1.5 * GB), installed=False)
    assert "\n" not in str(refusal.value)


def test_an_installed_checkout_needs_less_room() -> None:
    install.check_disk(Path("/srv"), int(1.5 * GB), installed=True)
    with pytest.raises(install.CannotInstall):
        install.check_disk(Path("/srv"), GB // 10, installed=True)


def test_a_failing_download_shows_the_end_of_what_was_said() -> None:
    command = [sys.executable, "-c", "print('connection refused'); raise SystemExit(1)"]
    with pytest.raises(install.CannotInstall, match=r"(?s)It could not be downloaded\..*connection refused"):
        install.run(command, "It could not be downloaded")


def test_a_uv_that_is_too_old_is_not_taken(tmp_path: Path) -> None:
    old = tmp_path / "uv"
    old.write_text("#!/bin/sh\necho 'uv 0.4.30'\n")
    old.chmod(0o755)
    assert install.uv_version(str(old)) < install.UV_OLDEST


def test_help_is_the_default_and_names_every_command(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    said = subprocess.run(["make"], cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    for command in ("up", "down", "status", "logs", "psql", "test", "test-quick", "lint", "bench"):
        assert f"make {command} " in said
