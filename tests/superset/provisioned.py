"""A Superset of a test's own: a copy of its folder, whose assets the test may change, on an empty database.

It has no warehouse: what is tested here is where dashboards come from and go to, not what they show.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from servers import running, unused_port

SUPERSET = Path(__file__).parents[2] / "superset"
PYTHON = SUPERSET / ".venv" / "bin" / "python"
USER, PASSWORD = "admin", "only-of-these-tests"


@dataclass(frozen=True)
class Superset:
    """A copy of the folder with its settings."""

    folder: Path
    env: dict[str, str]

    @property
    def assets(self) -> Path:
        return self.folder / "assets"

    def run(self, script: str, *arguments: str, **env: str) -> str:
        """Run one of the folder's scripts and return what it said. Raises RuntimeError with it when it fails."""
        done = subprocess.run(
            [PYTHON, script, *arguments], cwd=self.folder, env={**self.env, **env}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{script} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def files(self) -> dict[str, bytes]:
        """Path -> content of all assets; who may see them is no asset."""
        files = (file for file in sorted(self.assets.rglob("*.yaml")) if file.name != "security.yaml")
        return {str(f.relative_to(self.assets)): f.read_bytes() for f in files}

    @contextmanager
    def serving(self) -> Iterator["Rest"]:
        """Superset's web server, and a session of the admin on its REST API."""
        port = unused_port()
        url = f"http://127.0.0.1:{port}"
        env = {**self.env, "SUPERSET_PORT": str(port)}
        gunicorn = [str(PYTHON.with_name("gunicorn")), "-c", "gunicorn.conf.py"]
        with running(gunicorn, f"{url}/health", env, seconds=180, cwd=self.folder):
            yield Rest(url)


class Rest:
    """What the browser does, by the same calls."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/api/v1"
        self.session = requests.Session()
        login = {"username": USER, "password": PASSWORD, "provider": "db"}
        token = self.session.post(f"{self.url}/security/login", json=login, timeout=60).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.session.headers["X-CSRFToken"] = self.get("/security/csrf_token/")
        self.session.headers["Referer"] = url

    def get(self, path: str) -> Any:
        return self._result(self.session.get(self.url + path, timeout=60)).get("result")

    def post(self, path: str, **content: Any) -> int:
        """Make something; returns its id."""
        return int(self._result(self.session.post(self.url + path, json=content, timeout=60))["id"])

    def put(self, path: str, **content: Any) -> None:
        self._result(self.session.put(self.url + path, json=content, timeout=60))

    def delete(self, path: str) -> None:
        self._result(self.session.delete(self.url + path, timeout=60))

    @staticmethod
    def _result(response: requests.Response) -> dict[str, Any]:
        assert response.ok, response.text
        result: dict[str, Any] = response.json()
        return result


def copied(folder: Path, database_url: str) -> Superset:
    """A copy of Superset's folder that keeps its objects in this database; nothing is in it yet."""
    leave_out = shutil.ignore_patterns(".venv", "__pycache__")
    shutil.copytree(SUPERSET, folder, ignore=leave_out, dirs_exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = kept | {
        "SUPERSET_SECRET_KEY": "of-a-test-of-at-least-thirty-two-bytes",
        "SUPERSET_JWT_KEY": "another-of-a-test-of-thirty-two-bytes",
        "SUPERSET_DATABASE_URL": database_url,
        "SUPERSET_ADMIN_USER": USER,
        "SUPERSET_ADMIN_PASSWORD": PASSWORD,
        "WAREHOUSE_READER_URL": "postgresql://bi_reader:of-a-reader-that-reads-nothing@127.0.0.1:9/warehouse",
        "WAREHOUSE_DEALER_READER_URL": "postgresql://dealer_reader:of-a-reader-that-reads-nothing@127.0.0.1:9/warehouse",
        "WAREHOUSE_PEOPLE_READER_URL": "postgresql://people_reader:of-a-reader-that-reads-nothing@127.0.0.1:9/warehouse",
        "SUPERSET_CONFIG_PATH": str(folder / "superset_config.py"),
        "SUPERSET_HOME": str(folder.with_name(f"{folder.name}_home")),
    }
    return Superset(folder, env)
