"""Who may do what in Superset, where its own rules are too open; roles are files (assets/security.yaml).

Superset hands its roles Alpha and Gamma every permission that it does not know, those of our pages among them. Here
these roles hold nothing: a person has the roles of the file, and they have what stands there.
"""

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import g, has_request_context, session
from flask_login import LoginManager
from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
from superset.exceptions import SupersetSecurityException
from superset.security import SupersetSecurityManager

import row_rules
import tenants
from accounts import Accounts
from logins import Attempts
from permissions import Permissions
from registry_pages import VIEW_NAMES

logger = logging.getLogger(__name__)


class Rule(NamedTuple):
    """A rule of row level security as Superset reads it from its table."""

    id: int
    group_key: str | None
    clause: str


_ATTEMPTS = Attempts()
# Superset's own, when it says how many rows there are to look into.
COUNT = "COUNT(*)"
# For data that no rule was made for.
NOTHING = Rule(0, None, "1 = 0")


class SecurityManager(SupersetSecurityManager):
    """Superset's, with empty standard roles, default deny for rows and no SQL from people without SQL Lab."""

    ADMIN_ONLY_VIEW_MENUS = SupersetSecurityManager.ADMIN_ONLY_VIEW_MENUS | VIEW_NAMES

    def __init__(self, appbuilder: Any) -> None:
        self.permissions = Permissions(self)
        self.accounts = Accounts(self)
        super().__init__(appbuilder)

    def create_login_manager(self, app: Any) -> LoginManager:
        """Superset's, with sessions that are told apart by who is logged in, not by address and browser alone.

        Where somebody's filters are kept is found by that: two of one office would have one place for both.
        """
        manager: LoginManager = super().create_login_manager(app)
        of_browser = manager._session_identifier_generator
        manager._session_identifier_generator = lambda: f"{of_browser()} {session.get('_user_id')}"
        return manager

    @staticmethod
    def before_request() -> None:
        """Says who asks. For a chart it is the account itself: the stand-in for it is asked fifty times."""
        SupersetSecurityManager.before_request()
        if tenants.is_chart():
            g.user = g.user._get_current_object()

    def get_user_by_id(self, pk: int) -> Any:
        """The account with its roles."""
        return self.accounts.find(pk)

    def _is_alpha_pvm(self, pvm: Any) -> bool:
        return False

    def _is_gamma_pvm(self, pvm: Any) -> bool:
        return False

    def _is_sql_lab_pvm(self, pvm: Any) -> bool:
        return False

    def exist_permission_on_roles(self, view_name: str, permission_name: str, role_ids: list[int]) -> bool:
        """Whether one of the roles may do that; within a request out of what is known of all roles."""
        if not has_request_context():
            return bool(super().exist_permission_on_roles(view_name, permission_name, role_ids))
        return any((permission_name, view_name) in self.permissions.of_role(role_id) for role_id in role_ids)

    def user_view_menu_names(self, permission_name: str) -> set[str]:
        """The views of which this person has the permission."""
        if not has_request_context() or g.user.is_anonymous:
            names: set[str] = super().user_view_menu_names(permission_name)
            return names
        pairs = (pair for role in self.get_user_roles() for pair in self.permissions.of_role(role.id))
        return {view for permission, view in pairs if permission == permission_name}

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Whether those who are not logged in may do that: asked first in each request, of everybody."""
        return (permission_name, view_name) in self.permissions.of_role_named(self.auth_role_public)

    def get_rls_filters(self, table: Any) -> list[Any]:
        """The rules for this person and table; for people of single dealers a table without a rule is empty."""
        known = (
            row_rules.rules_of(table.id, {role.id for role in self.get_user_roles()}) if tenants.is_chart() else None
        )
        found = super().get_rls_filters(table) if known is None else known
        rules = [Rule(rule.id, rule.group_key, tenants.with_my_dealers(rule.clause)) for rule in found]
        return rules or ([] if tenants.sees_all_dealers() else [NOTHING])

    def raise_for_access(self, *args: Any, **kwargs: Any) -> None:
        """Superset's checks, and for people of single dealers: no SQL of their own, and drilling on their dashboards.

        Raises SupersetSecurityException.
        """
        query_context = kwargs.get("query_context")
        if query_context is None:
            super().raise_for_access(*args, **kwargs)
            return
        sees_all = tenants.sees_all_dealers()
        if not sees_all and (foreign := next(_foreign_sql(query_context), None)):
            logger.warning("%s sent SQL of their own: %s", getattr(g.user, "username", "nobody"), foreign)
            raise SupersetSecurityException(
                SupersetError(
                    error_type=SupersetErrorType.DATASOURCE_SECURITY_ACCESS_ERROR,
                    message="Charts can be asked for as they are, with other filters and columns, not with SQL",
                    level=ErrorLevel.ERROR,
                )
            )
        datasource, roles = query_context.datasource, [role.id for role in self.get_user_roles()]
        if self.permissions.are_shown(query_context.form_data or {}, (datasource.type, datasource.id), roles):
            return
        try:
            super().raise_for_access(*args, **kwargs)
        except SupersetSecurityException:
            if sees_all or not self._is_on_their_dashboards(datasource):
                raise

    def _is_on_their_dashboards(self, datasource: Any) -> bool:
        """Whether a dashboard that is open to the person shows this data, so that they may look into its details.

        Superset asks for a permission on the data itself, with which they could also see boards that have no roles.
        """
        from superset.models.dashboard import Dashboard
        from superset.models.slice import Slice

        if datasource.type != "table":
            return False
        roles = [role.id for role in self.get_user_roles()]
        theirs = Dashboard.published.is_(True) & Dashboard.roles.any(self.role_model.id.in_(roles))
        charts = self.session.query(Slice.id).filter(
            Slice.datasource_type == datasource.type, Slice.datasource_id == datasource.id, Slice.dashboards.any(theirs)
        )
        return charts.first() is not None

    def auth_user_db(self, username: str, password: str) -> Any:
        """Logs a person in, and keeps who tried in the action log: who did not get in too."""
        from superset.extensions import event_logger

        name = str(username)
        if _ATTEMPTS.are_too_many(name):
            logger.warning("Too many failed logins as %r or from its address", name)
            return None
        user = super().auth_user_db(username, password)
        event_logger.log_login(name, user)
        if not user:
            _ATTEMPTS.failed(name)
        return user


def _foreign_sql(query_context: Any) -> Iterator[str]:
    """What in a request for data is no name of a column or metric of it: Superset takes all else for SQL."""
    datasource = query_context.datasource
    columns = {column.column_name for column in getattr(datasource, "columns", ())}
    names = columns | {metric.metric_name for metric in getattr(datasource, "metrics", ())}
    for query in query_context.queries:
        yield from (str(query.extras[part]) for part in ("where", "having") if query.extras.get(part))
        order = [each[0] if isinstance(each, list | tuple) and each else each for each in query.orderby or ()]
        named = [*(query.columns or ()), *(query.series_columns or ()), *(query.metrics or ()), *order]
        named += [query.series_limit_metric, query.granularity, *(each.get("col") for each in query.filter)]
        labels = {each["label"] for each in named if isinstance(each, dict) and isinstance(each.get("label"), str)}
        yield from (each for each in named if isinstance(each, str) and each not in names | labels)
        yield from (text for text in _expressions([named, query.extras]) if text not in columns | {COUNT})
        # Charts that annotations bring along are asked for by the server, with values that the request may change.
        yield from (str(layer.get("name")) for layer in query.annotation_layers)


def _expressions(part: Any) -> Iterator[str]:
    """Every `sqlExpression` in a structure of a request, whatever the request calls it."""
    if isinstance(part, dict):
        if part.get("sqlExpression"):
            yield str(part["sqlExpression"])
        for inner in part.values():
            yield from _expressions(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _expressions(inner)
