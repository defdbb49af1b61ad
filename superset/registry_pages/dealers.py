"""The page of dealers: list, forms, and whole files of them."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, current_app, flash, request
from flask_appbuilder import expose

from registry_pages import DEALERS
from registry_pages.forms import DealerForm, ImportForm
from registry_pages.places import NOWHERE, place_of, places, split_place
from registry_pages.service import Refused
from registry_pages.views import WRONG, Listing, RegistryView, reading, service, taken, writing

LARGEST_FILE = 450_000  # it travels twice, and a form's field may have half a megabyte


class DealersView(RegistryView):
    """Dealers: who is pulled."""

    route_base = "/registry/dealers"
    class_permission_name = DEALERS

    @expose("/")
    @reading
    def index(self) -> Any:
        """The list."""
        listing = Listing("main_dealer_id", "key", "state", sort="id")
        found = service().get("dealers", **listing.query())
        listing.total = found["total"]
        choices = service().get("choices")
        return self.show("dealers", rows=found["rows"], listing=listing, choices=choices)

    @expose("/<dealer_id>")
    @reading
    def one(self, dealer_id: str) -> Any:
        """One dealer, and where it is in Dagster."""
        entry = service().get("dealers", dealer_id)
        return self.show("dealer", entry=entry, links=_links(current_app.config["DAGSTER_PUBLIC_URL"], dealer_id))

    @expose("/add", methods=("GET", "POST"))
    @writing
    def add(self) -> Any:
        """The form for a new one."""
        form = self._form(None)
        if taken(form, lambda: service().post("dealers", id=form.id.data, **_entered(form)), _NAMES):
            return self.back(f"Dealer {form.id.data} was added. Its partitions appear in Dagster within a minute.")
        return self.show("dealer_form", form=form, entry=None)

    @expose("/<dealer_id>/edit", methods=("GET", "POST"))
    @writing
    def edit(self, dealer_id: str) -> Any:
        """The form for one that is there."""
        entry = service().get("dealers", dealer_id)
        form = self._form(entry)
        if taken(form, lambda: service().patch("dealers", dealer_id, **_entered(form)), _NAMES):
            return self.back(f"Dealer {dealer_id} was saved.", "one", dealer_id=dealer_id)
        return self.show("dealer_form", form=form, entry=entry)

    @expose("/<dealer_id>/switch", methods=("POST",))
    @writing
    def switch(self, dealer_id: str) -> Any:
        """Stops pulling it, or resumes."""
        on = request.form.get("on") == "1"
        service().patch("dealers", dealer_id, is_enabled=on)
        what = "is pulled again" if on else "is not pulled any more; its data stays"
        return self.back(f"Dealer {dealer_id} {what}.", "one", dealer_id=dealer_id)

    @expose("/export")
    @reading
    def export(self) -> Any:
        """All dealers as CSV."""
        head = {"Content-Disposition": "attachment; filename=dealers.csv"}
        return Response(service().text("dealer-files"), mimetype="text/csv", headers=head)

    @expose("/import", methods=("GET", "POST"))
    @writing
    def take(self) -> Any:
        """A file's rows with their verdicts; a second button takes them."""
        form = ImportForm()
        content, verdicts = self._content(form), None
        if content is not None:
            is_dry = request.form.get("really") != "1"
            try:
                verdicts = service().send("dealer-files", content=content.encode(), dry_run=int(is_dry))
            except Refused as refused:
                form.file.errors = [str(refused)]
            else:
                refused_rows = sum(one["is_refused"] for one in verdicts)
                if not is_dry and not refused_rows:
                    return self.back(f"{len(verdicts)} rows were imported.")
                if not is_dry:
                    flash(f"{refused_rows} rows are refused; nothing was imported.", WRONG)
        return self.show("import", form=form, content=content, verdicts=verdicts)

    def _content(self, form: ImportForm) -> str | None:
        """What was sent: a file to look at, or the looked-at text of it to take."""
        if not form.validate_on_submit():
            return None
        if "content" in request.form:
            return request.form["content"]
        sent = form.file.data.read(LARGEST_FILE + 1) if form.file.data else b""
        if not sent:
            form.file.errors = ["Choose a file that holds rows."]
        elif len(sent) > LARGEST_FILE:
            form.file.errors = ["The file is larger than 450 kB: split it."]
        else:
            try:
                return str(sent.decode("utf-8-sig"))
            except UnicodeDecodeError:
                form.file.errors = ["The file is no UTF-8 text: save it as «CSV UTF-8»."]
        return None

    def _form(self, entry: dict[str, Any] | None) -> DealerForm:
        form = DealerForm(data=entry and entry | {"place": place_of(entry)})
        form.place.choices = places(service().get("choices"), groups_only=True)
        if entry:
            del form.id
            if not entry["key"]:
                form.place.choices = [(place_of(entry), "lacks a key: not pulled"), *form.place.choices]
        return form


_NAMES = {"main_dealer_id": "place", "key": "place"}


def _entered(form: DealerForm) -> dict[str, Any]:
    main_dealer_id, key = split_place(form.place.data or NOWHERE)
    return {"name": form.name.data, "city": form.city.data, "main_dealer_id": main_dealer_id, "key": key}


def _links(dagster: str, dealer_id: str) -> list[tuple[str, str, str]]:
    """Label, address and what is seen there."""
    yesterday = date.today() - timedelta(days=1)
    partition = urlencode({"view": "partitions", "partition": f"{yesterday}|{dealer_id}"}, quote_via=quote)
    runs = urlencode([("q[0]", f"tag:dagster/partition/dealer={dealer_id}")], quote_via=quote)
    checks = urlencode({"view": "checks"})
    return [
        (
            "Partitions",
            f"{dagster}/assets/raw/prsp?{partition}",
            "which of its days have arrived; other modules are one click away",
        ),
        ("Runs", f"{dagster}/runs?{runs}", "runs that were asked for this dealer alone, by hand or in a backfill"),
        ("Freshness", f"{dagster}/assets/raw/prsp?{checks}", "the checks of the data, freshness among them"),
    ]
