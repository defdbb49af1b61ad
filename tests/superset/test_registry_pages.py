"""The administrators' pages on the registry, in a real Superset before the real service: who may, what is said."""

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import people
import psycopg2
import pytest
import requests
from real_stack import Stack
from sandbox_orders import BOOK, Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SECRET = "sesame-8f1c20d7-open"
PASSWORD = "of-a-test-of-length"
PAGES = ("main-dealers", "keys", "dealers", "schedules", "people", "history", "health")
# Every form and button, with what it would change.
WRITES = (
    "main-dealers/add", f"main-dealers/{BOOK}/edit", f"main-dealers/{BOOK}/switch", f"main-dealers/{BOOK}/test",
    "keys/add", "keys/1/edit", "keys/1/rotate", "keys/1/end-overlap", "keys/1/switch", "keys/1/test",
    "dealers/add", "dealers/77001/edit", "dealers/77001/switch", "dealers/import",
    "schedules/add", "schedules/1/edit", "schedules/1/switch", "people/add", "people/1/edit", "people/1/switch",
)  # fmt: skip


class Visitor:
    """A person with a browser that keeps cookies and sends forms; everything that it was shown is kept."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.shown: list[str] = []
        self.session.get(f"{url}/login/", timeout=60)
        self.token = self._token(self.session.get(f"{url}/login/", timeout=60).text)
        sent = {"username": user, "password": password, "csrf_token": self.token}
        answer = self.session.post(f"{url}/login/", data=sent, timeout=60, allow_redirects=False)
        assert answer.status_code == 302 and "/login" not in answer.headers["Location"], f"{user} is not let in"

    def status(self, method: str, path: str, **form: Any) -> int:
        data = {"csrf_token": self.token, **form} if method == "POST" else None
        address = f"{self.url}/registry/{path}"
        return self.session.request(method, address, data=data, timeout=90, allow_redirects=False).status_code

    def sees(self, path: str) -> str:
        """A page's text."""
        answer = self.session.get(f"{self.url}/registry/{path}", timeout=90)
        assert answer.ok, answer.text
        return self._kept(answer)

    def sends(self, path: str, files: dict[str, Any] | None = None, **form: Any) -> str:
        """The page that answers a form."""
        data = {"csrf_token": self.token, **form}
        answer = self.session.post(f"{self.url}/registry/{path}", data=data, files=files, timeout=90)
        assert answer.ok, answer.text
        return self._kept(answer)

    def _kept(self, answer: requests.Response) -> str:
        self.shown.append(answer.text)
        return unescape(answer.text)

    @staticmethod
    def _token(page: str) -> str:
        found = re.search(r'csrf_token["\s:]+(?:value=")?([\w.-]{40,})', unescape(page))
        assert found, page
        return found[1]


def complaint(page: str, field: str) -> str:
    """What stands beside a field."""
    found = re.search(rf'id="{field}-said">\s*<div class="error">(.*?)</div>', page, re.DOTALL)
    return found[1] if found else ""


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Visitor:
    return Visitor(stack.url, stack.user, stack.password)


@pytest.fixture(scope="module")
def warehouse(stack: Stack) -> Iterator["psycopg2.extensions.cursor"]:
    with closing(psycopg2.connect(stack.warehouse_url)) as connection:
        connection.autocommit = True
        yield connection.cursor()


def rows(cursor: "psycopg2.extensions.cursor", query: str, *values: Any) -> list[tuple[Any, ...]]:
    cursor.execute(query, values)
    return list(cursor.fetchall())


def add_person(admin: Visitor, name: str, role: str, password: str = PASSWORD, **more: Any) -> str:
    return admin.sends(
        "people/add", user_name=name, first_name="A", last_name="B", email=f"{name}@example.com", password=password,
        roles=role, is_active="y", **more,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["Gamma", "Alpha", "Nothing"])
def outsider(request: pytest.FixtureRequest, stack: Stack) -> Visitor:
    """Somebody who is no administrator; one has a role without any right, for Superset wants everybody to have one."""
    boss = people.admin(stack)
    if request.param == "Nothing":
        assert boss.post("/api/v1/security/roles/", {"name": "Nothing"}).ok
    return Visitor(stack.url, people.make(stack, boss, request.param).name, people.PASSWORD)


