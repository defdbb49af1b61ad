"""Opens the Home dashboard after login and behind the logo, instead of Superset's list of recent things."""

from flask import redirect
from flask_appbuilder import expose
from superset.initialization import SupersetIndexView
from superset.superset_typing import FlaskResponse

HOME = "/superset/dashboard/home/"


class HomeIndexView(SupersetIndexView):
    """The page at `/`."""

    @expose("/")
    def index(self) -> FlaskResponse:
        """Sends the browser to the Home dashboard; who is not logged in is asked there."""
        return redirect(HOME)
