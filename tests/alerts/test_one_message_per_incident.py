"""From a main dealer that fails to one message and one that it is over, by e-mail and webhook."""

import re

import pytest
from alerts_support import BOOK, Mailbox, Sandbox, Stack, Tick, Webhook, dates_back, text_of

pytestmark = pytest.mark.slow


def test_a_main_dealer_that_fails_is_one_message_and_its_recovery_another(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox, webhook: Webhook
) -> None:
    """Five dealers, fifteen modules, two dates: 150 partitions."""
    dealers = sandbox.dealers(BOOK)[:5]
    sandbox.fault("http_500", main_dealer=BOOK)
    pulled = stack.pull(dealers, dates_back(2))
    assert len(pulled.failed) == 5 * 15 * 2
    for _ in range(3):
        tick()
    (subject,) = mailbox.subjects
    assert subject == f"{BOOK}: calls fail (5 dealers, 15 modules)"
    assert webhook.titles == [subject]
    text = text_of(mailbox.messages[0])
    assert text.strip() == webhook.received[0]["message"].strip()
    lines = dict(re.findall(r"^(\w[\w ]*):\s+(.*)$", text, re.MULTILINE))
    assert lines["Main dealer"].startswith(BOOK)
    assert lines["Dealers"].startswith(f"5 of {len(sandbox.dealers(BOOK))}: {dealers[0]} ")
    assert lines["Modules"].startswith("15: ") and "prsp" in lines["Modules"]
    assert "the server answered HTTP 500" in lines["Error"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d in Asia/Jakarta, \d{4}-\d\d-\d\d \d\d:\d\d UTC", lines["Since"])
    assert lines["Run again"] == (
        "job retry_failed: http://127.0.0.1:3000/locations/dealer_dashboard/jobs/retry_failed/playground"
    )
    first, last = dates_back(2)
    assert f"uv run dealers pull --from {first} --to {last} --dealer {dealers[0]}" in text

    sandbox.reset()
    assert not stack.pull(dealers, dates_back(2)).failed
    for _ in range(2):
        tick()
    assert mailbox.subjects == webhook.titles == [subject, f"Recovered: {subject}"]
    assert "Everything that had failed has been fetched since" in text_of(mailbox.messages[1])
    assert webhook.received[1]["type"] == "success"
    assert stack.open == []


def test_what_mends_itself_is_told_when_it_lasts(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ALERT_AFTER_MINUTES", "15")
    dealer = sandbox.dealers(BOOK)[0]
    sandbox.fault("http_503", dealer=dealer)
    stack.pull([dealer], dates_back(2), ["prsp"])
    tick()
    assert stack.open == [("failing", f"{BOOK}/failing")]
    stack.age(mins=14)
    tick()
    assert mailbox.subjects == []
    stack.age(mins=1)
    tick()
    assert mailbox.subjects == [f"{BOOK}: calls fail (1 dealer, 1 module)"]


def test_a_blip_is_not_told_at_all(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ALERT_AFTER_MINUTES", "15")
    dealer = sandbox.dealers(BOOK)[0]
    sandbox.fault("http_503", dealer=dealer, times=1)
    stack.pull([dealer], dates_back(2), ["prsp"])
    tick()
    stack.pull([dealer], dates_back(2), ["prsp"])
    tick()
    assert (stack.open, mailbox.subjects) == ([], [])
    assert stack.one("select count(*) from registry.incident where closed_at is not null") == 1


def test_a_refused_key_is_told_at_once_and_only_of_that_key(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ALERT_AFTER_MINUTES", "15")
    dealer = sandbox.dealers(BOOK)[0]
    (key,) = [one["key"] for one in sandbox.fleet["dealers"] if one["id"] == dealer]
    sandbox.fault("wrong_token", dealer=dealer)
    stack.pull(sandbox.dealers(BOOK)[:2], dates_back(2), ["prsp", "spk"])
    tick()
    assert mailbox.subjects == [f"{BOOK}: a key is not accepted (1 dealer, 2 modules)"]
    assert stack.open == [("refused", f"{BOOK}/key/{key}")]
    assert "uv run dealers key edit" in text_of(mailbox.messages[0])


def test_it_is_told_again_daily_and_when_many_more_dealers_are_hit(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    dealers = sandbox.dealers(BOOK)
    sandbox.fault("http_500", main_dealer=BOOK)
    stack.pull(dealers[:1], dates_back(2), ["prsp"])
    tick()
    stack.age(hours=23)
    tick()
    assert len(mailbox.messages) == 1
    stack.age(hours=1)
    tick()
    assert mailbox.subjects[1:] == [f"Still: {BOOK}: calls fail (1 dealer, 1 module)"]
    stack.pull(dealers[:2], dates_back(2), ["prsp"])
    tick()
    assert len(mailbox.messages) == 2, "one dealer more is no news"
    stack.pull(dealers[:4], dates_back(2), ["prsp"])
    tick()
    assert mailbox.subjects[2:] == [f"More dealers: {BOOK}: calls fail (4 dealers, 1 module)"]


def test_dates_fetched_by_several_windows_make_up_for_one_that_failed(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    dealer, dates = sandbox.dealers(BOOK)[0], dates_back(4)
    sandbox.fault("http_500", dealer=dealer, times=1)
    stack.pull([dealer], dates, ["prsp"])
    tick()
    stack.pull([dealer], dates[:2], ["prsp"])
    tick()
    assert len(mailbox.messages) == 1, "half of it is still missing"
    stack.pull([dealer], dates[2:], ["prsp"])
    tick()
    assert mailbox.subjects[1:] == [f"Recovered: {BOOK}: calls fail (1 dealer, 1 module)"]


def test_a_dealer_that_is_switched_off_is_no_incident(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    dealer = sandbox.dealers(BOOK)[0]
    sandbox.fault("not_found", dealer=dealer, module="inv2")
    stack.pull([dealer], dates_back(2), ["inv2"])
    tick()
    assert mailbox.subjects == [f"{BOOK}: a module is not there (1 dealer, 1 module)"]
    stack.edit(BOOK, modules=["prsp", "spk"])
    tick()
    assert mailbox.subjects[1:] == [f"Recovered: {BOOK}: a module is not there (1 dealer, 1 module)"]


def test_without_addresses_incidents_are_kept_and_told_when_there_are_some(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("ALERT_URLS")
    dealer = sandbox.dealers(BOOK)[0]
    sandbox.fault("http_500", dealer=dealer)
    stack.pull([dealer], dates_back(2), ["prsp"])
    tick()
    assert stack.open == [("failing", f"{BOOK}/failing")]
    assert stack.one("select count(*) from registry.alert_message") == 0
    environment.setenv("ALERT_URLS", mailbox.url)
    tick()
    assert len(mailbox.messages) == 1
