"""The proxy's own configuration in the proxy's own program: who gets where, and what they bring along."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from containers import ROOT
from servers import running, unused_port

pytestmark = pytest.mark.slow

CADDY = str(ROOT / ".venv" / "bin" / "caddy")
DOMAIN = "dashboards.example.org"
PASSWORD = "open sesame"


class Upstream(BaseHTTPRequestHandler):
    """Says which server it is and what it was sent."""

    def do_GET(self) -> None:
        text = json.dumps({"port": self.server.server_address[1], "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing."""


@dataclass
class Proxy:
    """Where it listens, and which port stands for which service."""

    http: int
    https: int
    authority: Path
    services: dict[str, int]

    def ask(self, host: str, method: str = "GET", **more: Any) -> requests.Response:
        """An answer over TLS to a host of the domain, its certificate checked."""
        adapter = _Addressed(self.https)
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", adapter)
            return session.request(method, f"https://{host}/", verify=str(self.authority), timeout=60, **more)


class _Addressed(requests.adapters.HTTPAdapter):
    """Goes to a port of 127.0.0.1, whatever the host is called."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        name = requests.utils.urlparse(request.url).hostname
        return self.poolmanager.connection_from_host(
            "127.0.0.1", self.port, scheme="https",
            pool_kwargs={"server_hostname": name, "assert_hostname": name, "ca_certs": verify},
        )  # fmt: skip

    def add_headers(self, request: Any, **_: Any) -> None:
        request.headers["Host"] = requests.utils.urlparse(request.url).netloc


@pytest.fixture(scope="module")
def proxy(services: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy")
    hashing = [CADDY, "hash-password", "--plaintext", PASSWORD]
    hashed = subprocess.run(hashing, check=True, capture_output=True, text=True).stdout.strip()
    for role in ("engineers", "viewers"):
        (folder / f"dagster_{role}").write_text(f"{role} {hashed}\n")
    behind = {name: ThreadingHTTPServer(("127.0.0.1", unused_port()), Upstream) for name in UPSTREAMS}
    for server in behind.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = {name: server.server_address[1] for name, server in behind.items()}
    own = {number: unused_port() for number in (8080, 8443, 8081)}
    text = (ROOT / "deploy" / "proxy" / "Caddyfile").read_text().replace("/run/secrets/", f"{folder}/")
    for name, number in UPSTREAMS.items():
        text = text.replace(f"{name}:{number}", f"127.0.0.1:{ports[name]}")
    for number, ours in own.items():
        text = text.replace(str(number), str(ours))
    (folder / "Caddyfile").write_text(
        text.replace("\tpersist_config off", "\tpersist_config off\n\tadmin off\n\tskip_install_trust")
    )
    env = {**services["proxy"]["environment"], "HOME": str(folder), "PATH": "/bin:/usr/bin", "TLS_ISSUER": "internal"}
    env["XDG_DATA_HOME"] = str(folder)
    command = [CADDY, *services["proxy"]["command"][1:-1], str(folder / "Caddyfile")]
    with running(command, f"http://127.0.0.1:{own[8081]}/health", env=env):
        authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        one = Proxy(own[8080], own[8443], authority, ports)
        for host in (DOMAIN, *(f"{name}.{DOMAIN}" for name in ("api", "dagster", "dagster-view"))):
            wait_for_certificate(one, host)
        yield one
    for server in behind.values():
        server.shutdown()


def wait_for_certificate(proxy: Proxy, host: str, seconds: float = 60) -> None:
    """Caddy listens before its authority has signed for all hosts."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            proxy.ask(host)
            return
        except (requests.ConnectionError, OSError):  # its authority's own certificate may not be there yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


UPSTREAMS = {"superset": 8088, "data-api": 8000, "dagster-webserver": 3000, "dagster-viewer": 3000}


def test_superset_is_reached_and_told_that_it_is_over_tls(proxy: Proxy) -> None:
    answer = proxy.ask(DOMAIN, headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"})
    seen = answer.json()
    assert seen["port"] == proxy.services["superset"]
    assert seen["headers"]["X-Forwarded-Proto"] == "https"
    assert seen["headers"]["X-Forwarded-For"] == "127.0.0.1", "what a client claims is not passed on"
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_the_data_api_is_reached_with_the_token_that_it_checks_itself(proxy: Proxy) -> None:
    seen = proxy.ask(f"api.{DOMAIN}", headers={"Authorization": "Bearer a.b.c"}).json()
    assert seen["port"] == proxy.services["data-api"]
    assert seen["headers"]["Authorization"] == "Bearer a.b.c"


@pytest.mark.parametrize(
    ("host", "user", "service"),
    [("dagster", "engineers", "dagster-webserver"), ("dagster-view", "viewers", "dagster-viewer")],
)
def test_dagster_asks_for_a_password_and_each_has_its_own_users(
    proxy: Proxy, host: str, user: str, service: str
) -> None:
    name = f"{host}.{DOMAIN}"
    other = {"engineers": "viewers", "viewers": "engineers"}[user]
    assert proxy.ask(name).status_code == 401
    assert proxy.ask(name, auth=(user, "wrong")).status_code == 401
    assert proxy.ask(name, auth=(other, PASSWORD)).status_code == 401
    seen = proxy.ask(name, auth=(user, PASSWORD)).json()
    assert seen["port"] == proxy.services[service]
    assert "Authorization" not in seen["headers"]


def test_another_sites_page_cannot_use_a_remembered_password(proxy: Proxy) -> None:
    name, who = f"dagster.{DOMAIN}", ("engineers", PASSWORD)
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert proxy.ask(name, "POST", auth=who, headers=foreign).status_code == 403
    assert proxy.ask(name, auth=who, headers=foreign | {"Sec-Fetch-Mode": "websocket"}).status_code == 403
    assert proxy.ask(name, "POST", auth=who, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert proxy.ask(name, auth=who, headers=link).status_code == 200


def test_plain_http_is_sent_to_tls(proxy: Proxy) -> None:
    answer = requests.get(
        f"http://127.0.0.1:{proxy.http}/x", headers={"Host": DOMAIN}, allow_redirects=False, timeout=60
    )
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{DOMAIN}/x"
