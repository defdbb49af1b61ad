"""The browser that the tests of the dashboards use: `python tests/superset/browsers.py` sees to one and says which.

The first of: what CHROMIUM names, Chromium or Chrome on PATH, Playwright's own, which is downloaded when its host
answers, and Debian's package, where this is Debian and the user is root.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD_SECONDS = 300
REMEDY = (
    "The tests of the dashboards need Chromium or Chrome and there is none, nor could one be installed: install it (on "
    "Debian as root: apt-get install chromium) or name one in the environment as CHROMIUM, then run this again."
)


class NoBrowser(Exception):
    """No browser is to be had; the text is one sentence with the remedy."""


def provide() -> str:
    """Path of a browser that runs, installed if need be. Raises NoBrowser."""
    for find in (_named, _on_path, _playwrights_own, _downloaded, _debians):
        if (found := find()) and version(found):
            return found
    raise NoBrowser(REMEDY)


def version(browser: str) -> str:
    """What the browser says that it is, "" if it does not run (libraries may be missing)."""
    try:
        done = subprocess.run([browser, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _named() -> str:
    named = os.environ.get("CHROMIUM", "")
    if named and not version(named):
        raise NoBrowser(f"CHROMIUM names {named}, which is no browser that runs: correct it or unset it.")
    return named


def _on_path() -> str:
    return next(filter(None, map(shutil.which, ON_PATH)), "")


def _playwrights_own() -> str:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else ""


def _downloaded() -> str:
    return _playwrights_own() if _ends_well([sys.executable, "-m", "playwright", "install", "chromium"]) else ""


def _debians() -> str:
    if os.geteuid() or not shutil.which("apt-get"):
        return ""
    installing = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
    installed = _ends_well(["apt-get", "update"]) and _ends_well(installing)
    return _on_path() if installed else ""


def _ends_well(command: list[str]) -> bool:
    """Run a command quietly; a host that does not answer is no reason to wait for it for long."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, env=env, capture_output=True, timeout=DOWNLOAD_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    """Says which browser it is; returns the exit status."""
    try:
        browser = provide()
    except NoBrowser as reason:
        print(reason, file=sys.stderr)
        return 1
    print(f"Browser for the tests: {version(browser)}, {browser}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
