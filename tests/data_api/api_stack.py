"""One real data API for its tests: core filled by the real pipeline from a sandbox, and a database of users."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import psycopg2
import requests
from filled import filled_stack, run_to_end
from servers import running

from orchestration.settings import ROOT
from stack.programs import Program

DAYS = 8
# Users by name -> their roles in Superset; what they may see is checked of each.
USERS = {
    "engineer": ["Engineer"],
    "analyst": ["Analyst"],
    "analyst_of_people": ["Analyst", "Personal Data"],
    "dealer": ["Dealer User"],
    "dealer_of_none": ["Dealer User"],
    "dealer_of_people": ["Dealer User", "Personal Data"],
    "client": ["API Client"],
    "client_of_one": ["API Client"],
    "client_and_dealer": ["API Client", "Dealer User"],
    "by_group": [],
    "stranger": ["Public"],
    "nobody": [],
    "left": ["Analyst"],
}
OF_DEALERS = ("dealer", "dealer_of_people", "client_of_one")


@dataclass
class Api:
    """Where the API answers, and what the tests need beside it."""

    url: str
    env: Mapping[str, str]
    programs: Mapping[str, Program]
    warehouse_url: str  # as its owner
    users_url: str  # of Superset's database, as its owner
    dealers: tuple[str, ...]  # numbers of those that have data
    ids: dict[str, int] = field(default_factory=dict)

    def token(self, user: str = "admin", **claims: Any) -> str:
        """A token as Superset's login makes it."""
        now = int(time.time())
        content = {
            "fresh": True, "iat": now, "jti": "4711", "type": "access", "sub": str(self.ids[user]), "nbf": now,
            "csrf": "0815", "exp": now + 900, **claims,
        }  # fmt: skip
        return jwt.encode(content, self.env["SUPERSET_JWT_KEY"], "HS256")

    def ask(self, path: str, user: str = "admin", **parameters: Any) -> requests.Response:
        """The answer to a question, whatever it is."""
        headers = {"Authorization": f"Bearer {self.token(user)}"}
        return requests.get(f"{self.url}{path}", params=parameters, headers=headers, timeout=60)

    def get(self, path: str, user: str = "admin", **parameters: Any) -> Any:
        """What is answered with 200."""
        answer = self.ask(path, user, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the warehouse itself says, as its owner."""
        return run(self.warehouse_url, query, *values)

    @property
    def dealer(self) -> str:
        """The dealer that those of OF_DEALERS may see."""
        return self.dealers[0]


@contextmanager
def running_api(folder: Path, dbt_target: Path) -> Iterator[Api]:
    """A filled warehouse, users in Superset's database, and the API before them."""
    with filled_stack(folder, dbt_target, DAYS, _six_dealers, "--no-transform") as filled:
        transform(filled.env)
        held, data_api = filled.held, filled.programs["data-api"]
        with running(list(data_api.command), data_api.address + data_api.health, filled.env, 60, data_api.directory):
            api = Api(
                data_api.address, filled.env, filled.programs, held["WAREHOUSE_URL"], held["SUPERSET_DATABASE_URL"],
                filled.dealers,
            )  # fmt: skip
            api.ids = _add_users(api)
            yield api


def run(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """A statement's rows, if it gives any; it is committed."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def _six_dealers(fleet: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    return fleet, tuple(str(dealer["id"]) for dealer in fleet["dealers"][:6])


def transform(env: Mapping[str, str]) -> None:
    """Bring staging and core up to date."""
    build = [str(Path(sys.executable).with_name("dbt")), "build", "--select", "staging", "core", "code_label"]
    folders = ["--project-dir", "dbt_project", "--profiles-dir", "dbt_project"]
    run_to_end([*build, "--exclude-resource-type", "test", "unit_test", *folders], ROOT, env)


def _add_users(api: Api) -> dict[str, int]:
    """The users, and the dealers that some of them may see; returns ids by name."""
    for role in {role for roles in USERS.values() for role in roles} | {"API Client"}:
        run(
            api.users_url,
            "insert into ab_role (id, name) select nextval('ab_role_id_seq'), %s "
            "where not exists (select from ab_role where name = %s)",
            role, role,
        )  # fmt: skip
    for name, roles in USERS.items():
        run(
            api.users_url,
            """insert into ab_user (id, first_name, last_name, username, email, active)
                values (nextval('ab_user_id_seq'), 'A', 'B', %s, %s, %s)""",
            name, f"{name}@localhost", name != "left",
        )  # fmt: skip
        run(
            api.users_url,
            """insert into ab_user_role (id, user_id, role_id) select nextval('ab_user_role_id_seq'), u.id, r.id
                from ab_user as u, ab_role as r where u.username = %s and r.name = any(%s)""",
            name, roles,
        )  # fmt: skip
    run(
        api.users_url,
        """with made as (
                insert into ab_group (id, name, label, description)
                values (nextval('ab_group_id_seq'), 'machines', '', '') returning id
            ), member as (
                insert into ab_user_group (id, user_id, group_id)
                select nextval('ab_user_group_id_seq'), u.id, made.id from ab_user as u, made
                where u.username = 'by_group'
            )
            insert into ab_group_role (id, group_id, role_id)
            select nextval('ab_group_role_id_seq'), made.id, r.id from ab_role as r, made
            where r.name = 'API Client'""",
    )
    for name in OF_DEALERS:
        api.rows("insert into registry.user_dealer (user_name, dealer_id) values (%s, %s)", name, api.dealer)
    return {str(name): int(number) for name, number in run(api.users_url, "select username, id from ab_user")}
