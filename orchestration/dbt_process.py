"""dbt as a run starts it: it ends with the run's process, however that ends.

When only the run was killed, its dbt went on building for minutes, unseen, while the pool was free again and the run in
its place started a second one.
"""

import os
import signal
import sys
import threading
import time
from importlib.metadata import version

_LOOK_SECONDS = 0.5


def end_with_parent() -> None:
    """From now on, kill this process when the one that started it is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        # Nobody is there to be told. Postgres rolls back what is not committed.
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()


def main() -> None:
    """Run dbt with the arguments of this process."""
    if sys.argv[1:] == ["--version"]:
        # Dagster asks before it has dbt do anything, and dbt itself takes seconds to say it.
        print(version("dbt-core"))
        return
    end_with_parent()
    from dbt.cli.main import cli  # takes seconds, in which the run may be killed already

    cli()


if __name__ == "__main__":
    main()
