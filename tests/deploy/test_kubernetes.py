"""The Helm charts' values say what docker-compose.yml says, by keys that the charts know.

The keys below are those of the charts' values.schema.json that are used here, compared with them key by key
(Dagster's of 1.13, Superset's of 0.15): a key that a chart does not know is refused or, worse, passed over in silence.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from containers import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
# Key -> what may stand below it; None: whatever Kubernetes or the chart takes there.
Known = dict[str, Any]
IMAGE: Known = {"repository": None, "tag": None, "pullPolicy": None}
POD: Known = dict.fromkeys(("env", "envSecrets", "podSecurityContext", "securityContext", "resources")) | {
    "image": IMAGE
}
CELERY: Known = dict.fromkeys(("command", "initContainers", "resources", "forceReload"))
DAGSTER: Known = {
    "global": {"postgresqlSecretName": None, "dagsterHome": None, "serviceAccountName": None},
    "generatePostgresqlPasswordSecret": None,
    "postgresql": dict.fromkeys(("enabled", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase"))
    | {"service": {"port": None}},
    "dagster-user-deployments": {
        "enabled": None,
        "enableSubchart": None,
        "deployments": POD | dict.fromkeys(("name", "port", "dagsterApiGrpcArgs", "volumes", "volumeMounts")),
    },
    "runLauncher": {"type": None, "config": {"customRunLauncher": {"module": None, "class": None, "config": None}}},
    "dagsterWebserver": POD | {"enableReadOnly": None},
    "dagsterDaemon": POD
    | {
        "enabled": None,
        "runCoordinator": {
            "enabled": None,
            "type": None,
            "config": {"customRunCoordinator": {"module": None, "class": None, "config": None}},
        },
        "runMonitoring": dict.fromkeys(("enabled", "startTimeoutSeconds", "pollIntervalSeconds")),
        "runRetries": dict.fromkeys(("enabled", "maxRetries", "retryOnAssetOrOpFailure")),
    },
    "telemetry": {"enabled": None},
    "additionalInstanceConfig": None,
    "ingress": {"enabled": None},
}
SUPERSET: Known = {
    "image": IMAGE,
    **dict.fromkeys(("replicaCount", "runAsUser", "envFromSecrets", "extraEnv", "bootstrapScript")),
    "init": dict.fromkeys(("enabled", "loadExamples", "createAdmin", "initscript", "initContainers", "resources")),
    "supersetNode": CELERY,
    "supersetWorker": CELERY,
    "supersetCeleryBeat": CELERY | {"enabled": None},
    "service": {"type": None, "port": None},
    "ingress": dict.fromkeys(
        ("enabled", "ingressClassName", "annotations", "path", "pathType", "hosts", "tls"),
    ),
    "postgresql": {"enabled": None},
    "redis": {"enabled": None},
}


def values(chart: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{chart}.yaml").read_text())
    return content


def unknown(content: Any, known: Known | None, path: str = "") -> list[str]:
    """Paths of the keys that the chart does not know."""
    if known is None or not isinstance(content, dict | list):
        return []
    if isinstance(content, list):
        return [found for entry in content for found in unknown(entry, known, path)]
    wrong = [f"{path}{key}" for key in content if key not in known]
    return wrong + [
        found for key, value in content.items() if key in known for found in unknown(value, known[key], f"{path}{key}.")
    ]


@pytest.mark.parametrize(("chart", "known"), [("dagster", DAGSTER), ("superset", SUPERSET)])
def test_every_key_is_one_of_the_charts(chart: str, known: Known) -> None:
    assert unknown(values(chart), known) == []
    assert unknown(values(chart) | {"imagee": 1}, known) == ["imagee"]


def test_there_are_values_for_both_charts_and_no_others() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"dagster.yaml", "superset.yaml"}


def test_images_are_those_of_compose(services: dict[str, Any]) -> None:
    pinned = {service["image"] for service in services.values()}
    texts = "".join(path.read_text() for path in FOLDER.iterdir())
    used = re.findall(r"repository: registry\.example\.org/([\w/-]+), tag: ([\w.]+)", texts)
    assert len(used) == 4
    assert {f"{name}:{tag}" for name, tag in used} <= pinned


def test_programs_run_as_composes_accounts(services: dict[str, Any]) -> None:
    dagster, superset = values("dagster"), values("superset")
    user = int(services["code-location"]["user"].partition(":")[0])
    pods = [dagster["dagsterWebserver"], dagster["dagsterDaemon"], *dagster["dagster-user-deployments"]["deployments"]]
    assert {pod["podSecurityContext"]["runAsUser"] for pod in pods} == {user}
    assert superset["runAsUser"] == int(services["superset"]["user"].partition(":")[0])


def test_programs_are_started_as_compose_starts_them(services: dict[str, Any]) -> None:
    superset = values("superset")
    assert superset["supersetNode"]["command"] == services["superset"]["command"]
    assert superset["supersetWorker"]["command"] == services["reports-worker"]["command"]
    assert superset["supersetCeleryBeat"]["command"] == services["reports-clock"]["command"]
    assert superset["init"]["initscript"].split() == services["dashboards"]["command"]
    (location,) = values("dagster")["dagster-user-deployments"]["deployments"]
    command = " ".join(services["code-location"]["command"])
    assert command.endswith(" ".join(location["dagsterApiGrpcArgs"]))
    assert f"--port {location['port']}" in command


def test_dagster_runs_as_its_own_instance_file_says() -> None:
    own, chart = yaml.safe_load((ROOT / "orchestration" / "dagster.yaml").read_text()), values("dagster")
    launcher = chart["runLauncher"]["config"]["customRunLauncher"]
    coordinator = chart["dagsterDaemon"]["runCoordinator"]["config"]["customRunCoordinator"]
    assert {key: launcher[key] for key in ("module", "class")} == own["run_launcher"]
    assert {key: coordinator[key] for key in ("module", "class")}.items() <= own["run_coordinator"].items()
    for key, content in chart["additionalInstanceConfig"].items():
        assert content == own[key], key
    retries = chart["dagsterDaemon"]["runRetries"]
    assert (retries["enabled"], retries["maxRetries"]) == (True, own["run_retries"]["max_retries"])
    assert not retries["retryOnAssetOrOpFailure"]


def test_no_secret_stands_in_a_value() -> None:
    for path in Path(FOLDER).iterdir():
        assert not re.search(r"(?i)password: *\S|secret_?key: *\S|://\w+:\w+@", path.read_text()), path.name
