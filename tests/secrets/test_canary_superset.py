"""Canary secrets of Superset are found in none of its pages, exports, errors, files and tables, but encrypted."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
import requests
from canary import Search, canary, new_role
from servers import unused_port
from sqlalchemy import make_url

from orchestration.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]
SUPERSET = ROOT / "superset"
BIN = SUPERSET / ".venv" / "bin"


@pytest.fixture(scope="module")
def searched(server_url_of_session: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    """All of it, looked through, with a warehouse that cannot be reached at its port."""
    folder = tmp_path_factory.mktemp("canary_superset")
    copy = folder / "superset"
    shutil.copytree(SUPERSET, copy, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    wanted = {name: canary(name) for name in ("secret key", "token key", "database", "reader", "admin", "mail")}
    urls = new_role(server_url_of_session, "canary_superset", wanted["database"], "superset")
    reader = make_url("postgresql://bi_reader@127.0.0.1/warehouse").set(port=unused_port(), password=wanted["reader"])
    port = unused_port()
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "SUPERSET_SECRET_KEY": wanted["secret key"],
        "SUPERSET_DATABASE_URL": urls["superset"],
        "SUPERSET_JWT_KEY": wanted["token key"],
        "WAREHOUSE_READER_URL": reader.render_as_string(hide_password=False),
        "WAREHOUSE_DEALER_READER_URL": reader.set(username="dealer_reader").render_as_string(hide_password=False),
        "WAREHOUSE_PEOPLE_READER_URL": reader.set(username="people_reader").render_as_string(hide_password=False),
        "SUPERSET_ADMIN_USER": "admin",
        "SUPERSET_ADMIN_PASSWORD": wanted["admin"],
        "SMTP_PASSWORD": wanted["mail"],
        "SUPERSET_CONFIG_PATH": str(copy / "superset_config.py"),
        "SUPERSET_HOME": str(folder / "home"),
        "SUPERSET_PORT": str(port),
    }
    search = Search(wanted)
    log = folder / "server.log"
    with search.looking_at_commands(), log.open("wb") as stream:
        done = subprocess.run([BIN / "python", "bootstrap.py"], cwd=copy, env=env, capture_output=True, check=False)
        search.look("logs", "bootstrap", done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr[-2000:]
        wrong = {**env, "SUPERSET_DATABASE_URL": urls["superset"].replace(":", ":x", 2)}
        failed = subprocess.run([BIN / "python", "bootstrap.py"], cwd=copy, env=wrong, capture_output=True, check=False)
        search.look("error messages", "bootstrap with a wrong password", failed.stdout + failed.stderr)
        assert failed.returncode
        server = subprocess.Popen(
            [BIN / "gunicorn", "-c", "gunicorn.conf.py"], cwd=copy, env=env, stdout=stream, stderr=stream
        )
        try:
            _look_at_pages(search, f"http://127.0.0.1:{port}", wanted["admin"], server)
        finally:
            server.terminate()
            server.wait(30)
    search.look("logs", "server", log.read_bytes())
    search.look_at_files("files of Superset", folder / "home")
    search.look_at_database("Superset's database (dump)", urls["superset"])
    print(search.report())
    yield search


def _look_at_pages(search: Search, url: str, password: str, server: "subprocess.Popen[bytes]") -> None:
    session = requests.Session()
    deadline = time.monotonic() + 300
    while True:
        try:
            if session.get(f"{url}/health", timeout=5).ok:
                break
        except requests.RequestException:
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.5)
    login = {"username": "admin", "password": password, "provider": "db"}
    token = session.post(f"{url}/api/v1/security/login", json=login, timeout=60).json()["access_token"]
    session.headers.update({"Authorization": f"Bearer {token}", "Referer": url})
    session.headers["X-CSRFToken"] = session.get(f"{url}/api/v1/security/csrf_token/", timeout=60).json()["result"]
    ids = [one["id"] for one in session.get(f"{url}/api/v1/database/", timeout=60).json()["result"]]
    assert ids
    paths = ["/api/v1/database/", "/superset/welcome/", "/databaseview/list/", "/api/v1/log/", "/users/list/"]
    for number in ids:
        paths += [f"/api/v1/database/{number}{tail}" for tail in ("", "/connection", "/schemas/", "/related_objects/")]
    for path in paths:
        answer = session.get(url + path, timeout=90)
        assert answer.status_code != 401, path
        search.look("pages and API", path, answer.content)
    for path in ("/api/v1/database/export/?q=!(1)", "/api/v1/assets/export/"):
        answer = session.get(url + path, timeout=90)
        assert answer.ok, path
        search.look_into_zip("exports", answer.content)
    statement = {"database_id": ids[0], "sql": "select * from nowhere", "runAsync": False}
    search.look("error messages", "SQL Lab", session.post(f"{url}/api/v1/sqllab/execute/", json=statement).content)
    connect = {"sqlalchemy_uri": "postgresql+psycopg2://x:y@127.0.0.1:9/z", "database_name": "z"}
    answer = session.post(f"{url}/api/v1/database/test_connection/", json=connect, timeout=90)
    search.look("error messages", "test of a connection", answer.content)


def test_no_secret_is_found_anywhere(searched: Search) -> None:
    kinds = {"command lines", "logs", "error messages", "pages and API", "exports", "files of Superset"}
    assert set(searched.places) >= kinds
    assert sorted(set(searched.hits)) == []
