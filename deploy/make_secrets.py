"""Makes the secrets of docker-compose.yml: `python3 deploy/make_secrets.py [FOLDER]`, by default in `secrets`.

A file that is there is kept. The folder is for its owner alone (0700); the files in it are readable to all, since
compose shows each to its containers as it is, and those run as other accounts. Python 3.6 or newer, nothing installed.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

# Address -> role and database, as in stack/credentials.py.
DATABASES = {
    "warehouse_url": ("dealers", "warehouse"),
    "warehouse_loader_url": ("loader", "warehouse"),
    "warehouse_transformer_url": ("transformer", "warehouse"),
    "warehouse_registry_url": ("registry_editor", "warehouse"),
    "warehouse_reader_url": ("bi_reader", "warehouse"),
    "warehouse_dealer_reader_url": ("dealer_reader", "warehouse"),
    "warehouse_people_reader_url": ("people_reader", "warehouse"),
    "dagster_database_url": ("dagster", "dagster"),
    "superset_database_url": ("superset", "superset"),
    "api_database_url": ("api_reader", "warehouse"),
    "api_users_url": ("api_user_reader", "superset"),
}


def fresh() -> "dict[str, str]":
    """A full set of new values."""
    queue_password = secrets.token_urlsafe(24)
    values = {
        "postgres_superuser_password": secrets.token_urlsafe(24),
        "dgi_encryption_key": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "superset_secret_key": secrets.token_urlsafe(48),
        "registry_service_key": secrets.token_urlsafe(32),
        "superset_jwt_key": secrets.token_urlsafe(48),
        "superset_admin_password": secrets.token_urlsafe(12),
        "redis.conf": "requirepass " + queue_password,
        "smtp_password": "",  # to be written where the mail server asks for one
        "alert_urls": "",  # to be written where alerts are wanted (docs/alerts.md)
        "redis_url": "redis://:" + queue_password + "@redis:6379/0",
    }
    for name, (role, database) in DATABASES.items():
        values[name] = f"postgresql://{role}:{secrets.token_urlsafe(24)}@postgres:5432/{database}"
    return values


def main(folder: Path) -> int:
    """Writes what is missing; says what and what is left to a person."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    values = fresh()
    # The two speak of the same password.
    if (folder / "redis.conf").exists() != (folder / "redis_url").exists():
        sys.exit("of redis.conf and redis_url one is missing: remove the other, then run this again")
    for name, value in values.items():
        path = folder / name
        if path.exists():
            print("kept  " + str(path))
            continue
        with os.fdopen(os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as stream:
            stream.write(value + "\n")
        path.chmod(0o444)  # whatever the umask
        print("made  " + str(path))
    for name in ("dagster_engineers", "dagster_viewers"):
        if not (folder / name).exists():
            print(f"left  {folder / name}: yours to write (docs/server.md)")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "secrets")))
