"""What differs per machine, read in one place: environment, then `.env`, then what `make up` generated.

Nothing here connects to anything; importing it costs no I/O. `load_settings()` reads the files when it is called.
"""

from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from dlt_sources.dgi.outgoing import Outgoing

ROOT = Path(__file__).resolve().parent.parent

# Addresses hold passwords.
_HIDDEN = Field(default=None, repr=False)
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
# One database, a role for each process: docs/access.md.
_WAREHOUSE_ADDRESSES = (
    "warehouse_url",
    "warehouse_loader_url",
    "warehouse_transformer_url",
    "warehouse_registry_url",
    "warehouse_reader_url",
    "warehouse_dealer_reader_url",
    "warehouse_people_reader_url",
)


class SettingError(Exception):
    """A setting that cannot be used as it is; the text names it and says what to do, without its value."""


class MissingSetting(SettingError):
    """A setting that has no default is not set; the text says which one and how to set it."""


class Settings(BaseSettings):
    """The settings, by the names they have in the environment (upper case there)."""

    model_config = SettingsConfigDict(extra="ignore", env_file_encoding="utf-8", env_ignore_empty=True)

    var_dir: Path = Path("var")
    demo: bool = True
    sandbox_size: str = "S"
    sandbox_seed: int = 20240521
    sandbox_days: int = 180

    postgres_port: int = 15432
    dagster_port: int = 3000
    superset_port: int = 8088
    sandbox_port: int = 8900
    registry_port: int = 8001
    api_port: int = 8000

    # Networks of which all is ours: their Postgres may be spoken to without TLS.
    postgres_plaintext_hosts: str | None = None
    warehouse_url: str | None = _HIDDEN
    warehouse_loader_url: str | None = _HIDDEN
    warehouse_transformer_url: str | None = _HIDDEN
    warehouse_registry_url: str | None = _HIDDEN
    warehouse_reader_url: str | None = _HIDDEN
    warehouse_dealer_reader_url: str | None = _HIDDEN
    warehouse_people_reader_url: str | None = _HIDDEN
    dagster_database_url: str | None = _HIDDEN
    superset_database_url: str | None = _HIDDEN
    api_database_url: str | None = _HIDDEN
    api_users_url: str | None = _HIDDEN
    redis_url: str | None = _HIDDEN
    dgi_encryption_key: str | None = _HIDDEN
    superset_secret_key: str | None = _HIDDEN
    registry_service_key: str | None = _HIDDEN

    allow_private_addresses: bool | None = None
    trusted_authorities: Path | None = None

    backup_dir: Path | None = None
    backup_keep: int = Field(default=7, ge=1)
    pull_processes: int = Field(default=2, ge=1)
    keep_logs_days: int = Field(default=90, ge=7)
    keep_rejected_days: int = Field(default=365, ge=30)

    alert_urls: str | None = _HIDDEN
    alert_after_minutes: int = Field(default=15, ge=0)
    alert_remind_hours: int = Field(default=24, ge=1)
    alert_disk_free_percent: int = Field(default=10, ge=0, le=100)
    dagster_public_url: str | None = None

    @field_validator(
        *("dagster_database_url", "superset_database_url", "api_database_url", "api_users_url", *_WAREHOUSE_ADDRESSES)
    )
    @classmethod
    def _require_tls(cls, address: str | None, others: ValidationInfo) -> str | None:
        return address and _over_tls(address, others.data["postgres_plaintext_hosts"])

    @cached_property
    def var(self) -> Path:
        """Where everything that the stack writes lies, as an absolute path."""
        return self.var_dir if self.var_dir.is_absolute() else ROOT / self.var_dir

    @property
    def credentials_file(self) -> Path:
        """The file (mode 0600) with what `make up` generated."""
        return self.var / "credentials.env"

    @property
    def backups(self) -> Path:
        """Where backups lie, as an absolute path: BACKUP_DIR, best on another disk, or `backups` in VAR_DIR."""
        return ROOT / self.backup_dir if self.backup_dir else self.var / "backups"

    @property
    def dagster_url(self) -> str:
        """Where people find Dagster, for links in messages."""
        return (self.dagster_public_url or f"http://127.0.0.1:{self.dagster_port}").rstrip("/")

    def warehouse(self) -> URL:
        """The warehouse's address as its owner, as SQLAlchemy reads it. Raises SettingError."""
        return _psycopg2("WAREHOUSE_URL", self.require("warehouse_url"))

    def outgoing(self) -> Outgoing:
        """Where requests to main dealers may go: the demo's stand on this machine and speak plain HTTP."""
        allowed = self.allow_private_addresses
        return Outgoing(
            plain_http=self.demo,
            private_addresses=self.demo if allowed is None else allowed,
            authorities=str(ROOT / self.trusted_authorities) if self.trusted_authorities else None,
        )

    def loader(self) -> URL:
        """The warehouse's address for pulling: adds to raw, reads the registry, keeps incidents.

        Raises SettingError.
        """
        return self._warehouse_as("WAREHOUSE_LOADER_URL", self.warehouse_loader_url)

    def transformer(self) -> URL:
        """The warehouse's address for dbt: reads raw, makes everything after it. Raises SettingError."""
        return self._warehouse_as("WAREHOUSE_TRANSFORMER_URL", self.warehouse_transformer_url)

    def registry(self) -> URL:
        """The warehouse's address for editing the registry, and for nothing else. Raises SettingError."""
        return self._warehouse_as("WAREHOUSE_REGISTRY_URL", self.warehouse_registry_url)

    def _warehouse_as(self, name: str, url: str | None) -> URL:
        if url and not self.warehouse_url:
            return _psycopg2(name, url)  # a process that is not given the owner's
        owner = self.warehouse()
        found = _psycopg2(name, url) if url else owner
        # One of `make up` may be left from before the warehouse moved elsewhere.
        if (found.host, found.port, found.database) != (owner.host, owner.port, owner.database):
            raise SettingError(f"{name} leads to another database than WAREHOUSE_URL: set it to the same, or remove it")
        return found

    def require(self, name: str) -> str:
        """The text of a setting that must be there. Raises MissingSetting with the remedy."""
        value = getattr(self, name)
        if not value:
            raise MissingSetting(
                f"{name.upper()} is not set: run `make up` first, or set it in the environment or in .env"
            )
        return str(value)

    def environment(self) -> dict[str, str]:
        """What Dagster, dbt and dlt read from the environment of their processes, with the secrets among it."""
        env = {
            "VAR_DIR": str(self.var),
            "DEMO": "1" if self.demo else "0",
            "DAGSTER_HOME": str(self.var / "dagster_home"),
            # Without it every partition's event is a statement of its own.
            "DAGSTER_EVENT_BATCH_SIZE": "1000",
            "DAGSTER_DISABLE_TELEMETRY": "1",
            # Dagster keeps the session's local time and reads it as UTC: a server elsewhere would shift all its times.
            "PGTZ": "UTC",
            "DBT_TARGET_PATH": str(self.var / "dbt" / "target"),
            "DBT_LOG_PATH": str(self.var / "dbt" / "logs"),
            "DO_NOT_TRACK": "1",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }
        # Superset's programs read it too.
        env["KEEP_LOGS_DAYS"] = str(self.keep_logs_days)
        ports = ("postgres_port", "dagster_port", "superset_port", "sandbox_port", "registry_port", "api_port")
        for name in ports:
            env[name.upper()] = str(getattr(self, name))
        addresses = ("redis_url", "superset_database_url", "postgres_plaintext_hosts", *_WAREHOUSE_ADDRESSES)
        for name in (*addresses, "api_database_url", "api_users_url"):
            if value := getattr(self, name):
                env[name.upper()] = str(value)
        if self.allow_private_addresses is not None:
            env["ALLOW_PRIVATE_ADDRESSES"] = "1" if self.allow_private_addresses else "0"
        if self.trusted_authorities:
            env["TRUSTED_AUTHORITIES"] = str(ROOT / self.trusted_authorities)
        if self.dgi_encryption_key:
            env["DGI_ENCRYPTION_KEY"] = self.dgi_encryption_key
        if self.dagster_database_url:
            # dagster-postgres fails with the driver that SQLAlchemy 2.1 would choose by itself.
            url = _psycopg2("DAGSTER_DATABASE_URL", self.dagster_database_url)
            env["DAGSTER_DATABASE_URL"] = url.render_as_string(hide_password=False)
        if self.warehouse_url:
            env |= dbt_environment(self.transformer())
        return env


