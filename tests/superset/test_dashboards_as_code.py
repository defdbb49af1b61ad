"""Dashboards go from files into a real Superset and come back from it: unchanged, changed, and made in the browser."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from provisioned import Rest, Superset, copied

pytestmark = [pytest.mark.slow, pytest.mark.stories, pytest.mark.timeout(900)]
UNCHANGED = "the files have all that Superset has"
TABLES = {"dashboards": "dashboards", "charts": "slices", "datasets": "tables", "databases": "dbs"}
PROSPECTS, JOURNEY = "charts/prospect_data/prospects.yaml", "dashboards/customer_journey.yaml"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[str], str]) -> Superset:
    """Superset with the dashboards of this repository."""
    superset = copied(tmp_path_factory.mktemp("filled") / "superset", new_database("superset"))
    superset.run("-m", "provisioning.validation", "--write")
    superset.run("bootstrap.py")
    return superset


def rows(superset: Superset, query: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(superset.env["SUPERSET_DATABASE_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def ids(superset: Superset) -> dict[str, int]:
    """UUID -> id of all that came from files."""
    return {str(uuid): id for table in TABLES.values() for uuid, id in rows(superset, f"select uuid, id from {table}")}


def read(superset: Superset, path: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(superset.assets.joinpath(path).read_text())
    return content


def exported(superset: Superset, *arguments: str) -> list[str]:
    """What an export says, less what Superset logs."""
    said = superset.run("export_assets.py", *arguments).splitlines()
    return [line for line in said if line.startswith(("wrote", "would", "removed", "note:", "make lint", UNCHANGED))]


def test_an_export_of_what_was_imported_changes_no_byte(filled: Superset) -> None:
    before = filled.files()
    assert len([path for path in before if path.startswith("dashboards/")]) == 18
    assert exported(filled) == [UNCHANGED]
    assert filled.files() == before


def test_an_import_again_keeps_all_ids_and_adds_nothing(filled: Superset) -> None:
    before = ids(filled)
    assert len(before) == len(filled.files())
    assert f"{len(before)} assets imported, 0 removed" in filled.run("bootstrap.py", "--force")
    assert ids(filled) == before


@pytest.fixture(scope="module")
def changed(filled: Superset) -> Iterator[list[str]]:
    """What an export says after a person has built, changed and deleted things in the browser; it has been run."""
    with filled.serving() as rest:
        build(rest, filled)
    before = filled.files()
    dry = exported(filled, "--dry-run")
    assert filled.files() == before, "a dry run changes nothing"
    said = exported(filled)
    assert [line.replace("would write", "wrote").replace("would remove", "removed") for line in dry] == said
    assert UNCHANGED in exported(filled), "an export again finds nothing more"
    yield said


def build(rest: Rest, superset: Superset) -> None:
    """A dashboard as a person makes it: its charts, then the tabs, then a filter for the second of them."""
    known = ids(superset)
    prospects = known[read(superset, PROSPECTS)["dataset_uuid"]]
    dealers = known[read(superset, "datasets/dim_dealer.yaml")["uuid"]]
    board = rest.post("/dashboard/", dashboard_title="Sales meeting: June!", published=False)
    first, second = (
        rest.post(
            "/chart/", slice_name=name, viz_type="big_number_total", datasource_id=prospects, datasource_type="table",
            params=json.dumps({"metric": "prospects", "adhoc_filters": [], "slice_id": 9}),
            query_context=json.dumps({"datasource": {"id": prospects, "type": "table"}}), dashboards=[board],
        )
        for name in ("Prospects, all", "Prospects / ours")
    )  # fmt: skip
    rest.post(
        "/chart/", slice_name="Tried", viz_type="table", datasource_id=prospects, datasource_type="table", params="{}"
    )
    tab = {"type": "TAB", "parents": ["ROOT_ID", "TABS-Xy1"]}
    position = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["TABS-Xy1"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": "Sales meeting: June!"}},
        "TABS-Xy1": {
            "type": "TABS",
            "id": "TABS-Xy1",
            "children": ["TAB-a7", "TAB-b8"],
            "parents": ["ROOT_ID"],
            "meta": {},
        },
        "TAB-a7": tab | {"id": "TAB-a7", "children": ["ROW-c"], "meta": {"text": "All", "defaultText": "Tab title"}},
        "TAB-b8": tab | {"id": "TAB-b8", "children": ["ROW-d"], "meta": {"text": "Ours", "defaultText": "Tab title"}},
    }
    for row, parent, chart, node in (("ROW-c", "TAB-a7", first, "CHART-e"), ("ROW-d", "TAB-b8", second, "CHART-f")):
        above = ["ROOT_ID", "TABS-Xy1", parent]
        meta = {"background": "BACKGROUND_TRANSPARENT"}
        position[row] = {"type": "ROW", "id": row, "children": [node], "parents": above, "meta": meta}
        meta = {"chartId": chart, "width": 4, "height": 30, "sliceName": "An older name"}
        position[node] = {"type": "CHART", "id": node, "children": [], "parents": [*above, row], "meta": meta}
    native = {
        "id": "NATIVE_FILTER-Qw9", "name": "Dealer", "type": "NATIVE_FILTER", "filterType": "filter_select",
        "targets": [{"datasetId": dealers, "column": {"name": "dealer_id"}}], "cascadeParentIds": [],
        "scope": {"rootPath": ["TAB-b8"], "excluded": [first]}, "controlValues": {"multiSelect": False},
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}}, "description": "",
        "chartsInScope": [second], "tabsInScope": ["TAB-b8"],
    }  # fmt: skip
    crossing = {str(first): {"id": first, "crossFilters": {"scope": {"rootPath": ["TAB-a7"], "excluded": [first]}}}}
    metadata = {"positions": position, "native_filter_configuration": [native], "chart_configuration": crossing}
    rest.put(f"/dashboard/{board}", json_metadata=json.dumps(metadata))
    # and changes to what came from files: a chart under a new name, another one gone
    rest.put(f"/chart/{known[read(superset, PROSPECTS)['uuid']]}", slice_name="Prospects, renamed")
    rest.delete(f"/chart/{known[deleted(superset)]}")
    rest.put(f"/dataset/{prospects}?override_columns=false", metrics=[*metrics(rest, prospects), ADDED])


ADDED = {"metric_name": "of_the_browser", "expression": "count(*)"}


def metrics(rest: Rest, dataset: int) -> list[dict[str, Any]]:
    kept = ("id", "metric_name", "expression", "verbose_name", "description", "d3format")
    return [{key: each[key] for key in kept} for each in rest.get(f"/dataset/{dataset}")["metrics"]]


def deleted(superset: Superset) -> str:
    """The UUID of the chart that is deleted: the first of another dashboard."""
    return str(yaml.safe_load((superset.assets / DELETED).read_text())["uuid"])


DELETED = "charts/customer_journey/freshness.yaml"


def test_what_was_built_comes_back_as_files(filled: Superset, changed: list[str]) -> None:
    assert changed == [
        f"removed {DELETED}",
        "wrote charts/prospect_data/prospects.yaml",
        "wrote charts/sales_meeting_june/prospects_all.yaml (new)",
        "wrote charts/sales_meeting_june/prospects_ours.yaml (new)",
        f"wrote {JOURNEY}",
        "wrote dashboards/prospect_data.yaml",
        "wrote dashboards/sales_meeting_june.yaml (new)",
        "note: datasets/fct_prospect.yaml: of_the_browser was added in the browser; metrics belong in dbt: add it to "
        "config.meta.metrics of the mart, then run make dictionary",
        "note: chart 'Tried' is on no dashboard: left out",
        "make lint will refuse: dashboards/sales_meeting_june.yaml: it has no description",
    ]
    assert read(filled, PROSPECTS)["slice_name"] == "Prospects, renamed"
    board = read(filled, "dashboards/sales_meeting_june.yaml")
    first, second = (read(filled, f"charts/sales_meeting_june/prospects_{name}.yaml") for name in ("all", "ours"))
    assert set(first) == {"dataset_uuid", "params", "slice_name", "uuid", "viz_type"}
    assert first["params"] == {"metric": "prospects"}
    assert (board["slug"], board["published"]) == ("sales-meeting-june", False)
    assert [(tab["text"], tab["children"][0]["children"][0]["uuid"]) for tab in board["layout"]] == [
        ("All", first["uuid"]),
        ("Ours", second["uuid"]),
    ]
    (native,) = board["filters"]
    assert native["scope"] == {"rootPath": ["TAB-2"], "excluded": [first["uuid"]]}
    assert native["controlValues"] == {"multiSelect": False}
    assert board["cross_filters"]["charts"] == {first["uuid"]: {"rootPath": ["TAB-1"], "excluded": [first["uuid"]]}}


def test_the_files_make_the_same_dashboard_elsewhere(
    filled: Superset, changed: list[str], tmp_path: Path, new_database: Callable[[str], str]
) -> None:
    other = copied(tmp_path / "superset", new_database("other"))
    for path in ("charts", "dashboards", "datasets"):
        shutil.rmtree(other.assets / path)
    used = ["charts/sales_meeting_june/prospects_all.yaml", "charts/sales_meeting_june/prospects_ours.yaml"]
    used += ["dashboards/sales_meeting_june.yaml", "datasets/dim_dealer.yaml", "datasets/fct_prospect.yaml"]
    for path in used:
        (other.assets / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(filled.assets / path, other.assets / path)
    other.run("bootstrap.py")
    assert exported(other) == [UNCHANGED]
    known = ids(other)
    charts = [known[read(other, path)["uuid"]] for path in used[:2]]
    ((position, metadata),) = rows(other, "select position_json, json_metadata from dashboards")
    (native,) = json.loads(metadata)["native_filter_configuration"]
    assert native["scope"] == {"rootPath": ["TAB-2"], "excluded": charts[:1]}
    assert native["targets"] == [{"datasetId": known[read(other, used[3])["uuid"]], "column": {"name": "dealer_id"}}]
    nodes = json.loads(position)
    tabs = [nodes[tab] for tab in nodes[nodes["ROOT_ID"]["children"][0]]["children"]]
    assert [tab["meta"]["text"] for tab in tabs] == ["All", "Ours"]
    assert [nodes[nodes[tab["children"][0]]["children"][0]]["meta"]["chartId"] for tab in tabs] == charts
    assert sorted(rows(other, "select slice_id from dashboard_slices")) == sorted((chart,) for chart in charts)


def test_an_import_removes_what_has_no_file_and_leaves_alone_what_people_made(
    filled: Superset, changed: list[str]
) -> None:
    before = ids(filled)
    slug = read(filled, JOURNEY)["slug"]
    gone = {read(filled, path)["uuid"] for path in filled.files() if "customer_journey" in path}
    for path in [path for path in filled.files() if "customer_journey" in path]:
        filled.assets.joinpath(path).unlink()
    said = filled.run("bootstrap.py")
    assert f"{len(filled.files())} assets imported, {len(gone)} removed" in said
    assert {uuid: before[uuid] for uuid in before if uuid not in gone} == ids(filled)
    assert rows(filled, f"select id from dashboards where slug = '{slug}'") == []
    assert rows(filled, "select count(*) from slices where slice_name = 'Tried'") == [(1,)]
