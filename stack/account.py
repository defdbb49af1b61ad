"""Under which account the embedded Postgres runs, and what that account can reach.

Postgres refuses to run as root. Then it runs as an account that the machine already has; none is created, and no
folder's permissions are loosened for it.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.errors import StackError


@dataclass(frozen=True)
class Account:
    """An existing account other than root."""

    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """Arguments with which `subprocess` starts a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_reach(self, path: Path) -> bool:
        """Whether this account may enter a folder or run a file; asked of the kernel, so that ACLs count as well."""
        command = ["/usr/bin/env", "test", "-x", str(path)]
        return subprocess.run(command, cwd="/", check=False, **self.popen()).returncode == 0


def server_account() -> Account | None:
    """The account for the server, None when it can run as the present user. Raises StackError when root has none."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise StackError("Postgres does not run as root and there is no account postgres or nobody: use an ordinary user.")


def popen_as(account: Account | None) -> dict[str, Any]:
    """Arguments for `subprocess`, whether or not another account is needed."""
    return account.popen() if account else {}
