"""Replaces a key by the one that a main dealer gave out, while the old one may still be the valid one.

Both are kept until an admin ends the overlap. A call asks with the new key; while the server refuses that one as a bad
key, the same call asks with the old one (dlt_sources/dgi/client.py), so nothing is missed on the day of the change.
"""

from datetime import UTC, datetime

from orchestration.registry.models import ApiKey
from orchestration.registry.rules import RegistryError, wrong
from orchestration.registry.store import Registry


def rotate(registry: Registry, key: ApiKey, api_key: str | None = None, secret_key: str | None = None) -> None:
    """Put a new API key, a new secret or both in the place of a key's; the old pair stays beside it.

    Raises RegistryError when nothing is new, or when an earlier overlap has not been ended.
    """
    if key.rotated_at:
        raise RegistryError(
            f"key «{key.name}» still has an old key beside the new one: end that overlap before the next change"
        )
    if not api_key and not secret_key:
        raise wrong("api_key", "give the new API key, the new secret key or both")
    values = {"old_api_key": key.api_key, "old_secret_encrypted": key.secret_encrypted}
    if api_key:
        values["api_key"] = api_key
    if secret_key and not registry.holds(key, secret_key):
        values["secret_encrypted"] = registry.encrypt(secret_key)
    if values.get("api_key", key.api_key).strip() == key.api_key and "secret_encrypted" not in values:
        raise wrong("api_key", "these are the API key and secret that are stored already")
    registry.edit(key, "rotate", **values, rotated_at=datetime.now(UTC))


def end_overlap(registry: Registry, key: ApiKey) -> None:
    """Forget a key's old pair. Raises RegistryError when there is none."""
    if not key.rotated_at:
        raise RegistryError(f"key «{key.name}» has no old key beside it")
    registry.edit(key, "end overlap", old_api_key=None, old_secret_encrypted=None, rotated_at=None)
