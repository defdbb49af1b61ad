"""The pipeline's services start with the images' files and compose's commands, and do what they are there for."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from containers import Host
from servers import unused_port

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]

# What decides whether a webserver lets its user change anything.
MAY = "{ permissions { permission value } }"
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
    name locationOrLoadError { __typename ... on PythonError { message } }
} } } }"""


def wait_for(sign: Callable[[], bool], what: str, seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not sign():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def is_well(host: Host, name: str) -> bool:
    """Whether a service's own health check says so."""
    command = host.health(name)
    env, folder = host.environment(name), host.image(name).inside(".")
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False).returncode == 0


def ask(port: int, query: str) -> Any:
    answer = requests.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}, timeout=60)
    return answer.json()["data"]


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {name: unused_port() for name in ("code-location", "dagster-webserver", "dagster-viewer")}


@pytest.fixture(scope="module")
def dagster(host: Host, ports: dict[str, int]) -> Iterator[dict[str, int]]:
    """Code location, daemon and both webservers, in the order of compose; where the webservers answer."""
    host.run("databases")
    host.run("warehouse-tables")
    workspace = host.image("dagster-daemon").inside("deploy/docker/workspace.yaml")
    here = f"host: 127.0.0.1, port: {ports['code-location']}"
    addressed = workspace.read_text().replace("host: code-location, port: 4000", here)
    assert addressed != workspace.read_text()
    workspace.write_text(addressed)
    moved = [("0.0.0.0", "127.0.0.1")]
    with ExitStack() as started:
        code = host.command("code-location", *moved, ("4000", str(ports["code-location"])))
        started.enter_context(host.running("code-location", code))
        check = host.services["code-location"]["healthcheck"]["test"]
        check[check.index("4000")] = str(ports["code-location"])
        wait_for(lambda: is_well(host, "code-location"), "the code location")
        started.enter_context(host.running("dagster-daemon"))
        for name in ("dagster-webserver", "dagster-viewer"):
            command = host.command(name, *moved, ("3000", str(ports[name])))
            started.enter_context(host.running(name, command))
            check = host.services[name]["healthcheck"]["test"]
            check[-1] = check[-1].replace(":3000/", f":{ports[name]}/")
        for name in ("dagster-webserver", "dagster-viewer", "dagster-daemon"):
            wait_for(lambda name=name: is_well(host, name), name)  # type: ignore[misc]
        yield ports


def test_the_code_location_loads_from_the_images_files(dagster: dict[str, int]) -> None:
    (location,) = ask(dagster["dagster-viewer"], LOCATIONS)["workspaceOrError"]["locationEntries"]
    assert location["name"] == "dealer_dashboard"
    assert location["locationOrLoadError"]["__typename"] == "RepositoryLocation", location


def test_viewers_may_change_nothing_and_engineers_may(dagster: dict[str, int]) -> None:
    def allowed(name: str) -> set[str]:
        return {entry["permission"] for entry in ask(dagster[name], MAY)["permissions"] if entry["value"]}

    assert allowed("dagster-viewer") == set()
    assert allowed("dagster-webserver") >= {
        "launch_pipeline_execution",
        "launch_partition_backfill",
        "terminate_pipeline_execution",
    }


def test_a_viewer_cannot_start_a_run(dagster: dict[str, int]) -> None:
    launch = """mutation { launchRun(executionParams: {selector: {
        repositoryName: "__repository__", repositoryLocationName: "dealer_dashboard", jobName: "__ASSET_JOB"
    }, runConfigData: "{}"}) { __typename } }"""
    assert ask(dagster["dagster-viewer"], launch)["launchRun"]["__typename"] == "UnauthorizedError"


def test_a_run_is_a_process_of_the_code_location(host: Host, dagster: dict[str, int]) -> None:
    """Launched over gRPC by the daemon, with the warehouse's address that only the code location has."""
    launch = """mutation { launchRun(executionParams: {selector: {
        repositoryName: "__repository__", repositoryLocationName: "dealer_dashboard", jobName: "JOB"
    }, runConfigData: "{}"}) { __typename ... on LaunchRunSuccess { run { runId } } } }"""
    answer = ask(dagster["dagster-webserver"], launch.replace("JOB", "check_quality"))["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    run = answer["run"]["runId"]
    status = f'{{ runOrError(runId: "{run}") {{ ... on Run {{ status startTime }} }} }}'

    def seen() -> Any:
        return ask(dagster["dagster-webserver"], status)["runOrError"]

    # What it finds in an empty warehouse does not matter here: a process took it up and brought it to an end.
    wait_for(lambda: seen()["status"] in ("SUCCESS", "FAILURE"), run)
    assert seen()["startTime"], "the run was never taken up"


def test_the_data_api_answers_from_the_images_files(host: Host) -> None:
    host.run("databases")
    port = unused_port()
    host.changes |= {"API_HOST": "127.0.0.1", "API_PORT": str(port)}
    with host.running("data-api"):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), "the data API")
        assert requests.get(f"http://127.0.0.1:{port}/v1/spk", timeout=30).status_code == 401
        paths = requests.get(f"http://127.0.0.1:{port}/openapi.json", timeout=30).json()["paths"]
    assert len([path for path in paths if path.startswith("/v1/")]) == 2 * 31


def test_the_demos_sandbox_fills_the_registry(host: Host) -> None:
    host.run("databases")
    host.run("warehouse-tables")
    port = unused_port()
    with host.running("sandbox", host.command("sandbox", ("8900", str(port)))):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), "the sandbox")
        host.changes |= {"SANDBOX_PORT": str(port), "DEMO": "1"}
        said = host.run("demo-fleet")
    assert int(said.split()[0]) > 0, said


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False
