"""All dbt models, from staging to the marts, as assets downstream of the raw ones."""

import fcntl
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from orchestration.automation import transform_ahead_of
from orchestration.settings import ROOT, Settings

PROJECT_DIR = ROOT / "dbt_project"
# One transform at a time: two first builds at once collide.
POOL = "dbt"
# The tag of tests whose cost grows with what is stored.
QUALITY = "quality"
_RETRIES, _RETRY_SECONDS = 5, 15.0
_AWAY = (
    "server closed the connection",
    "terminating connection",
    "connection refused",
    "the database system is",
    "connection already closed",
    "could not receive data from server",
)


class Translator(DagsterDbtTranslator):
    """Groups models by their layer; leaves tests of quality to a definition of their own."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The folder under `models/`: staging, core or marts."""
        return str(dbt_resource_props["fqn"][1])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """The check that a test is, unless it is one of quality."""
        if QUALITY in manifest["nodes"][unique_id]["tags"]:
            return None
        return super().get_asset_check_spec(asset_spec, manifest, unique_id, project)


def dbt_project(settings: Settings) -> DbtProject:
    """The dbt project with a manifest that is as new as its files; parses it when it is not."""
    target = settings.var / "dbt" / "target"
    project = DbtProject(PROJECT_DIR, target_path=target)
    target.mkdir(parents=True, exist_ok=True)
    # Webserver, daemon and runs load at the same time; one of them parses.
    with (target / "parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_stale(project.manifest_path):
            dbt_resource(project).cli(["parse", "--quiet"], target_path=target).wait()
    return project


def dbt_resource(project: DbtProject) -> DbtCliResource:
    """The dbt of this Python, wherever PATH may lead; it ends with this process."""
    # A program of its own rather than an interpreter with arguments: it is asked for its version, and for dbt's.
    return DbtCliResource(project_dir=project, dbt_executable=str(Path(sys.executable).with_name("dbt-of-run")))


def build_dbt_assets(project: DbtProject) -> dg.AssetsDefinition:
    """All models and their tests but those of quality, as one asset definition that runs any part of them."""

    @dbt_assets(manifest=project.manifest_path, project=project, dagster_dbt_translator=Translator(), pool=POOL)
    def dbt(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        if ahead := transform_ahead_of(context.instance, context.run):
            context.log.info(f"Nothing to do: all that has been loaded was transformed by run {ahead}.")
            return
        build = ["build", "--exclude-resource-type", "unit_test", "--exclude", f"tag:{QUALITY}"]
        try:
            yield from dbt.cli(build, context=context).stream()
        except DagsterDbtCliRuntimeError as failed:
            if not _server_was_away(str(failed)):
                raise
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from failed

    return dbt


def _server_was_away(text: str) -> bool:
    """Whether Postgres went away meanwhile, so that the same again may well succeed."""
    return any(words in text.lower() for words in _AWAY)


def _is_stale(manifest: Path) -> bool:
    if not manifest.exists():
        return True
    files = (file for file in PROJECT_DIR.rglob("*") if file.suffix in (".sql", ".yml", ".csv", ".md"))
    return any(file.stat().st_mtime > manifest.stat().st_mtime for file in files)
