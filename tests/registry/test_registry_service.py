"""The registry's service over HTTP: who may ask, complaints by field, files, rotation, the history it leaves."""

import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet
from registry_support import SECRET, Tables, process
from servers import running, unused_port

from orchestration.settings import ROOT, Settings
from stack.programs import environment, inherited, programs

pytestmark = pytest.mark.slow
SERVICE_KEY = "service-key-of-a-test"
MAIN_DEALER = {"id": "Q7X", "name": "Sumber", "base_url": "https://dgi.example.com"}
KEY = {"main_dealer_id": "Q7X", "name": "GROUP", "api_key": " key-1 ", "secret_key": SECRET, "daily_quota": 300}
DEALER = {"id": "09417", "name": "Jaya Motor", "city": "Surabaya", "main_dealer_id": "Q7X", "key": "GROUP"}


class Caller:
    """Asks as Superset does, and remembers everything that was answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[str] = []
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {SERVICE_KEY}", "X-Changed-By": "siti%20aminah"})

    def ask(self, method: str, path: str, status: int = 200, **arguments: Any) -> Any:
        answer = self.session.request(method, self.url + path, timeout=90, **arguments)
        self.answers.append(answer.text)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["Content-Type"] else answer.text

    def fields(self, method: str, path: str, **content: Any) -> dict[str, str]:
        """The complaints about fields of what is not taken."""
        return dict(self.ask(method, path, 422, json=content)["fields"])

    def fills(self) -> None:
        self.ask("POST", "/main-dealers", 201, json=MAIN_DEALER)
        self.ask("POST", "/keys", 201, json=KEY)
        self.ask("POST", "/dealers", 201, json=DEALER)


@pytest.fixture(scope="module")
def service(editor_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service, started as `make up` starts it, which needs no other role than the editor's."""
    given = {"warehouse_registry_url": editor_url, "dgi_encryption_key": Fernet.generate_key().decode()}
    made = Settings(
        _env_file=None,  # type: ignore[call-arg]
        var_dir=tmp_path_factory.mktemp("var"),
        registry_port=unused_port(),
        **given,  # type: ignore[arg-type]
    )
    (program,) = [one for one in programs(made, None) if one.name == "registry"]
    env = inherited(os.environ) | environment(made, {"REGISTRY_SERVICE_KEY": SERVICE_KEY})
    with running(list(program.command), program.address + program.health, env, cwd=ROOT):
        yield program.address


@pytest.fixture
def caller(service: str, settings: Settings) -> Caller:
    """Before an empty registry."""
    return Caller(service)


def test_nobody_without_the_key_is_answered_but_about_health(caller: Caller) -> None:
    assert requests.get(f"{caller.url}/health", timeout=60).json() == {"status": "ok"}
    for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": SERVICE_KEY}, {"Authorization": "Bearer "}):
        for path in ("/dealers", "/keys", "/changes", "/no-such-page", "/docs", "/openapi.json"):
            answer = requests.get(caller.url + path, headers=sent, timeout=60)
            assert answer.status_code == 401 and "REGISTRY_SERVICE_KEY" in answer.json()["message"], path
        refused = requests.post(f"{caller.url}/main-dealers", json=MAIN_DEALER, headers=sent, timeout=60)
        assert refused.status_code == 401
    assert caller.ask("GET", "/main-dealers") == []


def test_a_change_needs_a_name_and_the_history_tells_it(caller: Caller, tables: Tables) -> None:
    nameless = {"Authorization": f"Bearer {SERVICE_KEY}"}
    refused = requests.post(f"{caller.url}/main-dealers", json=MAIN_DEALER, headers=nameless, timeout=60)
    assert refused.status_code == 422 and "X-Changed-By" in refused.text
    caller.fills()
    caller.ask("PATCH", "/dealers/09417", json={"is_enabled": False})
    assert tables.changes()[-1] == ("siti aminah", "dealer", "09417", "edit", {"is_enabled": [True, False]})
    assert tables.changes()[1][4]["secret_encrypted"] == "changed"
    assert caller.ask("PATCH", "/main-dealers/Q7X", json={"whole_group_calls": True})["changed"] == [
        "whole_group_calls"
    ]
    assert caller.ask("GET", "/main-dealers/Q7X")["whole_group_calls"] is True
    found = caller.ask("GET", "/changes", params={"search": "aminah", "entity": "dealer", "size": 1})
    assert found["total"] == 2 and found["rows"][0]["values"] == {"is_enabled": [True, False]}
    assert caller.ask("GET", "/changes", params={"search": "nobody"})["total"] == 0


