"""What every request needs: the settings, and the registry opened in the name of who acts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Header, Request

from orchestration.registry.rules import RegistryError
from orchestration.registry.store import Registry, open_registry
from orchestration.settings import Settings


class Desk:
    """Where one request is served. `user` is whom the change history will name."""

    def __init__(self, settings: Settings, user: str) -> None:
        self.settings = settings
        self.user = user

    @contextmanager
    def reading(self) -> Iterator[Registry]:
        """The registry, to look into."""
        with open_registry(self.settings, self.user) as registry:
            yield registry

    @contextmanager
    def writing(self) -> Iterator[Registry]:
        """The registry, to change. Raises RegistryError when nobody is named who does."""
        self.must_be_named()
        with open_registry(self.settings, self.user) as registry:
            yield registry

    def must_be_named(self) -> None:
        """Raise RegistryError when nobody is named who acts."""
        if not self.user.strip():
            raise RegistryError("a change needs the name of who makes it: send it as X-Changed-By")


def _desk(request: Request, x_changed_by: Annotated[str, Header()] = "") -> Desk:
    # Names may hold letters that headers cannot carry.
    return Desk(request.app.state.settings, unquote(x_changed_by))


AtDesk = Annotated[Desk, Depends(_desk)]
