"""What is done around a request for a chart's data: the data's version is read first, and what was asked is noted."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask

from asked_charts import WARMER, AskedCharts

logger = logging.getLogger(__name__)
# What a dashboard's page asks for once for each chart, with the same answer: its browser keeps that for a while.
ASKED_AGAIN = {"Api.time_range", "DatasetRestApi.get_drill_info"}
SECONDS_IN_BROWSERS = 300


def follow(home: Path) -> Callable[[flask.Flask], None]:
    """What Superset calls with its application while that is set up (FLASK_APP_MUTATOR)."""
    asked = AskedCharts(home / "asked")

    def add(app: flask.Flask) -> None:
        app.before_request(_read_version)
        app.after_request(lambda response: _note(asked, response))
        app.after_request(_keep_in_browsers)

    return add


def _read_version() -> None:
    if (flask.request.endpoint or "").startswith("ChartDataRestApi."):
        from superset.extensions import cache_manager  # the configuration is read before Superset is there

        import data_cache

        payload = sent_payload()
        data_cache.begin_request(cache_manager.data_cache.cache, payload["queries"] if payload else [])


def _keep_in_browsers(response: flask.Response) -> flask.Response:
    if flask.request.endpoint in ASKED_AGAIN and response.status_code == 200:
        import data_cache

        if not data_cache.MOVES_WITHIN_A_DAY.search(flask.request.args.get("q", "")):
            response.cache_control.private = True
            response.cache_control.max_age = SECONDS_IN_BROWSERS
            response.vary.add("Cookie")
    return response


def _note(asked: AskedCharts, response: flask.Response) -> flask.Response:
    is_answer = flask.request.endpoint == "ChartDataRestApi.data" and response.status_code == 200
    if is_answer and flask.request.headers.get("User-Agent") != WARMER and (payload := sent_payload()):
        try:
            asked.note(payload, lambda: _is_seen_by_all(payload))
        except OSError as reason:  # a full disk keeps nobody from their charts
            logger.warning("What was asked could not be kept: %s", reason)
    return response


def sent_payload() -> dict[str, Any] | None:
    """The JSON that was sent, None when it is not of the shape that Superset's own pages send."""
    payload = flask.request.get_json(silent=True) if flask.request.is_json else None
    queries = payload.get("queries") if isinstance(payload, dict) else None
    if not isinstance(queries, list) or not all(isinstance(query, dict) for query in queries):
        return None
    filters = [each for query in queries for each in query.get("filters") or ()]
    return payload if all(isinstance(each, dict) for each in filters) else None


def _is_seen_by_all(payload: dict[str, Any]) -> bool:
    """Whether no row level security narrowed the answer: theirs are kept apart, and the warmer is not one of them."""
    import tenants

    if not tenants.sees_all_dealers():
        return False
    from superset import security_manager
    from superset.daos.datasource import DatasourceDAO
    from superset.utils.core import DatasourceType

    source = payload["datasource"]
    datasource = DatasourceDAO.get_datasource(DatasourceType(source["type"]), source["id"])
    return not security_manager.get_rls_cache_key(datasource)
