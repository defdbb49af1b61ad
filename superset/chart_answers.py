"""A chart's answer as it was sent, given again to all who would be answered the same.

Superset keeps an answer's rows and makes the rest anew around them, which is most of what a chart from the cache costs.
Here the answer itself is kept too, in the same cache (data_cache.py), under all that it depends on: what was asked, of
which state of Superset, and what the roles of whoever asks may see. That the chart is on a dashboard open to the
person is decided in every request.
"""

import datetime
import hashlib
import json
from typing import Any

import flask

import shared_datasets
import tenants
from asked_charts import as_text
from chart_requests import sent_payload
from row_rules import has_template, whose_rules
from state_of_superset import STATE

MOST_BYTES = 500_000


def follow(app: flask.Flask) -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR), after what reads the data's version."""
    app.before_request(_give_again)
    app.after_request(_keep)


def _give_again() -> flask.Response | None:
    payload = sent_payload() if tenants.is_chart() else None
    key = flask.g.chart_answer = _key(payload) if payload else None
    if not key or not payload or payload.get("force"):
        return None
    kept = _cache().get(key)
    if kept is None:
        return None
    flask.g.chart_answer = None
    return flask.Response(kept, mimetype="application/json")


def _keep(response: flask.Response) -> flask.Response:
    key = flask.g.get("chart_answer")
    if not key or response.status_code != 200 or response.direct_passthrough or flask.g.get("rules_are_unknown"):
        return response
    body = response.get_data()
    if len(body) <= MOST_BYTES and (kept := _as_cached(json.loads(body))):
        _cache().set(key, *kept)
    return response


def _cache() -> Any:
    from superset.extensions import cache_manager  # the configuration is read before Superset is there

    return cache_manager.data_cache.cache


def _key(payload: dict[str, Any]) -> str | None:
    """All that the answer depends on but the version of the data and the dealers; None where more may decide."""
    from superset import security_manager
    from superset.daos.datasource import DatasourceDAO

    source, rules, text = payload.get("datasource"), whose_rules(), as_text(payload)
    if not isinstance(source, dict) or rules is None or has_template(text):
        return None
    kind, number = source.get("type"), source.get("id")
    if not isinstance(kind, str) or not shared_datasets.is_of_shown_chart(kind, number):
        return None
    if _has_template(DatasourceDAO.get_datasource(kind, number)):
        return None
    permissions = security_manager.permissions
    may = sorted(permissions.digest_of_role(role.id) for role in security_manager.get_user_roles())
    return "answer " + hashlib.sha256(repr((rules, may, STATE(), text)).encode()).hexdigest()


def _has_template(dataset: Any) -> bool:
    """Whether something in the dataset is filled in by who asks or when; found out once for a shared dataset."""
    if "has_template" not in dataset.__dict__:
        parts = (*dataset.columns, *dataset.metrics)
        texts = (dataset.sql, dataset.fetch_values_predicate, *(part.expression for part in parts))
        dataset.__dict__["has_template"] = any(has_template(text or "") for text in texts)
    found: bool = dataset.__dict__["has_template"]
    return found


def _as_cached(answer: Any) -> tuple[str, int] | None:
    """The answer saying that it is from the cache, and for how many seconds it is good; None when it is not kept."""
    results = answer.get("result")
    if not results or any(each.get("error") or each.get("status") != "success" for each in results):
        return None
    seconds = min(each.get("cache_timeout") or -1 for each in results)
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    for each in results:
        each["is_cached"], each["cached_dttm"] = True, each.get("cached_dttm") or now
    return (json.dumps(answer), seconds) if seconds > 0 else None
