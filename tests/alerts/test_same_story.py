"""Alerts and the dashboard Data Operations tell the same story: what is open in one is open in the other."""

import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import dagster as dg
import psycopg2
import pytest
from alerts_support import BOOK, MIXED, Sandbox, Stack, Tick, dates_back

from orchestration.alerts.coverage import late
from orchestration.alerts.pull_failures import pull_failures
from orchestration.assets.checks import freshness
from orchestration.assets.raw import raw_documents
from orchestration.pull.watcher import Watcher
from orchestration.settings import ROOT, load_settings

pytestmark = [pytest.mark.slow, pytest.mark.stories]


def build(model: str) -> None:
    """What the transform makes of the calls, and no more."""
    command = [str(Path(sys.executable).with_name("dbt")), "run", "--quiet", "--select", f"+{model}"]
    target = load_settings().var / "dbt" / "target"
    done = subprocess.run(
        [*command, "--project-dir", "dbt_project", "--profiles-dir", "dbt_project", "--target-path", str(target)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_windows_failed_are_the_same_in_alerts_and_on_the_dashboard(tick: Tick, stack: Stack, sandbox: Sandbox) -> None:
    """Some fail, some are refused, some are made up for in one or in two windows, some in part."""
    dates, (first, second, third), mixed = dates_back(4), sandbox.dealers(BOOK)[:3], sandbox.dealers(MIXED)[0]
    sandbox.fault("http_500", dealer=first, times=2)
    sandbox.fault("wrong_token", dealer=second, module="spk")
    sandbox.fault("not_found", dealer=mixed, module="inv2")
    sandbox.fault("timeout", dealer=third, times=1)
    stack.pull([first], dates, ["prsp", "spk"])
    stack.pull([third], dates, ["prsp"])
    stack.pull([second, mixed], dates, ["prsp", "spk", "inv2"])
    stack.pull([first], dates[:2], ["prsp", "spk"])
    stack.pull([first], dates[2:], ["spk"])
    stack.pull([third], dates, ["prsp"])
    build("fct_call")
    shown = stack.rows("select dealer_id, module, date_from, date_to from marts.fct_call where is_open_failure")
    assert {row[:2] for row in shown} == {(first, "prsp"), (second, "spk"), (mixed, "inv2")}
    with closing(psycopg2.connect(stack.url)) as connection:
        findings = pull_failures(connection)
    told = {(dealer, module) for finding in findings for dealer in finding.dealers for module in finding.modules}
    assert told == {row[:2] for row in shown}
    windows = [int(n) for finding in findings for n in re.findall(r"\((\d+) windows?\)", finding.error)]
    assert sum(windows) == len(set(shown))
    days: set[date] = {day for finding in findings for day in (finding.first, finding.last) if day}
    assert days == {day for row in shown for day in row[2:]}


def test_the_check_of_freshness_names_the_dealers_that_alerts_call_late(stack: Stack, sandbox: Sandbox) -> None:
    """A check for each module, with a row for each dealer that is late."""
    first, second = sandbox.dealers(BOOK)[:2]
    stack.rows("update raw.api_call set called_at = now() - interval '27 hours' where dealer_id = any(%s) "
               "and module = 'prsp'", [first, second])  # fmt: skip
    result = {one.asset_key.path[-1]: one for one in freshness_of_all_modules()}
    assert len(result) == 15 and [module for module, one in result.items() if not one.passed] == ["prsp"]
    named = {record.data["dealer"] for record in result["prsp"].metadata["longest late"].records}
    with closing(psycopg2.connect(stack.url)) as connection:
        (finding,) = late(connection)
    assert named == set(finding.dealers) == {first, second}
    assert finding.modules == ("prsp",)


def freshness_of_all_modules() -> Sequence[dg.AssetCheckEvaluation]:
    job = dg.define_asset_job("only_freshness", dg.AssetSelection.checks(freshness))
    resources = {"watcher": Watcher()}
    made = dg.Definitions(assets=[raw_documents], asset_checks=[freshness], jobs=[job], resources=resources)
    return made.resolve_job_def(job.name).execute_in_process().get_asset_check_evaluations()
