"""How many rows a table has is counted without putting them in order.

A table that shows a page at a time asks how many pages there are, and Superset sorts all of its rows for that: at a
million rows that is most of what the question costs, and without it an index often has the answer.
"""

import functools
from typing import Any


def install() -> None:
    """Called while the application is set up (FLASK_APP_MUTATOR)."""
    from superset.connectors.sqla.models import SqlaTable

    SqlaTable.get_sqla_query = _unordered(SqlaTable.get_sqla_query)


def _unordered(build: Any) -> Any:
    """Superset's way from a question to its SQL; a question for a number of rows loses its order."""

    @functools.wraps(build)
    def get_sqla_query(self: Any, *args: Any, **asked: Any) -> Any:
        if asked.get("is_rowcount"):
            asked["orderby"] = []
        return build(self, *args, **asked)

    return get_sqla_query
