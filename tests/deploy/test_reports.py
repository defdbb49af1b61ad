"""A dashboard arrives by e-mail: the services that compose starts for it, with the commands that compose gives them."""

import queue
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from containers import ROOT, SMTP_PORT, SUPERSET_PORT, Host
from superset_api import Superset

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]

URL = f"http://127.0.0.1:{SUPERSET_PORT}"
UNITS = """
    select day::date as day, 10 + extract(day from day)::int as units
    from generate_series(current_date - 20, current_date, interval '1 day') as days (day)
"""
# Height of a picture, and how many colours its upper and its lower half have.
LOOK = """
import sys
from PIL import Image
picture = Image.open(sys.stdin.buffer).convert("RGB")
width, height = picture.size
halves = picture.crop((0, 0, width, height // 2)), picture.crop((0, height // 2, width, height))
print(height, *(len(half.getcolors(1 << 24)) for half in halves))
"""


class Mailbox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.messages: queue.Queue[Message] = queue.Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.messages.put(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=SMTP_PORT, ready_timeout=60)
    server.start()
    yield mailbox
    server.stop()


@contextmanager
def reporting(host: Host) -> Iterator[Superset]:
    """Superset with the reports' worker and clock, and a session in it."""
    with (
        host.running("superset"),
        host.running("reports-worker"),
        host.running("reports-clock"),
    ):
        deadline = time.monotonic() + 120
        while not answers(f"{URL}/health"):
            assert time.monotonic() < deadline, (host.folder / "superset.log").read_text()[-3000:]
            time.sleep(0.5)
        with host.running("superset-cache"):
            yield Superset(URL, "admin", (host.secrets / "superset_admin_password").read_text().strip())


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def provide_browser(host: Host) -> None:
    """What the image's RUN does, with this machine's browser, which finds `superset` where compose's network has it."""
    providing = [sys.executable, str(ROOT / "tests" / "superset" / "browsers.py")]
    browser = subprocess.run(providing, check=True, capture_output=True, text=True).stdout.strip().rpartition(", ")[2]
    wrapper = host.folder / "browser"
    wrapper.write_text(f'#!/bin/sh\nexec {browser} --host-resolver-rules="MAP superset 127.0.0.1" "$@"\n')
    wrapper.chmod(0o755)
    link = ["python", str(host.image("reports-worker").inside("../deploy/docker/link_browser.py")), str(wrapper)]
    host.run("reports-worker", [*link])


def test_a_report_arrives_with_a_picture_of_the_dashboard(host: Host, mailbox: Mailbox, tmp_path: Path) -> None:
    provide_browser(host)
    host.run("databases")
    host.run("dashboards")
    with reporting(host) as superset:
        dashboard = superset.make_dashboard("Units of the last days", UNITS)
        superset.make(
            "report", type="Report", name="Morning report", crontab="* * * * *", timezone="Asia/Jakarta",
            dashboard=dashboard, active=True, report_format="PNG", creation_method="alerts_reports",
            recipients=[{"type": "Email", "recipient_config_json": {"target": "boss@example.org"}}],
        )  # fmt: skip
        try:
            message = mailbox.messages.get(timeout=180)
        except queue.Empty:
            pytest.fail((host.folder / "reports-worker.log").read_text()[-6000:])
        for service in ("reports-worker", "reports-clock"):
            host.run(service, host.health(service))
    log = (host.folder / "reports-worker.log").read_text()
    due = datetime.fromisoformat(re.findall(r"Scheduling alert Morning report eta: (.+)", log)[0]).replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - due) < timedelta(minutes=5), "it was due at another time than now"
    assert "Traceback" not in log
    assert (message["To"], message["Subject"]) == (
        "boss@example.org",
        "Morning report: Units of the last days",
    )
    assert "https://dashboards.example.org/" in message.as_string()
    (picture,) = [part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == "image/png"]
    assert isinstance(picture, bytes)
    (tmp_path / "report.png").write_bytes(picture)
    python = host.image("superset").inside(".venv/bin/python")
    seen = subprocess.run([python, "-c", LOOK], input=picture, capture_output=True, check=True).stdout
    height, upper, lower = map(int, seen.split())
    assert height > 1500, "the whole dashboard, not a screen of it"
    assert min(upper, lower) > 30, "an empty page has a few colours"
