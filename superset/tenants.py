"""Whose rows a person may see, and as which role of Postgres their questions are asked.

People with one of the roles below see all dealers. Everybody else, whatever roles they have, sees the dealers that the
registry names for them and no more; of no dealer, nothing. It is decided twice: here for Superset, which narrows every
query (`security.py`), and by Postgres' row security for `dealer_reader`, which knows a name and decides for itself.
"""

import logging
import os
import re
import threading
from typing import Any, NamedTuple

import flask
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from sqlalchemy.engine.url import URL, make_url
from werkzeug.local import LocalProxy

import kept_connections
import postgres_url

logger = logging.getLogger(__name__)

SEE_ALL_DEALERS = frozenset({"Admin", "Engineer", "Analyst"})
# Whom personal data is shown unmasked, of the dealers that they see.
SEE_PEOPLE = frozenset({"Admin", "Personal Data"})
USER_NAME = "dealer_dashboard.user_name"
# What a rule's clause calls them (assets/security.yaml).
MY_DEALERS = "{{ my_dealers() }}"
# Stands for the dealers in SQL that is kept for several people (row_rules.py); by itself it is no dealer's number.
LEFT_OPEN = "'the dealers of whoever asks'"
# As what customers are read unmasked: those of all dealers, and of the name's.
OF_ALL_DEALERS, OF_SOME_DEALERS = "people_reader", "dealer_people_reader"
# Short, for requests of people wait for it.
PATIENCE = {"connect_timeout": 2, "tcp_user_timeout": 3000, "options": "-c statement_timeout=2000"}


class Person(NamedTuple):
    """Whose question it is."""

    name: str
    sees_all: bool
    sees_people: bool


NOBODY = Person("", sees_all=False, sees_people=False)


def person() -> Person:
    """Who asks, NOBODY where that is not known.

    An export is still being sent when its request has ended: what was found out in the request goes on with it.
    """
    if not flask.has_app_context():
        return NOBODY
    if not flask.has_request_context() and "person_of_request" in flask.g:
        return flask.g.person_of_request
    user = flask.g.get("user")
    if isinstance(user, LocalProxy):
        user = user._get_current_object()
    if user is not None and user is flask.g.get("user_of_request"):  # asked for twenty times for a chart
        return flask.g.person_of_request
    # Outside a request flask-login's stand-in for the user stands for nothing.
    if not user or user.is_anonymous or not user.is_active:
        return NOBODY
    from superset import security_manager  # the configuration is read before Superset is there

    roles = {role.name for role in security_manager.get_user_roles(user)}
    found = Person(user.username, bool(roles & SEE_ALL_DEALERS), bool(roles & SEE_PEOPLE))
    if flask.has_request_context():
        flask.g.person_of_request, flask.g.user_of_request = found, user
    return found


def sees_all_dealers() -> bool:
    """Whether the person of this request does; nobody does where no person is known."""
    return person().sees_all


def my_dealers() -> tuple[str, ...]:
    """The dealers of the person of this request, asked once a request; () when the warehouse does not tell."""
    name = person().name
    known = flask.g.setdefault("dealers_of", {})
    if name not in known:
        known[name] = _LOOKUP.dealers(name) if name else ()
    return known[name]


def my_dealers_as_sql() -> str:
    """The same, as what stands in `dealer_id in (...)`: the clause of Superset's rule (assets/security.yaml)."""
    if flask.g.get("dealers_are_left_open"):
        return LEFT_OPEN
    return ", ".join("'" + dealer.replace("'", "''") + "'" for dealer in my_dealers()) or "null"


def with_my_dealers(clause: str) -> str:
    """A rule's clause with the dealers filled in; it stays a template where one of them reads like one."""
    dealers = my_dealers_as_sql()
    return clause if "{" in dealers else clause.replace(MY_DEALERS, dealers)


def tenant() -> str:
    """What tells apart the answers that are kept of people who see other rows of the same data."""
    return "all dealers" if sees_all_dealers() else f"dealers {' '.join(my_dealers())}"


