"""The account of whoever asks, read anew when something about it has changed.

Every request begins with it, and to make it of its rows takes longer than to find out that it is still the same.
"""

import functools
import threading
from typing import Any

from cachetools import LRUCache
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session, joinedload

MOST_KEPT = 2000
# Whoever changes an account changes its row, or its rows here.
AS_IT_IS = """
    select u.changed_on, u.active, u.username,
        array(select r.id || ' ' || r.name from ab_user_role ur join ab_role r on r.id = ur.role_id
            where ur.user_id = u.id order by 1),
        array(select ug.group_id || ' ' || r.id || ' ' || r.name from ab_user_group ug
            join ab_group_role gr on gr.group_id = ug.group_id join ab_role r on r.id = gr.role_id
            where ug.user_id = u.id order by 1)
    from ab_user u where u.id = :number
"""


class Accounts:
    """Asked by the security manager that it is made of. Threads share it."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._kept: LRUCache[Any, Any] = LRUCache(MOST_KEPT)
        self._lock = threading.Lock()

    def find(self, number: int) -> Any:
        """The account with its roles as one of the request's session, None when there is none."""
        session, account = self._manager.session, self._manager.user_model
        if inspect(account).identity_key_from_primary_key((number,)) in session.identity_map:
            return session.get(account, number)  # what the request may have changed of it stays
        key = _as_it_is(session, number)
        if key is None:
            return None
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            key, known = self._read(number)
            with self._lock:
                self._kept[key] = known
        return known and session.merge(known, load=False)

    def _read(self, number: int) -> tuple[Any, Any]:
        """The account and what tells it apart, both of the same moment: roles of one are never kept under another."""
        with Session(self._manager.session.get_bind()) as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            key = _as_it_is(session, number)
            account = session.get(self._manager.user_model, number, options=self._with_roles)
            session.expunge_all()
        return key, account

    @functools.cached_property
    def _with_roles(self) -> tuple[Any, ...]:
        account, group = self._manager.user_model, self._manager.group_model
        return joinedload(account.roles), joinedload(account.groups).joinedload(group.roles)


def _as_it_is(session: Any, number: int) -> tuple[Any, ...] | None:
    row = session.execute(text(AS_IT_IS), {"number": number}).first()
    return row and (number, *(tuple(each) if isinstance(each, list) else each for each in row))
