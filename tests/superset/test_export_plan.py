"""What an export writes, removes and leaves alone, when files and browser have gone different ways."""

import copy
import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from assets_of_a_test import BOARD, DATASET, TILE, TREND, Files, chart, complete

SUPERSET = Path(__file__).parents[2] / "superset"
BOARD_FILE, TILE_FILE = "dashboards/orders.yaml", "charts/orders/tile.yaml"
GENERATED = ["datasets/fct_order.yaml", "datasets/dim_dealer.yaml"]
STYLE = ".grid { color: red }"
NEW, OWN = "99999999-0000-4000-8000-000000000001", "99999999-0000-4000-8000-000000000002"


@pytest.fixture(autouse=True)
def superset_folder_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SUPERSET))


@pytest.fixture
def files() -> Files:
    return {path: asset for path, asset in complete().items() if not path.startswith("databases/")}


def in_superset(files: Files) -> dict[str, tuple[str, dict[str, Any]]]:
    """The files as Superset has them after an import, with what that adds: style and descriptions."""
    expand = importlib.import_module("provisioning.normal_form").expand
    held = {path: (path.split("/")[0], expand(path, copy.deepcopy(asset))) for path, asset in files.items()}
    for kind, asset in held.values():
        if kind == "dashboards":
            asset["css"] = STYLE
        if (asset.get("params") or {}).get("metric"):
            asset["description"] = "Orders: all"
    return held


def planned(files: Files, held: dict[str, tuple[str, dict[str, Any]]], imported: Files) -> Any:
    module = importlib.import_module("provisioning.export_plan")
    return module.plan(files, GENERATED, held.values(), module.digests(imported, STYLE))


def test_what_is_as_it_was_imported_stays(files: Files) -> None:
    plan = planned(files, in_superset(files), files)
    assert (plan.writes, plan.removals, plan.notes, plan.conflicts) == ({}, [], [], [])


def test_a_style_that_has_changed_since_is_not_taken_for_one_of_the_dashboards_own(files: Files) -> None:
    held = in_superset(files)
    assert planned(files, held, files).writes == {}
    held[BOARD_FILE][1]["css"] = "own"
    assert yaml.safe_load(planned(files, held, files).writes[BOARD_FILE])["css"] == "own"


def test_a_change_in_the_browser_is_written(files: Files) -> None:
    held = in_superset(files)
    held[TILE_FILE][1]["params"]["subtitle"] = "now"
    held[TILE_FILE][1]["query_context"] = "{}"
    (text,) = planned(files, held, files).writes.values()
    expected = files[TILE_FILE] | {"params": {"metric": "orders", "subtitle": "now"}}
    assert yaml.safe_load(text) == expected, "neither the derived description nor the query comes along"


def test_what_the_editor_adds_by_itself_is_no_change(files: Files) -> None:
    held = in_superset(files)
    untouched = importlib.import_module("provisioning.control_defaults").UNTOUCHED
    grid = {"matrixify_enable": False, "matrixify_row_height": 300}
    held[TILE_FILE][1]["params"] |= (
        untouched | grid | {"y_axis_title_margin": 15, "temporal_columns_lookup": {"x": True}}
    )
    assert planned(files, held, files).writes == {}
    held[TILE_FILE][1]["params"]["row_limit"] = 5
    (text,) = planned(files, held, files).writes.values()
    assert yaml.safe_load(text)["params"] == {"metric": "orders", "row_limit": 5}


def test_a_file_that_is_newer_than_superset_is_left_alone(files: Files) -> None:
    held = in_superset(files)
    newer = files | {TILE_FILE: files[TILE_FILE] | {"cache_timeout": 5}}
    plan = planned(newer, held, files)
    assert (plan.writes, plan.conflicts) == ({}, [])
    assert plan.notes == [f"{TILE_FILE}: newer than what Superset has; make up brings it there"]


def test_what_has_changed_in_both_places_is_left_to_the_person(files: Files) -> None:
    held = in_superset(files)
    held[TILE_FILE][1]["slice_name"] = "Changed"
    both = files | {TILE_FILE: files[TILE_FILE] | {"cache_timeout": 5}}
    plan = planned(both, held, files)
    assert TILE_FILE not in plan.writes
    assert plan.conflicts == [f"{TILE_FILE}: has changed in the browser and in its file since its import"]
    del held[TILE_FILE]
    assert planned(both, held, files).conflicts == [
        f"{TILE_FILE}: was deleted in the browser, and its file has changed since its import"
    ]


