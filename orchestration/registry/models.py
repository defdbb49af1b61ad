"""The tables of schema `registry`. Their history is in `migrations/`."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """All registry tables; text columns are `text`."""

    metadata = MetaData(
        schema="registry",
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_name)s_fkey",
            "uq": "%(table_name)s_%(column_0_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        },
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own form)
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[str]: ARRAY(Text()),
    }


class MainDealer(Base):
    """A main dealer and how its DGI server differs from the book."""

    __tablename__ = "main_dealer"
    __table_args__ = (
        CheckConstraint("range_days between 1 and 366", name="range_days"),
        CheckConstraint("max_age_days between 1 and 3660", name="max_age_days"),
        CheckConstraint("concurrency between 1 and 64", name="concurrency"),
        CheckConstraint("attempts between 1 and 20", name="attempts"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, comment="Main dealer code, e.g. Q7X")
    name: Mapped[str]
    base_url: Mapped[str] = mapped_column(comment="Address up to the version or the module; H1 and, by default, H23")
    h23_base_url: Mapped[str | None] = mapped_column(comment="Address for workshop and parts where it differs")
    version: Mapped[str] = mapped_column(server_default="v1.3")
    time_zone: Mapped[str] = mapped_column(server_default="Asia/Jakarta")
    token_separator: Mapped[str] = mapped_column(server_default="", comment="Between key, secret and time")
    range_days: Mapped[int] = mapped_column(server_default="7", comment="Longest window of one request, days")
    max_age_days: Mapped[int] = mapped_column(server_default="30", comment="Oldest that can be fetched, days")
    modules: Mapped[list[str]] = mapped_column(comment="Modules that this server has")
    connect_timeout: Mapped[float] = mapped_column(server_default="10", comment="Seconds")
    answer_timeout: Mapped[float] = mapped_column(server_default="60", comment="Seconds")
    attempts: Mapped[int] = mapped_column(server_default="4", comment="Requests a call may take")
    concurrency: Mapped[int] = mapped_column(server_default="4", comment="Requests under way at once, all runs")
    whole_group_calls: Mapped[bool] = mapped_column(
        server_default="false", comment="Whether one request may ask for all dealers of a key"
    )
    is_enabled: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """One credential of one dealer group. The secret is stored encrypted and never shown."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("main_dealer_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    main_dealer_id: Mapped[str] = mapped_column(ForeignKey("registry.main_dealer.id"))
    name: Mapped[str] = mapped_column(comment="Dealer group")
    api_key: Mapped[str]
    secret_encrypted: Mapped[str]
    old_api_key: Mapped[str | None] = mapped_column(comment="Asked with while the server refuses the new one")
    old_secret_encrypted: Mapped[str | None]
    rotated_at: Mapped[datetime | None] = mapped_column(comment="Since when an old key is kept beside the new one")
    daily_quota: Mapped[int | None] = mapped_column(comment="Requests a local day; null is no limit")
    is_enabled: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    main_dealer: Mapped[MainDealer] = relationship()


class Dealer(Base):
    """A dealer. Its number is unique in the country. Without a key it is known but cannot be pulled."""

    __tablename__ = "dealer"

    id: Mapped[str] = mapped_column(primary_key=True, comment="Dealer number with its leading zeros")
    name: Mapped[str]
    city: Mapped[str | None]
    main_dealer_id: Mapped[str | None] = mapped_column(ForeignKey("registry.main_dealer.id"))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("registry.api_key.id"))
    is_enabled: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    main_dealer: Mapped[MainDealer | None] = relationship()
    api_key: Mapped[ApiKey | None] = relationship()