def test_every_wrong_field_has_its_own_complaint(caller: Caller) -> None:
    wrong = {"id": "Q 7", "name": " ", "base_url": "nonsense", "time_zone": "Mars/Base", "range_days": 400,
             "modules": ["prsp", "nope"]}  # fmt: skip
    assert set(caller.fields("POST", "/main-dealers", **wrong)) == set(wrong)
    caller.fills()
    assert "is in the registry already" in caller.fields("POST", "/main-dealers", **MAIN_DEALER)["id"]
    assert "already" in caller.fields("POST", "/keys", **KEY)["name"]
    assert caller.fields("PATCH", "/keys/1", api_key="two words") == {
        "api_key": "must be letters, digits and signs, without spaces"
    }
    assert set(caller.fields("PATCH", "/main-dealers/Q7X", range_days="seven", attempts=None)) == {
        "range_days", "attempts"
    }  # fmt: skip
    assert "did a spreadsheet change the zeros" in caller.fields("POST", "/dealers", **DEALER | {"id": "9417"})["id"]
    assert "has no key «OTHER»" in caller.fields("PATCH", "/dealers/09417", main_dealer_id="Q7X", key="OTHER")["key"]
    assert "no_such_field" in caller.fields("PATCH", "/dealers/09417", no_such_field=1)
    caller.ask("GET", "/dealers/00000", 404)
    caller.ask("GET", "/keys/77", 404)


def test_a_secret_comes_in_and_never_out(caller: Caller, tables: Tables) -> None:
    caller.fills()
    caller.ask("PATCH", "/keys/1", json={"secret_key": f"{SECRET}-2"})
    caller.ask("POST", "/keys/1/rotate", json={"api_key": "key-2", "secret_key": f"{SECRET}-3"})
    caller.ask("PATCH", "/keys/1", 422, json={"secret_key": f"{SECRET}\n-4"})
    caller.ask("POST", "/keys", 422, json=KEY | {"secret_key": [SECRET]})
    for path in ("/keys", "/keys/1", "/changes", "/choices"):
        caller.ask("GET", path)
    assert [text for text in caller.answers if SECRET in text or 'secret_encrypted": "g' in text] == []
    assert tables.where_is(SECRET) == []
    stored = [row[0] for row in tables.rows("select secret_encrypted from registry.api_key")]
    assert [text for text in caller.answers if stored[0] in text] == []


def test_a_rotation_keeps_both_pairs_until_it_is_ended(caller: Caller, tables: Tables) -> None:
    caller.fills()
    assert "give the new" in caller.fields("POST", "/keys/1/rotate")["api_key"]
    assert "stored already" in caller.fields("POST", "/keys/1/rotate", api_key="key-1", secret_key=SECRET)["api_key"]
    rotated = caller.ask("POST", "/keys/1/rotate", json={"api_key": "key-2", "secret_key": "another"})
    assert (rotated["api_key"], rotated["old_api_key"]) == ("key-2", "key-1") and rotated["rotated_at"]
    caller.ask("POST", "/keys/1/rotate", 422, json={"api_key": "key-3"})
    ended = caller.ask("POST", "/keys/1/end-overlap")
    assert (ended["api_key"], ended["old_api_key"], ended["rotated_at"]) == ("key-2", None, None)
    caller.ask("POST", "/keys/1/end-overlap", 422)
    assert [change[3] for change in tables.changes()[-2:]] == ["rotate", "end overlap"]
    assert tables.rows("select old_secret_encrypted from registry.api_key") == [(None,)]


def test_dealers_are_searched_sorted_and_paged(caller: Caller) -> None:
    caller.fills()
    caller.ask("POST", "/dealers", 201, json=DEALER | {"id": "09418", "name": "Maju 100% Motor", "city": "Malang"})
    caller.ask(
        "POST", "/dealers", 201, json=DEALER | {"id": "09419", "name": "Abadi", "city": None, "is_enabled": False}
    )

    def found(**query: Any) -> list[str]:
        return [row["id"] for row in caller.ask("GET", "/dealers", params=query)["rows"]]

    assert found() == ["09417", "09418", "09419"]
    assert found(search="MALANG") == found(search="0% m") == ["09418"]
    assert found(sort="name") == ["09419", "09417", "09418"] and found(sort="-id", page=2, size=2) == ["09417"]
    assert found(sort="city") == ["09418", "09417", "09419"]
    assert found(state="disabled") == ["09419"] and found(main_dealer_id="K4B") == [] == found(state="without key")
    caller.ask("GET", "/dealers", 422, params={"sort": "name; drop table"})


