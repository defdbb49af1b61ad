"""The forms. They read what was typed; whether the registry takes it is for its service to say."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    FloatField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

ZONES = [
    ("Asia/Jakarta", "Asia/Jakarta (WIB, UTC+7)"),
    ("Asia/Makassar", "Asia/Makassar (WITA, UTC+8)"),
    ("Asia/Jayapura", "Asia/Jayapura (WIT, UTC+9)"),
]
KINDS = [("every_hours", "Every so many hours"), ("daily_at", "Every day at a time"), ("cron", "Cron expression")]


class TickBoxes(SelectMultipleField):
    """Several of a few choices."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class OneOf(SelectField):
    """One of the choices, or what an entry has that is no choice any more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, validate_choice=False, **kwargs)


def _needed(words: str) -> InputRequired:
    return InputRequired(words)


class MainDealerForm(FlaskForm):
    """A main dealer's server and how it differs from the book."""

    id = StringField("Code", [_needed("Give its code.")], description="Letters and digits, such as Q7X. It cannot be "
                     "changed later.")  # fmt: skip
    name = StringField("Name", [_needed("Give its name.")])
    base_url = StringField("Address (H1)", [_needed("Give its address.")], description="Of the sales modules, and of "
                           "all others unless H23 has its own. https://host alone gets /dgi-api and the "
                           "version.")  # fmt: skip
    h23_base_url = StringField(
        "Address for H23", description="Of workshop and parts, where it differs. Empty: the same."
    )
    version = StringField("Version", default="v1.3", description="In the path, unless the address holds one already.")
    time_zone = OneOf("Time zone", choices=ZONES, default="Asia/Jakarta", description="Of all times in its documents.")
    token_separator = StringField("Token separator", description="What joins key, secret and time before they are "
                                  "hashed. Nothing by the book; some servers take a colon.")  # fmt: skip
    range_days = IntegerField("Range, days", [_needed("Give a number.")], default=7,
                              description="Longest window of one request.")  # fmt: skip
    max_age_days = IntegerField("Oldest, days", [_needed("Give a number.")], default=30,
                                description="How far back it still gives documents.")  # fmt: skip
    modules = TickBoxes("Modules served", description="Only these are asked for.")
    connect_timeout = FloatField("Wait for a connection, s", [_needed("Give a number.")], default=10)
    answer_timeout = FloatField("Wait for an answer, s", [_needed("Give a number.")], default=60)
    attempts = IntegerField("Attempts", [_needed("Give a number.")], default=4,
                            description="Requests that a call may take when the server fails.")  # fmt: skip
    concurrency = IntegerField("At once", [_needed("Give a number.")], default=4,
                               description="Requests under way at the same time, over all runs.")  # fmt: skip
    whole_group_calls = BooleanField("All dealers of a key in one request", description="Where the main dealer allows "
                                     "requests without a dealer: one in place of one for each dealer. What such a "
                                     "request does not bring is asked for dealer by dealer.")  # fmt: skip


class KeyForm(FlaskForm):
    """An API key."""

    main_dealer_id = OneOf("Main dealer")
    name = StringField("Dealer group", [_needed("Give the group's name.")], description="One key is one dealer group.")
    api_key = StringField("API key", [_needed("Give the key.")], description="Sent as DGI-API-Key.")
    secret_key = PasswordField("Secret key", [_needed("Give the secret.")],
                               description="Stored encrypted, and never shown again.")  # fmt: skip
    daily_quota = IntegerField("Daily quota", [Optional()], description="Requests a day. Empty: no limit.")


class EditKeyForm(FlaskForm):
    """What of a key may be changed without a rotation."""

    api_key = StringField("API key", [_needed("Give the key.")], description="To correct a slip. When the main dealer "
                          "gave out a new key, rotate instead.")  # fmt: skip
    secret_key = PasswordField("Secret key", description="Empty: stays as it is. It is never shown.")
    daily_quota = IntegerField("Daily quota", [Optional()], description="Requests a day. Empty: no limit.")


class RotateForm(FlaskForm):
    """The pair that takes a key's place."""

    api_key = StringField("New API key", description="Empty: only the secret is new.")
    secret_key = PasswordField("New secret key", description="Empty: only the key is new. It is never shown.")


class DealerForm(FlaskForm):
    """A dealer."""

    id = StringField("Dealer number", [_needed("Give its number.")], description="With its leading zeros. It cannot be "
                     "changed later.")  # fmt: skip
    name = StringField("Name", [_needed("Give its name.")])
    city = StringField("City")
    place = OneOf("Main dealer and group", description="Whose key fetches it.")


class ImportForm(FlaskForm):
    """A CSV file of dealers."""

    file = FileField("CSV file", description="The columns are those of the export: dealer_id, name, city, main_dealer, "
                     "key, enabled. In a spreadsheet format dealer_id as text, or it loses its zeros.")  # fmt: skip


class ScheduleForm(FlaskForm):
    """A fetch schedule."""

    name = StringField("Name", [_needed("Give it a name.")])
    place = OneOf("For", description="The narrowest schedule counts: a dealer's own before its group's, its main "
                  "dealer's and the one for all.")  # fmt: skip
    dealer_id = StringField("Only dealer", description="A dealer number, when it is for one dealer. Choose «all "
                            "dealers» above then.")  # fmt: skip
    kind = RadioField("When", choices=KINDS, default="every_hours")
    every_hours = IntegerField("Every … hours", [Optional()], default=1, description="1 to 24, from midnight on.")
    daily_at = StringField("Daily at", description="Such as 05:30, in the main dealer's time.")
    cron = StringField("Cron", description="Minute, hour, day, month, weekday: 30 5 * * 1-6 is half past five but on "
                       "Sundays.")  # fmt: skip
    modules = TickBoxes("Modules", description="All ticked: also those that are added later.")


class PersonForm(FlaskForm):
    """A user of Superset and what they may see."""

    user_name = StringField("User name", [_needed("Give a name to log in with.")],
                            description="It cannot be changed later.")  # fmt: skip
    first_name = StringField("First name", [_needed("Give a first name.")])
    last_name = StringField("Last name", [_needed("Give a last name.")])
    email = StringField("E-mail", [_needed("Give an address.")])
    password = PasswordField("Password", description="At least 12 characters. They can change it under Settings, Info.")
    roles = TickBoxes("Roles", description="Dealer User sees the dealers below; Analyst and Engineer see all. Personal "
                      "Data adds customers' names, phones and addresses to what another role shows.")  # fmt: skip
    is_active = BooleanField("May log in", default=True)
    dealers = TickBoxes("Dealers", description="What a Dealer User sees. Nothing ticked: no data.")
