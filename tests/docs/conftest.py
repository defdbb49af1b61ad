"""A stack as `DEMO=0 make up` makes it, and a sandbox that stands in for the main dealer that its owner connects."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from certificates import Certificate, make_certificate
from doc_commands import ROOT
from production import Production
from sandbox_orders import Sandbox
from servers import running, running_sandbox, unused_port

from orchestration.settings import Settings

# Stands in for uv, which may be anywhere or not be there: `uv run X` is X of this environment.
UV = '#!/bin/sh\n[ "$1" = run ] && shift && exec "$@"\n'


OF_OTHERS = re.compile(r"MAKE|MFLAGS|PYTEST|PYTHON|WAREHOUSE_|DAGSTER_|DBT_|SUPERSET_|PGTZ")
PROXY = """
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{health} {{
    respond "here"
}}
https://localhost:{port} {{
    tls {certificate.chain} {certificate.key}
    reverse_proxy {sandbox}
}}
"""


@contextmanager
def over_tls(sandbox: str, certificate: Certificate, folder: Path) -> Iterator[str]:
    """The sandbox's address over TLS: without a demo nothing else is spoken to."""
    port, health = unused_port(), unused_port()
    file = folder / "Caddyfile"
    file.write_text(PROXY.format(port=port, health=health, certificate=certificate, sandbox=sandbox))
    command = [str(ROOT / ".venv" / "bin" / "caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]
    with running(command, f"http://127.0.0.1:{health}/", os.environ | {"XDG_DATA_HOME": str(folder)}):
        yield f"https://localhost:{port}"


@pytest.fixture(scope="module")  # a whole stack: it must not run beside the tests that come later
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """An empty production-like stack; nothing is registered in it."""
    work = tmp_path_factory.mktemp("checkout")
    for entry in ROOT.iterdir():  # so that what a command writes beside it does not land in the tree
        if entry.name not in ("var", ".env", ".git"):
            (work / entry.name).symlink_to(entry)
    tools = tmp_path_factory.mktemp("tools")
    (tools / "uv-run").mkdir()
    (tools / "uv-run" / "uv").write_text(UV)
    (tools / "uv-run" / "uv").chmod(0o755)
    # Neither what pytest runs under nor the settings of a stack that other tests of this process have set.
    settings = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in settings and not OF_OTHERS.match(name)}
    ports = {name.upper(): str(unused_port()) for name in Settings.model_fields if name.endswith("_port")}
    folder = tmp_path_factory.mktemp("tls")
    certificate = make_certificate(folder, "localhost", 30)
    env = kept | ports | {"DEMO": "0", "VAR_DIR": str(tmp_path_factory.mktemp("var"))}
    env |= {"ALLOW_PRIVATE_ADDRESSES": "1", "TRUSTED_AUTHORITIES": str(certificate.chain)}
    with running_sandbox("--size", "S", "--days", "30") as url, over_tls(url, certificate, folder) as secure:
        fleet = Sandbox(url).fleet
        (key,) = [key for key in fleet["keys"] if key["name"] == "Sentosa Motor"]
        base = next(one["h1_base_url"] for one in fleet["main_dealers"] if one["id"] == "Q7X")
        path = os.pathsep.join([str(tools / "uv-run"), str(ROOT / ".venv" / "bin"), env["PATH"]])
        one = Production(work, env | {"PATH": path}, base.replace(url, secure), base, key["api_key"], key["secret_key"])
        make = shutil.which("make") or "make"
        up = subprocess.run([make, "up"], cwd=work, env=env, capture_output=True, text=True, check=False)
        try:
            assert up.returncode == 0, up.stdout[-3000:] + up.stderr[-3000:]
            yield one
        finally:
            subprocess.run([make, "down"], cwd=work, env=env, capture_output=True, check=True)
