"""What each role may do and which charts are open to it, read whole once in five seconds: a role is code.

Who has which role is read anew in every request; only what a role may do is remembered.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from read_again import ReadAgain

Pair = tuple[str, str]  # permission, view
Data = tuple[str, int]  # type and number of a datasource


class Roles(NamedTuple):
    """(permission, view) of all roles."""

    of_id: dict[int, frozenset[Pair]]
    of_name: dict[str, frozenset[Pair]]
    digests: dict[int, str]


class OpenBoard(NamedTuple):
    """A published dashboard that is open to roles: the data of its charts by their number, of its filters by name."""

    slug: str
    roles: frozenset[int]
    charts: dict[int, Data]
    filters: dict[str, frozenset[Data]]


class Permissions:
    """Asked by the security manager that it is made of. Threads share it."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._roles = ReadAgain(self._read_roles)
        self.boards = ReadAgain(self._read_boards)  # by their number

    def of_role(self, role_id: int) -> frozenset[Pair]:
        """What somebody with the role may do."""
        return self._roles().of_id.get(role_id, frozenset())

    def digest_of_role(self, role_id: int) -> str:
        """What tells apart that from what else one may do, the same in every process."""
        return self._roles().digests.get(role_id, "")

    def of_role_named(self, name: str) -> frozenset[Pair]:
        """The same by the role's name; nothing when there is no such role."""
        return self._roles().of_name.get(name, frozenset())

    def are_shown(self, form_data: dict[str, Any], data: Data, roles: Iterable[int]) -> bool:
        """Whether a page asks for data of a chart or filter on a dashboard that is open to one of the roles.

        No is not the last word: of what else may be asked Superset knows more.
        """
        try:
            board = self.boards().get(form_data.get("dashboardId"))
            if board is None or board.roles.isdisjoint(roles):
                return False
            if form_data.get("type") == "NATIVE_FILTER":
                return data in board.filters.get(form_data.get("native_filter_id"), ())
            return form_data.get("parent_slice_id") is None and board.charts.get(form_data.get("slice_id")) == data
        except TypeError:  # a number that is a list, say
            return False

    def _read_roles(self) -> Roles:
        manager = self._manager
        role, pair = manager.role_model, manager.permissionview_model
        permission, view = manager.permission_model, manager.viewmenu_model
        query = manager.session.query(role.id, role.name, permission.name, view.name).select_from(role)
        pairs: dict[int, set[Pair]] = defaultdict(set)
        names = {}
        for role_id, name, may, what in query.join(role.permissions).join(pair.permission).join(pair.view_menu):
            names[name] = role_id
            pairs[role_id].add((may, what))
        of_id = {role_id: frozenset(some) for role_id, some in pairs.items()}
        digests = {role_id: hashlib.sha256(repr(sorted(some)).encode()).hexdigest() for role_id, some in pairs.items()}
        return Roles(of_id, {name: of_id[role_id] for name, role_id in names.items()}, digests)

    def _read_boards(self) -> dict[Any, OpenBoard]:
        from superset.models.dashboard import Dashboard  # the configuration is read before Superset is there
        from superset.models.slice import Slice

        session, role = self._manager.session, self._manager.role_model
        open_to: dict[int, set[int]] = defaultdict(set)
        published = Dashboard.published.is_(True)
        for board, role_id in session.query(Dashboard.id, role.id).join(Dashboard.roles).filter(published):
            open_to[board].add(role_id)
        charts: dict[int, dict[int, Data]] = defaultdict(dict)
        shown = session.query(Dashboard.id, Slice.id, Slice.datasource_type, Slice.datasource_id)
        for board, chart, kind, number in shown.join(Dashboard.slices).filter(published):
            charts[board][chart] = (kind, number)
        settings = session.query(Dashboard.id, Dashboard.slug, Dashboard.json_metadata).filter(published)
        return {
            board: OpenBoard(slug or "", frozenset(open_to[board]), charts[board], _filters(text))
            for board, slug, text in settings
            if board in open_to
        }


def _filters(settings: str | None) -> dict[str, frozenset[Data]]:
    """The data of each filter in a dashboard's settings; none where somebody wrote settings that cannot be read."""
    try:
        configured = json.loads(settings or "{}").get("native_filter_configuration") or []
        return {one["id"]: frozenset(_targets(one)) for one in configured}
    except (ValueError, AttributeError, KeyError, TypeError):
        return {}


def _targets(configured: dict[str, Any]) -> Iterator[Data]:
    for target in configured.get("targets") or []:
        if "datasetId" in target:
            yield "table", target["datasetId"]
