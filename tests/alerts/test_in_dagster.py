"""The sensor in a real daemon: a failed pull of a real run becomes one message, with nobody looking."""

import os
import time
from pathlib import Path

import pytest
from alerts_support import BOOK, Mailbox, Sandbox, Stack, Tick, dates_back, text_of
from dagster_api import running_dagster
from servers import unused_port

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]

_TICKS = """query { sensorOrError(sensorSelector: {repositoryName: "__repository__",
    repositoryLocationName: "dealer_dashboard", sensorName: "alerts"}) { ... on Sensor { sensorState { status
    ticks(limit: 20) { status skipReason error { message } } } } } }"""


def test_the_daemon_sends_one_message_for_a_failed_pull(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox, tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    dealer, (first, last) = sandbox.dealers(BOOK)[0], dates_back(2)
    sandbox.fault("http_500", dealer=dealer)
    config = {"dealers": [dealer], "modules": ["prsp", "spk"], "first": str(first), "last": str(last)}
    environment.setenv("DAGSTER_PUBLIC_URL", "https://dagster.example.org/")
    with running_dagster(dict(os.environ), unused_port(), tmp_path, sensors=("dealer_partitions", "alerts")) as api:
        run_id = api.launch("pull", {"ops": {"dgi": {"config": config}}})
        assert api.wait_for_run(run_id, 400) == "FAILURE"
        deadline = time.monotonic() + 300
        while not mailbox.messages:
            state = api.ask(_TICKS)["sensorOrError"]["sensorState"]
            assert not [one for one in state["ticks"] if one["status"] == "FAILURE"], state
            assert time.monotonic() < deadline, state
            time.sleep(1)
        state = api.ask(_TICKS)["sensorOrError"]["sensorState"]
    assert state["status"] == "RUNNING"
    assert mailbox.subjects == [f"{BOOK}: calls fail (1 dealer, 2 modules)"], "the run itself is no second incident"
    link = "https://dagster.example.org/locations/dealer_dashboard/jobs/retry_failed/playground"
    assert link in text_of(mailbox.messages[0])
