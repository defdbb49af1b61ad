"""Connections to the warehouse that stay open from one chart to the next: opening one costs more than most questions.

Superset opens a connection for every query and closes it. Here one that is closed goes back on its address's shelf,
and whoever takes it says anew who asks: what a session was told before is forgotten first, so that nothing of one
person's can reach another's question.
"""

import os
import threading
import time
from collections.abc import Mapping
from typing import Any

import psycopg2
from psycopg2 import extensions
from psycopg2.extensions import connection as Connection

MOST_KEPT = 4  # of an address in a process: as many as it has threads
SECONDS_KEPT = 60.0


class KeptConnection(Connection):
    """A connection that its closing gives back to the shelf that it came from."""

    shelf: "Shelf | None" = None
    closed_at = 0.0

    def close(self) -> None:
        """Gives it back, or closes it for good where it is broken or in the middle of something."""
        if self.shelf is None or not self.shelf.take_back(self):
            super().close()


class Shelf:
    """The open connections of one address that nobody uses now. Threads share it; a forked process begins anew."""

    def __init__(self, address: Mapping[str, Any]) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._kept: list[KeptConnection] = []
        self._process = os.getpid()

    def connect(self, settings: Mapping[str, str]) -> KeptConnection:
        """A connection whose session has these settings and no other; raises psycopg2.Error when there is none."""
        while kept := self._taken():
            try:
                _tell(kept, settings)
            except psycopg2.Error:  # Postgres may have been restarted since
                kept.shelf = None
                kept.close()
            else:
                return kept
        opened: KeptConnection = psycopg2.connect(**self._address, connection_factory=KeptConnection)
        _tell(opened, settings)
        opened.shelf = self
        return opened

    def take_back(self, connection: KeptConnection) -> bool:
        """Whether the connection is kept for the next one."""
        if connection.closed or self._process != os.getpid():
            return False
        if connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE:
            return False
        connection.closed_at = time.monotonic()
        with self._lock:
            if connection in self._kept or len(self._kept) >= MOST_KEPT:
                return connection in self._kept
            self._kept.append(connection)
        return True

    def _taken(self) -> KeptConnection | None:
        """The one that was given back last; those that nobody wanted for long are closed."""
        with self._lock:
            if self._process != os.getpid():
                self._kept, self._process = [], os.getpid()  # the parent's: not ours to use, nor to close
            old = time.monotonic() - SECONDS_KEPT
            unwanted = [kept for kept in self._kept if kept.closed_at < old]
            self._kept = [kept for kept in self._kept if kept.closed_at >= old]
            taken = self._kept.pop() if self._kept else None
        for kept in unwanted:
            kept.shelf = None
            kept.close()
        return taken


_SHELVES: dict[tuple[tuple[str, Any], ...], Shelf] = {}
_LOCK = threading.Lock()


def shelf_of(address: Mapping[str, Any]) -> Shelf:
    """The shelf of a libpq address, options of its sessions included."""
    with _LOCK:
        return _SHELVES.setdefault(tuple(sorted(address.items())), Shelf(address))


def _tell(connection: KeptConnection, settings: Mapping[str, str]) -> None:
    connection.autocommit = True  # the end of a transaction would take the settings back
    told = ["reset all", *["select set_config(%s, %s, false)"] * len(settings)]
    with connection.cursor() as cursor:
        cursor.execute("; ".join(told), [part for setting in settings.items() for part in setting])
    connection.autocommit = False