def test_health_tells_what_is_well_and_what_to_do(admin: Visitor) -> None:
    page = admin.sees("health/")
    rows = re.findall(r'data-label="Area" class="nowrap">(.*?)</td>\s*<td data-label="State"[^>]*>(.*?)</td>', page)
    states = {area: re.sub("<.*?>", "", state) for area, state in rows}
    assert {"Postgres", "registry service", "disk"} <= {area for area, state in states.items() if state == "well"}
    # No Dagster runs beside the tests' Superset.
    assert states["code location"] != "well"
    assert "Something is not well" in page and "make up" in page


def test_only_administrators_get_in(outsider: Visitor, admin: Visitor, warehouse: Any) -> None:
    before = rows(warehouse, "select count(*) from registry.change")
    for page in (*PAGES, "dealers/77001", "dealers/export", *WRITES):
        path = page if "/" in page else f"{page}/"
        if not page.endswith(("switch", "test", "end-overlap")):
            assert outsider.status("GET", path) == 403, path
        if page in WRITES:
            assert outsider.status("POST", path, on="0", name="x") == 403, path
    assert rows(warehouse, "select count(*) from registry.change") == before
    menu = outsider.session.get(f"{outsider.url}/api/v1/menu/", timeout=60)
    assert "Registry" not in menu.text and "Fetch schedules" not in menu.text
    assert "Fetch schedules" in admin.session.get(f"{admin.url}/api/v1/menu/", timeout=60).text


def test_who_is_not_logged_in_is_asked_to(stack: Stack) -> None:
    for page in PAGES:
        answer = requests.get(f"{stack.url}/registry/{page}/", timeout=60, allow_redirects=False)
        assert answer.status_code == 302 and "/login/" in answer.headers["Location"]


def test_a_form_without_its_token_changes_nothing(admin: Visitor, warehouse: Any) -> None:
    answer = admin.session.post(f"{admin.url}/registry/dealers/77001/switch", data={"on": "0"}, timeout=60)
    assert rows(warehouse, "select is_enabled from registry.dealer where id = '77001'") == [(True,)], answer.text


def test_a_main_dealer_with_complaints_beside_its_fields(admin: Visitor, warehouse: Any) -> None:
    assert 'value="v1.3"' in admin.sees("main-dealers/add")
    form = {"id": "TST", "name": "Uji", "base_url": "nonsense", "version": "v1.3", "time_zone": "Asia/Jakarta",
            "range_days": "400", "max_age_days": "x", "modules": ["prsp", "spk"], "connect_timeout": "5",
            "answer_timeout": "5", "attempts": "2", "concurrency": "2"}  # fmt: skip
    assert "integer" in complaint(admin.sends("main-dealers/add", **form), "max_age_days")
    page = admin.sends("main-dealers/add", **form | {"max_age_days": "30"})
    assert "is no address: give it as https://host/path" in complaint(page, "base_url")
    assert complaint(page, "range_days") == "400 is not between 1 and 366"
    assert 'value="Uji"' in page and complaint(page, "name") == ""
    sound = form | {"max_age_days": "30", "range_days": "5", "base_url": "http://127.0.0.1:9/dgi"}
    assert "TST was added" in admin.sends("main-dealers/add", **sound)
    assert "already" in complaint(admin.sends("main-dealers/add", **sound), "id")
    changed = sound | {"name": "Uji Coba", "whole_group_calls": "y"}
    assert "was saved" in admin.sends("main-dealers/TST/edit", **changed)
    saved = "select name, modules, whole_group_calls from registry.main_dealer where id = 'TST'"
    assert rows(warehouse, saved) == [("Uji Coba", ["prsp", "spk"], True)]
    assert "was saved" in admin.sends("main-dealers/TST/edit", **changed | {"whole_group_calls": ""})
    assert rows(warehouse, saved)[0][2] is False
    assert "not asked any more" in admin.sends("main-dealers/TST/switch", on="0")
    assert "is asked again" in admin.sends("main-dealers/TST/switch", on="1")


