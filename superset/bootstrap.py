"""Makes Superset ready to serve, in one process: `.venv/bin/python bootstrap.py [--force]`.

Migrates its database, syncs permissions, makes the admin, imports the assets and sets roles. Safe to run at any time,
also twice at once; when neither files nor settings have changed since the last time it ends at once, without loading
Superset.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psycopg2
import yaml

import postgres_url
import secret_rules
from provisioning import ProvisioningError, state
from provisioning.assets import Assets, read_assets, read_files, read_style, uuids
from provisioning.export_plan import digests

HERE = Path(__file__).resolve().parent
ASSETS = HERE / "assets"
# what ends up in Superset's database, so a change of it calls for a new provisioning
STORED_SETTINGS = (
    "SUPERSET_ADMIN_USER",
    "SUPERSET_ADMIN_PASSWORD",
    "WAREHOUSE_DEALER_READER_URL",
    "WAREHOUSE_PEOPLE_READER_URL",
)
REQUIRED_SETTINGS = (
    "SUPERSET_SECRET_KEY",
    "SUPERSET_JWT_KEY",
    "SUPERSET_DATABASE_URL",
    "WAREHOUSE_READER_URL",
    *STORED_SETTINGS,
)
STARTED = time.monotonic()


def report(message: str) -> None:
    """Prints a line of progress with the seconds since the start."""
    print(f"[superset {time.monotonic() - STARTED:5.1f}s] {message}", flush=True)


def provision(assets: Assets, settings: Mapping[str, str]) -> None:
    """Does all the steps, in order; each one leaves alone what is already as it should be."""
    from superset.app import create_app

    app = create_app()
    report("application loaded")
    with app.app_context():
        # these need the application, and loading it is what an unchanged start saves
        from provisioning import api_users, roles
        from provisioning.accounts import ensure_admin
        from provisioning.asset_import import import_assets
        from provisioning.schema import check_secret_key, migrate, sync_permissions

        report("database migrated" if migrate() else "database is at the newest version")
        check_secret_key()
        sync_permissions()
        report("permissions and standard roles synced")
        api_users.provide()
        admin = ensure_admin(settings["SUPERSET_ADMIN_USER"], settings["SUPERSET_ADMIN_PASSWORD"])
        report(f"admin account {admin.username} is in place")
        removed = import_assets(assets, owner=admin)
        report(f"{len(assets)} assets imported, {len(removed)} removed")
        for name in removed:
            report(f"  removed {name}")
        roles.apply(roles.read(ASSETS), uuids(assets))
        report("roles and rules for rows are as the file says")


def main() -> int:
    """Provisions unless nothing has changed; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--force", action="store_true", help="also when nothing has changed, to undo changes in the browser"
    )
    force = parser.parse_args().force

    if missing := [name for name in REQUIRED_SETTINGS if not os.environ.get(name)]:
        print(f"missing settings: {', '.join(missing)}", file=sys.stderr)
        return 2
    given = {name: os.environ[name] for name in REQUIRED_SETTINGS}
    if os.environ.get("DEMO") != "1" and (weak := secret_rules.complaints(given)):
        print("\n".join(f"{complaint}." for complaint in weak), file=sys.stderr)
        return 2
    os.environ.setdefault("SUPERSET_CONFIG_PATH", str(HERE / "superset_config.py"))
    settings = {name: os.environ[name] for name in STORED_SETTINGS}
    try:
        assets = read_assets(ASSETS, os.environ)
        with state.exclusive_connection(postgres_url.for_libpq(os.environ["SUPERSET_DATABASE_URL"])) as connection:
            covered = settings | {"superset version": version("apache-superset")}
            wanted = state.fingerprint(HERE, covered, os.environ["SUPERSET_SECRET_KEY"])
            if not force and state.is_current(connection, wanted):
                report("nothing has changed since the last time")
                return 0
            state.forget(connection)
            provision(assets, settings)
            state.remember(connection, wanted, digests(read_files(ASSETS), read_style(ASSETS)))
    except (ProvisioningError, postgres_url.PostgresUrlError, yaml.YAMLError, psycopg2.OperationalError) as error:
        print(error, file=sys.stderr)
        return 1
    report("ready")
    return 0


if __name__ == "__main__":
    sys.exit(main())
