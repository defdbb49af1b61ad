"""From registry rows to what a call needs: the server's settings and the decrypted key of a dealer."""

from dataclasses import dataclass

from dlt_sources.dgi.outgoing import Outgoing
from dlt_sources.dgi.server import Key, Server
from orchestration.registry.encryption import CannotDecrypt, Encryption
from orchestration.registry.models import ApiKey, Dealer, MainDealer
from orchestration.registry.store import open_registry
from orchestration.settings import Settings


@dataclass(frozen=True)
class Access:
    """How a dealer is asked for: where and with which key."""

    server: Server
    key: Key
    key_id: int


@dataclass(frozen=True)
class NoAccess:
    """Why a dealer cannot be asked for, and what to do about it. It may have a key all the same."""

    reason: str
    key_id: int | None = None


def read_access(settings: Settings) -> dict[str, Access | NoAccess]:
    """For every dealer of the registry, how it is asked for or why it cannot be."""
    encryption = Encryption(settings.require("dgi_encryption_key"))
    servers: dict[str, Server] = {}
    keys: dict[int, Key | NoAccess] = {}
    found: dict[str, Access | NoAccess] = {}
    with open_registry(settings, url=settings.loader()) as registry:
        for entry in registry.api_keys():
            keys[entry.id] = _key(entry, encryption)
        for main_dealer in registry.main_dealers():
            servers[main_dealer.id] = to_server(main_dealer, settings.outgoing())
        for dealer in registry.dealers():
            found[dealer.id] = _access(dealer, servers, keys)
    return found


def to_server(entry: MainDealer, outgoing: Outgoing) -> Server:
    """A main dealer's row as the client's settings."""
    return Server(
        id=entry.id,
        base_url=entry.base_url,
        h23_base_url=entry.h23_base_url,
        version=entry.version,
        time_zone=entry.time_zone,
        token_separator=entry.token_separator,
        range_days=entry.range_days,
        max_age_days=entry.max_age_days,
        modules=frozenset(entry.modules),
        connect_timeout=entry.connect_timeout,
        answer_timeout=entry.answer_timeout,
        attempts=entry.attempts,
        concurrency=entry.concurrency,
        whole_group_calls=entry.whole_group_calls,
        outgoing=outgoing,
    )


def to_key(entry: ApiKey, encryption: Encryption) -> Key:
    """A key's row as the client's credential, with the old pair while it is being replaced. Raises CannotDecrypt."""
    old = None
    if entry.old_api_key and entry.old_secret_encrypted:
        old = Key(entry.name, entry.old_api_key, encryption.decrypt(entry.old_secret_encrypted), entry.daily_quota)
    return Key(entry.name, entry.api_key, encryption.decrypt(entry.secret_encrypted), entry.daily_quota, old)


def _key(entry: ApiKey, encryption: Encryption) -> Key | NoAccess:
    if not entry.is_enabled:
        return NoAccess(f"key {entry.name} is disabled")
    try:
        return to_key(entry, encryption)
    except CannotDecrypt as error:
        return NoAccess(f"key {entry.name}: {error}")


def _access(dealer: Dealer, servers: dict[str, Server], keys: dict[int, Key | NoAccess]) -> Access | NoAccess:
    if not dealer.is_enabled:
        reason = f"dealer {dealer.id} is disabled: `uv run dealers enable {dealer.id}`"
        return NoAccess(reason, dealer.api_key_id)
    if dealer.main_dealer is None or dealer.api_key_id is None:
        return NoAccess(
            f"dealer {dealer.id} has no key yet: `uv run dealers edit {dealer.id} --main-dealer ID --key GROUP`"
        )
    if not dealer.main_dealer.is_enabled:
        return NoAccess(f"main dealer {dealer.main_dealer.id} is disabled")
    key = keys[dealer.api_key_id]
    if isinstance(key, NoAccess):
        return key
    return Access(servers[dealer.main_dealer.id], key, dealer.api_key_id)
