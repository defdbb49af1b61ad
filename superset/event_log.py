"""What goes into Superset's action log (table `logs`, shown under Security > Action Log)."""

from collections.abc import Mapping, Sequence
from typing import Any

from superset.utils.log import DBEventLogger

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
FILE_FORMATS = {"csv", "xlsx"}


class ActionLog(DBEventLogger):
    """Keeps what an audit asks for (pages opened, edits, SQL Lab, exports), leaves out what draws a page."""

    def log(self, user_id: int | None, action: str, *args: Any, **kwargs: Any) -> None:
        """Called by Superset once an action has ended; `records` among the arguments holds what the request carried."""
        if not draws_page(action, kwargs.get("records", ())):
            super().log(user_id, action, *args, **kwargs)


def draws_page(action: str, records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the action only served a page; reading data to take it away as a file is more than that."""
    if action.startswith(STEPS):
        return True
    return action.rpartition(".")[2] in READS and not any(_is_export(action, record) for record in records)


def _is_export(action: str, record: Mapping[str, Any]) -> bool:
    if FILE_FORMATS & {record.get("result_format"), record.get("format")}:
        return True
    # the browser exports by sending a form, of which Superset logs a part; charts are drawn from JSON with its queries
    return action == "ChartDataRestApi.data" and "queries" not in record
