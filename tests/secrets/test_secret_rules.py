"""Outside the demo nothing starts with a secret that is missing, known to everybody or short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from orchestration.settings import ROOT
from stack import credentials
from stack.errors import StackError
from stack.secret_rules import complaints
from stack.sites import prepare
from stack.up import refuse_weak_secrets

KEY = "SUPERSET_SECRET_KEY"
DRAWN = "pX3wHk0tVbE9sYq2LmZc7RjUfGd5NaTi"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        (KEY, "short-1Xq", "too short (9 of at least 32"),
        (KEY, "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET", "everybody knows"),
        (KEY, "thisISaSECRET_1234thisISaSECRET_1234", "everybody knows"),
        (KEY, "a" * 64, "everybody knows"),
        ("SUPERSET_ADMIN_PASSWORD", "admin", "too short"),
        ("SUPERSET_ADMIN_PASSWORD", "password12345678", "everybody knows"),
        ("SUPERSET_ADMIN_PASSWORD", "superset-admin", "everybody knows"),
        ("WAREHOUSE_URL", "postgresql://dealers:dealers@db/warehouse", "a password that is too short"),
        ("WAREHOUSE_URL", "postgresql://dealers:postgres-postgres@db/warehouse", "everybody knows"),
        ("WAREHOUSE_URL", "postgresql://dealers@db/warehouse", "holds no password"),
        ("REDIS_URL", "redis://redis:6379/0", "holds no password"),
        ("DGI_ENCRYPTION_KEY", "nonsense", "drawn by chance"),
        ("DGI_ENCRYPTION_KEY", "A" * 43 + "=", "drawn by chance"),
    ],
)
def test_a_weak_secret_is_named_in_a_sentence_without_its_value(name: str, value: str, why: str) -> None:
    (said,) = complaints({name: value})
    assert said.startswith(f"{name} ") and why in said
    assert value not in said


def test_of_several_encryption_keys_each_counts() -> None:
    good = Fernet.generate_key().decode()
    assert complaints({"DGI_ENCRYPTION_KEY": f"{good},{Fernet.generate_key().decode()}"}) == []
    assert complaints({"DGI_ENCRYPTION_KEY": f"{good},{'A' * 43}="})


def test_a_missing_secret_is_named() -> None:
    assert complaints({KEY: ""}, [KEY]) == [f"{KEY} is not set: without it nothing may start"]


def test_a_role_may_prove_itself_by_a_certificate() -> None:
    assert complaints({"WAREHOUSE_URL": "postgresql://dealers@db/warehouse?sslcert=/run/client.pem"}) == []


def test_what_make_up_generates_will_do(tmp_path: Path) -> None:
    for number in range(50):
        held = credentials.keep(tmp_path / f"{number}.env", 15_999, ())
        assert complaints(held, credentials.SECRETS) == []


def test_what_make_secrets_generates_will_do(tmp_path: Path) -> None:
    made = subprocess.run([sys.executable, ROOT / "deploy" / "make_secrets.py", tmp_path], capture_output=True)
    assert made.returncode == 0
    held = {file.name.upper(): file.read_text().strip() for file in tmp_path.iterdir()}
    assert complaints(held, credentials.SECRETS) == []


def test_the_stack_does_not_start_outside_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DEMO", "0")
    monkeypatch.setenv("SUPERSET_SECRET_KEY", "short")
    monkeypatch.setenv("DAGSTER_DATABASE_URL", "postgresql://dagster:dagster@db/dagster")
    with pytest.raises(StackError) as refused:
        refuse_weak_secrets(prepare())
    assert [line.split()[0] for line in refused.value.message.splitlines()] == [KEY, "DAGSTER_DATABASE_URL"]
    monkeypatch.setenv("DEMO", "1")
    refuse_weak_secrets(prepare())


def test_a_warehouse_elsewhere_may_do_with_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DEMO", "0")
    for name in ("WAREHOUSE_URL", *credentials.READERS):
        monkeypatch.setenv(name, f"postgresql://role:{DRAWN}@db/warehouse")
    refuse_weak_secrets(prepare())
    monkeypatch.setenv(credentials.OPTIONAL[0], "postgresql://loader:loader@db/warehouse")
    with pytest.raises(StackError, match=credentials.OPTIONAL[0]):
        refuse_weak_secrets(prepare())


@pytest.mark.parametrize(("demo", "starts"), [("0", False), ("1", True)])
def test_a_container_of_the_pipeline_does_not_start_outside_the_demo(demo: str, starts: bool, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://dealers:sesame7391@db/warehouse\n")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "VAR_DIR": str(tmp_path), "DEMO": demo}
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "docker" / "entrypoint.py", "--pipeline", "echo", "started"],
        env={**env, "WAREHOUSE_URL_FILE": str(tmp_path / "url")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout == "started\n") is starts
    assert starts or done.stderr.startswith("WAREHOUSE_URL holds a password that is too short")
    assert "sesame7391" not in done.stdout + done.stderr


@pytest.mark.slow
def test_superset_is_not_set_up_outside_the_demo() -> None:
    settings = {
        KEY: DRAWN, "SUPERSET_JWT_KEY": DRAWN,
        "SUPERSET_DATABASE_URL": f"postgresql://superset:{DRAWN}@127.0.0.1:9/superset",
        "WAREHOUSE_DEALER_READER_URL": f"postgresql://dealer_reader:{DRAWN}@127.0.0.1:9/warehouse",
        "WAREHOUSE_PEOPLE_READER_URL": f"postgresql://people_reader:{DRAWN}@127.0.0.1:9/warehouse",
        "WAREHOUSE_READER_URL": f"postgresql://bi_reader:{DRAWN}@127.0.0.1:9/warehouse",
        "SUPERSET_ADMIN_USER": "admin", "SUPERSET_ADMIN_PASSWORD": "admin",
    }  # fmt: skip
    folder = ROOT / "superset"
    command = [folder / ".venv" / "bin" / "python", "bootstrap.py"]
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("SUPERSET_ADMIN_PASSWORD is too short")


def test_both_environments_have_the_same_rules() -> None:
    assert (ROOT / "stack" / "secret_rules.py").read_text() == (ROOT / "superset" / "secret_rules.py").read_text()
