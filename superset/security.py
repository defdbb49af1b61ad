"""Who may do what in Superset, where its own rules are too open."""

from superset.security import SupersetSecurityManager

from registry_pages import VIEW_NAMES


class SecurityManager(SupersetSecurityManager):
    """Superset's; it would give permissions that it does not know, those of our pages, to its roles Gamma and Alpha."""

    ADMIN_ONLY_VIEW_MENUS = SupersetSecurityManager.ADMIN_ONLY_VIEW_MENUS | VIEW_NAMES
