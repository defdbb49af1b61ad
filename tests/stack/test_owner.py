"""The warehouse's owner is used by what must be the owner; all other processes have roles of their own."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Module -> why it connects as the owner.
AS_OWNER = {
    "orchestration/erasure.py": "erases from raw, which nobody else may change",
    "orchestration/registry/migrate.py": "makes tables and grants",
    "orchestration/retention.py": "empties old rejected records in raw",
    "orchestration/settings.py": "says what the address is",
    "stack/__main__.py": "make psql",
}


def uses_owner(path: Path) -> bool:
    """Whether a module asks for the owner's address: by `.warehouse()`, or the setting as it is."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr == "warehouse" for call in calls)


def test_only_maintenance_is_the_owner() -> None:
    folders = ("orchestration", "stack", "data_api", "deploy")
    modules = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in modules if uses_owner(path)}
    assert found == set(AS_OWNER)
