"""A real Dagster webserver and daemon, and the parts of their GraphQL API that the UI's buttons use."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
_LAUNCH_BACKFILL = """
mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
_BACKFILL = """
query($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } runs { runId status } }
  }
}
"""
_LAUNCH_RUN = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
_RUN = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_SENSORS = """query { sensorsOrError(repositorySelector: {repositoryName: "__repository__",
    repositoryLocationName: "dealer_dashboard"}) { ... on Sensors { results { name sensorState { id } } } } }"""
_SCHEDULES = """query { schedulesOrError(repositorySelector: {repositoryName: "__repository__",
    repositoryLocationName: "dealer_dashboard"}) { ... on Schedules { results { name scheduleState { id } } } } }"""
_STATS = """
query($keys: [AssetKeyInput!]) {
  assetNodes(assetKeys: $keys) {
    assetKey { path }
    partitionStats { numFailed numMaterialized numMaterializing numPartitions }
  }
}
"""

# The daemon at a test's pace: there is no setting for how often it looks at backfills (30 s) and sensors (up to 60 s),
# and none for how often it loads the code location anew (60 s), which takes longer than a run.
_DAEMON = """
from dagster._core.remote_representation.external import RemoteSensor
from dagster._daemon import cli, controller
controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 2
controller.RELOAD_WORKSPACE_INTERVAL = 3600
RemoteSensor.min_interval_seconds = property(lambda sensor: 5)
cli.main()
"""
WORKSPACE = str(ROOT / "workspace.yaml")
# What a test's daemon does by itself unless it is told otherwise: give dealers their partitions.
PARTITIONS = ("dealer_partitions",)


class ApiError(RuntimeError):
    """Dagster answers with an error, as it does while its database is away."""


class DagsterApi:
    """What a person does in the Dagster UI."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str, **variables: Any) -> Any:
        answer = requests.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=300)
        data = answer.json()
        if data.get("errors"):
            raise ApiError(str(data["errors"])[:2000])
        return data["data"]

    def backfill(self, modules: list[str], keys: list[str]) -> str:
        """Materialize partitions as the dialog does. Returns the backfill's id."""
        selection = [{"path": ["raw", module]} for module in modules]
        launched = self.ask(_LAUNCH_BACKFILL, params={"assetSelection": selection, "partitionNames": keys})
        return str(launched["launchPartitionBackfill"]["backfillId"])

    def wait_for_backfill(self, backfill_id: str, seconds: float = 240) -> list[str]:
        """The statuses of the backfill's runs when it has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            backfill = self.ask(_BACKFILL, id=backfill_id)["partitionBackfillOrError"]
            if backfill["status"] != "REQUESTED":
                assert backfill["error"] is None, backfill["error"]
                return [run["status"] for run in backfill["runs"]]
            time.sleep(0.5)
        raise TimeoutError(f"backfill {backfill_id} has not ended: {backfill}")

    def launch(self, job: str, config: dict[str, Any] | None = None, tags: dict[str, str] | None = None) -> str:
        """Launch a job from its launchpad. Returns the run's id."""
        selector = {"repositoryLocationName": "dealer_dashboard", "repositoryName": "__repository__", "jobName": job}
        metadata = {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]}
        params = {"selector": selector, "runConfigData": config or {}, "executionMetadata": metadata}
        launched = self.ask(_LAUNCH_RUN, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def wait_for_run(self, run_id: str, seconds: float = 240) -> str:
        """The run's status when it has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = str(self.ask(_RUN, id=run_id)["runOrError"]["status"])
            if status in ("SUCCESS", "FAILURE", "CANCELED"):
                return status
            time.sleep(0.5)
        raise TimeoutError(f"run {run_id} has not ended: {status}")

    def stop_what_runs_by_itself(self, *but: str) -> None:
        """Stop schedules and sensors, so that no run is launched but those that a test looks at; `but` are left.

        To be called before the daemon starts: a sensor that has looked once may have launched something.
        """
        for one in self.ask(_SENSORS)["sensorsOrError"]["results"]:
            if one["name"] not in but:
                state = one["sensorState"]["id"]
                self.ask("mutation($id: String!) { stopSensor(id: $id) { __typename } }", id=state)
        for one in self.ask(_SCHEDULES)["schedulesOrError"]["results"]:
            state = one["scheduleState"]["id"]
            self.ask("mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }", id=state)

    def is_loaded(self) -> bool:
        """Whether the code location is there."""
        return "results" in self.ask(_SENSORS)["sensorsOrError"]

    def partition_stats(self, modules: list[str]) -> dict[str, dict[str, int]]:
        """Failed, materialized and other partitions of each raw asset, as its page counts them."""
        nodes = self.ask(_STATS, keys=[{"path": ["raw", module]} for module in modules])["assetNodes"]
        return {node["assetKey"]["path"][-1]: node["partitionStats"] for node in nodes}


@contextmanager
def running_dagster(
    env: dict[str, str], port: int, logs: Path, daemon: bool = True, sensors: tuple[str, ...] | None = PARTITIONS
) -> Iterator[DagsterApi]:
    """Webserver and daemon with this environment; they end with the block. Without the daemon runs stay queued.

    Of what runs by itself only these sensors do; with None all does, at the pace of `make up`.
    """
    webserver = str(Path(sys.executable).with_name("dagster-webserver"))
    command = [webserver, "-h", "127.0.0.1", "-p", str(port), "-w", WORKSPACE]
    stock, paced = [str(Path(sys.executable).with_name("dagster-daemon"))], [sys.executable, "-c", _DAEMON]
    api, processes = DagsterApi(f"http://127.0.0.1:{port}"), []
    with (logs / "dagster.log").open("ab") as log:
        try:
            processes.append(subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log))
            _wait(api, processes[0], logs)
            if daemon:
                if sensors is not None:
                    api.stop_what_runs_by_itself(*sensors)
                command = [*(stock if sensors is None else paced), "run", "-w", WORKSPACE]
                processes.append(subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log))
            yield api
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _wait(api: DagsterApi, webserver: subprocess.Popen[bytes], logs: Path) -> None:
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        if webserver.poll() is not None:
            raise RuntimeError((logs / "dagster.log").read_text()[-3000:])
        try:
            if api.is_loaded():
                return
        except (requests.RequestException, ApiError):
            pass
        time.sleep(0.3)
    raise TimeoutError("Dagster's webserver does not answer")
