"""What goes into Superset's action log (table `logs`, shown under Security > Action Log)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from superset.utils.log import DBEventLogger

from log_retention import LogRetention

# A page of charts causes these many times over, and every row is a commit: most of the work of a cached chart request.
# Steps inside one request; SQL Lab's statements have a history of their own in table `query`.
STEPS = (
    *("execute_sql", "explore_json", "load_into_dataframe", "_get_data_response", "QueryObject."),
    *("ChartDataRestApi.json_dumps", "DashboardFilterStateRestApi.", "ExploreFormDataRestApi."),
)
READS = {
    *("get", "get_list", "info", "related", "distinct", "data", "get_data", "get_charts", "get_datasets", "get_tabs"),
    *("get_drill_info", "favorite_status", "recent_activity"),
    "put_colors",  # sent by the page itself when a dashboard is opened
}
# What a page tells of itself while it is drawn, many times for each that is opened.
PAGE_EVENTS = {
    *("load_chart", "render_chart", "mount_dashboard", "mount_explorer", "spa_navigation"),
    *("select_dashboard_tab", "change_dashboard_filter"),
}
FILE_FORMATS = {"csv", "xlsx"}
LONGEST_NAME = 100
BAD_REQUEST = 400


class ActionLog(DBEventLogger):
    """Keeps what an audit asks for (pages opened, edits, SQL Lab, exports), leaves out what draws a page."""

    def __init__(self, retention: LogRetention) -> None:
        super().__init__()
        self._retention = retention

    def log(self, user_id: int | None, action: str, *args: Any, **kwargs: Any) -> None:
        """Called by Superset once an action has ended; `records` among the arguments holds what the request carried."""
        records = kwargs.get("records", ())
        if action == "log":
            kwargs["records"] = [record for record in records if record.get("event_name") not in PAGE_EVENTS]
        if not draws_page(action, records):
            super().log(user_id, action, *args, **kwargs)
            self._retention.apply()

    def log_with_context(self, action: str, *args: Any, **kwargs: Any) -> None:
        """Called before that, to find out what the request carried: of steps nobody needs it."""
        if not action.startswith(STEPS):
            super().log_with_context(action, *args, **kwargs)

    def log_login(self, name: str, user: Any) -> None:
        """Keeps who came in, and who tried to: the name that was given, and never the password."""
        from flask import request  # in Superset's environment alone, unlike the rules of this module

        record = {"user_name": name[:LONGEST_NAME], "address": request.remote_addr}
        self._keep(user.id if user else None, "login" if user else "login_failed", record)

    def log_change(self, user_id: int | None, method: str, path: str, sent: Any) -> None:
        """Keeps who changed what of users, roles and passwords."""
        self._keep(user_id, "access_changed", {"method": method, "path": path, "sent": without_secrets(sent)})

    def _keep(self, user_id: int | None, action: str, record: dict[str, Any]) -> None:
        about = ("dashboard_id", "duration_ms", "slice_id", "referrer", "curated_payload", "curated_form_data")
        self.log(user_id, action, **dict.fromkeys(about), records=[record])


def draws_page(action: str, records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the action only served a page; reading data to take it away as a file is more than that."""
    if action.startswith(STEPS):
        return True
    if action == "log":
        return all(record.get("event_name") in PAGE_EVENTS for record in records)
    return action.rpartition(".")[2] in READS and not any(_is_export(action, record) for record in records)


def _is_export(action: str, record: Mapping[str, Any]) -> bool:
    if FILE_FORMATS & {record.get("result_format"), record.get("format")}:
        return True
    # the browser exports by sending a form, of which Superset logs a part; charts are drawn from JSON with its queries
    return action == "ChartDataRestApi.data" and "queries" not in record


def answer_page_events(app: Any) -> None:
    """Answers pages that tell of themselves, which nobody keeps, before it is found out whose they are."""
    import flask

    def answer() -> Any:
        if flask.request.endpoint != "Superset.log" or flask.request.args.get("explode") != "events":
            return None
        try:
            told = json.loads(flask.request.form.get("events", ""))
            return flask.Response() if told and draws_page("log", told) else None
        except (ValueError, AttributeError, TypeError):  # not of the shape that Superset's pages send
            return None

    app.before_request(answer)


# Users, roles, groups and passwords: FAB's pages and interfaces, which Superset's own log leaves out.
SECURITY_PATHS = ("/api/v1/security/", "/users/", "/roles/", "/groups/", "/userinfoeditview/", "/reset")
NO_CHANGES = ("/api/v1/security/login", "/api/v1/security/refresh")
READING = ("GET", "HEAD", "OPTIONS")
HIDDEN = ("password", "csrf_token")


def audit_changes(app: Any) -> None:
    """Adds to the log who changed users, roles and passwords (FLASK_APP_MUTATOR)."""
    import flask

    def keep(response: Any) -> Any:
        if is_change_of_access(flask.request.method, flask.request.path) and response.status_code < BAD_REQUEST:
            from superset.extensions import event_logger
            from superset.utils.core import get_user_id

            sent = flask.request.get_json(silent=True) if flask.request.is_json else flask.request.form.to_dict()
            event_logger.log_change(get_user_id(), flask.request.method, flask.request.path, sent)
        return response

    app.after_request(keep)


def is_change_of_access(method: str, path: str) -> bool:
    """Whether the request is one to change users, roles, groups or passwords."""
    return method not in READING and path.startswith(SECURITY_PATHS) and not path.startswith(NO_CHANGES)


def without_secrets(sent: Any) -> Any:
    """What was sent, passwords as that they were."""
    if not isinstance(sent, dict):
        return None
    return {name: "changed" if any(word in name for word in HIDDEN) else value for name, value in sent.items()}
