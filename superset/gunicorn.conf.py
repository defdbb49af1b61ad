"""How gunicorn serves Superset: `cd superset && .venv/bin/gunicorn -c gunicorn.conf.py`.

Few threads in several workers: Python runs one thread of a process at a time, and when many of them want to, they spend
time on taking turns. With 4 x 4 in place of 2 x 16 a hundred people on two cores waited a third as long
(docs/performance.md). What comes beyond them waits in the queue, nothing is dropped.
"""

import gc
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("SUPERSET_CONFIG_PATH", str(Path(__file__).resolve().with_name("superset_config.py")))

wsgi_app = "superset.app:create_app()"
# In a container others must reach it; docker-compose.yml publishes nothing of it.
bind = f"{os.environ.get('SUPERSET_HOST', '127.0.0.1')}:{os.environ.get('SUPERSET_PORT', '8088')}"
worker_class = "gthread"
workers = 4
threads = 4
preload_app = True  # loaded once, then forked: half the start time and memory
timeout = 90  # above Postgres's statement timeout of 60 s
graceful_timeout = 5
keepalive = 75  # longer than people pause between clicks, else the browser meets closed connections
limit_request_line = 0  # addresses of charts carry their whole state
limit_request_field_size = 0
control_socket_disable = True  # it would lie in the home folder


def pre_fork(server: Any, worker: Any) -> None:
    """Takes what was loaded out of the collector's sight: it stays, and its pages stay shared with the parent."""
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """Gives each worker database connections of its own: a socket shared with the parent mixes up answers."""
    from superset import db

    with worker.app.wsgi().app_context():
        for engine in db.engines.values():
            engine.pool = engine.pool.recreate()
    # A request makes some ten thousand objects and lets go of nearly all: an eighth of its time was looking for cycles.
    gc.set_threshold(20_000, 50, 100)
