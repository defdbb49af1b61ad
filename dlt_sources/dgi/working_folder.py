"""The folder in which a load keeps what it has fetched until it is in Postgres. It goes with the load.

A load that is killed leaves its folder. Nothing is taken from there: a half-written package is fetched again, not
resumed. The next load removes it, so that a disk does not fill with them.
"""

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "dgi-load-"
_LOCK = "lock"
# Between the making of a folder and of its lock it looks abandoned.
_SURELY_LOCKED_SECONDS = 60


@contextmanager
def working_folder() -> Iterator[str]:
    """A folder of this load's own."""
    _remove_abandoned()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, (Path(folder) / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < _SURELY_LOCKED_SECONDS:
                continue
            with (folder / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # it is in use, another user's, or just gone
