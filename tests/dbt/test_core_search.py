"""The indexes of `search`: new rows wait in their lists of pending ones, and none does when a run has ended."""

import pytest
from core_tables import Core, new_key

pytestmark = pytest.mark.slow

INDEX = "core.spk__search"


def pending_pages(core: Core) -> int:
    core.execute("create extension if not exists pgstattuple schema public")
    ((pages,),) = core.execute("select pending_pages from public.pgstatginindex(%s)", [INDEX])
    return int(pages)


def test_what_was_pending_is_in_its_place_when_a_run_has_ended(core: Core) -> None:
    core.run("spk")
    core.load("spk", key := new_key(), {"noSpk": key, "namaCustomer": "Siti"})
    core.run("spk")
    assert len(core.rows("spk", key)) == 1
    assert pending_pages(core) == 0
    for name in ("Sari", "Siti"):  # in the end it is what raw says
        core.execute("update core.spk set nama_customer = %s where document_key = %s", [name, key])
    assert pending_pages(core) > 0, "rows do not wait: the test shows nothing"
    core.run("spk")
    assert pending_pages(core) == 0


def test_an_index_of_before_gets_the_setting(core: Core) -> None:
    core.run("spk")
    core.execute(f"alter index {INDEX} reset (gin_pending_list_limit)")
    core.run("spk")
    assert core.execute("select reloptions from pg_class where oid = %s::regclass", [INDEX]) == [
        (["gin_pending_list_limit=65536"],)
    ]
