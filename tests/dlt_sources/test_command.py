"""The documented command: one module of one dealer, printed, and loaded when asked to."""

import os
import subprocess
import sys

import pytest
from asking import Fleet
from loading import Raw
from sandbox_orders import BOOK, MIXED, Sandbox, dates_back

pytestmark = pytest.mark.slow

FIRST, LAST = (day.isoformat() for day in (dates_back(3)[0], dates_back(1)[0]))


def run(fleet: Fleet, dealer: str, *options: str, secret: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run it for a dealer of the sandbox; its output never shows the secret."""
    key = fleet.key(dealer)
    secret = key.secret_key if secret is None else secret
    env = {**os.environ, "DGI_API_KEY": key.api_key, "DGI_SECRET_KEY": secret}
    server = fleet.server(dealer)
    command = [sys.executable, "-m", "dlt_sources.dgi", "prsp", "--dealer", dealer, "--base-url", server.base_url]
    command += ["--from", FIRST, "--to", LAST, "--timezone", server.time_zone, "--stand-in", *options]
    ran = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)
    assert not secret or secret not in ran.stdout + ran.stderr
    return ran


def test_it_prints_what_came(sandbox: Sandbox, fleet: Fleet) -> None:
    dealer = sandbox.dealers(BOOK)[0]
    ran = run(fleet, dealer)
    assert (ran.returncode, ran.stderr) == (0, "")
    first, *documents = ran.stdout.splitlines()
    assert first.startswith(f"prsp {dealer} {FIRST} 00:00 to {LAST}")
    assert f": records, {sandbox.documents_sent()} documents, 0 rejected, " in first
    assert documents
    assert all("created" in line or "more" in line for line in documents)


def test_a_wrong_secret_ends_in_words_and_exit_1(sandbox: Sandbox, fleet: Fleet) -> None:
    ran = run(fleet, sandbox.dealers(BOOK)[0], secret="wrong-secret")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "refused" in ran.stdout
    assert "the server does not accept this API key and secret" in ran.stdout


def test_without_a_secret_it_says_what_is_missing(sandbox: Sandbox, fleet: Fleet) -> None:
    ran = run(fleet, sandbox.dealers(BOOK)[0], secret="")
    assert ran.returncode == 2
    assert "DGI_SECRET_KEY is not set" in ran.stderr
    assert sandbox.calls() == 0


def test_it_loads_when_asked_to_from_a_server_with_its_own_ways(sandbox: Sandbox, fleet: Fleet, raw: Raw) -> None:
    ran = run(fleet, sandbox.dealers(MIXED)[0], "--token-separator", ":", "--load", raw.url)
    assert (ran.returncode, ran.stderr) == (0, "")
    there = len(raw.versions())
    assert there == sandbox.documents_sent()
    assert f"{there} new or changed documents loaded into raw.prsp" in ran.stdout
