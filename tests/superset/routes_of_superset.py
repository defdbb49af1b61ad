"""Runs in Superset's environment: prints every route with the permission that it asks for, and what each role holds."""

import json
from typing import Any

from superset.app import create_app


def permission(view: Any, name: str) -> list[str] | None:
    """Permission and view that the route's function asks for, None when it asks for none."""
    asked = getattr(getattr(view, name, None), "_permission_name", None)
    if asked is None:
        return None
    return [f"can_{(view.method_permission_name or {}).get(name) or asked}", view.class_permission_name]


def main() -> None:
    app = create_app()
    with app.app_context():
        from superset import appbuilder, security_manager

        views = {view.endpoint: view for view in appbuilder.baseviews}
        routes = []
        for rule in app.url_map.iter_rules():
            view, _, name = rule.endpoint.rpartition(".")
            methods = sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})
            asked = permission(views[view], name) if view in views else None
            routes.append({"rule": rule.rule, "endpoint": rule.endpoint, "methods": methods, "permission": asked})
        roles = {
            role.name: sorted([held.permission.name, held.view_menu.name] for held in role.permissions)
            for role in security_manager.get_all_roles()
        }
    print(json.dumps({"routes": routes, "roles": roles}))


if __name__ == "__main__":
    main()
