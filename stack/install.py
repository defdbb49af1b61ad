"""Everything that has to be there before the project's own code can run: uv, the pipeline's environment, Superset's.

Run by whatever `python3` the machine has, so: standard library only, and syntax that Python 3.6 still reads, because an
old interpreter has to get as far as saying that it is too old. Installs nothing outside the checkout and VAR_DIR; pip
and uv follow the user's own configuration (index, proxy, cache).
"""

import argparse
import errno
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ((3, 11), (3, 12))  # Superset 6.1 cannot be installed on 3.13
UV = "0.13.9"
UV_OLDEST = (0, 8)
# Both environments, uv's cache of them, and room for the demo's data.
NEEDED_BYTES = 4 * 1024**3
# What an installed checkout still needs to work with.
SPARE_BYTES = 512 * 1024**2

STARTED = time.monotonic()


class CannotInstall(Exception):
    """Why the installation cannot go on, as one sentence for the person at the terminal."""


def say(text: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"  {time.monotonic() - STARTED:6.1f} s  {text}", flush=True)


# --- the interpreter ---


def version_of(interpreter: str) -> "tuple[int, ...]":
    """Major and minor version of an interpreter, () if it cannot be run (a version manager's empty shim, say)."""
    try:
        text = subprocess.check_output(
            [interpreter, "-c", "import sys; print('%d %d' % sys.version_info[:2])"], stderr=subprocess.DEVNULL
        )
        return tuple(int(part) for part in text.split())
    except (OSError, subprocess.CalledProcessError, ValueError):
        return ()


def choose_interpreter(current: "tuple[int, ...]", candidates: "list[str]") -> str:
    """The interpreter to install with: this one ("") when its version fits, else the first candidate that does.

    Raises CannotInstall when there is none.
    """
    if tuple(current) in PYTHONS:
        return ""
    for candidate in candidates:
        if version_of(candidate) in PYTHONS:
            return candidate
    raise CannotInstall(
        "Python 3.11 or 3.12 is needed, and this machine offers {}.{}: install one of them (as python3.11 or "
        "python3.12 on PATH), then run this again.".format(*current)
    )


# --- room on the disk ---


def check_disk(folder: Path, free: int, installed: bool) -> None:
    """Raise CannotInstall when `free` bytes are too few for what is still to be installed in `folder`."""
    needed = SPARE_BYTES if installed else NEEDED_BYTES
    if free < needed:
        raise CannotInstall(
            f"The disk of {folder} has {free / 1024**3:.1f} GB left and {needed / 1024**3:.1f} GB are needed: "
            "free some space, then run this again."
        )


# --- uv ---


def uv_version(uv: str) -> "tuple[int, ...]":
    """The version that a uv executable reports, () if it cannot be run."""
    try:
        text = subprocess.check_output([uv, "--version"], stderr=subprocess.DEVNULL).decode()
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else ()


def provide_uv(tools: Path) -> str:
    """Path of a uv that is new enough: the one on PATH, the one installed before, or a new one in `tools`."""
    on_path = shutil.which("uv")
    own = tools / "bin" / "uv"
    for found in filter(None, (on_path, str(own))):
        if uv_version(found) >= UV_OLDEST:
            return found
    say(f"uv {UV} into {tools}")
    try:
        import ensurepip  # noqa: F401  (Debian splits it off into python3-venv)
    except ImportError:
        raise CannotInstall(
            f"{sys.executable} has no venv module (on Debian and Ubuntu: apt install python3-venv), and there is no uv "
            "on PATH: install one of the two, then run this again."
        ) from None
    run([sys.executable, "-m", "venv", "--clear", str(tools)], "A virtual environment for uv could not be made")
    run(
        [str(tools / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "uv==" + UV],
        "uv could not be downloaded (is the package index reachable, or is a proxy to be set?)",
    )
    return str(own)


def sync(uv: str, project: Path, what: str, extra: "list[str]") -> None:
    """Bring a project's `.venv` to what its pyproject.toml asks for. An unchanged one takes well under a second."""
    existing = project / ".venv" / "bin" / "python"
    # Another interpreter than last time would make uv throw the environment away, also under a running stack.
    interpreter = str(existing) if version_of(str(existing)) in PYTHONS else sys.executable
    say(what + (" (unchanged if nothing is missing)" if existing.exists() else " (this takes a while)"))
    run(
        # --inexact: what `make test` added stays, so that up and test do not undo each other's work.
        [uv, "sync", "--inexact", "--project", str(project), "--python", interpreter, "--no-python-downloads", *extra],
        f"{what} could not be installed (is the package index reachable, or is a proxy to be set?)",
    )


def run(command: "list[str]", failure: str) -> None:
    """Run a command quietly. Raises CannotInstall with `failure` and the end of what the command said."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS")}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=str(ROOT))
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip().splitlines()[-15:]
        if any("No space left on device" in line for line in said):
            failure = "The disk is full"
        raise CannotInstall(
            failure + ". The last lines of {}:\n    {}".format(Path(command[0]).name, "\n    ".join(said))
        )


# --- all of it ---


def var_dir() -> Path:
    """Where the stack writes: VAR_DIR of the environment, else of `.env`, else `var` in the checkout."""
    value = os.environ.get("VAR_DIR")
    dotenv = ROOT / ".env"
    if not value and dotenv.exists():
        found = re.search(r"^\s*VAR_DIR\s*=\s*[\"']?([^\"'\n#]+)", dotenv.read_text(), re.MULTILINE)
        value = found.group(1).strip() if found else None
    return ROOT / (value or "var")


def install(dev: bool) -> None:
    """Install or complete both environments. Raises CannotInstall."""
    var = var_dir()
    var.mkdir(parents=True, exist_ok=True)
    with (var / "install.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another installation is at work here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        projects = [ROOT, ROOT / "superset"]
        installed = all((project / ".venv" / "pyvenv.cfg").exists() for project in projects)
        check_disk(ROOT, shutil.disk_usage(str(ROOT)).free, installed)
        check_disk(var, shutil.disk_usage(str(var)).free, True)
        say("Python {}.{}.{} ({})".format(*sys.version_info[:3], sys.executable))
        uv = provide_uv(var / "tools")
        sync(uv, ROOT, "The pipeline's environment", ["--group", "dev"] if dev else ["--no-dev"])
        # Reports by e-mail are tested; `make up` has none.
        sync(uv, ROOT / "superset", "Superset's environment", ["--group", "reports"] if dev else [])
        say("Both environments are ready")


def main() -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Install uv and the project's two environments.")
    parser.add_argument("--dev", action="store_true", help="also what tests and linters need")
    arguments = parser.parse_args()
    try:
        other = choose_interpreter(sys.version_info[:2], ["python3.11", "python3.12", "python3"])
        if other:
            os.execvp(other, [other, *sys.argv])
        install(arguments.dev)
    except CannotInstall as reason:
        print(reason, file=sys.stderr)
        return 1
    except OSError as reason:
        if reason.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print("The disk is full: free some space, then run this again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
