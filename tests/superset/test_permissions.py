"""Every view and route of Superset against every role: what is allowed stands in access_matrix.txt, all else is denied.

A new permission, or one that falls to another role, changes that text: look at it, then write it with
`ACCESS_MATRIX=write` in the environment of this test.
"""

import json
import os
import re
import subprocess
import time
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import people
import pytest
import requests
from people import Person
from real_stack import Stack

HERE = Path(__file__).resolve().parent
SUPERSET = HERE.parents[1] / "superset"
MATRIX = HERE / "access_matrix.txt"
OURS = ("Engineer", "Analyst", "Dealer User", "API Client", "Personal Data")
EMPTY = ("Alpha", "Gamma", "sql_lab", "Public")
# Views of data, one for each table: who has those is tested in test_isolation.py.
OF_OBJECTS = ("schema_access", "datasource_access", "database_access", "catalog_access")
DENIED = (302, 401, 403, 404, 405)
FORBIDDEN = 403
# Superset's own fault: it fails before it denies.
BROKEN = [("POST", "/superset/log/")]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def superset(stack: Stack) -> dict[str, Any]:
    """Its routes and roles."""
    python = str(SUPERSET / ".venv" / "bin" / "python")
    done = subprocess.run(
        [python, str(HERE / "routes_of_superset.py")], cwd=SUPERSET, env=dict(stack.env), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=True, timeout=200,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def matrix(superset: dict[str, Any]) -> str:
    """A line for each permission that one of our roles holds, then the routes that ask for none."""
    holders = defaultdict(list)
    for role in OURS:
        for permission, view in superset["roles"][role]:
            if permission not in OF_OBJECTS:
                holders[f"{view}: {permission}"].append(role)
    lines = [f"{what}: {', '.join(roles)}" for what, roles in sorted(holders.items())]
    free = sorted({one["endpoint"] for one in superset["routes"] if one["permission"] is None})
    return "\n".join([*lines, "", "# Routes that ask for no permission", *free, ""])


def test_roles_hold_what_the_matrix_says(superset: dict[str, Any]) -> None:
    found = matrix(superset)
    if os.environ.get("ACCESS_MATRIX") == "write":
        MATRIX.write_text(found)
    assert found == MATRIX.read_text()


def test_standard_roles_hold_nothing(superset: dict[str, Any]) -> None:
    assert [role for role in EMPTY if superset["roles"].get(role)] == []
    assert set(superset["roles"]) == {*OURS, *EMPTY, "Admin"}


def test_admin_alone_makes_users_roles_and_rules(superset: dict[str, Any]) -> None:
    for role in OURS:
        views = {view for _, view in superset["roles"][role]}
        assert not views & {
            "User",
            "Role",
            "Group",
            "Permission",
            "PermissionViewMenu",
            "Row Level Security",
            "Security",
        }


def _requests(superset: dict[str, Any], role: str) -> list[tuple[str, str]]:
    """Method and address of every route that the role has no permission for."""
    held = {tuple(one) for one in superset["roles"].get(role, [])}
    found = []
    for one in superset["routes"]:
        if one["permission"] and tuple(one["permission"]) not in held:
            address = re.sub(r"<(?:int:)?[^>]*>", "1", one["rule"])
            found += [(method, address) for method in one["methods"]]
    return found


@pytest.mark.parametrize("role", [*OURS, "Gamma", "nobody"])
def test_what_a_role_does_not_hold_is_denied_over_http(superset: dict[str, Any], stack: Stack, role: str) -> None:
    person = Person(stack.url, role) if role == "nobody" else people.make(stack, people.admin(stack), role)
    if role == "nobody":
        person.arrive()

    def try_it(request: tuple[str, str]) -> str | None:
        method, address = request
        session = requests.Session()
        session.headers.update(person.session.headers)
        session.cookies.update(person.session.cookies)
        content = {} if method in ("POST", "PUT", "DELETE") else None
        answer = session.request(method, stack.url + address, json=content, timeout=60, allow_redirects=False)
        return (
            None
            if answer.status_code in DENIED or request in BROKEN
            else f"{method} {address}: {answer.status_code} {answer.text[:90]}"
        )

    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(try_it, _requests(superset, role))
    assert [one for one in answers if one] == []


def test_what_a_role_holds_is_open_over_http(stack: Stack) -> None:
    admin = people.admin(stack)
    dealer, analyst = people.make(stack, admin, "Dealer User"), people.make(stack, admin, "Analyst")
    databases = admin.get("/api/v1/database/", q="(page_size:20)").json()["result"]
    warehouse = next(one["id"] for one in databases if one["database_name"] == "Warehouse")
    boards = {person.name: _boards(person) for person in (admin, dealer, analyst)}
    assert boards[admin.name] == boards[analyst.name] == boards[dealer.name] | {"data-operations"}
    assert _sql(warehouse, analyst, "select count(*) from marts.fct_order").ok
    assert not _sql(warehouse, analyst, "select count(*) from core.spk").ok
    assert not _sql(warehouse, analyst, "select set_config('dealer_dashboard.user_name', 'x', false)").ok
    assert _sql(warehouse, dealer, "select count(*) from marts.fct_order").status_code == FORBIDDEN


def _sql(database: int, person: Person, statement: str) -> requests.Response:
    query = {"database_id": database, "sql": statement, "schema": "marts", "client_id": uuid.uuid4().hex[:10]}
    return person.post("/api/v1/sqllab/execute/", query)


def _boards(person: Person) -> set[str]:
    return {one["slug"] for one in person.get("/api/v1/dashboard/", q="(page_size:100)").json()["result"]}


def test_what_a_role_is_given_and_loses_counts_within_seconds(stack: Stack) -> None:
    admin = people.admin(stack)
    listed = admin.get("/api/v1/security/permissions-resources/", q="(page_size:2000)").json()
    pairs = [(one["permission"]["name"], one["view_menu"]["name"]) for one in listed["result"]]
    reading = listed["ids"][pairs.index(("can_read", "Dashboard"))]
    role = admin.post("/api/v1/security/roles/", {"name": f"Reader {uuid.uuid4().hex[:6]}"}).json()
    try:
        reader = people.make(stack, admin, role["result"]["name"])
        for held, status in (([], FORBIDDEN), ([reading], 200), ([], FORBIDDEN)):
            changed = admin.post(f"/api/v1/security/roles/{role['id']}/permissions", {"permission_view_menu_ids": held})
            assert changed.ok, changed.text
            deadline = time.monotonic() + 60
            while (answer := reader.get("/api/v1/dashboard/")).status_code != status:
                assert time.monotonic() < deadline, (held, answer.status_code)
                time.sleep(0.5)
    finally:
        assert admin.delete(f"/api/v1/security/roles/{role['id']}").ok