class KeyUsage(Base):
    """Requests sent with a key on a local day of its main dealer: what a quota is counted on."""

    __tablename__ = "key_usage"

    api_key_id: Mapped[int] = mapped_column(ForeignKey("registry.api_key.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    requests: Mapped[int]


class FetchSchedule(Base):
    """When dealers are pulled: one dealer, one key's group, one main dealer, or all of them; the narrowest counts."""

    __tablename__ = "fetch_schedule"
    __table_args__ = (
        CheckConstraint("num_nonnulls(main_dealer_id, api_key_id, dealer_id) <= 1", name="scope"),
        CheckConstraint("num_nonnulls(every_hours, daily_at, cron) = 1", name="kind"),
        CheckConstraint("every_hours between 1 and 24", name="every_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    main_dealer_id: Mapped[str | None] = mapped_column(ForeignKey("registry.main_dealer.id"))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("registry.api_key.id"), comment="The key's dealers")
    dealer_id: Mapped[str | None] = mapped_column(ForeignKey("registry.dealer.id"))
    modules: Mapped[list[str] | None] = mapped_column(comment="Modules that it pulls; null is all")
    every_hours: Mapped[int | None] = mapped_column(comment="Hourly every N, from midnight at the main dealer")
    daily_at: Mapped[time | None] = mapped_column(comment="Local time of the main dealer")
    cron: Mapped[str | None] = mapped_column(comment="Five fields, in the main dealer's time zone")
    is_enabled: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    api_key: Mapped[ApiKey | None] = relationship()


class UserDealer(Base):
    """A dealer that a dealer user may see, in Superset and through the data API."""

    __tablename__ = "user_dealer"

    user_name: Mapped[str] = mapped_column(primary_key=True, comment="As they log in to Superset")
    dealer_id: Mapped[str] = mapped_column(ForeignKey("registry.dealer.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Incident(Base):
    """Something that was or is wrong, from when it was first seen until it was over. Kept by orchestration.alerts."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("incident_open_key", "kind", "cause", unique=True, postgresql_where=text("closed_at is null")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    cause: Mapped[str] = mapped_column(comment="What makes two findings of a kind the same incident")
    main_dealer_id: Mapped[str | None]
    first_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    announced_at: Mapped[datetime | None] = mapped_column(comment="When its first message was written")
    announced_dealers: Mapped[int] = mapped_column(server_default="0", comment="Dealers that the last message told of")
    last_told_at: Mapped[datetime | None] = mapped_column(comment="When its last message was written")
    closed_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]] = mapped_column(comment="What was found of it last")


class AlertMessage(Base):
    """A message about an incident, to be sent to every address of ALERT_URLS."""

    __tablename__ = "alert_message"
    __table_args__ = (Index("alert_message_waiting", "id", postgresql_where=text("ended_at is null")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("registry.incident.id"))
    title: Mapped[str]
    body: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(server_default=func.now())
    delivered_to: Mapped[list[str]] = mapped_column(server_default="{}", comment="Addresses, as hashes")
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None] = mapped_column(comment="Why the last attempt failed, in words")
    ended_at: Mapped[datetime | None] = mapped_column(comment="When it was sent to all, or given up")


class Erasure(Base):
    """Personal data that was erased on request: who, when, how the person was known; never the data."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    dealer_id: Mapped[str] = mapped_column(ForeignKey("registry.dealer.id"))
    erased_at: Mapped[datetime] = mapped_column(server_default=func.now())
    erased_by: Mapped[str]
    criterion: Mapped[str] = mapped_column(comment="What the person was known by, not its value")
    identifier_hashes: Mapped[list[str]] = mapped_column(comment="Of phones and identity numbers")
    versions: Mapped[int] = mapped_column(comment="Rows of raw that were changed")


class ErasedDocument(Base):
    """A document whose personal data was erased, and is left out when it comes again."""

    __tablename__ = "erased_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    erasure_id: Mapped[int] = mapped_column(ForeignKey("registry.erasure.id"))
    module: Mapped[str]
    dealer_id: Mapped[str]
    document_key: Mapped[str]
    order_number: Mapped[str | None] = mapped_column(comment="Only the lines of this order; null is all")


class ErasureSecret(Base):
    """A secret of this warehouse: without it the hashes of erased phones could be found by trying all."""

    __tablename__ = "erasure_secret"
    __table_args__ = (CheckConstraint("only_row", name="only_row"),)

    only_row: Mapped[bool] = mapped_column(primary_key=True, server_default="true")
    secret: Mapped[str]


class Change(Base):
    """Who changed what in the registry, and when. Secrets appear as «changed»."""

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_by: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str]
    action: Mapped[str]
    values: Mapped[dict[str, Any]] = mapped_column(comment="Field -> [before, after]")
