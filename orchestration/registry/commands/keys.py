"""`dealers key ...`. Secrets come from a file or from standard input, and are never shown."""

from typing import Any, TextIO

import click

from orchestration.registry.commands.terminal import given, print_fields, print_outcome, print_table, state
from orchestration.registry.encryption import CannotDecrypt
from orchestration.registry.models import ApiKey
from orchestration.registry.rotation import end_overlap, rotate
from orchestration.registry.rules import RegistryError
from orchestration.registry.store import Registry, open_registry
from orchestration.settings import SettingError, load_settings

# Files from Windows may begin with a byte order mark, which is no part of the secret.
_SECRET_FILE = click.File(encoding="utf-8-sig")


def _which_key(command: Any) -> Any:
    command = click.option("--name", required=True, help="Dealer group.")(command)
    return click.option("--main-dealer", "main_dealer_id", required=True, help="Main dealer code.")(command)


@click.group("key")
def key_commands() -> None:
    """Keys: one credential for each dealer group; secrets are never shown."""


@key_commands.command("add")
@_which_key
@click.option("--api-key", required=True, help="The key that is sent as DGI-API-Key.")
@click.option(
    "--secret-key-file", type=_SECRET_FILE, default="-", help="File with the secret key; default: standard input."
)
@click.option("--daily-quota", type=int, help="Requests a day; default no limit.")
def _add(main_dealer_id: str, name: str, api_key: str, secret_key_file: TextIO, daily_quota: int | None) -> None:
    """Add a key."""
    with open_registry(load_settings()) as registry:
        registry.main_dealer(main_dealer_id)  # before a secret is asked for
        registry.add_key(main_dealer_id, name, api_key, _secret(secret_key_file), daily_quota=daily_quota)
    click.echo(f"key {name} of main dealer {main_dealer_id} added")


@key_commands.command("edit")
@_which_key
@click.option("--api-key", help="A new key.")
@click.option("--secret-key-file", type=_SECRET_FILE, help="File with a new secret key, or - for standard input.")
@click.option("--daily-quota", type=int, help="Requests a day; 0 lifts the limit.")
def _edit(
    main_dealer_id: str, name: str, api_key: str | None, secret_key_file: TextIO | None, daily_quota: int | None
) -> None:
    """Change a key, or put a new secret in its place."""
    values = given({"api_key": api_key})
    if daily_quota is not None:
        values["daily_quota"] = daily_quota or None
    with open_registry(load_settings()) as registry:
        key = registry.key(main_dealer_id, name)
        if secret_key_file and not registry.holds(key, secret := _secret(secret_key_file)):
            values["secret_encrypted"] = registry.encrypt(secret)
        print_outcome(registry.edit(key, **values), f"key {name}")


@key_commands.command("rotate")
@_which_key
@click.option("--api-key", help="The new key; default: only the secret is new.")
@click.option("--secret-key-file", type=_SECRET_FILE, help="File with the new secret key, or - for standard input.")
def _rotate(main_dealer_id: str, name: str, api_key: str | None, secret_key_file: TextIO | None) -> None:
    """Put a new key in place while the old one may still be the valid one.

    Pulls ask with the new key and, while the server refuses it, with the old one. `end-overlap` forgets the old one.
    """
    with open_registry(load_settings()) as registry:
        key = registry.key(main_dealer_id, name)
        rotate(registry, key, api_key, _secret(secret_key_file) if secret_key_file else None)
    click.echo(f"key {name} replaced; the old one is asked with where the new one is refused, until `end-overlap`")


@key_commands.command("end-overlap")
@_which_key
def _end_overlap(main_dealer_id: str, name: str) -> None:
    """Forget the old key that a rotation kept."""
    with open_registry(load_settings()) as registry:
        end_overlap(registry, registry.key(main_dealer_id, name))
    click.echo(f"key {name}: the old key is forgotten")


@key_commands.command("disable")
@_which_key
def _disable(main_dealer_id: str, name: str) -> None:
    """Stop pulling with a key."""
    _change(main_dealer_id, name, is_enabled=False)


@key_commands.command("enable")
@_which_key
def _enable(main_dealer_id: str, name: str) -> None:
    """Pull with a key again."""
    _change(main_dealer_id, name, is_enabled=True)


@key_commands.command("list")
def _list() -> None:
    """List the keys, without their secrets."""
    with open_registry(load_settings()) as registry:
        rows = [(k.main_dealer_id, k.name, k.api_key, _quota(k), state(k.is_enabled)) for k in registry.api_keys()]
    print_table(("main dealer", "name", "API key", "daily quota", "state"), rows)


@key_commands.command("show")
@_which_key
def _show(main_dealer_id: str, name: str) -> None:
    """Show a key and its dealers, without its secret."""
    with open_registry(load_settings()) as registry:
        key = registry.key(main_dealer_id, name)
        fields = {
            "main dealer": key.main_dealer_id,
            "name": key.name,
            "API key": key.api_key,
            "secret key": secret_state(registry, key),
            "old API key": key.old_api_key and f"{key.old_api_key}, kept since {key.rotated_at:%Y-%m-%d %H:%M %Z}",
            "daily quota": _quota(key),
            "state": state(key.is_enabled),
            "added": f"{key.created_at:%Y-%m-%d %H:%M %Z}",
            "dealers": ", ".join(dealer.id for dealer in registry.dealers() if dealer.api_key_id == key.id),
        }
    print_fields(fields)


@key_commands.command("re-encrypt")
def _re_encrypt() -> None:
    """Encrypt all secrets anew with the first of DGI_ENCRYPTION_KEY.

    After it, the older keys can be taken out of that setting.
    """
    with open_registry(load_settings()) as registry:
        click.echo(f"{registry.renew_secrets()} secrets are encrypted with the newest key")


def _change(main_dealer_id: str, name: str, **values: Any) -> None:
    with open_registry(load_settings()) as registry:
        print_outcome(registry.edit(registry.key(main_dealer_id, name), **values), f"key {name}")


def _secret(file: TextIO) -> str:
    if file.isatty():
        return str(click.prompt("Secret key", hide_input=True))
    try:
        return file.read()
    except UnicodeDecodeError:
        raise RegistryError("the secret key is not UTF-8 text") from None


def secret_state(registry: Registry, key: ApiKey) -> str:
    """What is to be said of a key's secret, which is never shown."""
    try:
        registry.encryption.decrypt(key.secret_encrypted)
    except (CannotDecrypt, SettingError) as error:
        return f"stored, but {error}"
    return "stored, encrypted"


def _quota(key: ApiKey) -> str:
    return "no limit" if key.daily_quota is None else f"{key.daily_quota:,}"
