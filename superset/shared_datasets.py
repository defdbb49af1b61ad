"""What a dataset is: read once and shared by all who ask for charts of it, until something changes in Superset.

For each chart Superset reads its dataset, the columns, the metrics and the database of it anew: a fifth of what the
chart costs, and half of what its database is asked. Here a chart on a dashboard that is open to whoever asks gets a
dataset that was read before, complete and of no session, so nothing of it can be changed by accident. Whatever else is
asked for, exports too, gets one of its own, for it may need more of it: its owners, say.
"""

import functools
import threading
from typing import Any

import flask
from cachetools import LRUCache

import tenants
from state_of_superset import STATE

MOST_KEPT = 200


def install() -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR)."""
    from superset.daos.datasource import DatasourceDAO  # the configuration is read before Superset is there

    DatasourceDAO.get_datasource = staticmethod(_shared(DatasourceDAO.get_datasource))


def _shared(find: Any) -> Any:
    """The datasource of a type and number; asked for by each query of a chart, and by the request as a whole."""
    kept: LRUCache[Any, Any] = LRUCache(MOST_KEPT)
    lock = threading.Lock()

    @functools.wraps(find)
    def shared(datasource_type: Any, database_id_or_uuid: Any) -> Any:
        which = (str(datasource_type), database_id_or_uuid)
        if not tenants.is_chart() or not is_of_shown_chart(*which):
            return find(datasource_type, database_id_or_uuid)
        key = (*which, STATE())
        with lock:
            dataset = kept.get(key)
        if dataset is None:
            dataset = _complete(database_id_or_uuid)
            if dataset is None:  # says that there is none
                return find(datasource_type, database_id_or_uuid)
            with lock:
                kept[key] = dataset
        return dataset

    return shared


def is_of_shown_chart(kind: str, number: Any) -> bool:
    """Whether the request draws a chart of this dataset on a dashboard that is open to the person."""
    asked = flask.g.get("asks_for_shown_chart")
    if asked is None or asked[0] != (kind, number):
        asked = flask.g.asks_for_shown_chart = ((kind, number), _draws(kind, number))
    return bool(asked[1])


def _draws(kind: str, number: Any) -> bool:
    from superset import security_manager

    payload = flask.request.get_json(silent=True) if flask.request.is_json else None
    if kind != "table" or not isinstance(number, int) or not isinstance(payload, dict):
        return False
    form = payload.get("form_data")
    if payload.get("result_format", "json") != "json" or not isinstance(form, dict) or not tenants.person().name:
        return False
    roles = [role.id for role in security_manager.get_user_roles()]
    return bool(security_manager.permissions.are_shown(form, (kind, number), roles))


def _complete(number: int) -> Any:
    """The dataset with all that a chart asks of it, None when there is none; it belongs to no session."""
    from sqlalchemy.orm import Session, joinedload, selectinload
    from superset import db
    from superset.connectors.sqla.models import SqlaTable

    parts = (joinedload(SqlaTable.database), selectinload(SqlaTable.columns), selectinload(SqlaTable.metrics))
    with Session(db.engine) as session:
        dataset = session.get(SqlaTable, number, options=parts)
        if dataset is not None:
            for part in (*dataset.columns, *dataset.metrics):
                _ = part.table  # known without a question now, and not afterwards
        session.expunge_all()
    return dataset
