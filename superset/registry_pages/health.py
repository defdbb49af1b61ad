"""The page that tells whether everything is well, and what to do about what is not."""

from typing import Any

from flask_appbuilder import expose

from registry_pages import HEALTH
from registry_pages.views import RegistryView, reading, service


class HealthView(RegistryView):
    """Health."""

    route_base = "/registry/health"
    class_permission_name = HEALTH

    @expose("/")
    @reading
    def index(self) -> Any:
        """All findings."""
        return self.show("health", findings=service().get("findings"))
