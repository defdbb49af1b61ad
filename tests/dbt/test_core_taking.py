"""How core tables take loads: each once, in whatever order they commit, and always to the same rows."""

import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from core_tables import DEALER, OTHER_DEALER, Core, new_key
from test_core_models import expected_foreign_keys, foreign_keys

pytestmark = pytest.mark.slow

PROSPECT = ("prospect", "prospect_unit")


def prospect(name: str, *types: str) -> dict[str, Any]:
    return {"namaLengkap": name, "unit": [{"kodeTipeUnit": kind} for kind in types]}


def seen(core: Core, key: str) -> list[tuple[str, list[str]]]:
    """Name and unit types of the prospects with that key."""
    types = [line["kode_tipe_unit"] for line in core.rows("prospect_unit", key)]
    return [(row["nama_lengkap"], types) for row in core.rows("prospect", key)]


def written(core: Core, *tables: str) -> list[tuple[Any, ...]]:
    """Which row versions the tables hold: it changes when a row is written, even with what it had."""
    versions = "select id, xmin::text, ctid::text from core.{} order by id"
    return [row for table in tables for row in core.execute(versions.format(table))]


@pytest.mark.parametrize("types", [("BBB",), (), ("AAA", "AAA", "AAA", "CCC")], ids=["fewer", "none", "more"])
def test_a_changed_document_replaces_its_lines(core: Core, types: tuple[str, ...]) -> None:
    key = new_key()
    core.load("prsp", key, prospect("Sari", "AAA", "BBB"))
    core.run(*PROSPECT)
    (before,) = core.rows("prospect", key)
    core.load("prsp", key, prospect("Sari W.", *types))
    core.run(*PROSPECT)
    assert seen(core, key) == [("Sari W.", list(types))]
    assert core.rows("prospect", key)[0]["id"] == before["id"]


def test_one_run_takes_several_versions_and_the_newest_call_wins(core: Core) -> None:
    key = new_key()
    older, newer = new_key("load"), new_key("load")
    core.put(older, "prsp", key, prospect("older", "AAA"))
    core.put(newer, "prsp", key, prospect("newer", "BBB", "BBB"))
    core.commit(newer)
    core.run(*PROSPECT)
    core.commit(older)
    core.run(*PROSPECT)
    assert seen(core, key) == [("newer", ["BBB", "BBB"])]


def test_loads_that_commit_out_of_order_are_taken_and_uncommitted_ones_are_not(core: Core) -> None:
    early, late = new_key(), new_key()
    core.put("1700000001.0", "prsp", early, prospect("early", "AAA"))
    core.put("1700000002.0", "prsp", late, prospect("late", "BBB"))
    core.commit("1700000002.0")
    core.run(*PROSPECT)
    assert (seen(core, early), seen(core, late)) == ([], [("late", ["BBB"])])
    core.commit("1700000001.0")
    core.run(*PROSPECT)
    assert (seen(core, early), seen(core, late)) == ([("early", ["AAA"])], [("late", ["BBB"])])


def test_nothing_new_touches_nothing(core: Core) -> None:
    core.load("prsp", new_key(), prospect("Sari", "AAA"))
    core.run(*PROSPECT)
    tables = ["dealer", "main_dealer", *PROSPECT, "taken_load", "taken_definition"]
    before = [core.execute(f"select xmin::text, ctid::text, * from core.{table} order by 2") for table in tables]
    core.run("dealer", "main_dealer", *PROSPECT)
    assert before == [
        core.execute(f"select xmin::text, ctid::text, * from core.{table} order by 2") for table in tables
    ]


def test_only_changed_documents_are_written(core: Core) -> None:
    keys = [new_key(), new_key()]
    for key in keys:
        core.load("prsp", key, prospect("Sari", "AAA", "BBB"))
    core.run(*PROSPECT)
    before = set(written(core, *PROSPECT))
    core.load("prsp", keys[0], prospect("Sari", "AAA", "CCC"))
    core.run(*PROSPECT)
    changed = {row[0] for row in set(written(core, *PROSPECT)) - before}
    assert changed == {core.rows("prospect", keys[0])[0]["id"], core.rows("prospect_unit", keys[0])[1]["id"]}


