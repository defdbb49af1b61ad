"""Every command in the docs is run by a test: on a stack as its new owner starts it, or by the test named here."""

import ast
import re
from itertools import chain

import pytest
from doc_commands import ROOT, commands, pages
from production import Production

CONNECT = "docs/runbooks/connect-a-main-dealer.md"
# Pages whose commands run here, in this order, on the stack that the first of them connects.
RUN_HERE = (
    CONNECT,
    "docs/runbooks/onboard-a-dealer.md",
    "docs/runbooks/pull-a-range-again.md",
    "docs/runbooks/recover-a-stuck-load.md",
    "docs/runbooks/rotate-keys.md",
    "docs/runbooks/add-a-module.md",
    "docs/pulling.md",
    "docs/backup.md",
)
HERE = "tests/docs/test_commands.py"
# Pages that have a test of their own.
PAGES_ELSEWHERE = {
    "docs/registry.md": "tests/registry/test_registry_page.py::test_the_commands_of_the_page_work",
    "docs/api.md": "tests/data_api/test_docs.py::test_the_examples_of_the_page_work",
}
# Commands that another test runs, or this one in another way.
ELSEWHERE = {
    r"(DEMO=0 )?make up\b": f"{HERE}::test_a_new_owner_connects_a_main_dealer_by_one_page",
    r"make (test|test-quick|test-stories|lint)\b": f"{HERE}::test_make_test_checks_style_and_runs_all_tests",
    r"make status\b|uv run dealers doctor\b": "tests/stack/test_doctor.py::test_all_is_well",
    r"uv run dealers alerts test\b": (
        "tests/alerts/test_delivery.py::test_the_test_command_says_what_came_of_each_address"
    ),
    r"uv run dealers alerts list\b": (
        "tests/alerts/test_delivery.py::test_list_and_status_say_what_is_open_and_that_alerts_are_off"
    ),
    r"uv run dealers erase .* --yes$": (
        "tests/pipeline/test_erasure.py::test_one_person_is_erased_everywhere_and_what_was_sold_stays"
    ),
    r"uv run dealers erase\b": "tests/pipeline/test_erasure.py::test_without_yes_it_shows_what_would_be_erased",
    r"make dictionary\b": "tests/dictionary/test_dictionary.py::test_nothing_that_is_written_from_dbt_is_out_of_date",
    r"make pins\b": "tests/stack/test_pins.py::test_pins_are_written_in_place_of_the_old_ones",
    r"make restore\b": "tests/stack/test_backup.py::test_an_empty_machine_gets_everything_back",
    r"make dashboards-export\b": ("tests/superset/test_dashboards_as_code.py::test_what_was_built_comes_back_as_files"),
    r"git diff --stat$": f"{HERE}::test_every_command_has_its_test",  # looks, and says something only after a change
    r"docker run .* caddy hash-password|echo 'ana ": (
        "tests/deploy/test_proxy.py::test_dagster_asks_for_a_password_and_each_has_its_own_users"
    ),
    r"celery --app=dagster_celery.app worker": (
        "tests/faults/test_run_workers.py::test_two_workers_share_a_backfill_and_one_dies"
    ),
    r"for db in warehouse dagster superset": "tests/stack/test_backup.py::test_an_empty_machine_gets_everything_back",
    r"alias dealers=|dealers main-dealer add": (
        "tests/deploy/test_services.py::test_the_demos_sandbox_fills_the_registry"
    ),
    r"""(# )?[A-Z_]+=(\S*|"[^"]*")(\s+#.*)?$""": (
        "tests/docs/test_environments.py::test_no_setting_is_named_that_nothing_reads"
    ),
}


def elsewhere(command: str) -> str:
    """The test that runs a command, "" when it is to be run here."""
    return next((test for pattern, test in ELSEWHERE.items() if re.match(pattern, command)), "")


def of_page(page: str) -> list[str]:
    """The commands of a page that are run here. What its pulls bring is transformed once, on the first page."""
    mine = [command for command in commands(page) if not elsewhere(command)]
    if page != CONNECT:
        mine = [re.sub(r"^(uv run dealers pull .*)$", r"\1 --no-transform", command) for command in mine]
    return mine


def test_every_command_has_its_test() -> None:
    homeless = [
        f"{page}: {command}"
        for page in pages()
        if page not in RUN_HERE and page not in PAGES_ELSEWHERE
        for command in commands(page)
        if not elsewhere(command)
    ]
    assert homeless == [], "add the page to RUN_HERE, or the test that runs the command to ELSEWHERE"
    assert sum(len(commands(page)) for page in pages()) > 80


@pytest.mark.parametrize("test", sorted({*ELSEWHERE.values(), *PAGES_ELSEWHERE.values()}))
def test_the_tests_named_here_are_there(test: str) -> None:
    file, _, name = test.partition("::")
    functions = [
        node.name for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.FunctionDef)
    ]
    assert name in functions


def test_nothing_named_here_is_there_no_more() -> None:
    everything = list(chain.from_iterable(commands(page) for page in pages()))
    assert {*RUN_HERE, *PAGES_ELSEWHERE} <= set(pages())
    assert [pattern for pattern in ELSEWHERE if not any(re.match(pattern, one) for one in everything)] == []


def test_make_test_checks_style_and_runs_all_tests() -> None:
    """Together, the targets that continuous integration calls leave no test out."""
    makefile = (ROOT / "Makefile").read_text()
    wanted = {
        "test: install-dev lint": "$(SIDE_BY_SIDE) -m 'not stories and not faults'",
        "test-stories: install-dev": "$(SIDE_BY_SIDE) -m stories",
        "test-faults: install-dev": "-m faults -rP --durations=0 --durations-min=1",
        "test-quick: install-dev": "$(SIDE_BY_SIDE) -m 'not slow'",
    }
    for target, options in wanted.items():
        recipe = rf"^{target} ##.*\n(\t.*\n)*\t@\$\(PY\) -m pytest {re.escape(options)}$"
        assert re.search(recipe, makefile, re.M), target
    run = (ROOT / ".ci" / "run").read_text().splitlines()
    assert run[-3:] == ["make test </dev/null", "make test-stories </dev/null", "exec make test-faults </dev/null"]


@pytest.mark.slow
@pytest.mark.stories
@pytest.mark.timeout(900)
def test_a_new_owner_connects_a_main_dealer_by_one_page(production: Production) -> None:
    """And goes on with the other pages, one after the other."""
    listed = "select count(*) from registry.dealer union all select count(*) from pg_tables where schemaname = 'core'"
    assert production.run(f'echo "{listed}" | ARGS=-At make -s psql').split() == ["0", "0"], "the stack is not empty"
    said = production.run(*of_page(CONNECT))
    assert not re.search(r"\brefused\b|[1-9] failed", said), said
    shown = 'echo "select count(*) > 0 from marts.fct_prospect" | ARGS=-At make -s psql'
    assert production.run(shown).split() == ["t"]
    for page in RUN_HERE[1:]:
        production.run(*of_page(page))
