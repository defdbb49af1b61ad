"""What a page is told about its dashboard, given again to everyone of the same roles.

Which charts and filters a dashboard has and what its data are called is the same for all who may open it and change
nothing there. Superset works it out anew for each page. Whether somebody may open the dashboard is still decided in
every request, and what was changed in Superset counts five seconds later. How long ago that was is said in words, so an
answer is no older than a few minutes.
"""

import re
import threading
import time
from collections.abc import Hashable

import flask
from cachetools import LRUCache

import tenants
from permissions import OpenBoard
from state_of_superset import STATE

MOST_KEPT = 500
KEPT_SECONDS = 300
OF_BOARD = {"DashboardRestApi.get", "DashboardRestApi.get_charts", "DashboardRestApi.get_datasets"}
OF_DATA = "DatasetRestApi.get_drill_info"
DASHBOARD = re.compile(r"\(dashboard_id:(\d+)\)")
CHANGES = ("can_write", "Dashboard")


def follow(app: flask.Flask) -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR)."""
    kept: LRUCache[Hashable, tuple[bytes, str]] = LRUCache(MOST_KEPT)
    lock = threading.Lock()

    def give_again() -> flask.Response | None:
        key = flask.g.page_answer = _key()
        with lock:
            answer = kept.get(key) if key else None
        return answer and flask.Response(answer[0], mimetype=answer[1])

    def keep(response: flask.Response) -> flask.Response:
        key = flask.g.get("page_answer")
        if key and response.status_code == 200 and not response.direct_passthrough:
            with lock:
                kept.setdefault(key, (response.get_data(), response.mimetype))
        return response

    app.before_request(give_again)
    app.after_request(keep)


def _key() -> Hashable | None:
    """All that the answer to this request depends on; None when it is not one of those that are given again."""
    request = flask.request
    if request.method != "GET" or request.endpoint not in OF_BOARD | {OF_DATA} or not tenants.person().name:
        return None
    from superset import security_manager  # the configuration is read before Superset is there

    permissions = security_manager.permissions
    roles = frozenset(role.id for role in security_manager.get_user_roles())
    may = frozenset(permissions.of_role(role) for role in roles)
    if any(CHANGES in some for some in may):
        return None
    board = _board(permissions.boards())
    if board is None or board.roles.isdisjoint(roles):
        return None
    return request.full_path, roles, may, STATE(), int(time.time() // KEPT_SECONDS)


def _board(boards: dict[int, OpenBoard]) -> OpenBoard | None:
    """The dashboard that is asked about."""
    asked = flask.request.view_args or {}
    if flask.request.endpoint == OF_DATA:
        named = DASHBOARD.fullmatch(flask.request.args.get("q", ""))
        board = boards.get(int(named[1])) if named else None
        return board if board and ("table", asked["pk"]) in board.charts.values() else None
    return next((board for number, board in boards.items() if asked["id_or_slug"] in (board.slug, str(number))), None)
