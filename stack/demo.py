"""The demo: the sandbox's main dealers and dealers entered in the registry, and their documents pulled once."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2
import requests

from orchestration.pull.locks import holding_catch_up
from orchestration.registry.fleet import register
from orchestration.settings import ROOT
from stack.errors import StackError
from stack.programs import inherited
from stack.progress import Steps
from stack.sites import Site


def fill(site: Site, steps: Steps) -> None:
    """Register the demo fleet and, unless that has been done with this fleet, pull what the sandbox keeps."""
    fleet = _fetch_fleet(f"http://127.0.0.1:{site.settings.sandbox_port}")
    # New dealers would be pulled by the sensor `catch_up`, too.
    warehouse = site.settings.loader().set(drivername="postgresql").render_as_string(hide_password=False)
    with holding_catch_up(warehouse):
        with steps.step("The demo's dealers"):
            register(site.settings, fleet)
        mark = site.var / "demo-pulled"
        wanted = _fingerprint(site, fleet)
        if mark.exists() and mark.read_text() == wanted and _has_calls(warehouse):
            return
        _pull(site, fleet, steps)
        mark.write_text(wanted)


def _fetch_fleet(sandbox: str) -> dict[str, Any]:
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment is not for 127.0.0.1
    try:
        answer = session.get(f"{sandbox}/sandbox/fleet", timeout=60)
        answer.raise_for_status()
        return dict(answer.json())
    except requests.RequestException as reason:
        raise StackError(f"The sandbox does not tell its fleet: {reason}") from reason


def _days_kept(fleet: dict[str, Any], days: int) -> tuple[date, date]:
    """First and last day of what the sandbox keeps, by the calendar of the main dealer whose day is the latest.

    The first is the one of which a part can still be had: nothing remains to be caught up.
    """
    last = max(datetime.now(ZoneInfo(main_dealer["timezone"])).date() for main_dealer in fleet["main_dealers"])
    return last - timedelta(days=days), last


def _pull(site: Site, fleet: dict[str, Any], steps: Steps) -> None:
    first, last = _days_kept(fleet, site.settings.sandbox_days)
    steps.say(f"  {steps.elapsed():6.1f} s  First pull: {first} to {last}, all dealers and modules")
    command = [sys.executable, "-m", "orchestration.cli", "pull", "--from", first.isoformat(), "--to", last.isoformat()]
    with steps.terminal_for_another():
        done = subprocess.run(
            command, cwd=ROOT, env={**inherited(os.environ), **site.environment}, stdin=subprocess.DEVNULL, check=False
        )
    if done.returncode:
        raise StackError(
            "The first pull did not get everything (see above). The stack runs; make up again pulls what is missing."
        )


def _fingerprint(site: Site, fleet: dict[str, Any]) -> str:
    settings = site.settings
    parts = [fleet, settings.sandbox_size, settings.sandbox_seed, settings.sandbox_days, str(settings.warehouse_url)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _has_calls(warehouse_url: str) -> bool:
    """Whether the warehouse knows of any call: it may have been emptied or replaced since the first pull."""
    connection = psycopg2.connect(warehouse_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass('raw.api_call') is not null")
            (exists,) = cursor.fetchone() or (False,)
            if exists:
                cursor.execute("select exists (select from raw.api_call)")
                (exists,) = cursor.fetchone() or (False,)
    finally:
        connection.close()
    return bool(exists)
