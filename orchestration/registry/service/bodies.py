"""What requests that change something may hold. What the values must be like is for the rules to say."""

from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr


class Body(BaseModel):
    """A request's JSON object; names that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    def given(self, *names: str) -> dict[str, Any]:
        """What was sent, of these fields or of all; a field that was not sent leaves its entry's as it is."""
        sent = self.model_dump(exclude_unset=True)
        return {name: value for name, value in sent.items() if not names or name in names}


class EditMainDealer(Body):
    """Fields of a main dealer to change."""

    name: str = ""
    base_url: str = ""
    h23_base_url: str | None = None
    version: str = ""
    time_zone: str = ""
    token_separator: str = ""
    range_days: int = 0
    max_age_days: int = 0
    modules: list[str] = []
    connect_timeout: float = 0
    answer_timeout: float = 0
    attempts: int = 0
    concurrency: int = 0
    whole_group_calls: bool = False
    is_enabled: bool = True


class AddMainDealer(EditMainDealer):
    """A new main dealer; what is left out has the registry's default."""

    id: str
    name: str
    base_url: str


class EditKey(Body):
    """Fields of a key to change; a secret that is left out or empty stays."""

    api_key: str = ""
    secret_key: SecretStr = SecretStr("")
    daily_quota: int | None = None
    is_enabled: bool = True


class AddKey(EditKey):
    """A new key."""

    main_dealer_id: str
    name: str
    api_key: str
    secret_key: SecretStr


class RotateKey(Body):
    """The pair that takes a key's place; what is empty stays as it is."""

    api_key: str = ""
    secret_key: SecretStr = SecretStr("")


class EditDealer(Body):
    """Fields of a dealer to change; main dealer and key go together."""

    name: str = ""
    city: str | None = None
    main_dealer_id: str | None = None
    key: str | None = None
    is_enabled: bool = True


class AddDealer(EditDealer):
    """A new dealer."""

    id: str
    name: str
    main_dealer_id: str
    key: str


class EditSchedule(Body):
    """Fields of a fetch schedule to change; whom it is for goes together, and so does when."""

    name: str = ""
    main_dealer_id: str | None = None
    key: str | None = None
    dealer_id: str | None = None
    modules: list[str] | None = None
    every_hours: int | None = None
    daily_at: str | None = None
    cron: str | None = None
    is_enabled: bool = True


class AddSchedule(EditSchedule):
    """A new fetch schedule."""

    name: str


class UserDealers(Body):
    """The dealers that a user may see, all of them, and what of their account changes with it, for the history."""

    dealers: list[str]
    account: dict[str, Any] = {}
