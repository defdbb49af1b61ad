"""What differs per machine, from the environment of the process; `make up` and compose put it there."""

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingError(Exception):
    """A setting that is missing or cannot be used; the text names it and holds no value."""


class Settings(BaseSettings):
    """The settings, by the names they have in the environment (upper case there)."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=1, le=65_535)
    # The warehouse as `api_reader`, and Superset's database as `api_user_reader`.
    api_database_url: str = Field(repr=False)
    api_users_url: str = Field(repr=False)
    # What Superset signs tokens with. Its other secret, which stored passwords are encrypted with, is none of ours.
    superset_jwt_key: str = Field(repr=False, min_length=32)
    # Connections to the warehouse that may be busy at once, and how long one question may keep one.
    api_connections: int = Field(default=8, ge=1)
    api_statement_seconds: int = Field(default=15, ge=1)


def load_settings() -> Settings:
    """Reads the settings as they are now; raises SettingError."""
    try:
        return Settings()
    except ValidationError as wrong:
        first = wrong.errors(include_input=False)[0]
        name = str(first["loc"][0]).upper()
        raise SettingError(f"{name} is missing or has a value that it cannot have: {first['msg']}") from None