def test_a_key_its_secret_and_its_rotation(admin: Visitor, warehouse: Any) -> None:
    form = {"main_dealer_id": "TST", "name": "UJI", "api_key": "two words", "secret_key": SECRET, "daily_quota": "90"}
    page = admin.sends("keys/add", **form)
    assert "without spaces" in complaint(page, "api_key")
    assert "UJI was added" in admin.sends("keys/add", **form | {"api_key": "key-1"})
    ((key_id,),) = rows(warehouse, "select id from registry.api_key where name = 'UJI'")
    assert "was saved" in admin.sends(f"keys/{key_id}/edit", api_key="key-1", secret_key="", daily_quota="")
    assert "give the new" in complaint(admin.sends(f"keys/{key_id}/rotate"), "api_key")
    page = admin.sends(f"keys/{key_id}/rotate", api_key="key-2", secret_key=f"{SECRET}-2")
    assert "was replaced" in page and "old key key-1 kept since" in page and "being replaced" in page
    page = admin.sends(f"keys/{key_id}/test")
    assert page.count("the connection failed") == 4 and "check the address http://127.0.0.1:9/dgi/v1.3/prsp" in page
    assert "is forgotten" in admin.sends(f"keys/{key_id}/end-overlap")
    assert "secret_encrypted</span> changed" in admin.sees("history/?search=UJI")
    for path in ("keys/", f"keys/{key_id}/edit", f"keys/{key_id}/rotate", "history/"):
        admin.sees(path)
    ((stored,),) = rows(warehouse, "select secret_encrypted from registry.api_key where id = %s", key_id)
    assert [text for text in admin.shown if SECRET in text or stored in text] == []


def test_the_connection_of_a_main_dealer_in_words(admin: Visitor, stack: Stack) -> None:
    sandbox = Sandbox(stack.sandbox_url)
    try:
        assert re.search(r"All \d+ calls went well", admin.sends(f"main-dealers/{BOOK}/test"))
        sandbox.fault("wrong_token", main_dealer=BOOK, module="prsp")
        sandbox.fault("not_found", main_dealer=BOOK, module="spk")
        page = admin.sends(f"main-dealers/{BOOK}/test")
    finally:
        sandbox.reset()
    assert "does not accept this API key and secret" in page and "untick the module" in page


def test_dealers_are_found_sorted_changed_and_led_to_dagster(admin: Visitor, stack: Stack, warehouse: Any) -> None:
    page = admin.sees("dealers/?search=sinar+baru")
    assert "77001" in page and stack.dealers[0] not in page and "1 in all, page 1 of 1" in page
    numbers = re.findall(r'/registry/dealers/(\d+)"', admin.sees("dealers/?sort=-id"))
    assert numbers == sorted(numbers, reverse=True) and len(numbers) == len(stack.dealers) + 1
    page = admin.sees("dealers/77001")
    assert "partition=" in page and "%7C77001" in page and "dealer%3D77001" in page
    form = {"name": "Sinar Baru Motor", "city": "Cimahi", "place": "TST/UJI"}
    assert "already" in complaint(admin.sends("dealers/add", id="77001", **form), "id")
    assert "zeros" in complaint(admin.sends("dealers/add", id="077001", **form), "id")
    assert "was saved" in admin.sends("dealers/77001/edit", **form)
    assert "not pulled any more" in admin.sends("dealers/77001/switch", on="0")
    assert rows(warehouse, "select city, main_dealer_id, is_enabled from registry.dealer where id = '77001'") == [
        ("Cimahi", "TST", False)
    ]
    admin.sends("dealers/77001/switch", on="1")
    changed = rows(warehouse, "select changed_by, action, values from registry.change order by id desc limit 1")
    assert changed == [(stack.user, "edit", {"is_enabled": [False, True]})]
    admin.sends("dealers/77001/edit", **form | {"name": "<b>Sinar</b>"})
    assert "&lt;b&gt;Sinar" in admin.shown[-1] and "<b>" not in admin.shown[-1]
    admin.sends("dealers/77001/edit", **form)


