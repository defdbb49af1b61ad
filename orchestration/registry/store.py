"""Reads and writes the registry. Every change passes the rules and leaves a row in the change history."""

import getpass
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import URL, create_engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dlt_sources.dgi.endpoints import ENDPOINTS
from orchestration.registry.encryption import CannotDecrypt, Encryption
from orchestration.registry.models import ApiKey, Base, Change, Dealer, FetchSchedule, MainDealer
from orchestration.registry.rules import (
    NotThere,
    RegistryError,
    check,
    check_addresses,
    check_secret,
    tidied,
    wrong,
)
from orchestration.settings import Settings

T = TypeVar("T", bound=Base)
_SECRETS = {"secret_encrypted", "old_secret_encrypted"}


class Registry:
    """The registry within one transaction. `changed_by` is who the history will name."""

    def __init__(self, session: Session, settings: Settings, changed_by: str) -> None:
        self.session = session
        self._settings = settings
        self.changed_by = changed_by

    @cached_property
    def encryption(self) -> Encryption:
        """What secrets are encrypted with; made when it is needed. Raises SettingError."""
        return Encryption(self._settings.require("dgi_encryption_key"))

    def main_dealer(self, main_dealer_id: str) -> MainDealer:
        """A main dealer by its code. Raises RegistryError."""
        return self._one(MainDealer, main_dealer_id, "main dealer", "uv run dealers main-dealer list")

    def dealer(self, dealer_id: str) -> Dealer:
        """A dealer by its number. Raises RegistryError."""
        return self._one(Dealer, dealer_id, "dealer", "uv run dealers list")

    def key(self, main_dealer_id: str, name: str) -> ApiKey:
        """A key by main dealer and group name. Raises RegistryError."""
        found = self.find_key(main_dealer_id, name)
        if found is None:
            complaint = f"main dealer {main_dealer_id} has no key «{name}»: uv run dealers key list"
            raise NotThere(complaint, {"key": complaint})
        return found

    def find_key(self, main_dealer_id: str, name: str) -> ApiKey | None:
        """A key by main dealer and group name, or None."""
        query = select(ApiKey).where(ApiKey.main_dealer_id == main_dealer_id, ApiKey.name == name)
        return self.session.scalars(query).one_or_none()

    def dealers(self, enabled_only: bool = False) -> list[Dealer]:
        """All dealers, in the order in which they were added: the order of their partitions."""
        query = select(Dealer).order_by(Dealer.created_at, Dealer.id)
        if enabled_only:
            query = query.where(Dealer.is_enabled)
        return list(self.session.scalars(query))

    def main_dealers(self) -> list[MainDealer]:
        """All main dealers by code."""
        return list(self.session.scalars(select(MainDealer).order_by(MainDealer.id)))

    def api_keys(self) -> list[ApiKey]:
        """All keys by main dealer and name."""
        return list(self.session.scalars(select(ApiKey).order_by(ApiKey.main_dealer_id, ApiKey.name)))

    def changes(self, limit: int) -> list[Change]:
        """The newest changes, newest first."""
        return list(self.session.scalars(select(Change).order_by(Change.id.desc()).limit(limit)))

    def add_main_dealer(self, main_dealer_id: str, **values: Any) -> MainDealer:
        """Add a main dealer. Raises RegistryError when it is there already or a value is not allowed."""
        self._must_be_new(MainDealer, main_dealer_id, "main dealer")
        values.setdefault("modules", list(ENDPOINTS))
        return self.add(MainDealer(), {"id": main_dealer_id, **values})

    def add_key(self, main_dealer_id: str, name: str, api_key: str, secret_key: str, **values: Any) -> ApiKey:
        """Add a key of a dealer group; the secret is stored encrypted. Raises RegistryError."""
        self.main_dealer(main_dealer_id)
        if self.find_key(main_dealer_id, name):
            raise wrong("name", f"main dealer {main_dealer_id} has a key «{name}» already: uv run dealers key edit")
        everything = {"main_dealer_id": main_dealer_id, "name": name, "api_key": api_key, **values}
        return self.add(ApiKey(), {**everything, "secret_encrypted": self.encrypt(secret_key)})

    def add_dealer(
        self, dealer_id: str, name: str, main_dealer_id: str | None = None, key: str | None = None, **values: Any
    ) -> Dealer:
        """Add a dealer under a main dealer with the key of its group. Raises RegistryError."""
        self._must_be_new(Dealer, dealer_id, "dealer")
        self._must_have_its_zeros(dealer_id)
        return self.add(Dealer(), {"id": dealer_id, "name": name, **self.place(main_dealer_id, key), **values})

    def place(self, main_dealer_id: str | None, key: str | None) -> dict[str, Any]:
        """The fields of a dealer that belongs to a main dealer's group, or lacks its key. Raises RegistryError."""
        if not main_dealer_id:
            if key:
                raise wrong("main_dealer_id", f"key «{key}» means nothing without its main dealer: give that too")
            return {"main_dealer_id": None, "api_key_id": None}
        self.main_dealer(main_dealer_id)
        return {"main_dealer_id": main_dealer_id, "api_key_id": self.key(main_dealer_id, key).id if key else None}

    def edit(self, entry: Base, action: str = "edit", **values: Any) -> list[str]:
        """Change fields of an entry. Returns those that were different. Raises RegistryError."""
        values = self._checked(entry, values)
        before = {name: getattr(entry, name) for name in values}
        different = {name: value for name, value in values.items() if before[name] != value}
        for name, value in different.items():
            setattr(entry, name, value)
        if different:
            self.note(entry, action, {name: [before[name], value] for name, value in different.items()})
        return list(different)

    def encrypt(self, secret: str) -> str:
        """A secret as it is stored: trimmed (keys arrive with stray spaces) and encrypted. Raises RegistryError."""
        check_secret(secret.strip())
        return self.encryption.encrypt(secret.strip())

    def holds(self, key: ApiKey, secret: str) -> bool:
        """Whether this is the key's secret; False when what is stored cannot be read."""
        try:
            return self.encryption.decrypt(key.secret_encrypted) == secret.strip()
        except CannotDecrypt:
            return False

    def renew_secrets(self) -> int:
        """Encrypt all secrets anew with the newest encryption key. Returns how many. Raises RegistryError."""
        for key in self.api_keys():
            try:
                self.edit(key, secret_encrypted=self.encryption.renew(key.secret_encrypted))
                if key.old_secret_encrypted:
                    self.edit(key, old_secret_encrypted=self.encryption.renew(key.old_secret_encrypted))
            except CannotDecrypt as error:
                raise RegistryError(f"key «{key.name}» of main dealer {key.main_dealer_id}: {error}") from None
        return len(self.api_keys())

    def add(self, entry: T, values: Mapping[str, Any]) -> T:
        """Add an entry with these fields. Raises RegistryError."""
        values = self._checked(entry, values)
        for name, value in values.items():
            setattr(entry, name, value)
        self.session.add(entry)
        self.session.flush()
        self.note(entry, "add", {name: [None, value] for name, value in values.items() if value is not None})
        return entry

    def _checked(self, entry: Base, values: Mapping[str, Any]) -> dict[str, Any]:
        table = entry.__table__
        kept = {name: tidied(entry.__tablename__, name, value) for name, value in values.items()}
        # An empty text clears a field that may be empty.
        kept = {name: None if value == "" and table.columns[name].nullable else value for name, value in kept.items()}
        check(entry.__tablename__, kept)
        check_addresses(entry.__tablename__, kept, self._settings.outgoing())
        return kept

    def note(self, entry: Base, action: str, values: Mapping[str, Any]) -> None:
        """Leave a row in the change history; secrets are named and not shown."""
        shown = {name: "changed" if name in _SECRETS else [_plain(v) for v in pair] for name, pair in values.items()}
        self.note_of(entry.__tablename__, _name(entry), action, shown)

    def note_of(self, entity: str, entity_id: str, action: str, values: Mapping[str, Any]) -> None:
        """Leave a row in the change history about what is no single entry."""
        self.session.add(
            Change(changed_by=self.changed_by, entity=entity, entity_id=entity_id, action=action, values=dict(values))
        )

    def _one(self, model: type[T], key: str, what: str, remedy: str) -> T:
        found = self.session.get(model, key)
        if found is None:
            raise NotThere(f"there is no {what} {key} in the registry; see `{remedy}`")
        return found

    def _must_be_new(self, model: type[Base], key: str, what: str) -> None:
        if self.session.get(model, key) is not None:
            raise wrong("id", f"{what} {key} is in the registry already; change it with `edit`")

    def _must_have_its_zeros(self, dealer_id: str) -> None:
        if not dealer_id.isdecimal():
            return
        query = select(Dealer.id).where(func.ltrim(Dealer.id, "0") == dealer_id.lstrip("0"))
        if other := self.session.scalars(query).first():
            raise wrong("id", f"dealer {other} is in the registry: did a spreadsheet change the zeros of {dealer_id}?")


@contextmanager
def open_registry(settings: Settings, changed_by: str | None = None, url: URL | None = None) -> Iterator[Registry]:
    """The registry in a transaction that is committed when the block ends well, by default as its editor.

    Raises SettingError.
    """
    engine = create_engine(url or settings.registry(), hide_parameters=True, connect_args={"connect_timeout": 10})
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield Registry(session, settings, changed_by or _user())
    except IntegrityError:
        raise RegistryError("somebody else changed the same entry at the same moment: try again") from None
    finally:
        engine.dispose()


def _name(entry: Base) -> str:
    if isinstance(entry, ApiKey):
        return f"{entry.main_dealer_id}/{entry.name}"
    return entry.name if isinstance(entry, FetchSchedule) else str(getattr(entry, "id", ""))


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="minutes") if isinstance(value, datetime | time) else value


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return f"user {os.getuid()}"
