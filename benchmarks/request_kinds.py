"""Under which name requests are counted. Apart from people_visits.py: importing locust changes a whole process."""

CHART = "chart data"


def kind_of(path: str) -> str:
    """Under which name a request is counted."""
    if path.startswith("/api/v1/chart/data"):
        return CHART
    if path.startswith("/static/"):
        return "static file"
    return "page" if path.startswith("/superset/dashboard/") else "other API"
