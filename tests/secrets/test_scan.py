"""No secret is committed, and no SQL is put together from what somebody said."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

from orchestration.settings import ROOT

# Known forms of keys and tokens, and texts beside words such as password. Entropy alone finds every UUID and hash.
PLUGINS = [
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector",
    "DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector", "IbmCloudIamDetector", "JwtTokenDetector",
    "MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector",
    "SlackDetector", "SoftlayerDetector", "SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector",
    "TwilioKeyDetector",
]  # fmt: skip
# Where addresses with a password, and keys, are invented: examples, tests, the sandbox's fleet.
INVENTED = re.compile(r"^(tests|docs|sandbox|benchmarks)/")
# A Fernet key, or what token_urlsafe draws: long, with digits, capitals and small letters, in quotes or after =.
DRAWN = re.compile(r"""(?:["']|[:=]\s*)([A-Za-z0-9_-]{40,}={0,2})(?:["']|\s|$)""")
CODE = ("dictionary", "dlt_sources", "orchestration", "stack", "superset", "deploy")
# Where a statement is put together, and from what.
FROM_CONSTANTS = {
    "dlt_sources/dgi/raw_schema.py": "modules of the endpoint registry and tables that are named there",
    "orchestration/alerts/incidents.py": "conditions that are named there",
    "orchestration/pull/gaps.py": "a part of the query that is named there",
    "orchestration/registry/grants.py": "roles and rights that are named there",
    "orchestration/registry/migrate.py": "four schemas that are named there",
}
EXECUTING = {"execute", "executemany", "execute_values", "execute_batch", "copy_expert", "text"}


@pytest.fixture(autouse=True, scope="module")
def plugins() -> Iterator[None]:
    with transient_settings({"plugins_used": [{"name": name} for name in PLUGINS]}):
        yield


def committed() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def found_in(path: Path) -> list[str]:
    found = list(scan_file(str(path)))
    lines = path.read_text(errors="replace").splitlines() if found else []
    # How an address is written, not one.
    real = [secret for secret in found if "//user:password@" not in lines[secret.line_number - 1]]
    return [f"{path.name}:{secret.line_number}: {secret.type}" for secret in real]


def drawn_in(path: Path) -> list[str]:
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        return []
    return [f"{path.name}:{n}" for n, line in enumerate(lines, 1) for one in DRAWN.findall(line) if is_drawn(one)]


def is_drawn(text: str) -> bool:
    kinds = (str.isdigit, str.isupper, str.islower)
    return all(sum(map(kind, text)) >= 4 for kind in kinds) and len(set(text)) > 20


def test_no_secret_is_committed() -> None:
    found = []
    for name in committed():
        if not INVENTED.match(name) and not name.endswith((".png", ".svg")):
            found += [*found_in(ROOT / name), *drawn_in(ROOT / name)]
    assert not found, "take it out, and out of git's history; then replace the secret"


@pytest.mark.parametrize(
    "line",
    [
        "postgresql://dealers:Zk83hsjWmQ0q@db/warehouse",
        "-----BEGIN PRIVATE KEY-----",
        "token = 'ghp_" + "a1B2" * 9 + "'",
        "DGI_ENCRYPTION_KEY=" + "q8Zx3KfW0bTn7RcYvLd2JmHs5PgUeAo1" * 2,
    ],
)
def test_a_secret_is_found(line: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f"{line}\n")
    assert found_in(file) or drawn_in(file)


def test_files_that_hold_secrets_are_not_committed() -> None:
    ignored = ["var/credentials.env", ".env", "secrets/warehouse_url", "tests/x/.env"]
    done = subprocess.run(["git", "check-ignore", *ignored[:3]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ignored[:3]
    assert not [name for name in committed() if Path(name).name in ("credentials.env", ".env")]


def put_together(source: str) -> Iterator[int]:
    """The lines in which a statement that is executed is put together from pieces, in place or one step before."""
    for function in [ast.parse(source), *ast.walk(ast.parse(source))]:
        if not isinstance(function, ast.FunctionDef | ast.Module):
            continue
        assigned = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _name(node.func) in EXECUTING and node.args:
                statement = node.args[0]
                if isinstance(statement, ast.Name):
                    statement = assigned.get(statement.id, statement)
                if _is_made_of_pieces(statement):
                    yield node.lineno


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _is_made_of_pieces(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        # What is written in capitals is a constant of the module.
        pieces = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return any(not (isinstance(piece, ast.Name) and piece.id.isupper()) for piece in pieces)
    if isinstance(node, ast.BinOp):
        return not all(isinstance(side, ast.Constant) for side in (node.left, node.right))
    if isinstance(node, ast.Call) and _name(node.func) == "format" and isinstance(node.func, ast.Attribute):
        made_of = node.func.value
        return not (isinstance(made_of, ast.Call) and _name(made_of.func) == "SQL")
    return False


def test_statements_are_put_together_from_names_by_psycopg2_only() -> None:
    found = {}
    for name in committed():
        if (
            name.endswith(".py")
            and name.split("/")[0] in CODE
            and (lines := set(put_together((ROOT / name).read_text())))
        ):
            found[name] = lines
    assert set(found) == set(FROM_CONSTANTS), found


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ('cursor.execute(f"select {name}")', True),
        ('cursor.execute("select %s" % name)', True),
        ('cursor.execute("select " + name)', True),
        ('cursor.execute("select {}".format(name))', True),
        ('query = f"select {name}"\ncursor.execute(query)', True),
        ('connection.execute(text(f"create schema {name}"))', True),
        ('cursor.execute(f"select {_COLUMNS}")', False),
        ('cursor.execute("select %s", (name,))', False),
        ('cursor.execute(sql.SQL("select {}").format(sql.Identifier(name)))', False),
    ],
)
def test_pieces_are_noticed(code: str, is_found: bool) -> None:
    assert bool(list(put_together(code))) is is_found
