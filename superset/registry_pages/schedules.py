"""The page of fetch schedules."""

from typing import Any

from flask import request
from flask_appbuilder import expose

from registry_pages import SCHEDULES
from registry_pages.forms import KINDS, ScheduleForm
from registry_pages.places import NOWHERE, place_of, places, split_place
from registry_pages.views import RegistryView, reading, service, taken, writing

_NAMES = {"main_dealer_id": "place", "key": "place"}


class SchedulesView(RegistryView):
    """Fetch schedules: when which dealers are pulled."""

    route_base = "/registry/schedules"
    class_permission_name = SCHEDULES

    @expose("/")
    @reading
    def index(self) -> Any:
        """The list."""
        return self.show("schedules", rows=service().get("schedules"))

    @expose("/add", methods=("GET", "POST"))
    @writing
    def add(self) -> Any:
        """The form for a new one."""
        form = self._form(None)
        if taken(form, lambda: service().post("schedules", **self._entered(form)), _NAMES):
            return self.back(f"Fetch schedule {form.name.data} was added.")
        return self.show("schedule", form=form, entry=None)

    @expose("/<int:schedule_id>/edit", methods=("GET", "POST"))
    @writing
    def edit(self, schedule_id: int) -> Any:
        """The form for one that is there."""
        entry = service().get("schedules", schedule_id)
        form = self._form(entry)
        if taken(form, lambda: service().patch("schedules", schedule_id, **self._entered(form)), _NAMES):
            return self.back(f"Fetch schedule {form.name.data} was saved.")
        return self.show("schedule", form=form, entry=entry)

    @expose("/<int:schedule_id>/switch", methods=("POST",))
    @writing
    def switch(self, schedule_id: int) -> Any:
        """Stops pulling by it, or resumes."""
        on = request.form.get("on") == "1"
        service().patch("schedules", schedule_id, is_enabled=on)
        return self.back("The schedule is enabled." if on else "The schedule is disabled.")

    def _form(self, entry: dict[str, Any] | None) -> ScheduleForm:
        choices = service().get("choices")
        modules = [one["id"] for one in choices["modules"]]
        shown: dict[str, Any] = {"modules": modules, "place": NOWHERE}
        if entry:
            kind = next(name for name, _ in KINDS if entry[name])
            shown = entry | {"place": place_of(entry), "kind": kind, "modules": entry["modules"] or modules}
        form = ScheduleForm(data=shown)
        form.modules.choices = [(one["id"], f"{one['id']} · {one['label']}") for one in choices["modules"]]
        form.place.choices = [(NOWHERE, "all dealers"), *places(choices)]
        return form

    def _entered(self, form: ScheduleForm) -> dict[str, Any]:
        main_dealer_id, key = split_place(form.place.data or NOWHERE)
        values = {name: None for name, _ in KINDS} | {form.kind.data: form[form.kind.data].data or None}
        return values | {
            "name": form.name.data,
            "main_dealer_id": main_dealer_id,
            "key": key,
            "dealer_id": (form.dealer_id.data or "").strip() or None,
            "modules": form.modules.data,
        }
