"""Logging in and what protects it: limits, rules for passwords, the log of who came and of changes, headers."""

from typing import Any

import people
import pytest
import requests
from people import PASSWORD, Person
from real_stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
WORKERS = 2  # each counts for itself where there is no Redis
FAILURES = 10


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Person:
    return people.admin(stack)


def log_in(stack: Stack, name: str, password: str) -> requests.Response:
    login = {"username": name, "password": password, "provider": "db"}
    return requests.post(f"{stack.url}/api/v1/security/login", json=login, timeout=60)


def kept(admin: Person, action: str) -> list[dict[str, Any]]:
    """The newest entries of this kind in the action log."""
    query = f"(filters:!((col:action,opr:eq,value:{action})),order_column:dttm,order_direction:desc,page_size:100)"
    found: list[dict[str, Any]] = admin.get("/api/v1/log/", q=query).json()["result"]
    return found


def test_guessing_a_password_is_stopped_and_nobody_else(stack: Stack, admin: Person) -> None:
    person, other = (people.make(stack, admin, "Dealer User") for _ in range(2))
    for guess in range(FAILURES - 1):
        assert log_in(stack, person.name, f"guess {guess}").status_code == 401
    assert log_in(stack, person.name, PASSWORD).ok
    for guess in range(FAILURES * WORKERS * 2):
        assert log_in(stack, person.name, f"guess {guess}").status_code == 401
    # Which worker answers is chance: one that was seldom asked has to be asked more.
    for guess in range(FAILURES):
        if all(log_in(stack, person.name, PASSWORD).status_code == 401 for _ in range(4)):
            break
        assert log_in(stack, person.name, f"guess {guess}").status_code == 401
    else:
        raise AssertionError("the right password still gets in")
    assert log_in(stack, other.name, PASSWORD).ok


def test_who_came_and_who_tried_is_kept_without_passwords(stack: Stack, admin: Person) -> None:
    person = people.make(stack, admin, "Analyst")
    assert log_in(stack, person.name, "a wrong one").status_code == 401
    assert log_in(stack, "stranger of this test", "a wrong one").status_code == 401
    came = [entry for entry in kept(admin, "login") if person.name in entry["json"]]
    tried = " ".join(entry["json"] for entry in kept(admin, "login_failed"))
    assert came
    assert "127.0.0.1" in came[0]["json"]
    assert person.name in tried
    assert "stranger of this test" in tried
    assert "wrong one" not in tried


def test_what_is_older_than_the_log_is_kept_has_gone(admin: Person) -> None:
    assert [len(kept(admin, action)) for action in ("seen_89", "seen_91")] == [1, 0]


def test_changes_of_accounts_are_kept_without_passwords(stack: Stack, admin: Person) -> None:
    person = people.make(stack, admin, "Analyst")
    entries = [entry for entry in kept(admin, "access_changed") if person.name in entry["json"]]
    assert entries
    assert entries[0]["user"]["username"] == stack.user if "username" in entries[0]["user"] else entries[0]["user"]
    assert all(PASSWORD not in entry["json"] for entry in entries)


@pytest.mark.parametrize("password", ["short", "elevenchars", "aaaaaaaaaaaaaaaa"])
def test_a_poor_password_is_refused(admin: Person, password: str) -> None:
    account = {"username": "poor", "first_name": "x", "last_name": "y", "email": "poor@example.org", "active": True}
    assert admin.post("/api/v1/security/users/", account | {"password": password, "roles": [1]}).status_code == 400


def test_pages_carry_their_headers_and_cookies_their_flags(stack: Stack) -> None:
    answer = requests.get(f"{stack.url}/login/", timeout=60)
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'self'", "frame-ancestors 'self'", "form-action 'self'", "object-src 'none'"):
        assert part in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_browser_cannot_be_made_to_change_anything(stack: Stack, admin: Person) -> None:
    """With a session's cookie and nothing else, as a foreign page's form would come."""
    with requests.Session() as browser:
        page = browser.get(f"{stack.url}/login/", timeout=60).text
        token = people.CSRF_TOKEN.search(page)
        form = {"username": stack.user, "password": stack.password}
        browser.post(f"{stack.url}/login/", data=form, timeout=60)
        assert browser.get(f"{stack.url}/api/v1/me/", timeout=60).status_code == 401
        assert token
        form["csrf_token"] = token[1]
        browser.post(f"{stack.url}/login/", data=form, timeout=60)
        assert browser.get(f"{stack.url}/api/v1/me/", timeout=60).ok
        made = browser.post(f"{stack.url}/api/v1/dashboard/", json={"dashboard_title": "Planted"}, timeout=60)
        assert made.status_code == 400 or "result" not in made.text
    titles = admin.get("/api/v1/dashboard/", q="(page_size:100)").json()["result"]
    assert "Planted" not in {one["dashboard_title"] for one in titles}
