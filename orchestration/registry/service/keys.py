"""API keys. Secrets come in and never go out."""

from typing import Any

from fastapi import APIRouter
from pydantic import SecretStr

from orchestration.registry.encryption import CannotDecrypt
from orchestration.registry.models import ApiKey
from orchestration.registry.rotation import end_overlap, rotate
from orchestration.registry.rules import NotThere
from orchestration.registry.service.bodies import AddKey, EditKey, RotateKey
from orchestration.registry.service.desk import AtDesk
from orchestration.registry.store import Registry
from orchestration.settings import SettingError

router = APIRouter()
# Named one by one: a column that is added to the table is not shown by itself.
_SHOWN = (
    *("id", "main_dealer_id", "name", "api_key", "daily_quota", "is_enabled", "created_at"),
    *("old_api_key", "rotated_at"),
)


@router.get("/keys")
def list_keys(desk: AtDesk) -> list[dict[str, Any]]:
    """All keys."""
    with desk.reading() as registry:
        return [_shape(registry, entry) for entry in registry.api_keys()]


@router.get("/keys/{key_id}")
def show_key(desk: AtDesk, key_id: int) -> dict[str, Any]:
    """One key."""
    with desk.reading() as registry:
        return _shape(registry, _key(registry, key_id))


@router.post("/keys", status_code=201)
def add_key(desk: AtDesk, body: AddKey) -> dict[str, Any]:
    """Add a key; its secret is stored encrypted."""
    values = body.given("daily_quota", "is_enabled")
    with desk.writing() as registry:
        name = " ".join(body.name.split())
        entry = registry.add_key(body.main_dealer_id, name, body.api_key, body.secret_key.get_secret_value(), **values)
        registry.session.refresh(entry)
        return _shape(registry, entry)


@router.patch("/keys/{key_id}")
def edit_key(desk: AtDesk, key_id: int, body: EditKey) -> dict[str, Any]:
    """Change a key; a secret that is sent takes the place of the stored one at once."""
    values = body.given("api_key", "daily_quota", "is_enabled")
    with desk.writing() as registry:
        key = _key(registry, key_id)
        if (secret := _plain(body.secret_key)) and not registry.holds(key, secret):
            values["secret_encrypted"] = registry.encrypt(secret)
        return {"changed": registry.edit(key, **values)}


@router.post("/keys/{key_id}/rotate")
def rotate_key(desk: AtDesk, key_id: int, body: RotateKey) -> dict[str, Any]:
    """Put a new pair in place and keep the old one beside it."""
    with desk.writing() as registry:
        key = _key(registry, key_id)
        rotate(registry, key, body.api_key.strip(), _plain(body.secret_key))
        return _shape(registry, key)


@router.post("/keys/{key_id}/end-overlap")
def end_overlap_of_key(desk: AtDesk, key_id: int) -> dict[str, Any]:
    """Forget the old pair."""
    with desk.writing() as registry:
        key = _key(registry, key_id)
        end_overlap(registry, key)
        return _shape(registry, key)


def _key(registry: Registry, key_id: int) -> ApiKey:
    found = registry.session.get(ApiKey, key_id)
    if found is None:
        raise NotThere(f"there is no key {key_id} in the registry")
    return found


def _plain(secret: SecretStr) -> str:
    return secret.get_secret_value().strip()


def _shape(registry: Registry, key: ApiKey) -> dict[str, Any]:
    return {**{name: getattr(key, name) for name in _SHOWN}, "secret_problem": _secret_problem(registry, key)}


def _secret_problem(registry: Registry, key: ApiKey) -> str | None:
    try:
        registry.encryption.decrypt(key.secret_encrypted)
    except (CannotDecrypt, SettingError) as error:
        return str(error)
    return None
