"""Messages are neither lost nor repeated: mail servers down, restarts, two at once; and nothing secret is in them."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import pytest
from alerts_support import BOOK, Mailbox, Sandbox, Stack, Tick, Webhook, dates_back, process, text_of
from click.testing import CliRunner, Result

from orchestration.alerts.commands import state_in_words
from orchestration.alerts.delivery import deliver, destinations
from orchestration.cli import cli
from orchestration.registry.store import open_registry
from orchestration.settings import load_settings

pytestmark = pytest.mark.slow

SEND = """
from contextlib import closing
from datetime import UTC, datetime
import psycopg2
from orchestration.alerts.delivery import deliver, destinations
from orchestration.settings import load_settings
settings = load_settings()
url = settings.warehouse().set(drivername="postgresql").render_as_string(hide_password=False)
with closing(psycopg2.connect(url)) as connection:
    print(deliver(connection, destinations(settings), datetime.now(UTC)).sent)
"""


@pytest.fixture
def incident(stack: Stack, sandbox: Sandbox, mailbox: Mailbox, tick: Tick) -> Iterator[str]:
    """A dealer that fails, and the title of its message, which nobody has looked for yet."""
    dealer = sandbox.dealers(BOOK)[0]
    sandbox.fault("http_500", dealer=dealer)
    stack.pull([dealer], dates_back(2), ["prsp"])
    yield f"{BOOK}: calls fail (1 dealer, 1 module)"


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["alerts", *arguments])


def test_a_mail_server_that_is_down_gets_it_when_it_is_up(
    incident: str, tick: Tick, stack: Stack, mailbox: Mailbox, webhook: Webhook
) -> None:
    mailbox.stop()
    said = tick()
    assert webhook.titles == [incident], "the other address does not wait for it"
    assert "does not take messages" in said and "refused" in said
    listed = command("list").output
    assert "Waiting since" in listed and "tried 1 times" in listed and "check host and port" in listed
    tick()
    mailbox.start()
    tick()
    tick()
    assert mailbox.subjects == webhook.titles == [incident]
    assert "Waiting" not in command("list").output


def test_a_recipient_that_is_refused_is_tried_again(incident: str, tick: Tick, mailbox: Mailbox) -> None:
    mailbox.on_data = lambda: "451 try later"
    tick()
    assert mailbox.subjects == []
    mailbox.on_data = lambda: "250 OK"
    tick()
    assert mailbox.subjects == [incident]


def test_two_that_send_at_once_send_it_once(
    incident: str, tick: Tick, stack: Stack, mailbox: Mailbox, environment: pytest.MonkeyPatch
) -> None:
    mailbox.stop()
    tick()
    mailbox.start()

    def slowly() -> str:
        time.sleep(0.5)
        return "250 OK"

    mailbox.on_data = slowly
    settings = load_settings()

    def send(_: int) -> int:
        with closing(psycopg2.connect(stack.url)) as connection:
            return deliver(connection, destinations(settings), datetime.now(UTC)).sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(send, range(4))) == 1
    assert mailbox.subjects == [incident]
    # Silent while addresses are in use, and no longer.
    assert [(log.level, log.propagate) for log in map(logging.getLogger, ("apprise", "urllib3"))] == [(0, True)] * 2


def test_two_ticks_at_once_write_one_message(incident: str, tick: Tick, stack: Stack, mailbox: Mailbox) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: tick(), range(3)))
    tick()
    assert stack.one("select count(*) from registry.incident") == 1
    assert stack.one("select count(*) from registry.alert_message") == 1
    assert mailbox.subjects == [incident]


def test_killed_while_it_sends_it_is_sent_after_the_restart(
    incident: str, tick: Tick, stack: Stack, mailbox: Mailbox
) -> None:
    mailbox.stop()
    tick()
    reached: list[bool] = []

    def hang() -> str:
        reached.append(True)
        time.sleep(3)
        return "451 too late"

    mailbox.on_data = hang
    mailbox.start()
    with process(SEND) as sender:
        deadline = time.monotonic() + 120
        while not reached:
            assert sender.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        sender.kill()
    mailbox.on_data = lambda: "250 OK"
    while not mailbox.messages:
        assert time.monotonic() < deadline
        tick()  # Postgres notices within moments that the sender is gone, and lets its row go
    tick()
    assert mailbox.subjects == [incident]


def test_a_message_that_nobody_takes_is_given_up_in_the_end(
    incident: str, tick: Tick, stack: Stack, mailbox: Mailbox
) -> None:
    mailbox.stop()
    tick()
    stack.rows("update registry.alert_message set written_at = written_at - interval '3 days'")
    tick()
    mailbox.start()
    tick()
    assert mailbox.subjects == []
    assert stack.one("select error from registry.alert_message where ended_at is not null").startswith("1. E-Mail at ")


def test_the_test_command_says_what_came_of_each_address(
    stack: Stack, tick: Tick, mailbox: Mailbox, webhook: Webhook, environment: pytest.MonkeyPatch
) -> None:
    done = command("test")
    assert done.exit_code == 0
    assert done.output.splitlines() == ["1. E-Mail at 127.0.0.1: sent", "2. JSON at 127.0.0.1: sent"]
    assert mailbox.subjects == webhook.titles == ["Test of the alerts"]
    webhook.status = 500
    mailbox.stop()
    done = command("test")
    assert done.exit_code == 1
    mail, hook = done.output.splitlines()
    assert "refused" in mail and "check host and port" in mail
    assert hook.startswith("2. JSON at 127.0.0.1: ") and "500" in hook
    assert "webhook-token-canary" not in done.output
    environment.delenv("ALERT_URLS")
    done = command("test")
    assert done.exit_code == 1 and done.output.startswith("dealers: ALERT_URLS is not set: ")


def test_an_address_that_is_none_is_named_without_its_text(
    stack: Stack, tick: Tick, environment: pytest.MonkeyPatch, webhook: Webhook
) -> None:
    environment.setenv("ALERT_URLS", f"{webhook.url}, nosuch://user:address-canary@host")
    done = command("test")
    assert done.exit_code == 1 and "ALERT_URLS: number 2 is no address" in done.output
    assert "address-canary" not in done.output + tick()


def test_list_and_status_say_what_is_open_and_that_alerts_are_off(
    incident: str, tick: Tick, stack: Stack, environment: pytest.MonkeyPatch
) -> None:
    assert command("list").output == "No incident is open.\n"
    tick()
    listed = command("list").output
    assert "failing" in listed and BOOK in listed and "calls fail" in listed and "Alerts are off" not in listed
    assert state_in_words(load_settings()) == "Alerts are on. Open incidents: 1 (uv run dealers alerts list)."
    environment.delenv("ALERT_URLS")
    assert "Alerts are off: ALERT_URLS is not set" in command("list").output
    assert state_in_words(load_settings()).startswith("Alerts are off: ")
    assert command("list", "--all").output.count("calls fail") == 1


def test_no_secret_and_nothing_of_a_person_gets_out(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox, webhook: Webhook,
    environment: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Every text of the stack that is secret, what a server says, and what documents hold, against all that is sent."""
    dealer = sandbox.dealers(BOOK)[0]
    password = "mail-password-canary"
    environment.setenv(
        "ALERT_URLS", f"{mailbox.url.replace('mailto://', f'mailto://alerts:{password}@')}, {webhook.url}"
    )
    caplog.set_level("DEBUG")
    with open_registry(load_settings()) as registry:
        key = registry.key(BOOK, registry.dealer(dealer).api_key.name)  # type: ignore[union-attr]
        secrets = [key.api_key, registry.encryption.decrypt(key.secret_encrypted), password, "webhook-token-canary"]
    sandbox.fault("http_500", dealer=dealer)
    stack.pull([dealer], dates_back(2), ["prsp"])
    said = f"«NIK 3171234567890123 Budi-Canary {' '.join(secrets)}»"
    stack.rows("update raw.api_call set outcome = 'refused', reason = 'the server refused: ' || %s "
               "where outcome = 'failed'", said)  # fmt: skip
    tick()  # the mail server knows no password: it refuses
    mailbox.stop()
    tick()
    (hook,) = webhook.received
    out = capfd.readouterr()
    everything = [hook["title"], hook["message"], *tick.said, out.out, out.err, caplog.text, command("list").output]
    everything += [str(row) for row in stack.rows("select * from registry.incident")]
    everything += [str(row) for row in stack.rows("select * from registry.alert_message")]
    assert "the server refused" in hook["message"]
    for text in everything:
        for canary in (*secrets, "3171234567890123", "Budi-Canary"):
            assert canary not in text, text


def test_a_mail_is_plain_text(incident: str, tick: Tick, mailbox: Mailbox) -> None:
    tick()
    assert "What to do:" in text_of(mailbox.messages[0])
    assert [part.get_content_type() for part in mailbox.messages[0].walk() if not part.is_multipart()] == ["text/plain"]
