"""The main dealer that answers by the book, and the checks every main dealer makes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sandbox_client import BOOK, MIXED, Client, days
from servers import running_sandbox

from sandbox.auth import token
from sandbox.contract import Field, modules

_FORMATS = {"date": "%d/%m/%Y", "datetime": "%d/%m/%Y %H:%M:%S"}


def test_token_of_the_documented_vector() -> None:
    expected = "31fcf3409435e748a822371f424e3d1762b0a79b47c55f9b740616ea071d363d"
    assert token("key-demo-01", "secret-demo-01", "1716257647") == expected


def _check_type(field: Field, value: Any) -> None:
    if field.type in ("number", "int"):
        assert type(value) is int, field
    elif field.type == "float":
        assert type(value) is float, field
    else:
        assert type(value) is str, field
        assert field.length is None or len(value) <= field.length, (field, value)
    if value and field.type in _FORMATS:
        datetime.strptime(value, _FORMATS[field.type])
    if value and field.type == "time":
        assert len(value) == 5, (field, value)
        assert value[2] in ".:", (field, value)


@pytest.mark.parametrize("name", modules())
def test_every_documented_field_has_its_documented_type(client: Client, today: date, name: str) -> None:
    module = modules()[name]
    documents = 0
    for dealer in client.dealers_of(BOOK)[:3]:
        for weeks in range(1, 6):
            last = today - timedelta(days=7 * weeks)
            answer = client.read(dealer, name, last - timedelta(days=6), last)
            assert answer["status"] == 1
            assert answer["message"] is None
            for record in answer["data"]:
                documents += 1
                assert set(record) == {field.name for field in module.fields} | set(module.children)
                assert record["dealerId"] == dealer
                for field in module.fields:
                    _check_type(field, record[field.name])
                for child, fields in module.children.items():
                    for line in record[child]:
                        assert set(line) == {field.name for field in fields}
                        for field in fields:
                            _check_type(field, line[field.name])
    assert documents > 0


def test_without_dealer_a_whole_group_answers_and_filters_narrow(client: Client, today: date) -> None:
    dealer = client.dealers_of(BOOK)[0]
    group = {one["id"] for one in client.dealers.values() if client.key_of(one["id"]) == client.key_of(dealer)}
    window = days(today - timedelta(days=8), today - timedelta(days=2))
    records = client.call(dealer, "spk", window).json()["data"]
    assert {record["dealerId"] for record in records} == group
    one = records[0]
    narrowed = client.call(dealer, "spk", {**window, "idProspect": one["idProspect"]}).json()["data"]
    assert {record["idProspect"] for record in narrowed} == {one["idProspect"]}
    other = client.call(dealer, "spk", {**window, "idProspect": "none"}).json()
    assert (other["status"], other["data"]) == (1, [])


def test_window_takes_created_and_modified_times_with_both_ends(client: Client, today: date) -> None:
    dealer = client.dealers_of(BOOK)[0]
    first, last = today - timedelta(days=9), today - timedelta(days=3)
    client.post("/sandbox/clock", {"now": datetime.now(UTC).isoformat()})  # so that no record changes meanwhile
    for record in client.read(dealer, "doch", first, last)["data"]:
        times = [datetime.strptime(record[name], _FORMATS["datetime"]) for name in ("createdTime", "modifiedTime")]
        assert any(first <= moment.date() <= last for moment in times)
        for moment in times:
            body = {"fromTime": str(moment), "toTime": str(moment), "dealerId": dealer}
            assert record in client.call(dealer, "doch", body).json()["data"]


def test_two_processes_answer_the_same(client: Client, today: date) -> None:
    now = f"{today - timedelta(days=1)}T05:00:00+00:00"
    first, last = today - timedelta(days=6), today
    with running_sandbox("--size", "S") as address:
        twin = Client(address)
        assert (twin.main_dealers.keys(), twin.dealers) == (client.main_dealers.keys(), client.dealers)
        twin.post("/sandbox/clock", {"now": now})
        client.post("/sandbox/clock", {"now": now})
        for dealer in (client.dealers_of(BOOK)[1], client.dealers_of(MIXED)[1]):
            for name in modules():
                assert client.read(dealer, name, first, last) == twin.read(dealer, name, first, last), name


def _refusal(client: Client, dealer: str, body: dict[str, Any], **headers: Any) -> Any:
    answer = client.call(dealer, "prsp", body, client.headers(dealer, **headers))
    assert answer.status_code == 200
    return answer.json()


def test_refusals_have_the_documented_reasons(client: Client, today: date) -> None:
    dealer = client.dealers_of(BOOK)[0]
    good = days(today - timedelta(days=6), today)
    cases: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        (good, {"secret": "wrong"}, "Token Tidak Valid !!"),
        (good, {"key": "unknown"}, "Token Tidak Valid !!"),
        (good, {"skew": -30}, "Unix Timestamp Diluar Validasi Detik"),
        (good, {"skew": 30}, "Unix Timestamp Diluar Validasi Detik"),
        (days(today - timedelta(days=9), today), {}, "Melebihi Rentang Waktu Pengambilan Data"),
        (days(today - timedelta(days=200), today - timedelta(days=199)), {}, "Melebihi Rentang Waktu Pengambilan Data"),
        ({"toTime": good["toTime"]}, {}, "Parameter fromTime Wajib Diisi"),
        ({"fromTime": "21/05/2024", "toTime": good["toTime"]}, {}, "Format Waktu Tidak Valid"),
        ({**good, "dealerId": client.dealers_of(MIXED)[0]}, {}, "Dealer Tidak Terdaftar"),
    ]
    for body, spoiled, reason in cases:
        answer = _refusal(client, dealer, body, **spoiled)
        assert answer == {"status": 0, "message": {"error": reason}, "data": None}
    other = client.dealers_of(MIXED)[0]
    assert _refusal(client, other, good, secret="wrong") == {"status": "0", "message": "Invalid Token", "data": None}


def test_seven_days_are_a_range_and_the_oldest_kept_day_can_be_read(client: Client, today: date) -> None:
    dealer = client.dealers_of(BOOK)[0]
    assert client.read(dealer, "prsp", today - timedelta(days=6), today)["status"] == 1
    oldest = today - timedelta(days=180)
    assert client.read(dealer, "prsp", oldest, oldest)["status"] == 1


def test_an_unknown_module_is_a_page_and_not_json(client: Client) -> None:
    dealer = client.dealers_of(BOOK)[0]
    answer = client.session.post(client.path(dealer, "prsp").replace("prsp", "nothing"), timeout=5)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
