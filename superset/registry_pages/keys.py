"""The page of API keys. A secret goes in and is never shown."""

from typing import Any

from flask import request
from flask_appbuilder import expose

from registry_pages import API_KEYS
from registry_pages.forms import EditKeyForm, KeyForm, RotateForm
from registry_pages.views import RegistryView, reading, service, taken, writing


class KeysView(RegistryView):
    """API keys: one for each dealer group."""

    route_base = "/registry/keys"
    class_permission_name = API_KEYS

    @expose("/")
    @reading
    def index(self) -> Any:
        """The list."""
        return self.show("keys", rows=service().get("keys"))

    @expose("/add", methods=("GET", "POST"))
    @writing
    def add(self) -> Any:
        """The form for a new one."""
        form = KeyForm(main_dealer_id=request.args.get("main_dealer_id"))
        main_dealers = service().get("choices")["main_dealers"]
        form.main_dealer_id.choices = [(one["id"], f"{one['id']} · {one['name']}") for one in main_dealers]
        if taken(form, lambda: service().post("keys", **_entered(form))):
            return self.back(f"Key {form.name.data} was added. Test it, then add its dealers.")
        return self.show("key", form=form, entry=None, title="Add an API key", button="Add")

    @expose("/<int:key_id>/edit", methods=("GET", "POST"))
    @writing
    def edit(self, key_id: int) -> Any:
        """The form to correct one."""
        entry = service().get("keys", key_id)
        form = EditKeyForm(api_key=entry["api_key"], daily_quota=entry["daily_quota"])
        if taken(form, lambda: service().patch("keys", key_id, **_entered(form))):
            return self.back(f"Key {entry['name']} was saved.")
        return self.show("key", form=form, entry=entry, title=f"Key {entry['name']}", button="Save")

    @expose("/<int:key_id>/rotate", methods=("GET", "POST"))
    @writing
    def rotate(self, key_id: int) -> Any:
        """The form for a new pair; the old one stays beside it."""
        entry = service().get("keys", key_id)
        form = RotateForm()
        if taken(form, lambda: service().post("keys", key_id, "rotate", **_entered(form))):
            return self.back(
                f"Key {entry['name']} was replaced. Calls ask with the new one and, while the server refuses it, with "
                "the old one. End the overlap when the test says that the new one is well."
            )
        return self.show("key", form=form, entry=entry, title=f"Rotate key {entry['name']}", button="Rotate")

    @expose("/<int:key_id>/end-overlap", methods=("POST",))
    @writing
    def end_overlap(self, key_id: int) -> Any:
        """Forgets the old pair."""
        entry = service().post("keys", key_id, "end-overlap")
        return self.back(f"The old key of {entry['name']} is forgotten.")

    @expose("/<int:key_id>/switch", methods=("POST",))
    @writing
    def switch(self, key_id: int) -> Any:
        """Stops asking with it, or resumes."""
        on = request.form.get("on") == "1"
        service().patch("keys", key_id, is_enabled=on)
        return self.back("The key is enabled." if on else "The key is disabled: its dealers are not pulled.")

    @expose("/<int:key_id>/test", methods=("POST",))
    @writing
    def test(self, key_id: int) -> Any:
        """One signed call for each module, and what each answered."""
        entry = service().get("keys", key_id)
        verdicts = service().test(entry["main_dealer_id"], key=entry["name"])
        name = f"{entry['main_dealer_id']}, key {entry['name']}"
        return self.show("test", name=name, verdicts=verdicts, again=self.at("test", key_id=key_id))


def _entered(form: Any) -> dict[str, Any]:
    return {name: value for name, value in form.data.items() if name != "csrf_token" and value is not None} | (
        {"daily_quota": form.daily_quota.data} if "daily_quota" in form else {}
    )
