"""A package with a known vulnerability is refused; without advisories that is said in one line."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from servers import unused_port

from orchestration.settings import ROOT
from stack.audit import NOT_REACHED

pytestmark = pytest.mark.slow


@contextmanager
def advisories(vulnerable: str) -> Iterator[str]:
    """A service of advisories in OSV's form that knows one vulnerable package."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = asked["package"]["name"]
            vulnerability = {
                "id": "GHSA-test", "summary": "x", "details": "x", "modified": "2026-01-01T00:00:00Z",
                "affected": [{"package": {"name": name, "ecosystem": "PyPI"},
                              "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]}],
            }  # fmt: skip
            body = json.dumps({"vulns": [vulnerability]} if name == vulnerable else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", unused_port()), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def audited(url: str) -> "subprocess.CompletedProcess[str]":
    proxies = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    env = {**os.environ, **proxies, "PIP_AUDIT_SERVICE": "osv", "PIP_AUDIT_OSV_URL": url}
    command = [sys.executable, "-m", "stack.audit"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("vulnerable", "status"), [("requests", 1), ("no-such-package", 0)])
def test_a_vulnerable_package_is_refused_by_name(vulnerable: str, status: int) -> None:
    with advisories(vulnerable) as url:
        done = audited(url)
    assert done.returncode == status, done.stderr
    assert done.stdout.count("packages of") == 2
    told = [line for line in done.stdout.splitlines() if "known to be vulnerable" in line]
    assert len(told) == (2 if status else 0), "requests is in both environments"
    assert all(line.startswith("requests ") and "GHSA-test" in line and "99.1" in line for line in told)


def test_without_advisories_it_says_so_and_passes() -> None:
    done = audited(f"http://127.0.0.1:{unused_port()}/v1/query")
    assert (done.returncode, done.stdout) == (0, f"{NOT_REACHED}\n")