def as_whom(uri: URL, params: dict[str, Any], username: str | None, *_: Any) -> tuple[URL, dict[str, Any]]:
    """Superset's DB_CONNECTION_MUTATOR: who sees all dealers asks as bi_reader, others as dealer_reader by their name.

    The stored address is dealer_reader's without a name, which sees nothing: where this is forgotten, so do they. Of
    customers unmasked the same is decided within people_reader's address; for whoever may not see them nobody asks.
    """
    confined, of_people = (_address(reader) for reader in ("DEALER_READER", "PEOPLE_READER"))
    if (uri.host, uri.port, uri.database) != (confined.host, confined.port, confined.database):
        return uri, params
    if uri.username == of_people.username:
        if person().sees_people and sees_all_dealers():
            return of_people, _with_settings(params, {"role": OF_ALL_DEALERS})
        name = (username or person().name) if person().sees_people else ""
        return of_people, _with_settings(params, {"role": OF_SOME_DEALERS, USER_NAME: name})
    if sees_all_dealers():
        return _kept(_address("READER"), params, {})
    return _kept(confined, params, {USER_NAME: username or person().name})


def _address(reader: str) -> URL:
    return make_url(postgres_url.for_sqlalchemy(os.environ[f"WAREHOUSE_{reader}_URL"]))


def _kept(address: URL, params: dict[str, Any], settings: dict[str, str]) -> tuple[URL, dict[str, Any]]:
    """The address with its settings; for charts on a connection that is open already."""
    if not is_chart():
        return address, _with_settings(params, settings)
    connection = address.translate_connect_args(username="user", database="dbname")
    shelf = kept_connections.shelf_of(connection | dict(params.get("connect_args") or {}))
    return address, params | {"creator": lambda: shelf.connect(settings)}


def is_chart() -> bool:
    """Whether this request asks for a chart's data."""
    return flask.has_request_context() and flask.request.endpoint == "ChartDataRestApi.data"


def _with_settings(params: dict[str, Any], settings: dict[str, str]) -> dict[str, Any]:
    """The parameters of a connection with settings of its session."""
    if not settings:
        return params
    arguments = dict(params.get("connect_args") or {})
    given = [f"-c {name}={_escaped(value)}" for name, value in settings.items()]
    options = " ".join([arguments.get("options", ""), *given]).strip()
    return params | {"connect_args": arguments | {"options": options}}


def _escaped(name: str) -> str:
    """A name as a value in a connection's options, where blanks end it and backslashes take away a meaning."""
    return re.sub(r"([^A-Za-z0-9_.@-])", r"\\\1", name)


class _Lookup:
    """Asks Postgres for people's dealers over one connection, which threads share and which is opened again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._process = 0

    def dealers(self, name: str) -> tuple[str, ...]:
        with self._lock:
            try:
                return self._ask_again_if_broken(name)
            except psycopg2.Error as reason:
                self._connection = None
                logger.warning("Whose rows may be shown is not known, so none are: %s", str(reason).strip())
                return ()

    def _ask_again_if_broken(self, name: str) -> tuple[str, ...]:
        try:
            return self._ask(name)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):  # Postgres may have been restarted since
            self._connection = None
            return self._ask(name)

    def _ask(self, name: str) -> tuple[str, ...]:
        if self._connection is None or self._process != os.getpid():  # never the parent's of a forked worker
            url = postgres_url.for_libpq(os.environ["WAREHOUSE_DEALER_READER_URL"])
            self._connection = psycopg2.connect(url, application_name="dealers of a person", **PATIENCE)
            self._process = os.getpid()
        with self._connection, self._connection.cursor() as cursor:
            # Both on one way there and back.
            cursor.execute(
                sql.SQL("set local {} = {}; select registry.visible_dealers()").format(_SETTING, sql.Literal(name))
            )
            ((dealers,),) = cursor.fetchall()
        return tuple(sorted(dealers))


_SETTING = sql.Identifier(*USER_NAME.split("."))
_LOOKUP = _Lookup()
