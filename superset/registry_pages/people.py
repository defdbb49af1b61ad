"""The page of users and what they may see: Superset's accounts, and the registry's dealers of each."""

from typing import Any

from flask import flash, g, request
from flask_appbuilder import expose
from superset import db, security_manager

from registry_pages import PEOPLE
from registry_pages.forms import PersonForm
from registry_pages.service import NotThere, Refused, ServiceDown
from registry_pages.views import WRONG, RegistryView, reading, service, writing

SHORTEST_PASSWORD = 12
ADMIN, USUAL_ROLE, ADDED_ROLE = "Admin", "Dealer User", "Personal Data"
# Roles of Superset that are for nobody here: they hold nothing, or stand for who is not logged in.
_LEFT_OUT = {"Alpha", "Gamma", "Public", "sql_lab"}


class PeopleView(RegistryView):
    """Users and access: who may log in, as what, and which dealers they see."""

    route_base = "/registry/people"
    class_permission_name = PEOPLE

    @expose("/")
    @reading
    def index(self) -> Any:
        """The list."""
        words = request.args.get("search", "").strip().lower()
        people = sorted(security_manager.get_all_users(), key=lambda person: person.username.lower())
        shown = [one for one in people if words in f"{one.username} {one.get_full_name()} {one.email}".lower()]
        return self.show("people", rows=shown, dealers=service().get("user-dealers"), search=words)

    @expose("/add", methods=("GET", "POST"))
    @writing
    def add(self) -> Any:
        """The form for a new user."""
        form = self._form(None)
        if form.validate_on_submit() and self._may_be_added(form) and self._save(form, None):
            return self.back(f"User {form.user_name.data} was added.")
        return self.show("person", form=form, person=None)

    @expose("/<int:user_id>/edit", methods=("GET", "POST"))
    @writing
    def edit(self, user_id: int) -> Any:
        """The form for a user who is there."""
        person = self._person(user_id)
        form = self._form(person)
        if form.validate_on_submit() and self._may_be_changed(form, person) and self._save(form, person):
            return self.back(f"User {person.username} was saved.")
        return self.show("person", form=form, person=person)

    @expose("/<int:user_id>/switch", methods=("POST",))
    @writing
    def switch(self, user_id: int) -> Any:
        """Lets a user in no more, or again."""
        person = self._person(user_id)
        on = request.form.get("on") == "1"
        if person.id == g.user.id and not on:
            flash("You cannot deactivate yourself: have another administrator do it.", WRONG)
            return self.back()
        before = service().get("user-dealers").get(person.username, [])
        self._note(person.username, before, {"may log in": [person.active, on]})
        person.active = on
        db.session.commit()
        return self.back(f"User {person.username} {'may log in again' if on else 'can log in no more'}.")

    def _form(self, person: Any) -> PersonForm:
        roles = sorted(role.name for role in security_manager.get_all_roles() if role.name not in _LEFT_OUT)
        shown: dict[str, Any] = {"roles": [USUAL_ROLE], "is_active": True}
        if person:
            shown = {
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": person.email,
                "roles": [role.name for role in person.roles],
                "is_active": person.active,
                "dealers": service().get("user-dealers").get(person.username, []),
            }
        form = PersonForm(data=shown)
        form.roles.choices = [(role, role) for role in roles]
        form.dealers.choices = [(one["id"], f"{one['id']} {one['name']}") for one in self._dealers()]
        if person:
            del form.user_name
            form.password.description = "Empty: stays as it is. At least 12 characters."
        return form

    def _dealers(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for page in range(1, 100):
            found = service().get("dealers", sort="id", page=page, size=500)
            rows += found["rows"]
            if len(rows) >= found["total"]:
                break
        return rows

    def _may_be_added(self, form: PersonForm) -> bool:
        name, email = (form.user_name.data or "").strip(), (form.email.data or "").strip()
        if security_manager.find_user(username=name):
            form.user_name.errors = [f"There is a user {name} already."]
        if security_manager.find_user(email=email):
            form.email.errors = ["Another user has this address."]
        if not form.password.data:
            form.password.errors = ["Give a password to begin with."]
        return self._is_sound(form)

    def _may_be_changed(self, form: PersonForm, person: Any) -> bool:
        other = security_manager.find_user(email=(form.email.data or "").strip())
        if other and other.id != person.id:
            form.email.errors = ["Another user has this address."]
        if person.id == g.user.id and ADMIN not in (form.roles.data or []):
            form.roles.errors = ["You cannot take the role Admin from yourself: have another administrator do it."]
        if person.id == g.user.id and not form.is_active.data:
            form.is_active.errors = ["You cannot deactivate yourself: have another administrator do it."]
        return self._is_sound(form)

    def _is_sound(self, form: PersonForm) -> bool:
        if "@" not in (form.email.data or ""):
            form.email.errors = ["Give an address such as name@example.com."]
        if form.password.data and len(form.password.data) < SHORTEST_PASSWORD:
            form.password.errors = [f"Give at least {SHORTEST_PASSWORD} characters."]
        if not form.roles.data:
            form.roles.errors = ["Tick at least one role."]
        if form.roles.data == [ADDED_ROLE]:  # which opens no dashboard, so not even the page after login
            form.roles.errors = [f"{ADDED_ROLE} adds to another role: tick Dealer User, Analyst or Engineer too."]
        return not form.errors

    def _save(self, form: PersonForm, person: Any) -> bool:
        """First what the registry says about it, which is refused whole; Superset's part cannot be refused any more."""
        roles = [security_manager.find_role(name) for name in form.roles.data or []]
        name = person.username if person else (form.user_name.data or "").strip()
        account = {
            "roles": [sorted(role.name for role in person.roles) if person else None, sorted(form.roles.data or [])],
            "may log in": [person.active if person else None, form.is_active.data],
            "e-mail": [person.email if person else None, form.email.data],
        }
        different: dict[str, Any] = {field: pair for field, pair in account.items() if pair[0] != pair[1]}
        if form.password.data:
            different["password"] = "changed"  # noqa: S105  (a word for the history)
        try:
            self._note(name, form.dealers.data or [], different)
        except Refused as refused:
            form.dealers.errors = [str(refused)]
            return False
        if person is None:
            texts = (form.first_name.data, form.last_name.data, form.email.data)
            first, last, email = (" ".join((text or "").split()) for text in texts)
            person = security_manager.add_user(name, first, last, email, roles, password=form.password.data)
            if not person:
                self._note(name, [], {})
                raise ServiceDown(f"Superset did not make the account {name}: its log has the reason.")
            person.active = form.is_active.data
        else:
            person.first_name, person.last_name = form.first_name.data, form.last_name.data
            person.email, person.roles, person.active = form.email.data, roles, form.is_active.data
            if form.password.data:
                security_manager.reset_password(person.id, form.password.data)
        db.session.commit()
        return True

    def _note(self, name: str, dealers: list[str], account: dict[str, Any]) -> None:
        service().put("user-dealers", name, dealers=dealers, account=account)

    def _person(self, user_id: int) -> Any:
        person = security_manager.get_user_by_id(user_id)
        if person is None:
            raise NotThere(f"There is no user {user_id}.", {})
        return person
