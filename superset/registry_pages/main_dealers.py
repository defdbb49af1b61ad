"""The page of main dealers, and the test of a connection."""

from typing import Any

from flask import request
from flask_appbuilder import expose

from registry_pages import MAIN_DEALERS
from registry_pages.forms import ZONES, MainDealerForm
from registry_pages.views import RegistryView, reading, service, taken, writing


class MainDealersView(RegistryView):
    """Main dealers: whose servers are asked, and how they differ."""

    route_base = "/registry/main-dealers"
    class_permission_name = MAIN_DEALERS

    @expose("/")
    @reading
    def index(self) -> Any:
        """The list."""
        return self.show("main_dealers", rows=service().get("main-dealers"))

    @expose("/add", methods=("GET", "POST"))
    @writing
    def add(self) -> Any:
        """The form for a new one."""
        form = self._form(None)
        if taken(form, lambda: service().post("main-dealers", **_entered(form))):
            return self.back(f"Main dealer {form.id.data} was added. Add a key next, then test the connection.")
        return self.show("main_dealer", form=form, entry=None)

    @expose("/<main_dealer_id>/edit", methods=("GET", "POST"))
    @writing
    def edit(self, main_dealer_id: str) -> Any:
        """The form for one that is there."""
        entry = service().get("main-dealers", main_dealer_id)
        form = self._form(entry)
        if taken(form, lambda: service().patch("main-dealers", main_dealer_id, **_entered(form))):
            return self.back(f"Main dealer {main_dealer_id} was saved. It applies from the next call on.")
        return self.show("main_dealer", form=form, entry=entry)

    @expose("/<main_dealer_id>/switch", methods=("POST",))
    @writing
    def switch(self, main_dealer_id: str) -> Any:
        """Stops asking it, or resumes."""
        on = request.form.get("on") == "1"
        service().patch("main-dealers", main_dealer_id, is_enabled=on)
        what = "is asked again" if on else "is not asked any more; its data stays"
        return self.back(f"Main dealer {main_dealer_id} {what}.")

    @expose("/<main_dealer_id>/test", methods=("POST",))
    @writing
    def test(self, main_dealer_id: str) -> Any:
        """One signed call for each module, with each key, and what each answered."""
        verdicts = service().test(main_dealer_id)
        return self.show(
            "test", name=main_dealer_id, verdicts=verdicts, again=self.at("test", main_dealer_id=main_dealer_id)
        )

    def _form(self, entry: dict[str, Any] | None) -> MainDealerForm:
        form = MainDealerForm(data=entry)
        modules = service().get("choices")["modules"]
        form.modules.choices = [(one["id"], f"{one['id']} · {one['label']}") for one in modules]
        if entry is None and not form.is_submitted():
            form.modules.data = [one["id"] for one in modules]
        if entry:
            del form.id
            if entry["time_zone"] not in dict(ZONES):
                form.time_zone.choices = [*ZONES, (entry["time_zone"], entry["time_zone"])]
        return form


def _entered(form: MainDealerForm) -> dict[str, Any]:
    return {name: value for name, value in form.data.items() if name != "csrf_token" and value is not None}
