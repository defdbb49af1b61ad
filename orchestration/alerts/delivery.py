"""Sends what is written to every address of ALERT_URLS, by Apprise: again until it has arrived, never twice to one.

A message that is being sent is locked; what ends in between (the machine, say) is sent again: at least once.
"""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import apprise
import psycopg2
from apprise.plugins import NotifyBase
from apprise.utils.parse import parse_urls

from orchestration.alerts.messages import Occasion
from orchestration.settings import SettingError, Settings

_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 10.0
# Of a tick; what is left waits for the next.
_BUDGET_SECONDS = 20.0
_GIVEN_UP_AFTER = timedelta(days=3)
_HOSTS_SHOWN = re.compile(r"(mailto|json|xml|form)s?$")  # of others, the host's place may hold a token
_NEXT = """
    select id, title, body, delivered_to, written_at from registry.alert_message
    where ended_at is null and id > %s order by id limit 1 for update skip locked
"""
_NOTE = """
    update registry.alert_message
    set delivered_to = %(delivered)s, attempts = attempts + 1, error = %(error)s, ended_at = %(ended)s
    where id = %(id)s
"""
_HINTS = (
    (r"auth|535|401|403", "check user and password"),
    (r"certificate|ssl|tls", "check the port, and whether mailto:// or mailtos:// is right"),
    (r"refused|timed out|timeout|resolve|name or service|unreachable|getaddrinfo|connection",
     "check host and port, and that this machine may reach them"),
)  # fmt: skip


@dataclass(frozen=True)
class Destination:
    """One address. `name` is what may be shown of it, `id` tells it from others and does not lead back to it."""

    id: str
    name: str
    service: NotifyBase

    def send(self, title: str, body: str) -> str | None:
        """Send a message; None when it was taken, else why not, in words."""
        with _listening() as heard:
            kind = apprise.NotifyType.SUCCESS if title.startswith(Occasion.OVER) else apprise.NotifyType.WARNING
            # In this thread, which is the one that listens.
            sent = self.service.notify(body=body, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT)
        return None if sent else self._in_words(heard)

    def _in_words(self, heard: Sequence[str]) -> str:
        said = " ".join(" ".join(heard).split()) or "it was not taken"
        url = self.service.url(privacy=False)
        hidden = {self.service.password, self.service.user, *re.findall(r"[^/?&=:@]{12,}", url.partition("://")[2])}
        hidden -= {self.service.host}
        for text in sorted(filter(None, hidden), key=len, reverse=True):
            said = said.replace(str(text), "…")
        hint = next((hint for pattern, hint in _HINTS if re.search(pattern, said, re.IGNORECASE)), "")
        return said[:400] + (f" ({hint})" if hint else "")


@dataclass
class Delivered:
    """What a round of sending came to: messages sent to all, and what stood in the way, by address."""

    sent: int = 0
    errors: dict[str, str] | None = None


def destinations(settings: Settings) -> list[Destination]:
    """The addresses of ALERT_URLS; none when alerts are off. Raises SettingError, without the address."""
    found = []
    for number, url in enumerate(parse_urls(settings.alert_urls or ""), start=1):
        with _listening():
            service = apprise.Apprise.instantiate(url)
        if service is None:
            raise SettingError(
                f"ALERT_URLS: number {number} is no address that Apprise knows; for mail and webhooks write "
                "mailtos://user:password@host?from=...&to=... and jsons://host/path (docs/alerts.md)"
            )
        service.socket_connect_timeout = min(float(service.socket_connect_timeout), _CONNECT_SECONDS)
        service.socket_read_timeout = _ANSWER_SECONDS
        service.notify_format = apprise.NotifyFormat.TEXT
        scheme = url.partition("://")[0].lower()
        where = f" at {service.host}" if _HOSTS_SHOWN.match(scheme) else ""
        # The address without its password: a hash of that is nothing to guess from.
        digest = hashlib.sha256(service.url(privacy=True).encode()).hexdigest()[:12]
        found.append(Destination(digest, f"{number}. {service.service_name}{where}", service))
    if settings.alert_urls and not found:
        raise SettingError("ALERT_URLS holds no address such as mailtos://... or jsons://... (docs/alerts.md)")
    return found


def deliver(connection: "psycopg2.extensions.connection", addresses: Sequence[Destination], now: datetime) -> Delivered:
    """Send what waits, oldest first. An address that fails twice is left alone until the next round."""
    done = Delivered(errors={})
    failures: dict[str, int] = {}
    last, deadline = 0, time.monotonic() + _BUDGET_SECONDS
    while time.monotonic() < deadline:
        with connection, connection.cursor() as cursor:
            cursor.execute(_NEXT, (last,))
            row = cursor.fetchone()
            if row is None:
                break
            last, title, body, delivered, written_at = row
            error = None
            for address in addresses:
                if address.id in delivered:
                    continue
                if failures.get(address.id, 0) < 2:
                    why = address.send(title, body)
                    if why is None:
                        delivered.append(address.id)
                        continue
                    failures[address.id] = failures.get(address.id, 0) + 1
                    done.errors = {**(done.errors or {}), address.name: why}
                error = f"{address.name}: {(done.errors or {})[address.name]}"
            complete = all(address.id in delivered for address in addresses)
            done.sent += complete
            ended = now if complete or written_at < now - _GIVEN_UP_AFTER else None
            cursor.execute(_NOTE, {"delivered": delivered, "error": error, "ended": ended, "id": last})
    return done


class _Heard(logging.Handler):
    """Keeps what Apprise says of a failure in this thread; the rest of what it says is not for anybody."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        is_failure = record.levelno >= logging.WARNING or text.startswith("Socket Exception")
        if is_failure and record.thread == self._thread:
            self.said.append(text)


_LOGGERS = tuple(logging.getLogger(name) for name in ("apprise", "urllib3"))
_sending = threading.Lock()
_listeners: list[_Heard] = []
_before: list[tuple[int, bool]] = []


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise says while the block runs, and that it says it to nobody else: addresses hold passwords.

    Of several threads the first to begin makes the loggers silent, and the last to end gives them back as they were.
    """
    heard = _Heard()
    with _sending:
        if not _listeners:
            _before[:] = [(logger.level, logger.propagate) for logger in _LOGGERS]
        _listeners.append(heard)
        for logger in _LOGGERS:
            logger.addHandler(heard)
            logger.propagate = False
        _LOGGERS[0].setLevel(logging.DEBUG)
    try:
        yield heard.said
    finally:
        with _sending:
            _listeners.remove(heard)
            for logger, (level, propagates) in zip(_LOGGERS, _before, strict=True):
                logger.removeHandler(heard)
                if not _listeners:
                    logger.setLevel(level)
                    logger.propagate = propagates
