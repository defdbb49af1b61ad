"""docs/environments.md names every setting that there is, with its default, and none that there is not."""

import re
from pathlib import Path

from orchestration.settings import ROOT, Settings

PAGE = ROOT / "docs" / "environments.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", re.MULTILINE)
READ = re.compile(r"""(?i:environ|environment|getenv)(?:\.get)?[\[(]["']([A-Z][A-Z_]+)["']""")
IN_COMPOSE = re.compile(r"\$\{([A-Z_]+)[:}]")
# Of the machine, of Python and of the tests, not of the project.
NOT_OURS = {"PATH", "HOME", "TZ", "UV", "PGDATABASE", "DGI_API_KEY", "DGI_SECRET_KEY"}


def rows() -> dict[str, str]:
    """Setting -> default, as the page has them."""
    return dict(ROW.findall(PAGE.read_text()))


def sources() -> list[Path]:
    files = [*ROOT.glob("superset/*.py"), *ROOT.glob("superset/provisioning/*.py"), *ROOT.glob("deploy/**/*.py")]
    return [*files, *ROOT.glob("orchestration/**/*.py"), *ROOT.glob("stack/*.py")]


def test_every_setting_of_the_pipeline_is_named_with_its_default() -> None:
    named = rows()
    for name, field in Settings.model_fields.items():
        assert name.upper() in named, f"{name.upper()} is missing in {PAGE.name}"
        default = {True: "1", None: None}.get(field.default, str(field.default))
        if default is not None:
            assert named[name.upper()] == f"`{default}`", name.upper()


def test_whatever_else_is_read_from_the_environment_is_named() -> None:
    read = {name for file in sources() for name in READ.findall(file.read_text())}
    read |= set(IN_COMPOSE.findall((ROOT / "docker-compose.yml").read_text()))
    assert len(read) > 20
    assert read - set(rows()) - NOT_OURS == set()


def test_no_setting_is_named_that_nothing_reads() -> None:
    everything = "".join(file.read_text() for file in [*sources(), *ROOT.glob("tests/**/*.py")])
    everything += (ROOT / "docker-compose.yml").read_text()
    known = {name.upper() for name in Settings.model_fields}
    assert [name for name in rows() if name not in known and name not in everything] == []
