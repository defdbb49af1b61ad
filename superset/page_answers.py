"""What a page is told about its dashboard, given again to everyone of the same roles.

Which charts and filters a dashboard has and what its data are called is the same for all who may open it and change
nothing there. Superset works it out anew for each page. Whether somebody may open the dashboard is still decided in
every request, and what was changed in Superset counts five seconds later. How long ago that was is said in words, so an
answer is no older than a few minutes. All processes share what is kept.
"""

import datetime
import hashlib
import re
from typing import Any

import flask

import tenants
from data_cache import MOVES_WITHIN_A_DAY
from permissions import OpenBoard
from state_of_superset import STATE

KEPT_SECONDS = 300
OF_BOARD = {"DashboardRestApi.get", "DashboardRestApi.get_charts", "DashboardRestApi.get_datasets"}
OF_DATA = "DatasetRestApi.get_drill_info"
# What the words of a range of time mean today.
OF_WORDS = "Api.time_range"
DASHBOARD = re.compile(r"\(dashboard_id:(\d+)\)")
CHANGES = ("can_write", "Dashboard")


def follow(app: flask.Flask) -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR)."""
    app.before_request(_give_again)
    app.after_request(_keep)


def _give_again() -> flask.Response | None:
    depends_on = _depends_on()
    if depends_on is None:
        return None
    key = f"page {hashlib.sha256(repr(depends_on).encode()).hexdigest()}"
    answer = _cache().get(key)
    if answer is None:
        flask.g.page_answer = key
    return answer and flask.Response(answer[0], mimetype=answer[1])


def _keep(response: flask.Response) -> flask.Response:
    key = flask.g.get("page_answer")
    if key and response.status_code == 200 and not response.direct_passthrough:
        _cache().set(key, (response.get_data(), response.mimetype), timeout=KEPT_SECONDS)
    return response


def _cache() -> Any:
    from superset.extensions import cache_manager  # the configuration is read before Superset is there

    return cache_manager.cache


def _depends_on() -> tuple[Any, ...] | None:
    """All that the answer to this request depends on; None when it is not one of those that are given again."""
    request = flask.request
    if request.method != "GET" or request.endpoint not in OF_BOARD | {OF_DATA, OF_WORDS} or not tenants.person().name:
        return None
    from superset import security_manager  # the configuration is read before Superset is there

    permissions = security_manager.permissions
    roles = sorted(role.id for role in security_manager.get_user_roles())
    may = [permissions.digest_of_role(role) for role in roles]
    if request.endpoint == OF_WORDS:
        moves = MOVES_WITHIN_A_DAY.search(request.args.get("q", ""))
        return None if moves else (request.full_path, may, datetime.date.today())  # the process's zone is the dealers'
    if any(CHANGES in permissions.of_role(role) for role in roles):
        return None
    board = _board(permissions.boards())
    if board is None or board.roles.isdisjoint(roles):
        return None
    return request.full_path, roles, may, STATE()


def _board(boards: dict[int, OpenBoard]) -> OpenBoard | None:
    """The dashboard that is asked about."""
    asked = flask.request.view_args or {}
    if flask.request.endpoint == OF_DATA:
        named = DASHBOARD.fullmatch(flask.request.args.get("q", ""))
        board = boards.get(int(named[1])) if named else None
        return board if board and ("table", asked["pk"]) in board.charts.values() else None
    return next((board for number, board in boards.items() if asked["id_or_slug"] in (board.slug, str(number))), None)
