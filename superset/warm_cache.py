"""Asks for the charts of the last weeks again whenever the data has changed: `.venv/bin/python warm_cache.py`.

So the first person after a transform finds the cache warm. It asks for one chart at a time and rests as long as each
took, for people come first; a change of the data in the middle begins a new round.
"""

import json
import logging
import os
import sys
import time
from collections import Counter
from pathlib import Path

import requests

import postgres_url
from asked_charts import WARMER, AskedCharts
from data_version import DataVersion

SETTINGS = ("SUPERSET_ADMIN_USER", "SUPERSET_ADMIN_PASSWORD", "WAREHOUSE_READER_URL", "SUPERSET_HOME")
SECONDS_BETWEEN_LOOKS = 3
LONGEST_REST = 0.5
# Above what Superset itself allows a request (gunicorn.conf.py).
SECONDS_FOR_ANSWER = 100


class Asker:
    """Superset as an account that sees all data."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url, self._user, self._password = url, user, password
        self._token = ""

    def ask(self, payload: bytes) -> requests.Response:
        """The answer to a chart's request. Raises requests.RequestException when none comes or the login fails."""
        answer = self._post("chart/data", payload, {"Authorization": f"Bearer {self._token}"}) if self._token else None
        if answer is None or answer.status_code == requests.codes.unauthorized:  # tokens last some minutes
            self._token = self._log_in()
            answer = self._post("chart/data", payload, {"Authorization": f"Bearer {self._token}"})
        return answer

    def _log_in(self) -> str:
        who = {"username": self._user, "password": self._password, "provider": "db", "refresh": False}
        answer = self._post("security/login", json.dumps(who).encode(), {})
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        with requests.Session() as session:  # one each: a session's cookie would call for a CSRF token
            session.trust_env = False  # a proxy of the environment is not for 127.0.0.1
            headers = headers | {"User-Agent": WARMER, "Content-Type": "application/json"}
            return session.post(f"{self._url}/api/v1/{path}", data=body, headers=headers, timeout=SECONDS_FOR_ANSWER)


def warm(asker: Asker, asked: AskedCharts, source: DataVersion, version: str) -> Counter[str] | None:
    """Asks for everything once; returns how the answers came about, None when the data changed meanwhile.

    A request that Superset refuses is forgotten: its chart or its columns have gone. Raises requests.RequestException.
    """
    seen: Counter[str] = Counter()
    for file, payload in asked.payloads():
        if source.read() != version:
            return None
        began = time.monotonic()
        answer = asker.ask(payload)
        if answer.ok:
            seen["cached" if all(part["is_cached"] for part in answer.json()["result"]) else "computed"] += 1
        else:
            seen["refused"] += 1
            if answer.status_code in (requests.codes.bad_request, requests.codes.not_found):
                file.unlink(missing_ok=True)
        time.sleep(min(time.monotonic() - began, LONGEST_REST))
    return seen


def main() -> int:
    """Looks every few seconds, until it is ended."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    if missing := [name for name in SETTINGS if not os.environ.get(name)]:
        print(f"missing settings: {', '.join(missing)}", file=sys.stderr)
        return 2
    url = os.environ.get("SUPERSET_URL") or f"http://127.0.0.1:{os.environ.get('SUPERSET_PORT', '8088')}"
    asker = Asker(url, os.environ["SUPERSET_ADMIN_USER"], os.environ["SUPERSET_ADMIN_PASSWORD"])
    asked = AskedCharts(Path(os.environ["SUPERSET_HOME"]) / "asked")
    source = DataVersion(postgres_url.for_libpq(os.environ["WAREHOUSE_READER_URL"]))
    warmed = None
    while True:
        version = source.read()
        if version and version != warmed:
            began = time.monotonic()
            try:
                seen = warm(asker, asked, source, version)
            except requests.RequestException as reason:
                logging.warning("Superset does not answer, trying again: %s", reason)
            else:
                counts = ", ".join(f"{count} {how}" for how, count in seen.items()) if seen else "nothing"
                verdict = counts if seen is not None else "the data changed meanwhile"
                logging.info("Data of %s: %s, %.1f s", version, verdict, time.monotonic() - began)
                warmed = version if seen is not None else None
        time.sleep(SECONDS_BETWEEN_LOOKS)


if __name__ == "__main__":
    sys.exit(main())