def test_a_deleted_document_stays_is_marked_and_comes_back(core: Core) -> None:
    key = new_key()
    for deleted in (False, True, False):
        core.load("prsp", key, prospect("Sari", "AAA"), deleted=deleted)
        core.run(*PROSPECT)
        assert [row["is_deleted_at_source"] for row in core.rows("prospect", key)] == [deleted]
        assert seen(core, key) == [("Sari", ["AAA"])]


def test_lines_wait_for_their_documents(core: Core) -> None:
    key = new_key()
    core.load("prsp", key, prospect("Sari", "AAA"))
    core.run("prospect_unit")
    assert seen(core, key) == []
    core.run("prospect")
    core.run("prospect_unit")
    assert seen(core, key) == [("Sari", ["AAA"])]


def test_a_load_waits_for_its_dealer(core: Core) -> None:
    key, dealer = new_key(), uuid.uuid4().hex[:5]
    core.load("prsp", key, prospect("Sari", "AAA"), dealer)
    core.run(*PROSPECT)
    assert seen(core, key) == []
    core.add_dealer(dealer, "Q7X")
    core.run("main_dealer", "dealer", *PROSPECT)
    assert seen(core, key) == [("Sari", ["AAA"])]


def test_a_dealer_keeps_its_rows_when_the_registry_forgets_it(core: Core) -> None:
    dealer = uuid.uuid4().hex[:5]
    core.add_dealer(dealer, "Q7X")
    core.run("main_dealer", "dealer")
    core.execute("delete from registry.dealer where id = %s", [dealer])
    core.run("main_dealer", "dealer", full_refresh=True)
    assert core.execute("select id from core.dealer where id = %s", [dealer]) == [(dealer,)]


def test_the_same_key_at_two_dealers_is_two_documents(core: Core) -> None:
    key = new_key()
    core.load("prsp", key, prospect("one", "AAA"))
    core.load("prsp", key, prospect("other", "BBB"), OTHER_DEALER)
    core.run(*PROSPECT)
    rows = core.rows("prospect", key)
    assert {row["dealer_id"]: row["nama_lengkap"] for row in rows} == {DEALER: "one", OTHER_DEALER: "other"}
    assert len({row["id"] for row in rows}) == 2


def test_a_document_follows_its_dealer_to_another_main_dealer(core: Core) -> None:
    key = new_key()
    core.load("prsp", key, prospect("Sari", "AAA"))
    core.run(*PROSPECT)
    core.load("prsp", key, prospect("Sari", "BBB"), main_dealer="K2B")
    core.run(*PROSPECT)
    assert seen(core, key) == [("Sari", ["BBB"])]
    assert core.rows("prospect", key)[0]["main_dealer_id"] == "K2B"


def test_the_whole_from_raw_is_the_same_as_bit_by_bit(core: Core) -> None:
    for n in range(3):
        core.load("prsp", f"whole/{n}", prospect("Sari", "AAA", "AAA"))
        core.load("pkb", f"whole/{n}", {"services": [{"idJob": "J"}], "parts": [{"kuantitas": "1,5"}] * n})
        core.run()
    core.load("prsp", "whole/1", prospect("Sari", "BBB"))
    core.load("pkb", "whole/2", {"services": [], "parts": [{}]}, deleted=True)
    core.run()
    bit_by_bit, before = core.everything(), written(core, *PROSPECT)
    core.run(full_refresh=True)
    assert core.everything() == bit_by_bit
    assert foreign_keys(core) == expected_foreign_keys()
    assert written(core, *PROSPECT) == before, "what is right already is not written again"


def test_refreshing_documents_alone_leaves_lines_and_foreign_keys(core: Core) -> None:
    core.load("prsp", new_key(), prospect("Sari", "AAA"))
    core.run()
    before = core.everything()
    core.run("prospect", "work_order", full_refresh=True)
    assert core.everything() == before
    assert foreign_keys(core) == expected_foreign_keys()


