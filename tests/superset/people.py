"""People with accounts in Superset: made by the administrator, logged in, and asking as a browser does."""

import re
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import requests
from real_stack import Stack

PASSWORD = "correct horse battery"
CSRF_TOKEN = re.compile(r'id="csrf_token"\s+value="([^"]+)"')
SECONDS = 100


@dataclass
class Person:
    """Somebody at Superset with a session's cookie and CSRF token, as a browser has them."""

    url: str
    name: str
    password: str = PASSWORD
    session: requests.Session = field(default_factory=requests.Session)

    def arrive(self) -> str:
        """Open the login page; gives the CSRF token that it holds."""
        token = CSRF_TOKEN.search(self.get("/login/").text)
        assert token, "the login page holds no CSRF token"
        self.session.headers.update({"X-CSRFToken": token[1], "Referer": self.url})
        return token[1]

    def log_in(self) -> "Person":
        form = {"username": self.name, "password": self.password, "csrf_token": self.arrive()}
        answer = self.session.post(f"{self.url}/login/", data=form, timeout=SECONDS, allow_redirects=False)
        assert "/login" not in answer.headers["Location"], f"{self.name} did not get in"
        return self

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(self.url + path, params=params, timeout=SECONDS, allow_redirects=False)

    def post(self, path: str, content: Any = None) -> requests.Response:
        return self.session.post(self.url + path, json=content, timeout=SECONDS, allow_redirects=False)

    def put(self, path: str, content: Any) -> requests.Response:
        return self.session.put(self.url + path, json=content, timeout=SECONDS, allow_redirects=False)

    def delete(self, path: str) -> requests.Response:
        return self.session.delete(self.url + path, timeout=SECONDS, allow_redirects=False)

    def ask(self, dataset: int, query: Mapping[str, Any], **around: Any) -> requests.Response:
        """A chart's request for data; `form_data` among `around` says on which dashboard it stands."""
        content = {"datasource": {"id": dataset, "type": "table"}, "queries": [dict(query)], "force": False}
        return self.post("/api/v1/chart/data", content | {"result_format": "json", "result_type": "full"} | around)

    def rows(self, dataset: int, query: Mapping[str, Any], **around: Any) -> list[dict[str, Any]]:
        """The rows of an answer that must be one."""
        answer = self.ask(dataset, query, **around)
        assert answer.ok, f"{self.name}: {answer.status_code} {answer.text[:500]}"
        rows: list[dict[str, Any]] = answer.json()["result"][0]["data"]
        return rows


def admin(stack: Stack) -> Person:
    return Person(stack.url, stack.user, stack.password).log_in()


def make(stack: Stack, maker: Person, role: str, dealers: tuple[str, ...] = ()) -> Person:
    """An account of a role, which may see these dealers; logged in."""
    name = f"{role.lower().replace(' ', '-')}-{uuid.uuid4().hex[:6]}"
    roles = maker.get("/api/v1/security/roles/", q="(page_size:100)").json()
    ids = dict(zip((one["name"] for one in roles["result"]), roles["ids"], strict=True))
    account = {"username": name, "first_name": role, "last_name": "Tester", "email": f"{name}@example.org"}
    made = maker.post("/api/v1/security/users/", account | {"password": PASSWORD, "active": True, "roles": [ids[role]]})
    assert made.ok, made.text
    may_see(stack, name, *dealers)
    return Person(stack.url, name).log_in()


def may_see(stack: Stack, name: str, *dealers: str) -> None:
    """Let a person see these dealers and no others."""
    with closing(psycopg2.connect(stack.warehouse_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("delete from registry.user_dealer where user_name = %s", (name,))
        for dealer in dealers:
            cursor.execute("insert into registry.user_dealer (user_name, dealer_id) values (%s, %s)", (name, dealer))
