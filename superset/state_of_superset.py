"""What differs once somebody has changed a dashboard, a chart or a dataset: read once in five seconds."""

from typing import Any

from read_again import ReadAgain


def _read_state() -> tuple[Any, ...]:
    """How many things there are in Superset that pages and charts are made of, and when one was changed last."""
    from sqlalchemy import func
    from superset import db
    from superset.connectors.sqla.models import SqlaTable, SqlMetric, TableColumn
    from superset.models.dashboard import Dashboard, dashboard_slices
    from superset.models.slice import Slice

    state: list[Any] = [db.session.query(func.count(dashboard_slices.c.id)).scalar()]
    for kind in (Dashboard, Slice, SqlaTable, TableColumn, SqlMetric):
        state += db.session.query(func.max(kind.changed_on), func.count(kind.id)).one()
    return tuple(state)


STATE = ReadAgain(_read_state)
