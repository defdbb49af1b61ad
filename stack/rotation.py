"""`make rotate-key`: another key for the dealers' secrets, by one command that may be broken off and run again.

While it lasts both keys are valid: the new one stands before the old one in DGI_ENCRYPTION_KEY (all decrypt, the first
encrypts) in every program, before anything is encrypted with it.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

from orchestration.settings import ROOT
from stack import credentials
from stack.errors import StackError, failure
from stack.programs import inherited
from stack.sites import prepare
from stack.up import up

NAME = "DGI_ENCRYPTION_KEY"


def rotate_here() -> None:
    """Rotate this checkout's key, with the stack brought up on both. Raises StackError."""
    site = prepare()
    if NAME in site.outside:
        raise StackError(
            f"{NAME} is set in the environment or in .env, not by make up: put a new key before it there, with a comma "
            "between, as docs/registry.md tells."
        )
    rotate(site.settings.credentials_file, restart=up, renew=_renew_secrets)


def rotate(file: Path, restart: Callable[[], None], renew: Callable[[], None]) -> None:
    """Rotate the key in a credentials file: `restart` lets all programs read it, `renew` encrypts everything anew."""
    keys = credentials.read(file)[NAME].split(",")
    if len(keys) == 1:  # else an earlier rotation was broken off
        keys = [Fernet.generate_key().decode(), *keys]
        credentials.replace(file, {NAME: ",".join(keys)})
    restart()
    renew()
    credentials.replace(file, {NAME: keys[0]})


def _renew_secrets() -> None:
    site = prepare()
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "key", "re-encrypt"],
        cwd=ROOT,
        env={**inherited(site.outside), **site.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise failure("The secrets could not be encrypted anew; run make rotate-key again", done.stderr)
    print(done.stdout.strip())
    print(f"The old key is out of {site.settings.credentials_file}: keep a copy of that file, and the one from before")
    print("as long as backups from before. The next make up restarts the programs without the old key.")
