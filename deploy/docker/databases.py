"""Makes the roles and databases of docker-compose.yml's Postgres, or completes them: what `make up` does with its own.

Reads POSTGRES_SUPERUSER_PASSWORD and the addresses from the environment.
"""

import os
import sys

import psycopg2
from sqlalchemy import URL, make_url

from stack.credentials import DATABASES
from stack.databases import provide


def main() -> None:
    """Does it; ends with a sentence when it cannot."""
    missing = [name for name in ("POSTGRES_SUPERUSER_PASSWORD", *DATABASES) if not os.environ.get(name)]
    if missing:
        sys.exit(f"missing settings: {', '.join(missing)}")
    addresses = {name: os.environ[name] for name in DATABASES}
    wrong = [name for name, (role, _) in DATABASES.items() if make_url(addresses[name]).username != role]
    if wrong:
        sys.exit(f"{', '.join(wrong)}: the role is another than {', '.join(DATABASES[name][0] for name in wrong)}")
    warehouse = make_url(addresses["WAREHOUSE_URL"])
    superuser = URL.create(
        "postgresql",
        username="postgres",
        password=os.environ["POSTGRES_SUPERUSER_PASSWORD"],
        host=warehouse.host,
        port=warehouse.port,
        database="postgres",
    )
    try:
        provide(superuser.render_as_string(hide_password=False), addresses)
    except psycopg2.Error as error:
        sys.exit(f"the databases could not be made: {error}")


if __name__ == "__main__":
    main()
