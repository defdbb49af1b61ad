"""A run that failed, without anybody killing it: which is launched again, and which is left to people."""

from contextlib import closing

import pytest
from dagster._core.storage.tags import WILL_RETRY_TAG
from machine import Machine
from pipeline_support import Warehouse
from sandbox_orders import MIXED, Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(600)]


def test_a_transform_that_failed_is_launched_again_and_a_pull_is_not(machine: Machine, sandbox: Sandbox) -> None:
    """What kept a transform from its tables may have passed; what a main dealer did, the next pull asks for."""
    with closing(Warehouse(machine.settings)) as warehouse:
        warehouse.execute("alter table raw.rejected_record rename to hidden")
        try:
            transform = machine.api.launch("transform")
            assert machine.api.wait_for_run(transform) == "FAILURE"
        finally:
            warehouse.execute("alter table raw.hidden rename to rejected_record")
    (dealer, *_) = sandbox.dealers(MIXED)
    sandbox.fault("server_failure", dealer=dealer, module="prsl")
    pull = machine.api.launch("pull", {"ops": {"dgi": {"config": {"modules": ["prsl"], "dealers": [dealer]}}}})
    assert machine.api.wait_for_run(pull) == "FAILURE"
    assert machine.end_of(transform)[0] == "FAILURE"
    said = f"select value from run_tags where run_id = '{pull}' and key = '{WILL_RETRY_TAG}'"
    assert machine.dagster.query(said) == [("false",)]
    assert machine.statuses(pull) == ["FAILURE"]