def test_a_deleted_chart_loses_its_file_and_its_place(files: Files) -> None:
    held = in_superset(files)
    del held[TILE_FILE]
    plan = planned(files, held, files)
    assert plan.removals == [TILE_FILE]
    board = yaml.safe_load(plan.writes[BOARD_FILE])
    assert TILE not in str(board["layout"]) + str(board["filters"])
    assert TREND in str(board["layout"])


def test_a_file_that_was_never_imported_is_not_removed(files: Files) -> None:
    held = in_superset(files)
    del held[TILE_FILE]
    before = {path: asset for path, asset in files.items() if path != TILE_FILE}
    plan = planned(files, held, before)
    assert plan.removals == []
    assert f"{TILE_FILE}: not in Superset yet; make up brings it there" in plan.notes


def test_what_lost_its_file_does_not_come_back(files: Files) -> None:
    fewer = {path: asset for path, asset in files.items() if path != TILE_FILE}
    plan = planned(fewer, in_superset(files), files)
    assert plan.writes == {}
    assert plan.notes == ["chart 'Orders' has no file any more; make up removes it"]


def test_a_metric_of_the_browser_belongs_in_dbt(files: Files) -> None:
    held = in_superset(files)
    dataset = held["datasets/fct_order.yaml"][1]
    dataset["metrics"] = [*dataset["metrics"], {"metric_name": "mine", "expression": "2"}]
    plan = planned(files, held, files)
    assert plan.writes == {}
    assert len(plan.notes) == 1
    assert "mine was added in the browser; metrics belong in dbt" in plan.notes[0]
    dataset["metrics"] = dataset["metrics"][:1]
    dataset["description"] = "mine"
    assert "written from dbt" in planned(files, held, files).notes[0]


def test_what_people_made_gets_names_that_are_free(files: Files) -> None:
    held = in_superset(files)
    own = files["datasets/dim_dealer.yaml"] | {"uuid": OWN, "table_name": "Dim dealer"}
    made = {
        "datasets/": own,
        "charts/": chart(NEW, "Tile", "table") | {"dataset_uuid": OWN},
        "charts/lone": chart(DATASET[:-1] + "f", "Lone", "table"),
        "dashboards/": files[BOARD_FILE] | {"uuid": BOARD[:-1] + "e", "slug": None, "filters": []},
    }
    expand = importlib.import_module("provisioning.normal_form").expand
    made["dashboards/"]["layout"] = [{"type": "ROW", "children": [{"type": "CHART", "uuid": NEW, "sliceName": "x"}]}]
    held |= {path: (path.split("/")[0], expand(path, asset)) for path, asset in made.items()}
    plan = planned(files, held, files)
    assert sorted(plan.writes) == [
        "charts/orders_2/tile.yaml",
        "dashboards/orders_2.yaml",
        "datasets/dim_dealer_2.yaml",
    ]
    assert yaml.safe_load(plan.writes["dashboards/orders_2.yaml"])["slug"] == "orders-2"
    assert plan.notes == ["chart 'Lone' is on no dashboard: left out"]
    module = importlib.import_module("provisioning.export_plan")
    imported = module.after_export(module.digests(files, STYLE), files, plan)
    after = files | {path: yaml.safe_load(text) for path, text in plan.writes.items()}
    again = module.plan(after, GENERATED, held.values(), imported)
    assert (again.writes, again.conflicts) == ({}, []), "Superset still has no slug, and that is no change"


def test_an_export_may_follow_an_export(files: Files) -> None:
    module = importlib.import_module("provisioning.export_plan")
    held = in_superset(files)
    imported = module.digests(files, STYLE)
    for name in ("First", "Second"):
        held[TILE_FILE][1]["slice_name"] = name
        plan = module.plan(files, GENERATED, held.values(), imported)
        assert set(plan.writes) == {TILE_FILE, BOARD_FILE}
        imported = module.after_export(imported, files, plan)
        files = files | {path: yaml.safe_load(text) for path, text in plan.writes.items()}
    del held[TILE_FILE]
    plan = module.plan(files, GENERATED, held.values(), imported)
    assert plan.removals == [TILE_FILE]
    assert files[TILE_FILE]["uuid"] not in module.after_export(imported, files, plan)


def test_a_layout_with_tabs_within_rows_has_places_of_its_own() -> None:
    layout = importlib.import_module("provisioning.layout")
    inner = [{"type": "TAB", "text": text, "children": [{"type": "MARKDOWN", "code": text}]} for text in "ab"]
    tree = [{"type": "TABS", "children": inner}, {"type": "ROW", "children": [{"type": "MARKDOWN", "code": "c"}]}]
    assert layout.nest(layout.flatten("x", tree)) == tree
