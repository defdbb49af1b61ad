"""The source stands alone: it knows nothing of who schedules it, and does nothing when it is imported."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import dlt_sources

FOLDER = Path(dlt_sources.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))
MODULES = [
    ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__") for path in SOURCES
]
STRANGERS = {"dagster", "orchestration", "sandbox", "stack", "superset", "dbt", "sqlalchemy"}
# What is done on import by libraries is theirs: they are imported before anybody listens.
_IMPORT = """
import importlib, json, sys
import click, dlt, dlt.destinations, msgspec, psycopg2.extras, pyarrow, requests, tenacity
sys.dont_write_bytecode = True
heard, reading = [], (".py", ".pyc", ".so")
def hear(event, values):
    doing = event.startswith(("socket.", "subprocess.", "os.", "shutil.", "tempfile.", "sqlite3."))
    if doing and event != "os.listdir" or event == "open" and not str(values[0]).endswith(reading):
        heard.append(f"{event} {values}")
sys.addaudithook(hear)
for name in sys.argv[1:]:
    importlib.import_module(name)
done = list(heard)
print(json.dumps({"done": done, "loaded": list(sys.modules)}))
"""


@pytest.mark.parametrize("path", SOURCES, ids=MODULES)
def test_no_file_names_a_stranger(path: Path) -> None:
    named = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            named |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports could lead anywhere"
            named.add((node.module or "").partition(".")[0])
    assert not named & STRANGERS


def test_importing_everything_loads_no_stranger_and_does_nothing() -> None:
    command = [sys.executable, "-c", _IMPORT, *MODULES]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=FOLDER.parent)
    told = json.loads(ran.stdout)
    assert told["done"] == []
    # sqlalchemy comes with dlt itself when it is there.
    loaded = {name.partition(".")[0] for name in told["loaded"]}
    assert not loaded & (STRANGERS - {"sqlalchemy"})
    assert set(MODULES) <= set(told["loaded"])
