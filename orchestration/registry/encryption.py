"""Encrypts secrets with a key that is not in the database.

`DGI_ENCRYPTION_KEY` holds one Fernet key, or several with commas between them, newest first: all decrypt, the first
encrypts. That is how a key is rotated.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from orchestration.settings import SettingError

_MAKE_ONE = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


class CannotDecrypt(Exception):
    """A stored secret does not open with the keys in DGI_ENCRYPTION_KEY."""


class Encryption:
    """Encrypts and decrypts secrets. `keys` is the setting's text; raises SettingError when it holds no Fernet key."""

    def __init__(self, keys: str) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
        except ValueError:
            raise SettingError(f"DGI_ENCRYPTION_KEY is no Fernet key; this makes one: {_MAKE_ONE}") from None

    def encrypt(self, secret: str) -> str:
        """The text to store for a secret."""
        return self._fernet.encrypt(secret.encode()).decode()

    def renew(self, stored: str) -> str:
        """The text to store for the same secret with the newest key. Raises CannotDecrypt."""
        return self.encrypt(self.decrypt(stored))

    def decrypt(self, stored: str) -> str:
        """The secret behind a stored text. Raises CannotDecrypt."""
        try:
            return self._fernet.decrypt(stored.encode()).decode()
        except InvalidToken:
            raise CannotDecrypt(
                "a stored secret does not open with DGI_ENCRYPTION_KEY: was the key replaced?"
            ) from None
