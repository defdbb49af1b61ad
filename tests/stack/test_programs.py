"""What `make up` starts is reachable from this machine alone: Dagster has no login of its own."""

import re
from pathlib import Path

from orchestration.settings import Settings
from stack.programs import programs

SUPERSET = Path(__file__).parents[2] / "superset"


def test_dagster_listens_on_this_machine_only(tmp_path: Path) -> None:
    started = programs(Settings(_env_file=None, var_dir=tmp_path), None)  # type: ignore[call-arg]
    (dagster,) = (program.command for program in started if program.name == "dagster-webserver")
    assert dagster[dagster.index("-h") + 1] == "127.0.0.1"
    assert not [program.name for program in started if "0.0.0.0" in program.command]


def test_containers_publish_the_proxy_and_nothing_else() -> None:
    compose = (SUPERSET.parent / "docker-compose.yml").read_text()
    assert re.findall(r"^    ports: .*$", compose, re.MULTILINE) == [
        '    ports: ["80:8080", "443:8443", "443:8443/udp"]'
    ]
