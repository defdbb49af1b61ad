"""A module more costs what docs/runbooks/add-a-module.md says and nothing else: here it is done, in a copy of the tree.

The texts of the page are put where it says. Then a main dealer that has the module is asked, and the copy's own tests
say what they think of it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from textwrap import indent
from typing import Any

import psycopg2
import pytest
from cryptography.fernet import Fernet
from stand_in import Reply, Request, records, stand_in

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "runbooks" / "add-a-module.md"
TEXT = re.compile(r"^```\w+ (\S+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
END_OF_ENDPOINTS = ")\n\nENDPOINTS:"
# What Dagster has of the module; staging is built and checked by the jobs that do so every day.
LOOK = """
import json, os
import dagster as dg
from orchestration.definitions import build_definitions
from orchestration.pull.watcher import Watcher
from orchestration.settings import load_settings

os.environ.update(load_settings().environment())
raw, staging = dg.AssetKey(["raw", "clm"]), dg.AssetKey(["staging", "stg_dgi__clm"])
definitions = build_definitions(Watcher())
graph = definitions.resolve_asset_graph()
with dg.DagsterInstance.get() as instance:
    transform = definitions.resolve_job_def("transform")
    built = transform.execute_in_process(instance=instance, asset_selection=[staging], raise_on_error=False)
    checked = definitions.resolve_job_def("check_quality").execute_in_process(instance=instance, raise_on_error=False)
    checks = [one for one in checked.get_asset_check_evaluations() if one.asset_key == staging]
    print(json.dumps({
        "partitions": sorted(instance.get_materialized_partitions(raw)),
        "dimensions": list(graph.get(raw).partitions_def.partition_dimension_names),
        "downstream": [key.to_user_string() for key in graph.get(raw).child_keys],
        "raw checks": sorted(key.name for key in graph.get(raw).check_keys),
        "staging checks": {check.check_name: check.passed for check in checks},
        "built": built.success,
    }))
"""
pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Copy:
    """The tree with a module more, and a warehouse of its own."""

    folder: Path
    env: dict[str, str]

    def run(self, *command: str) -> str:
        """What a program of the copy says on standard output. Raises AssertionError with all that it said."""
        done = subprocess.run(
            [sys.executable, *command], cwd=self.folder, env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.env["WAREHOUSE_URL"])) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[str], str]) -> Copy:
    """The copy with the page's texts in it, its tables made."""
    folder, var = tmp_path_factory.mktemp("copy") / "project", tmp_path_factory.mktemp("var")
    leave_out = shutil.ignore_patterns(".*", "var", "superset", "__pycache__", "images")
    shutil.copytree(ROOT, folder, ignore=leave_out)
    apply(PAGE.read_text(), folder)
    (var / "dagster_home").mkdir()
    (var / "dagster_home" / "dagster.yaml").symlink_to(folder / "orchestration" / "dagster.yaml")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": str(folder),  # before this checkout, which is installed
        "VAR_DIR": str(var),
        "DAGSTER_HOME": str(var / "dagster_home"),
        "WAREHOUSE_URL": new_database("warehouse"),
        "DAGSTER_DATABASE_URL": new_database("dagster"),
        "DGI_ENCRYPTION_KEY": Fernet.generate_key().decode(),
    }
    one = Copy(folder, env)
    one.run("-m", "orchestration.cli", "migrate")
    return one


def apply(page: str, folder: Path) -> None:
    """Put the page's texts into the tree: an entry goes to the end of the endpoints, others are files of their own."""
    texts = dict(TEXT.findall(page))
    endpoints = folder / "dlt_sources" / "dgi" / "endpoints.py"
    head, _, tail = endpoints.read_text().partition(END_OF_ENDPOINTS)
    entry = indent(texts.pop("dlt_sources/dgi/endpoints.py").rstrip() + ",\n", "    ")
    endpoints.write_text(head + entry + END_OF_ENDPOINTS + tail)
    assert len(texts) == 3
    for path, text in texts.items():
        assert not (folder / path).exists(), path
        (folder / path).write_text(text)


def test_it_is_pulled_partitioned_staged_and_checked(copy: Copy) -> None:
    sent = json.loads((copy.folder / "tests" / "payloads" / "clm.json").read_text())
    yesterday = (datetime.now(UTC) + timedelta(hours=7) - timedelta(days=1)).date()
    sent |= dict.fromkeys(("createdTime", "modifiedTime"), f"{yesterday:%d/%m/%Y} 10:02:11")

    def answer(request: Request) -> Reply:
        return records(sent) if request.path.endswith("/clm/read") else Reply(b"", 404)

    with stand_in(answer) as server:
        dealers = ("-m", "orchestration.cli")
        copy.run(
            *dealers, "main-dealer", "add", "--id", "OWN", "--name", "Own", "--base-url", server.url,
            "--timezone", "Asia/Jakarta", "--module", "clm",
        )  # fmt: skip
        secret = copy.folder / "secret.txt"
        secret.write_text("of-a-test")
        copy.run(
            *dealers, "key", "add", "--main-dealer", "OWN", "--name", "G", "--api-key", "k", "--secret-key-file",
            str(secret),
        )  # fmt: skip
        copy.run(*dealers, "add", "--main-dealer", "OWN", "--dealer-id", "09417", "--name", "D", "--key", "G")
        copy.run(*dealers, "pull", "--from", str(yesterday), "--to", str(yesterday), "--no-transform")
        assert {request.path.rpartition("/dgi-api")[2] for request in server.requests} == {"/v1.3/clm/read"}

    assert copy.rows("select module, outcome, documents from raw.api_call") == [("clm", "records", 1)]
    seen = json.loads(copy.run("-c", LOOK).splitlines()[-1])
    assert seen["partitions"] == [f"{yesterday}|09417"]
    assert sorted(seen["dimensions"]) == ["date", "dealer"]
    assert seen["downstream"] == ["staging/stg_dgi__clm"]
    assert seen["raw checks"] == ["documented_fields", "freshness"]
    assert seen["built"]
    assert len(seen["staging checks"]) == 2
    assert all(seen["staging checks"].values()), seen["staging checks"]
    staged = copy.rows("select document_key, total_claim, jsonb_array_length(parts), unread_fields "
                       "from staging.stg_dgi__clm")  # fmt: skip
    assert staged == [(sent["noClaim"], Decimal(149_300), 1, [])]


def test_nothing_is_missing_by_the_copys_own_tests(copy: Copy) -> None:
    tests = [
        "tests/test_coverage_of_modules.py",
        "tests/dlt_sources/test_documents.py",
        "tests/dbt/test_staging_models.py",
    ]
    said = copy.run("-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", "clm or missing_for or mission")
    assert re.search(r"\b1[0-9] passed", said), said
