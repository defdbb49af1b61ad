"""What each role may do, read whole and known for some seconds: a page asks for it hundreds of times, a role is code.

Who has which role is read anew in every request; only what a role may do is remembered.
"""

import threading
import time
from collections import defaultdict
from typing import Any

SECONDS_KNOWN = 5.0
Pair = tuple[str, str]  # permission, view


class Permissions:
    """(permission, view) of all roles. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_role: dict[int, frozenset[Pair]] = {}
        self._of_name: dict[str, int] = {}
        self._read_at = float("-inf")

    def of_role(self, manager: Any, role_id: int) -> frozenset[Pair]:
        """What somebody with the role may do."""
        self._read_when_old(manager)
        return self._of_role.get(role_id, frozenset())

    def of_role_named(self, manager: Any, name: str) -> frozenset[Pair]:
        """The same by the role's name; nothing when there is no such role."""
        self._read_when_old(manager)
        return self._of_role.get(self._of_name.get(name, -1), frozenset())

    def _read_when_old(self, manager: Any) -> None:
        if time.monotonic() - self._read_at < SECONDS_KNOWN:
            return
        with self._lock:
            if time.monotonic() - self._read_at < SECONDS_KNOWN:
                return
            began = time.monotonic()
            pairs: dict[int, set[Pair]] = defaultdict(set)
            names = {}
            for role_id, role, permission, view in self._rows(manager):
                names[role] = role_id
                pairs[role_id].add((permission, view))
            self._of_role = {role_id: frozenset(some) for role_id, some in pairs.items()}
            self._of_name = names
            self._read_at = began

    def _rows(self, manager: Any) -> Any:
        role, pair = manager.role_model, manager.permissionview_model
        permission, view = manager.permission_model, manager.viewmenu_model
        query = manager.session.query(role.id, role.name, permission.name, view.name)
        return query.select_from(role).join(role.permissions).join(pair.permission).join(pair.view_menu)
