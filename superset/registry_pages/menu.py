"""Puts the pages into Superset: addresses, permissions, menu."""

from pathlib import Path

from flask import Blueprint, Flask

from registry_pages import API_KEYS, CATEGORY, DEALERS, HEALTH, HISTORY, MAIN_DEALERS, PEOPLE, SCHEDULES
from registry_pages.dealers import DealersView
from registry_pages.health import HealthView
from registry_pages.history import HistoryView
from registry_pages.keys import KeysView
from registry_pages.main_dealers import MainDealersView
from registry_pages.people import PeopleView
from registry_pages.schedules import SchedulesView

HERE = Path(__file__).resolve().parent
PAGES = {
    MAIN_DEALERS: MainDealersView,
    API_KEYS: KeysView,
    DEALERS: DealersView,
    SCHEDULES: SchedulesView,
    PEOPLE: PeopleView,
    HISTORY: HistoryView,
    HEALTH: HealthView,
}


def add_pages(app: Flask) -> None:
    """Adds the pages, in the order in which a fleet is entered."""
    files = Blueprint(
        "registry_pages",
        __name__,
        template_folder=str(HERE / "templates"),
        static_folder=str(HERE / "static"),
        static_url_path="/registry/static",
    )
    app.register_blueprint(files)
    app.jinja_env.globals["registry_pages"] = PAGES
    for name, view in PAGES.items():
        app.appbuilder.add_view(view, name, href=f"{view.route_base}/", category=CATEGORY)
