"""Asks the registry's service, in the name of the administrator who is logged in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

# A connection test waits for a main dealer's server, up to 20 seconds for each of its modules.
_PATIENCE = 30
_LONG = 85


class ServiceDown(Exception):
    """The service cannot be used; the text says why and what to do."""


class Refused(Exception):
    """The service did not take what was entered. `fields` has the complaints about single fields."""

    def __init__(self, message: str, fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.fields = dict(fields)


class NotThere(Refused):
    """What was asked for is not in the registry."""


class Service:
    """The registry, as `user` sees and changes it."""

    def __init__(self, url: str, key: str, user: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy or .netrc is for this
        self._session.headers["Authorization"] = f"Bearer {key}"
        self._session.headers["X-Changed-By"] = quote(user)

    def get(self, *path: str | int, **query: Any) -> Any:
        """What the service answers. Raises ServiceDown, NotThere and Refused, as all of these do."""
        return self._ask("GET", path, params=query).json()

    def text(self, *path: str) -> str:
        """An answer that is text."""
        return self._ask("GET", path).text

    def post(self, *path: str | int, **content: Any) -> Any:
        """Add something, or have something done."""
        return self._ask("POST", path, json=content).json()

    def test(self, main_dealer_id: str, **query: str) -> Any:
        """Have a main dealer asked."""
        return self._ask("POST", ("main-dealers", main_dealer_id, "test"), params=query, timeout=_LONG).json()

    def send(self, *path: str, content: bytes, **query: Any) -> Any:
        """Have a file taken."""
        return self._ask("POST", path, data=content, params=query, timeout=_LONG).json()

    def patch(self, *path: str | int, **content: Any) -> Any:
        """Change fields of something."""
        return self._ask("PATCH", path, json=content).json()

    def put(self, *path: str, **content: Any) -> Any:
        """Put something in the place of what is there."""
        return self._ask("PUT", path, json=content).json()

    def _ask(
        self, method: str, path: tuple[str | int, ...], timeout: int = _PATIENCE, **arguments: Any
    ) -> requests.Response:
        address = "/".join((self._url, *(quote(str(part), safe="") for part in path)))
        try:
            answer = self._session.request(method, address, timeout=(5, timeout), allow_redirects=False, **arguments)
        except requests.Timeout:
            raise ServiceDown("The registry's service did not answer in time: try again in a moment.") from None
        except requests.RequestException:
            raise ServiceDown(
                f"The registry's service does not answer at {self._url}: start it with `make up` on the server (with "
                "containers: `docker compose up -d registry`), then load this page again."
            ) from None
        if answer.ok:
            return answer
        raise _trouble(answer)


def _trouble(answer: requests.Response) -> Exception:
    try:
        said = answer.json()
        message, fields = str(said["message"]), dict(said["fields"])
    except (ValueError, KeyError, TypeError):
        return ServiceDown(f"The registry's service failed (HTTP {answer.status_code}): its log has the reason.")
    if answer.status_code == 404:
        return NotThere(message, fields)
    if answer.status_code == 422:
        return Refused(message, fields)
    if answer.status_code == 401:
        return ServiceDown(
            "The registry's service does not know this Superset: both need the same REGISTRY_SERVICE_KEY. Run "
            "`make down` and `make up`, which give it to both."
        )
    return ServiceDown(f"The registry cannot be used: {message}")
