"""Superset's own tables and permissions. Needs an application context."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import flask_migrate
import superset
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from superset import appbuilder, db, security_manager
from superset.models.core import Database

from provisioning import ProvisioningError

MIGRATIONS = Path(superset.__file__).parent / "migrations"


def migrate() -> bool:
    """Brings the tables to the newest version; returns False when they were there already."""
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present == ScriptDirectory(str(MIGRATIONS)).get_current_head():
        return False
    with redirect_stdout(StringIO()):  # old migrations print about single charts
        flask_migrate.upgrade(directory=str(MIGRATIONS))
    return True


def check_secret_key() -> None:
    """Raises ProvisioningError when stored passwords cannot be read with the secret key of the settings.

    Superset 6.1's own `re-encrypt-secrets` ends well but changes nothing: it looks for columns in the wrong metadata.
    """
    try:
        db.session.query(Database.password).all()
    except ValueError as error:
        raise ProvisioningError(
            "SUPERSET_SECRET_KEY has changed since passwords were stored with it: put the old one back or, if it is"
            " lost, set dbs.password to null in Superset's database (the next start stores the warehouse's anew)"
        ) from error


def sync_permissions() -> None:
    """Registers all permissions and fills Superset's standard roles, as `superset init` does."""
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
