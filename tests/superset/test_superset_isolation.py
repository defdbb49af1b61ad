"""Superset's folder stands alone, keeps to this machine and starts with nobody's default secret."""

import ast
import runpy
from pathlib import Path

import pytest

SUPERSET = Path(__file__).parents[2] / "superset"
SOURCES = [*SUPERSET.glob("*.py"), *SUPERSET.glob("provisioning/*.py")]
OTHER_FOLDERS = {"dlt_sources", "orchestration", "sandbox", "stack"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_imports_nothing_of_the_other_folders(source: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    assert not imported & OTHER_FOLDERS


@pytest.mark.parametrize("setting", ["SECRET_KEY", "SQLALCHEMY_DATABASE_URI"])
def test_config_has_no_default_for(setting: str) -> None:
    (value,) = (
        node.value
        for node in ast.parse((SUPERSET / "superset_config.py").read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == setting
    )
    nothing_set = {"ENVIRONMENT": {}, "postgres_url": _PassOn}
    with pytest.raises(KeyError):
        eval(compile(ast.Expression(value), setting, "eval"), nothing_set)


class _PassOn:
    """Stands for module postgres_url."""

    @staticmethod
    def for_sqlalchemy(url: str) -> str:
        return url


def test_gunicorn_serves_this_machine_only_and_finds_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERSET_CONFIG_PATH", "to be restored")
    monkeypatch.delenv("SUPERSET_CONFIG_PATH")
    monkeypatch.setenv("SUPERSET_PORT", "8123")
    settings = runpy.run_path(str(SUPERSET / "gunicorn.conf.py"))
    assert settings["bind"] == "127.0.0.1:8123"
    assert settings["os"].environ["SUPERSET_CONFIG_PATH"] == str(SUPERSET / "superset_config.py")


def test_pins_name_no_host() -> None:
    assert "://" not in (SUPERSET / "pyproject.toml").read_text()