def dbt_environment(url: URL) -> dict[str, str]:
    """The variables that `dbt_project/profiles.yml` reads, for a warehouse address."""
    return {
        "WAREHOUSE_HOST": url.host or "127.0.0.1",
        "WAREHOUSE_PORT": str(url.port or 5432),
        "WAREHOUSE_USER": url.username or "",
        "WAREHOUSE_PASSWORD": str(url.password or ""),
        "WAREHOUSE_DBNAME": url.database or "",
        "WAREHOUSE_SSLMODE": str(url.query.get("sslmode", "prefer")),
    }


def load_settings() -> Settings:
    """Read the settings as they are now. Earlier sources win: environment, `.env`, generated credentials.

    Raises SettingError when one of them has a value that it cannot have.
    """
    own = ROOT / ".env"
    try:
        # Where the generated ones lie may itself be set in `.env`.
        generated = Settings(_env_file=own).credentials_file
        return Settings(_env_file=(generated, own))
    except ValidationError as wrong:
        first = wrong.errors(include_input=False)[0]
        raise SettingError(f"{str(first['loc'][0]).upper()} has a value that it cannot have: {first['msg']}") from None


def _over_tls(address: str, plaintext_hosts: str | None) -> str:
    """The address with TLS required, unless it says otherwise or leads to this machine or one of these hosts."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return address  # whoever uses it says which one is wrong
    is_near = not url.host or url.host.startswith("/") or url.host in _THIS_MACHINE
    if is_near or "sslmode" in url.query or "host" in url.query or url.host in (plaintext_hosts or "").split():
        return address
    return f"{address}{'&' if url.query else '?'}sslmode=require"


def _psycopg2(name: str, url: str) -> URL:
    try:
        return make_url(url).set(drivername="postgresql+psycopg2")
    except (ArgumentError, ValueError):
        raise SettingError(f"{name} is no address such as postgresql://user:password@host:5432/database") from None
