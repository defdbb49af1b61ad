"""The page that tells who changed what in the registry."""

from typing import Any

from flask_appbuilder import expose

from registry_pages import HISTORY
from registry_pages.views import Listing, RegistryView, reading, service

WHAT = {
    "main_dealer": "main dealer",
    "api_key": "key",
    "dealer": "dealer",
    "fetch_schedule": "fetch schedule",
    "user": "user",
}


class HistoryView(RegistryView):
    """Change history."""

    route_base = "/registry/history"
    class_permission_name = HISTORY

    @expose("/")
    @reading
    def index(self) -> Any:
        """The list, newest first."""
        listing = Listing("entity")
        found = service().get("changes", **listing.query())
        listing.total = found["total"]
        rows = [row | {"fields": [_in_words(*pair) for pair in row["values"].items()]} for row in found["rows"]]
        return self.show("history", rows=rows, listing=listing, what=WHAT)


def _in_words(field: str, pair: Any) -> tuple[str, str]:
    if not isinstance(pair, list):
        return field, str(pair)
    before, after = (_plain(value) for value in pair)
    return field, after if pair[0] is None else f"{before} → {after}"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if value is None or value == "":
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