def test_a_refresh_repairs_what_was_tampered_with(core: Core) -> None:
    key = new_key()
    core.load("prsp", key, prospect("Sari", "AAA", "BBB"))
    core.run(*PROSPECT)
    before = core.everything()
    core.execute("update core.prospect set nama_lengkap = 'x' where document_key = %s", [key])
    core.execute("delete from core.prospect_unit where document_key = %s and line_number = 1", [key])
    core.run(*PROSPECT, full_refresh=True)
    assert core.everything() == before


def test_readers_keep_their_answers_during_a_refresh(core: Core) -> None:
    """A refresh takes no lock that a reader would wait for, nor one that it would have to wait for a reader."""
    key = new_key()
    core.load("prsp", key, prospect("Sari", "AAA"))
    core.run(*PROSPECT)
    core.connection.autocommit = False
    try:
        assert seen(core, key) == [("Sari", ["AAA"])]  # and the transaction stays open
        core.run(*PROSPECT, full_refresh=True)
        assert seen(core, key) == [("Sari", ["AAA"])]
    finally:
        core.connection.rollback()
        core.connection.autocommit = True


def test_a_column_that_is_missing_comes_back_with_its_values(core: Core) -> None:
    key = new_key()
    core.load("prsp", key, prospect("Sari", "AAA"))
    core.run(*PROSPECT)
    core.execute("alter table core.prospect drop column nama_lengkap, add column old text")
    core.execute("delete from core.taken_definition where model = 'prospect'")
    core.run("prospect")
    assert seen(core, key) == [("Sari", ["AAA"])]
    assert "old" not in core.rows("prospect", key)[0]
    assert foreign_keys(core) == expected_foreign_keys()


def test_a_table_that_was_dropped_is_filled_anew(core: Core) -> None:
    core.load("inv1", new_key(), {"amount": "1.500.000"})
    core.run("billing")
    before = core.everything()
    core.execute("drop table core.billing")
    core.run("billing")
    assert core.everything() == before
    assert foreign_keys(core) == expected_foreign_keys()


def test_a_table_is_filled_for_the_first_time_beside_another(core: Core, tmp_path: Path) -> None:
    """All tables point to dealers: one that is made and not committed would keep the others from being made."""
    key = new_key()
    core.load("inv1", key, {"amount": "1.500.000"})
    core.execute("drop table core.billing, core.leasing")
    core.execute("delete from core.taken_definition where model = 'leasing'")
    core.connection.autocommit = False
    try:
        core.execute("select id from core.dealer where id = %s for update", [DEALER])  # no invoice of it can be written
        first = core.start("run", "--select", "billing", folder=tmp_path / "billing")
        comes(core, "select 1 from pg_tables where schemaname = 'core' and tablename = 'billing'")
        second = core.start("run", "--select", "leasing", folder=tmp_path / "leasing")
        comes(core, "select 1 from core.taken_definition where model = 'leasing'")
        assert core.rows("billing", key) == []
    finally:
        core.connection.rollback()
        core.connection.autocommit = True
    outputs = [run.communicate(timeout=120)[0] for run in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert len(core.rows("billing", key)) == 1
    assert foreign_keys(core) == expected_foreign_keys()


def comes(core: Core, query: str) -> None:
    """Wait until a query gives a row."""
    deadline = time.monotonic() + 100
    while not core.execute(query):
        assert time.monotonic() < deadline, f"never came: {query}"
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("repetition", range(2))
def test_two_runs_at_once_double_nothing(core: Core, tmp_path: Path, repetition: int) -> None:
    keys = [new_key("both") for _ in range(200)]
    for key in keys[:100]:
        core.load("prsp", key, prospect("Sari", "AAA", "AAA"))
    core.run(*PROSPECT)
    for key in keys:
        core.load("prsp", key, prospect(f"Sari {repetition}", "BBB"))
    runs = [core.start("run", "--select", *PROSPECT, folder=tmp_path / str(n)) for n in range(2)]
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    core.run(*PROSPECT)
    assert [seen(core, key) for key in keys] == [[(f"Sari {repetition}", ["BBB"])]] * 200
    before = core.everything()
    core.run(*PROSPECT, full_refresh=True)
    assert core.everything() == before
