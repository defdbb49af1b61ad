"""Imports run one way: sources know nothing of who schedules them, and nobody knows the sandbox."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"data_api", "dictionary", "dlt_sources", "orchestration", "sandbox", "stack", "superset", "benchmarks"}
MAY_IMPORT = {
    "data_api": {"dlt_sources"},
    "dictionary": set(),
    "dlt_sources": set(),
    "orchestration": {"dlt_sources"},
    "sandbox": set(),
    "superset": set(),
    "stack": {"orchestration"},
}


def imported_by(file: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def files(package: str) -> list[Path]:
    return [file for file in (ROOT / package).rglob("*.py") if ".venv" not in file.parts]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    assert files(package)
    allowed = MAY_IMPORT[package] | {package}
    wrong = {str(file.relative_to(ROOT)): imported_by(file) & OURS - allowed for file in files(package)}
    assert {file: packages for file, packages in wrong.items() if packages} == {}


def test_the_source_knows_nothing_of_dagster() -> None:
    assert not [file for file in files("dlt_sources") if "dagster" in imported_by(file)]


def test_files_stay_short() -> None:
    lengths = {str(f.relative_to(ROOT)): len(f.read_text().splitlines()) for p in MAY_IMPORT for f in files(p)}
    assert {file: length for file, length in lengths.items() if length > 310} == {}
