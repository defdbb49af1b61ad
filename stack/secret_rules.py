"""What a secret must be like outside the demo: there, not one that everybody knows, and long enough.

The pipeline and Superset share no code, so this file stands in `stack/` and in `superset/`; a test holds the two equal.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

KEY_LENGTH, PASSWORD_LENGTH = 32, 12
# Fewer than these different characters were typed, not drawn.
_KEY_VARIETY, _PASSWORD_VARIETY = 10, 6
# From examples, manuals and images, in lower case and without what is no letter or digit.
_WELL_KNOWN = (
    "changeme", "yourown", "thisismyscretkey", "thisisasecret", "testnondevsecret", "supersecret", "secretkey",
    "password", "admin", "postgres", "superset", "dagster", "dealers", "bireader", "example", "throwaway", "12345678",
)  # fmt: skip
_REMEDY = "put another one in its place, or leave it out where `make up` makes it"


def complaints(settings: Mapping[str, str], required: Iterable[str] = ()) -> list[str]:
    """A sentence for each secret among the settings that will not do, or that is required and missing.

    What a setting is shows in its name: an address (_URL), a key (_KEY) or a password. No sentence holds a value.
    """
    missing = [f"{name} is not set: without it nothing may start" for name in required if not settings.get(name)]
    found = [(name, _complaint(name, value)) for name, value in settings.items() if value]
    return missing + [f"{name} {complaint}" for name, complaint in found if complaint]


def _complaint(name: str, value: str) -> str | None:
    if name == "DGI_ENCRYPTION_KEY":
        return next(filter(None, (_fernet(key.strip()) for key in value.split(","))), None)
    if name.endswith("_URL"):
        return _address(value)
    if name.endswith("_PASSWORD"):
        return _weak(value, PASSWORD_LENGTH, _PASSWORD_VARIETY)
    if name.endswith("_KEY"):
        return _weak(value, KEY_LENGTH, _KEY_VARIETY)
    return None


def _fernet(key: str) -> str | None:
    try:
        drawn = base64.urlsafe_b64decode(key)
    except (binascii.Error, ValueError):
        drawn = b""
    if len(drawn) != 32 or len(set(drawn)) < 12:
        return f"is no key that was drawn by chance: {_REMEDY}"
    return None


def _address(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        password = unquote(parts.password or "")
    except ValueError:
        return "is no address"
    if not parts.scheme.startswith(("postgres", "redis")):
        return None
    if not password:
        # Such a role proves itself by a certificate or by a file of passwords.
        if parse_qs(parts.query).keys() & {"sslcert", "passfile"}:
            return None
        return "holds no password: give the role one and put it into the address"
    complaint = _weak(password, PASSWORD_LENGTH, _PASSWORD_VARIETY)
    return complaint and f"holds a password that {complaint}"


def _weak(value: str, length: int, variety: int) -> str | None:
    if len(value) < length:
        return f"is too short ({len(value)} of at least {length} characters): {_REMEDY}"
    letters = "".join(filter(str.isalnum, value.lower()))
    drawn = letters
    for known in _WELL_KNOWN:
        drawn = drawn.replace(known, "")
    # A drawn value may hold a word by chance; of one that was made of words little is left without them.
    if len(set(value)) < variety or (drawn != letters and len(drawn) < length * 3 // 4):
        return f"is one that everybody knows: {_REMEDY}"
    return None
