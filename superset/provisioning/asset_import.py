"""Puts the assets into Superset and takes out those whose file is gone. Needs an application context."""

from typing import Any

import yaml
from sqlalchemy import or_
from superset import db
from superset.commands.exceptions import CommandException, CommandInvalidError
from superset.commands.importers.v1.assets import ImportAssetsCommand
from superset.connectors.sqla.models import SqlaTable
from superset.models.dashboard import Dashboard
from superset.models.slice import Slice
from superset.utils.core import override_user
from superset.utils.decorators import transaction

from provisioning import ProvisioningError
from provisioning.assets import Assets, uuids
from provisioning.normal_form import FOLDER

BUNDLE = {"version": "1.0.0", "type": "assets", "timestamp": "2000-01-01T00:00:00+00:00"}
# dashboards before their charts before their tables; a database stays: with it would go what people built on it
REMOVABLE = {Dashboard: "dashboard_title", Slice: "slice_name", SqlaTable: "table_name"}


@transaction()
def import_assets(assets: Assets, owner: Any) -> list[str]:
    """Overwrites every asset with its file, all or nothing; returns the names of those that were removed.

    Removes first, so that a new file may take over the name of an old one. Leaves alone what people made themselves.
    Raises ProvisioningError when Superset refuses them.
    """
    contents = {"metadata.yaml": yaml.safe_dump(BUNDLE)}
    contents |= {path: yaml.dump(asset, Dumper=yaml.CSafeDumper, sort_keys=False) for path, asset in assets.items()}
    with override_user(owner):
        removed = _remove_stale(uuids(assets))
        try:
            ImportAssetsCommand(contents).run()
        except CommandInvalidError as error:
            raise ProvisioningError(f"Superset refuses these assets: {error.normalized_messages()}") from error
        except CommandException as error:
            raise ProvisioningError(f"Superset could not import the assets: {error.__cause__ or error}") from error
    return removed


def _remove_stale(present: set[str]) -> list[str]:
    removed = []
    for model, title in REMOVABLE.items():
        from_file = or_(model.is_managed_externally.is_(True), model.external_url.startswith(FOLDER))
        for item in db.session.query(model).filter(from_file):
            if str(item.uuid) not in present:
                removed.append(f"{model.__name__} {getattr(item, title)!r}")
                db.session.delete(item)
        db.session.flush()
    return removed
