"""Who asks, and what they may see: Superset's tokens, Superset's roles, the registry's dealers.

A token says who somebody is and no more. Roles, the active flag and the dealers are asked for anew every KEEP seconds,
so what an administrator takes away is gone within that time, whatever a token's expiry.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
import jwt

from data_api.problems import Problem

KEEP = 20.0
ALL_DEALERS = frozenset({"Admin", "Engineer", "Analyst"})
# All dealers, unless the registry names some.
CLIENT = "API Client"
OWN_DEALERS = "Dealer User"
PERSONAL = frozenset({"Admin", "Personal Data"})
_HOW = "Get one from Superset: POST /api/v1/security/login (docs/api.md)."
# Superset's bootstrap makes the view: what we need of its users, and nothing of their passwords.
_USER = "select username, is_active, roles from public.data_api_user where id = $1"
_DEALERS = "select registry.visible_dealers()"


@dataclass(frozen=True)
class Person:
    """Somebody with a token and at least one role here."""

    name: str
    dealers: tuple[str, ...] | None  # none: all of them
    sees_personal: bool


class People:
    """Tells who asks; remembers it for a while."""

    def __init__(self, key: str, users: asyncpg.Pool, warehouse: asyncpg.Pool, now: Callable[[], float]) -> None:
        self._key, self._users, self._warehouse, self._now = key, users, warehouse, now
        self._known: dict[int, tuple[float, Person]] = {}

    async def by_header(self, header: str | None) -> Person:
        """The person of an Authorization header. Raises Problem 401 or 403."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized(f"The request has no token: send the header Authorization: Bearer TOKEN. {_HOW}")
        user_id = self._user_id(token.strip())
        until, person = self._known.get(user_id, (0.0, None))
        if person is None or until < self._now():
            person = await self._ask(user_id)
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[user_id] = (self._now() + KEEP, person)
        return person

    def _user_id(self, token: str) -> int:
        try:
            claims = jwt.decode(token, self._key, ["HS256"], options={"require": ["exp", "sub"]})
            if claims.get("type") != "access":
                raise _unauthorized(f"The token is not an access token. {_HOW}")
            return int(claims["sub"])
        except jwt.ExpiredSignatureError:
            raise _unauthorized(f"The token has expired. {_HOW}") from None
        except (jwt.InvalidTokenError, ValueError):
            raise _unauthorized(f"The token is not one of this Superset's. {_HOW}") from None

    async def _ask(self, user_id: int) -> Person:
        if not 0 < user_id < 2**31:
            raise _unauthorized(f"The token is not one of this Superset's. {_HOW}")
        user = await self._users.fetchrow(_USER, user_id)
        if user is None or not user["is_active"]:
            raise _unauthorized("The token's account is gone or was switched off: ask an administrator.")
        roles = frozenset(user["roles"])
        name = user["username"]
        dealers: tuple[str, ...] | None = None
        if not roles & ALL_DEALERS:
            if not roles & {CLIENT, OWN_DEALERS}:
                raise Problem(
                    403,
                    f"The account {name} has no role for this API: an administrator gives it {CLIENT}, "
                    f"{OWN_DEALERS}, Analyst, Engineer or Admin in Superset.",
                )
            dealers = await self._dealers(name)
            if not dealers and OWN_DEALERS not in roles:
                dealers = None
        return Person(name, dealers, bool(roles & PERSONAL))

    async def _dealers(self, name: str) -> tuple[str, ...]:
        async with self._warehouse.acquire() as connection, connection.transaction(readonly=True):
            await connection.execute("select set_config('dealer_dashboard.user_name', $1, true)", name)
            return tuple(sorted(await connection.fetchval(_DEALERS)))


def people(key: str, users: asyncpg.Pool, warehouse: asyncpg.Pool) -> People:
    """People by the machine's own clock."""
    return People(key, users, warehouse, time.monotonic)


def _unauthorized(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