def test_a_file_of_dealers_is_tried_before_it_is_taken(caller: Caller, tables: Tables) -> None:
    caller.fills()
    good = "dealer_id,name,city,main_dealer,key\n09417,Jaya Abadi,Surabaya,Q7X,GROUP\n09500,Baru,,Q7X,GROUP\n"
    bad = good + "9500,Nol,,Q7X,GROUP\n09501,Lain,,Q7X,NONE\n"

    def take(text: str, dry_run: int) -> list[tuple[int, bool, str]]:
        rows = caller.ask("POST", "/dealer-files", params={"dry_run": dry_run}, data=text.encode())
        return [(row["row"], row["is_refused"], row["text"]) for row in rows]

    assert take(good, dry_run=1) == [(2, False, "changed: name"), (3, False, "added")]
    assert [row[:2] for row in take(bad, dry_run=0)] == [(2, False), (3, False), (4, True), (5, True)]
    assert tables.rows("select id, name from registry.dealer") == [("09417", "Jaya Motor")]
    take(good, dry_run=0)
    assert tables.changes()[-1][:3] == ("siti aminah", "dealer", "09500")
    exported = caller.ask("GET", "/dealer-files")
    assert exported.splitlines()[1:] == ["09417,Jaya Abadi,Surabaya,Q7X,GROUP,yes", "09500,Baru,,Q7X,GROUP,yes"]
    assert "lacks the column" in caller.ask("POST", "/dealer-files", 422, data=b"a,b\n1,2\n")["message"]
    assert "no UTF-8" in caller.ask("POST", "/dealer-files", 422, data=b"dealer_id\xff")["message"]


def test_fetch_schedules(caller: Caller, tables: Tables) -> None:
    caller.fills()
    add = {"name": "Night", "main_dealer_id": "Q7X", "key": "GROUP", "daily_at": "05:30", "modules": ["prsp", "spk"]}
    night = caller.ask("POST", "/schedules", 201, json=add)
    assert (night["whom"], night["when"], night["key"]) == ("group GROUP of Q7X", "daily at 05:30", "GROUP")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"cron": "@daily"}, "cron"), ({"cron": "61 5 * * *"}, "cron"), ({"cron": "0 0 5 * * *"}, "cron"),
        ({"every_hours": 25}, "every_hours"), ({"daily_at": "25:00"}, "daily_at"), ({}, "every_hours"),
        ({"every_hours": 2, "cron": "0 5 * * *"}, "cron"), ({"every_hours": 2, "modules": []}, "modules"),
        ({"every_hours": 2, "modules": ["nope"]}, "modules"), ({"every_hours": 2, "key": "GROUP"}, "main_dealer_id"),
        ({"every_hours": 2, "dealer_id": "09417", "main_dealer_id": "Q7X"}, "dealer_id"),
    ]  # fmt: skip
    for values, field in wrong:
        assert list(caller.fields("POST", "/schedules", name="Other", **values)) == [field], values
    assert "already" in caller.fields("POST", "/schedules", name=" Night ", every_hours=1)["name"]
    path = f"/schedules/{night['id']}"
    caller.ask("PATCH", path, json={"cron": " 30 5 * * 1-6 ", "dealer_id": "09417"})
    shown = caller.ask("GET", path)
    assert (shown["whom"], shown["when"], shown["daily_at"]) == ("dealer 09417", "cron 30 5 * * 1-6", None)
    caller.ask("PATCH", path, json={"is_enabled": False})
    everything = [one["id"] for one in caller.ask("GET", "/choices")["modules"]]
    caller.ask("PATCH", path, json={"modules": everything})
    assert tables.rows("select is_enabled, modules from registry.fetch_schedule") == [(False, None)]
    assert tables.changes()[-1][:4] == ("siti aminah", "fetch_schedule", "Night", "edit")


def test_the_dealers_that_a_user_may_see(caller: Caller, tables: Tables) -> None:
    caller.fills()
    account = {"roles": [None, ["Dealer User"]], "password": "changed"}
    assert caller.ask("PUT", "/user-dealers/budi", json={"dealers": ["09417"], "account": account}) == {
        "dealers": ["09417"]
    }
    assert caller.ask("GET", "/user-dealers") == {"budi": ["09417"]}
    assert tables.changes()[-1] == ("siti aminah", "user", "budi", "edit", account | {"dealers": ["", "09417"]})
    assert "not in the registry: 00001" in caller.fields("PUT", "/user-dealers/budi", dealers=["00001"])["dealers"]
    caller.ask("PUT", "/user-dealers/budi", json={"dealers": []})
    assert tables.rows("select * from registry.user_dealer") == []


def test_without_its_key_or_postgres_the_service_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    started = process(sys.executable, "-m", "orchestration.registry.service")
    assert started.returncode == 1 and re.fullmatch(r"REGISTRY_SERVICE_KEY is not set: .+\n", started.stderr)
    port = unused_port()
    monkeypatch.delenv("WAREHOUSE_REGISTRY_URL")
    monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://nobody:{SECRET}@127.0.0.1:9/nothing")
    monkeypatch.setenv("REGISTRY_SERVICE_KEY", SERVICE_KEY)
    monkeypatch.setenv("REGISTRY_PORT", str(port))
    with running([sys.executable, "-m", "orchestration.registry.service"], f"http://127.0.0.1:{port}/health", cwd=ROOT):
        said = Caller(f"http://127.0.0.1:{port}").ask("GET", "/dealers", 503)["message"]
    assert said.startswith("Postgres cannot be used: ") and SECRET not in json.dumps(said)
