"""What is wrong is said in one sentence, as application/problem+json; nothing but health and description is open."""

from typing import Any

import pytest
import requests
from api_stack import Api
from catalogued import RESOURCES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BAD = [
    ("/v1/prospect", {"limit": "0"}, "limit"),
    ("/v1/prospect", {"limit": "1001"}, "limit"),
    ("/v1/prospect", {"limit": "ten"}, "limit"),
    ("/v1/prospect", {"limit": "\u0661\u0660"}, "limit"),
    ("/v1/prospect", {"limit": ["1", "2"]}, "limit"),
    ("/v1/prospect", {"cursor": "x"}, "cursor"),
    ("/v1/prospect", {"cursor": "W10"}, "cursor"),
    ("/v1/prospect", {"cursor": "é"}, "cursor"),
    ("/v1/prospect", {"sort": "nama_lengkap"}, "sort"),
    ("/v1/prospect", {"sort": "id;drop table core.prospect"}, "sort"),
    ("/v1/prospect", {"q": "ab"}, "q"),
    ("/v1/prospect", {"q": "a" * 101}, "q"),
    ("/v1/prospect", {"q": "a\0bcd"}, "q"),
    ("/v1/prospect_unit", {"q": "abcd"}, "q"),
    ("/v1/prospect", {"fields": "id,password"}, "fields"),
    ("/v1/prospect", {"fields": ""}, "fields"),
    ("/v1/prospect", {"include": "spk_unit"}, "include"),
    ("/v1/leasing", {"include": "x"}, "include"),
    ("/v1/prospect", {"total": "yes"}, "total"),
    ("/v1/prospect", {"deleted": "1"}, "deleted"),
    ("/v1/prospect", {"tanggal_prospect_from": "31-01-2026"}, "tanggal_prospect_from"),
    ("/v1/prospect", {"tanggal_prospect_from": "20260131"}, "tanggal_prospect_from"),
    ("/v1/prospect", {"tanggal_prospect_to": "2026-02-30"}, "tanggal_prospect_to"),
    ("/v1/prospect", {"tanggal_prospect_to": ["2026-02-03", "2026-02-04"]}, "tanggal_prospect_to"),
    ("/v1/prospect", {"created_time_from": "2026-01-31T08:00:00"}, "created_time_from"),
    ("/v1/prospect", {"created_time_from": "0001-01-01T00:00:00+14:00"}, "created_time_from"),
    ("/v1/prospect", {"dealer_id": "a\0"}, "dealer_id"),
    ("/v1/prospect", {"dealer_id": ["1"] * 101}, "dealer_id"),
    ("/v1/prospect_unit", {"prospect_id": "1"}, "prospect_id"),
    ("/v1/prospect", {"nama_lengkap": "Sari"}, "nama_lengkap"),
    ("/v1/prospect", {"Limit": "1"}, "Limit"),
    ("/v1/prospect", {"": "1"}, ""),
    ("/v1/prospect/1", {}, "id"),
    ("/v1/prospect/{3f2b8a52-6f0e-4b1c-9d3e-0a1b2c3d4e5f}", {}, "id"),
    ("/v1/prospect/3f2b8a52-6f0e-4b1c-9d3e-0a1b2c3d4e5f", {"limit": "1"}, "limit"),
]


def problem(answer: requests.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = answer.json()
    assert content["status"] == status
    assert content["detail"].endswith(".")
    return content


@pytest.mark.parametrize(("path", "parameters", "named"), BAD)
def test_what_is_malformed_is_named(api: Api, path: str, parameters: dict[str, Any], named: str) -> None:
    content = problem(api.ask(path, **parameters), 400)
    assert content.get("parameter", "") == named
    assert named in content["detail"]


def test_what_is_not_there_and_what_is_not_done(api: Api) -> None:
    unknown = "3f2b8a52-6f0e-4b1c-9d3e-0a1b2c3d4e5f"
    assert unknown in problem(api.ask(f"/v1/prospect/{unknown}"), 404)["detail"]
    for path in ("/v1/prospects", "/v1/", "/", "/v1/dealer", "/v1/prospect/", "/docs/assets/../../pyproject.toml"):
        problem(api.ask(path), 404)
    for method in ("post", "put", "patch", "delete"):
        answer = requests.request(method, f"{api.url}/v1/prospect", timeout=30)
        assert "only reads" in problem(answer, 405)["detail"]
        assert answer.headers["allow"] == "GET"


def test_health_and_description_are_open_and_nothing_else(api: Api) -> None:
    assert requests.get(f"{api.url}/health", timeout=30).json() == {"status": "ok"}
    description = requests.get(f"{api.url}/openapi.json", timeout=30).json()
    assert {f"/v1/{name}" for name in RESOURCES} < set(description["paths"])
    for path, operations in description["paths"].items():
        answer = requests.get(f"{api.url}{path.replace('{id}', '1')}", timeout=30)
        assert answer.status_code == (200 if operations["get"].get("security") == [] else 401), path


def test_the_page_of_the_description_asks_nobody_outside(api: Api) -> None:
    page = requests.get(f"{api.url}/docs", timeout=30)
    assert page.ok
    for part in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert f'"/docs/assets/{part}"' in page.text
        assert requests.get(f"{api.url}/docs/assets/{part}", timeout=30).ok
    assert "https://" not in page.text and "http://" not in page.text


def test_every_parameter_and_column_is_described_with_an_example_answer(api: Api) -> None:
    description = requests.get(f"{api.url}/openapi.json", timeout=30).json()
    for path, operations in description["paths"].items():
        for parameter in operations["get"].get("parameters", []):
            assert len(parameter["description"]) > 3, (path, parameter["name"])
        if path.startswith("/v1/"):
            assert operations["get"]["responses"]["200"]["content"]["application/json"]["example"]
    for name, resource in RESOURCES.items():
        told = description["components"]["schemas"][name]["properties"]
        assert list(told) == [*resource.columns, *resource.lines]
        assert all(len(column["description"]) > 3 and "doc(" not in column["description"] for column in told.values())


def test_answers_are_kept_by_no_cache(api: Api) -> None:
    assert api.ask("/v1/prospect").headers["cache-control"] == "private, no-store"
