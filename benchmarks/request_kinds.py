"""Under which name requests are counted. Apart from people_visits.py: importing locust changes a whole process."""

CHART, PAGE, ABOUT, CHANGE = "chart data", "page", "about the page", "log and filters"


def kind_of(method: str, path: str) -> str:
    """Under which name a request is counted."""
    if path.startswith("/api/v1/chart/data"):
        return CHART
    if path.startswith("/superset/dashboard/"):
        return PAGE
    return ABOUT if method == "GET" else CHANGE
