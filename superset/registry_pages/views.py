"""What all registry pages do alike: find the service, show its complaints beside the fields, and page through lists."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, flash, g, redirect, render_template, request, url_for
from flask_appbuilder import BaseView
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_wtf import FlaskForm

from registry_pages.service import NotThere, Refused, Service, ServiceDown

PAGE_SIZE = 50
WELL, WRONG = "well", "wrong"  # how flashed words are shown
Method = Callable[..., Any]


def service() -> Service:
    """The registry's service, asked in the name of who is logged in. Raises ServiceDown."""
    config = current_app.config
    if not config["REGISTRY_SERVICE_KEY"]:
        raise ServiceDown("REGISTRY_SERVICE_KEY is not set for Superset: `make up` makes one and sets it.")
    return Service(config["REGISTRY_URL"], config["REGISTRY_SERVICE_KEY"], g.user.username)


def _with_service(method: Method) -> Method:
    @wraps(method)
    def answer(view: "RegistryView", *args: Any, **kwargs: Any) -> Any:
        try:
            return method(view, *args, **kwargs)
        except ServiceDown as down:
            return view.show("trouble", message=str(down)), 503
        except NotThere as missing:
            return view.show("trouble", message=str(missing)), 404
        except Refused as refused:  # of a form it is caught where the form is
            flash(str(refused), WRONG)
            return view.back()

    return answer


def reading(method: Method) -> Method:
    """A page that shows something; its permission is can_read."""
    wrapped: Method = has_access(permission_name("read")(_with_service(method)))
    return wrapped


def writing(method: Method) -> Method:
    """A page with a form, or a button; its permission is can_write."""
    wrapped: Method = has_access(permission_name("write")(_with_service(method)))
    return wrapped


class RegistryView(BaseView):
    """A page of the registry. `class_permission_name` is also its name in the menu."""

    default_view = "index"

    def show(self, template: str, **context: Any) -> str:
        """One of our templates."""
        return render_template(
            f"registry/{template}.html", view=self, appbuilder=self.appbuilder, user=g.user, **context
        )

    def at(self, method: str = "index", **values: Any) -> str:
        """The address of a page of this view."""
        return url_for(f"{self.endpoint}.{method}", **values)

    def back(self, said: str = "", method: str = "index", **values: Any) -> Response:
        """Goes to another page of this view after a change, which says what was done."""
        if said:
            flash(said, WELL)
        return redirect(self.at(method, **values))


def taken(form: FlaskForm, save: Callable[[], Any], names: dict[str, str] | None = None) -> bool:
    """Whether the form was sent and the service took it. If not, its complaints stand at the form's fields.

    `names` says which field of the form has a name of its own, by the service's name.
    """
    if not form.validate_on_submit():
        return False
    try:
        save()
    except Refused as refused:
        elsewhere = []
        for name, complaint in refused.fields.items():
            field = getattr(form, (names or {}).get(name, name), None)
            if field is None:
                elsewhere.append(complaint)
            else:
                field.errors = [*field.errors, complaint]
        if elsewhere or not refused.fields:
            flash("; ".join(elsewhere) or str(refused), WRONG)
        return False
    return True


class Listing:
    """Search, order and page of a list, as they stand in its address."""

    def __init__(self, *filters: str, sort: str = "") -> None:
        self.filters = {name: request.args.get(name, "").strip() for name in ("search", *filters)}
        self.sort = request.args.get("sort", sort)
        self.page = max(request.args.get("page", 1, type=int), 1)
        self.total = 0

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(ceil(self.total / PAGE_SIZE), 1)

    def query(self) -> dict[str, Any]:
        """What the service is asked for."""
        return {**self.filters, "sort": self.sort, "page": self.page, "size": PAGE_SIZE}

    def link(self, **changes: Any) -> str:
        """The address of the same list with something changed; another order begins at page 1."""
        kept = {**self.filters, "sort": self.sort, "page": 1, **changes}
        return "?" + urlencode({name: value for name, value in kept.items() if value not in ("", 1)})

    def sorted_by(self, column: str) -> str:
        """What to sort by when a column's heading is clicked: a second click turns the order."""
        return f"-{column}" if self.sort == column else column
