"""docs/promises.md names a test for every case, and each of them exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "promises.md").read_text())
    assert len(named) > 30
    lacking = [f"{file}::{name}" for file, name in named if name not in _functions(ROOT / file)]
    assert lacking == []


def test_every_fault_test_is_on_the_page() -> None:
    page = (ROOT / "docs" / "promises.md").read_text()
    files = sorted((ROOT / "tests" / "faults").glob("test_*.py"))
    there = [f"{file.relative_to(ROOT)}::{name}" for file in files for name in _functions(file)]
    assert there
    assert [test for test in there if f"`{test}`" not in page] == []


def _functions(file: Path) -> list[str]:
    body = ast.parse(file.read_text()).body if file.exists() else []
    return [node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
