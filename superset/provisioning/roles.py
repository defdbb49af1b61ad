"""Makes roles, opens dashboards to them and sets the rules for rows, as assets/security.yaml says.

The file is the truth: what somebody added to one of its roles in the browser goes with the next provisioning. Roles and
rules of other names are left alone. Needs an application context, after the assets are imported.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from superset import db, security_manager
from superset.connectors.sqla.models import RowLevelSecurityFilter, SqlaTable
from superset.models.core import Database
from superset.models.dashboard import Dashboard
from superset.utils.core import RowLevelSecurityFilterType
from superset.utils.decorators import transaction

import tenants
from provisioning import ProvisioningError

Security = Mapping[str, Any]


def read(folder: Path) -> Security:
    """The file's content."""
    content: Security = yaml.safe_load((folder / "security.yaml").read_text())
    return content


@transaction()
def apply(security: Security, assets: Collection[str]) -> None:
    """Brings Superset to what the file says, all or nothing; `assets` are the UUIDs of what comes from files.

    Raises ProvisioningError with what Superset does not know.
    """
    databases, dashboards, datasets = (_of(model, assets) for model in (Database, Dashboard, SqlaTable))
    for name, role in security["roles"].items():
        _role(name).permissions = _permissions(name, role, security["parts"], databases)
    db.session.flush()
    for dashboard in dashboards:
        dashboard.roles = [_role(name) for name in security["dashboards"].get(dashboard.slug, ["Admin"])]
    for rule in security["rows"]:
        _set_rule(rule, [dataset for dataset in datasets if _is_meant(rule, dataset)])


def _of(model: Any, assets: Collection[str]) -> list[Any]:
    return [one for one in db.session.query(model) if str(one.uuid) in assets]


def _role(name: str) -> Any:
    return security_manager.find_role(name) or security_manager.add_role(name)


def _permissions(name: str, role: Mapping[str, Any], parts: Mapping[str, Any], databases: list[Any]) -> list[Any]:
    found, unknown = [], []
    for permission, view in dict.fromkeys(_wanted(role, parts, databases)):
        one = security_manager.find_permission_view_menu(permission, view)
        if one:
            found.append(one)
        else:
            unknown.append(f"{permission} on {view}")
    if unknown:
        raise ProvisioningError(f"assets/security.yaml: role {name}: Superset has no {', '.join(unknown)}")
    return found


def _wanted(role: Mapping[str, Any], parts: Mapping[str, Any], databases: list[Any]) -> Iterator[tuple[str, str]]:
    for part in role["parts"]:
        for view, permissions in parts[part].items():
            yield from ((permission, view) for permission in permissions)
    for database in databases:
        for schema in role.get("schemas", {}).get(database.database_name, ()):
            # The imported datasets know no catalog; SQL Lab names it.
            for catalog in (None, _catalog(database)):
                perm = security_manager.get_schema_perm(database.database_name, catalog, schema)
                security_manager.add_permission_view_menu("schema_access", perm)
                yield "schema_access", perm


def _catalog(database: Any) -> str | None:
    """The Postgres database, read from its address: it need not be running now."""
    catalog: str | None = database.url_object.database
    return catalog


def _is_meant(rule: Mapping[str, Any], dataset: Any) -> bool:
    if "column" in rule:
        return rule["column"] in dataset.column_names
    return dataset.table_name in rule["datasets"]


def _set_rule(wanted: Mapping[str, Any], datasets: list[Any]) -> None:
    rule = db.session.query(RowLevelSecurityFilter).filter_by(name=wanted["name"]).one_or_none()
    if rule is None:
        rule = RowLevelSecurityFilter(name=wanted["name"])
    rule.filter_type = RowLevelSecurityFilterType.BASE  # for everybody but the roles that it names
    rule.clause = wanted["clause"]
    rule.description = "From assets/security.yaml: the next start writes it anew"
    db.session.add(rule)
    rule.roles = [_role(name) for name in sorted(tenants.SEE_ALL_DEALERS)]
    rule.tables = datasets
