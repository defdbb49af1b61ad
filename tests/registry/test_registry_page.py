"""docs/registry.md: its commands run as they are written, one after the other."""

import os
import re
import sys
from pathlib import Path

import pytest
from registry_support import SECRET, Tables, process

from orchestration.settings import ROOT, Settings

pytestmark = pytest.mark.slow
# Stands in for uv, which may be anywhere or not be there: `uv run X` is X of this environment.
_UV = '#!/bin/sh\n[ "$1" = run ] && shift && exec "$@"\n'


def test_the_commands_of_the_page_work(settings: Settings, tables: Tables, tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / "registry.md").read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) > 8
    (tmp_path / "uv").write_text(_UV)
    (tmp_path / "uv").chmod(0o755)
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "new-secret.txt").write_text(f"{SECRET}-2")
    path = os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]])
    # What begins with make is of a whole stack: tests/registry/test_encryption_key.py rotates the key.
    own = [re.sub(r"^make .*$", "", block, flags=re.MULTILINE) for block in blocks]
    script = "\n".join([f"cd '{tmp_path}'", "set -eu", *own])

    done = process("sh", stdin=script, PATH=path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    dealers = tables.rows("select id, name, main_dealer_id, api_key_id, is_enabled from registry.dealer order by id")
    assert dealers == [("09417", "Jaya Abadi Motor", "Q7X", 1, True), ("09418", "Maju Motor", "Q7X", 1, True)]
    assert tables.rows("select api_key, is_enabled from registry.api_key") == [("key-demo-02", True)]
    assert SECRET not in done.stdout
