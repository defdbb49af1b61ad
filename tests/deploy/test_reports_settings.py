"""Reports are off unless both queue and mail server are named; mail is encrypted unless that is switched off."""

import json
import subprocess
from typing import Any

import pytest
from containers import ROOT

SUPERSET = ROOT / "superset"
CALL = """
import json, sys, reports
found = reports.settings(json.loads(sys.argv[1]), "/folder")
print(json.dumps({name: value for name, value in found.items() if name.startswith(("SMTP", "WEBDRIVER_B"))}))
"""
ON = {"REDIS_URL": "redis://127.0.0.1:6379/0", "SMTP_HOST": "smtp.example.org"}


def settings(**environment: str) -> dict[str, Any]:
    command = [SUPERSET / ".venv" / "bin" / "python", "-c", CALL, json.dumps(environment)]
    done = subprocess.run(command, cwd=SUPERSET, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("missing", ["REDIS_URL", "SMTP_HOST"])
def test_without_queue_or_mail_server_there_are_no_reports(missing: str) -> None:
    assert settings(**{name: value for name, value in ON.items() if name != missing}) == {}


def test_mail_goes_by_starttls_and_the_certificate_is_checked() -> None:
    found = settings(**ON, SMTP_PORT="", SMTP_SECURITY="", SUPERSET_PUBLIC_URL="https://dashboards.example.org/")
    assert (found["SMTP_PORT"], found["SMTP_STARTTLS"], found["SMTP_SSL"]) == (587, True, False)
    assert found["SMTP_SSL_SERVER_AUTH"] is True
    assert found["WEBDRIVER_BASEURL_USER_FRIENDLY"] == "https://dashboards.example.org/"
    assert found["WEBDRIVER_BASEURL"] == "http://127.0.0.1:8088/"


def test_an_unknown_way_of_encryption_is_refused() -> None:
    with pytest.raises(AssertionError, match="SMTP_SECURITY is one of starttls, tls and none"):
        settings(**ON, SMTP_SECURITY="ssl")
