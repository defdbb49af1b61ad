"""Who gets in, what they see, and that Postgres says the same for itself."""

import time
from contextlib import closing
from typing import Any

import jwt
import psycopg2
import pytest
import requests
from api_stack import OF_DEALERS, USERS, Api, run, transform
from catalogued import RESOURCES
from sqlalchemy import make_url

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ALL_DEALERS = ("admin", "engineer", "analyst", "analyst_of_people", "client", "by_group")
REFUSED = {"stranger": 403, "nobody": 403, "left": 401}
SEE_PERSONAL = ("admin", "analyst_of_people", "dealer_of_people")
CONFINED = (*OF_DEALERS, "dealer_of_none", "client_and_dealer")


def test_every_user_of_these_tests_is_one_or_the_other() -> None:
    assert {*ALL_DEALERS, *REFUSED, *CONFINED} == {*USERS, "admin"}


@pytest.mark.parametrize("user", ALL_DEALERS)
def test_these_see_all_dealers(api: Api, user: str) -> None:
    seen = {row["dealer_id"] for row in api.get("/v1/prospect", user, limit=1000, fields="dealer_id")["data"]}
    assert seen == set(api.dealers)


@pytest.mark.parametrize("user", REFUSED)
def test_these_see_nothing_and_are_told_why(api: Api, user: str) -> None:
    for path in ("/v1/prospect", "/v1/prospect_unit", f"/v1/prospect/{'0' * 8}-0000-0000-0000-{'0' * 12}"):
        answer = api.ask(path, user)
        assert answer.status_code == REFUSED[user]
        assert answer.headers["content-type"] == "application/problem+json"
        assert "administrator" in answer.json()["detail"]


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize("user", CONFINED)
def test_confined_users_see_their_own_dealers_alone(api: Api, user: str, name: str) -> None:
    own = [api.dealer] if user in OF_DEALERS else []
    expected = api.rows(f"select count(*) from core.{name} where dealer_id = any(%s)", own)[0][0]
    asked = {"limit": 1000, "fields": "id,dealer_id", "total": "true", "deleted": "true"}
    answer = api.get(f"/v1/{name}", user, **asked)
    assert answer["total"] == expected
    assert {row["dealer_id"] for row in answer["data"]} <= set(own)
    # Neither by asking for another dealer's, nor for one by its id.
    assert api.get(f"/v1/{name}", user, dealer_id=api.dealers[1], **asked)["total"] == 0
    ((foreign,),) = api.rows(f"select id::text from core.{name} where dealer_id <> %s limit 1", api.dealer)
    assert api.ask(f"/v1/{name}/{foreign}", user, deleted="true").status_code == 404
    if own and expected:
        ((mine,),) = api.rows(f"select id::text from core.{name} where dealer_id = %s limit 1", api.dealer)
        assert api.get(f"/v1/{name}/{mine}", user, deleted="true")["dealer_id"] == api.dealer


def test_search_shows_own_dealers_alone(api: Api) -> None:
    ((number,),) = api.rows("select id_prospect from core.prospect where dealer_id = %s limit 1", api.dealers[1])
    assert api.get("/v1/prospect", "admin", q=number, deleted="true")["data"]
    assert api.get("/v1/prospect", "dealer", q=number, deleted="true")["data"] == []