def test_a_file_is_shown_row_by_row_before_it_is_taken(admin: Visitor, warehouse: Any) -> None:
    head = "dealer_id,name,city,main_dealer,key\n"
    bad = f"{head}88001,Satu,,TST,UJI\n88002,Dua,,TST,NONE\n".encode()
    page = admin.sends("dealers/import", files={"file": ("d.csv", bad)})
    assert "added" in page and "refused: main dealer TST has no key" in page and "1 of 2 rows are refused" in page
    good = f"{head}88001,Satu,,TST,UJI\n88002,Dua,,TST,UJI\n"
    page = admin.sends("dealers/import", files={"file": ("d.csv", good.encode())})
    assert "Import 2 rows" in page and rows(warehouse, "select from registry.dealer where id like '8800_'") == []
    assert "2 rows were imported" in admin.sends("dealers/import", really="1", content=good)
    assert len(rows(warehouse, "select from registry.dealer where id like '8800_'")) == 2
    assert "88002,Dua,,TST,UJI,yes" in admin.sees("dealers/export")
    assert "lacks the column" in complaint(admin.sends("dealers/import", files={"file": ("d.csv", b"a,b\n")}), "file")


def test_a_fetch_schedule(admin: Visitor, warehouse: Any) -> None:
    form = {"name": "Malam", "place": "TST/UJI", "kind": "cron", "cron": "@daily", "every_hours": "1"}
    modules = ["prsp", "spk"]
    assert "five fields" in complaint(admin.sends("schedules/add", modules=modules, **form), "cron")
    page = admin.sends("schedules/add", modules=modules, **form | {"cron": "30 5 * * 1-6"})
    assert "Malam was added" in page and "group UJI of TST" in page and "cron 30 5 * * 1-6" in page
    ((schedule_id,),) = rows(warehouse, "select id from registry.fetch_schedule where name = 'Malam'")
    daily = form | {"place": "/", "dealer_id": "77001", "kind": "daily_at", "daily_at": "05:30", "cron": ""}
    page = admin.sends(f"schedules/{schedule_id}/edit", modules=modules, **daily)
    assert "dealer 77001" in page and "daily at 05:30" in page
    assert "is disabled" in admin.sends(f"schedules/{schedule_id}/switch", on="0")


def test_a_user_with_role_and_dealers_on_one_page(admin: Visitor, stack: Stack, warehouse: Any) -> None:
    assert "12 characters" in complaint(add_person(admin, "pemilik", "Dealer User", "short"), "password")
    assert "another role" in complaint(add_person(admin, "pemilik", "Personal Data"), "roles")
    page = add_person(admin, "pemilik", "Dealer User", dealers=["77001", stack.dealers[0]])
    assert "pemilik was added" in page
    seen = rows(warehouse, "select dealer_id from registry.user_dealer where user_name = 'pemilik' order by 1")
    assert seen == sorted([("77001",), (stack.dealers[0],)])
    assert "already" in complaint(add_person(admin, "pemilik", "Dealer User"), "user_name")
    Visitor(stack.url, "pemilik", PASSWORD)
    found = re.search(r"/registry/people/(\d+)/edit\">pemilik", admin.sees("people/?search=pemilik"))
    assert found
    assert "no more" in admin.sends(f"people/{found[1]}/switch", on="0")
    with pytest.raises(AssertionError, match="pemilik is not let in"):
        Visitor(stack.url, "pemilik", PASSWORD)
    values = rows(warehouse, "select values from registry.change where entity = 'user' order by id")
    assert values[-1] == ({"may log in": [True, False]},) and PASSWORD not in str(values)


def test_an_administrator_cannot_lock_themselves_out(admin: Visitor, stack: Stack) -> None:
    found = re.search(rf"/registry/people/(\d+)/edit\">{stack.user}<", admin.sees("people/"))
    assert found
    page = admin.sends(
        f"people/{found[1]}/edit", first_name="A", last_name="B", email="a@example.com", roles="Dealer User"
    )
    assert "cannot take the role" in complaint(page, "roles") and "cannot deactivate" in admin.sends(
        f"people/{found[1]}/switch", on="0"
    )


def test_a_service_that_is_down_is_one_sentence_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "superset"))
    from registry_pages.service import Service, ServiceDown

    with pytest.raises(ServiceDown, match=r"does not answer at http://127.0.0.1:9: start it with `make up`"):
        Service("http://127.0.0.1:9", "key", "admin").get("dealers")
    del sys.modules["registry_pages.service"]