def as_role(api: Api, statements: list[tuple[str, tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """What the API's own role gets in one transaction."""
    with closing(psycopg2.connect(api.env["API_DATABASE_URL"])) as connection, connection.cursor() as cursor:
        for statement, values in statements:
            cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("name", RESOURCES)
def test_postgres_confines_by_itself(api: Api, name: str) -> None:
    become = ("select set_config('role', 'api_dealer_reader', true)", ())
    user = ("select set_config('dealer_dashboard.user_name', %s, true)", ("dealer",))
    count = (f"select count(*), count(*) filter (where dealer_id <> %s) from core.{name}", (api.dealer,))
    ((own,),) = api.rows(f"select count(*) from core.{name} where dealer_id = %s", api.dealer)
    assert as_role(api, [become, user, count]) == [(own, 0)]
    assert as_role(api, [become, count]) == [(0, 0)], "without a name nothing is visible"
    ((everything,),) = api.rows(f"select count(*) from core.{name}")
    assert as_role(api, [count])[0][0] == everything


@pytest.mark.parametrize(
    "statement",
    [
        "select * from raw.prsp",
        "select * from registry.api_key",
        "select * from registry.user_dealer",
        "select * from core.taken_load",
        "delete from core.prospect",
        "create table core.mine (id int)",
    ],
)
def test_the_apis_role_reads_documents_and_nothing_else(api: Api, statement: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_role(api, [(statement, ())])


def test_the_apis_other_role_reads_names_and_roles_and_no_passwords(api: Api) -> None:
    assert run(api.env["API_USERS_URL"], "select count(*) from data_api_user")[0][0] > len(USERS)
    for table in ("ab_user", "ab_role", "dbs"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            run(api.env["API_USERS_URL"], f"select * from {table}")
    elsewhere = make_url(api.env["API_USERS_URL"]).set(database="warehouse").render_as_string(hide_password=False)
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        run(elsewhere, "select 1")


def test_row_security_and_grants_outlive_a_run_of_dbt_and_are_put_back(api: Api) -> None:
    api.rows("drop policy own_dealers on core.spk")
    api.rows("alter table core.spk disable row level security")
    api.rows("revoke select on core.leasing from api_reader")
    api.rows("drop index core.spk__search")
    transform(api.env)
    secured = "select count(*) from pg_class where relnamespace = 'core'::regnamespace and relrowsecurity"
    assert api.rows(secured)[0][0] == len(RESOURCES)
    assert api.rows("select count(*) from pg_policies where schemaname = 'core'")[0][0] == 2 * len(RESOURCES)
    assert api.rows("select to_regclass('core.spk__search') is not null")[0][0]
    assert api.get("/v1/leasing", limit=1)["data"]
    written = """select string_agg(oid || ':' || relname || relacl::text || relrowsecurity, ',' order by oid)
        from pg_class where relnamespace = 'core'::regnamespace"""
    before = api.rows(written)
    transform(api.env)
    assert api.rows(written) == before, "a second run changes nothing"


# --- personal data ---


@pytest.mark.parametrize("user", ["admin", "analyst", "analyst_of_people", "dealer", "dealer_of_people", "client"])
def test_personal_data_is_for_those_who_may_see_it(api: Api, user: str) -> None:
    answers = {
        name: api.get(f"/v1/{name}", user, limit=200) for name, resource in RESOURCES.items() if resource.personal()
    }
    filled = {name: answer for name, answer in answers.items() if answer["data"]}  # a dealer has not every kind
    assert len(filled) > 5
    for name, answer in filled.items():
        resource = RESOURCES[name]
        shown = {column for column in resource.personal() for row in answer["data"] if row[column] is not None}
        one = api.get(f"/v1/{name}/{answer['data'][0]['id']}", user)
        assert one == answer["data"][0]
        if user in SEE_PERSONAL:
            assert shown and answer["masked"] == []
        else:
            assert shown == set()
            assert set(answer["masked"]) == resource.personal()


def test_masked_columns_cannot_be_found_out_by_asking(api: Api) -> None:
    ((name, phone),) = api.rows(
        "select nama_lengkap, no_kontak from core.prospect where length(nama_lengkap) > 3 and length(no_kontak) > 8"
        " limit 1"
    )
    refused = api.ask("/v1/prospect", "analyst", no_kontak=phone)
    assert refused.status_code == 403
    assert refused.json()["parameter"] == "no_kontak" and "Personal Data" in refused.json()["detail"]
    for term in (name, phone, phone[2:8]):
        assert api.get("/v1/prospect", "analyst_of_people", q=term, deleted="true")["data"]
        assert api.get("/v1/prospect", "analyst", q=term, deleted="true")["data"] == []


def test_no_order_and_no_cursor_tells_of_personal_data() -> None:
    for resource in RESOURCES.values():
        assert not resource.personal() & {column for columns in resource.orders.values() for column in columns}


def test_lines_are_masked_with_their_document(api: Api) -> None:
    for name, resource in RESOURCES.items():
        for lines in resource.lines:
            for document in api.get(f"/v1/{name}", "analyst", include=lines, limit=50)["data"]:
                for line in document[lines]:
                    assert all(line[column] is None for column in RESOURCES[lines].personal())


# --- tokens ---


def refusal(api: Api, header: str | None) -> str:
    headers = {} if header is None else {"Authorization": header}
    answer = requests.get(f"{api.url}/v1/prospect", headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_only_tokens_of_this_superset_get_in(api: Api) -> None:
    good = api.token()
    assert "has no token" in refusal(api, None)
    assert "has no token" in refusal(api, "Basic YWRtaW46YWRtaW4=")
    assert "has expired" in refusal(api, f"Bearer {api.token(exp=int(time.time()) - 1)}")
    assert "not an access token" in refusal(api, f"Bearer {api.token(type='refresh')}")
    claims = jwt.decode(good, options={"verify_signature": False})
    for wrong in (
        good[:-2],
        "nonsense",
        jwt.encode(claims, "another key of at least thirty-two bytes", "HS256"),
        jwt.encode(claims, None, "none"),
        jwt.encode(claims, api.env["SUPERSET_SECRET_KEY"], "HS256"),
        api.token(sub="admin"),
        api.token(sub="99999999999999999999"),
        jwt.encode({**claims, "exp": None}, api.env["SUPERSET_JWT_KEY"], "HS256"),
    ):
        assert "not one of this Superset" in refusal(api, f"Bearer {wrong}")
    assert "gone or was switched off" in refusal(api, f"Bearer {api.token(sub='987654')}")


def test_a_role_that_is_taken_away_is_gone_soon_though_the_token_lasts(api: Api) -> None:
    token = {"Authorization": f"Bearer {api.token('by_group')}"}
    assert requests.get(f"{api.url}/v1/spk", headers=token, timeout=30).status_code == 200
    run(api.users_url, "update ab_user set active = false where username = 'by_group'")
    try:
        deadline = time.monotonic() + 35
        asked_at = time.monotonic()  # an answer may be slow
        while requests.get(f"{api.url}/v1/spk", headers=token, timeout=30).status_code != 401:
            assert asked_at < deadline, "roles are kept for longer than was promised"
            time.sleep(0.5)
            asked_at = time.monotonic()
    finally:
        run(api.users_url, "update ab_user set active = true where username = 'by_group'")
