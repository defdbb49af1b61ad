"""Each thing that can be wrong with the dashboards' files is named, by reading the files alone."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from assets_of_a_test import BOARD, DATASET, DEALERS, TABLE, TILE, TREND, Files, complete, placed

SUPERSET = Path(__file__).parents[2] / "superset"
BOARD_FILE, TILE_FILE, TABLE_FILE = "dashboards/orders.yaml", "charts/orders/tile.yaml", "charts/orders/table.yaml"
GONE = "99999999-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def superset_folder_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SUPERSET))


def faults(files: Files) -> list[str]:
    return list(importlib.import_module("provisioning.validation").faults(files))


def at(files: Files, path: str, *keys: Any) -> Any:
    """The part of a file that the keys lead to."""
    found: Any = files[path]
    for key in keys:
        found = found[key]
    return found


def change(path: str, *keys: Any, **content: Any) -> Callable[[Files], None]:
    return lambda files: at(files, path, *keys).update(content)


def without(path: str, *keys: Any) -> Callable[[Files], None]:
    return lambda files: at(files, path, *keys[:-1]).__delitem__(keys[-1])


def add(item: Any, path: str, *keys: Any) -> Callable[[Files], None]:
    return lambda files: at(files, path, *keys).append(item)


def eleven(files: Files) -> None:
    """Eleven charts on a tab, all of them made of the first."""
    row = at(files, BOARD_FILE, "layout", 0, "children", 0, "children")
    for number in range(9):
        uuid = f"{number}1111111-0000-4000-8000-000000000000"
        files[f"charts/orders/{number}.yaml"] = files[TILE_FILE] | {"uuid": uuid}
        row.append(placed(uuid, "Orders"))


FIRST_ROW = (BOARD_FILE, "layout", 0, "children", 0, "children")
PERIOD, DEALER = (BOARD_FILE, "filters", 0), (BOARD_FILE, "filters", 1)
FAULTS: dict[str, tuple[Callable[[Files], None], list[str]]] = {
    "managed": (
        change(TILE_FILE, is_managed_externally=False),
        [f"{TILE_FILE}: is_managed_externally is set by the import, which tells by it what came from a file"],
    ),
    "uuid twice": (change(BOARD_FILE, uuid=TREND), [f"{BOARD_FILE}: has the uuid of charts/orders/trend.yaml"]),
    "database": (
        change("datasets/dim_dealer.yaml", database_uuid=GONE),
        [f"datasets/dim_dealer.yaml: {GONE} is not among the databases"],
    ),
    "column twice": (
        add({"column_name": "dealer", "verbose_name": "x"}, "datasets/dim_dealer.yaml", "columns"),
        ["datasets/dim_dealer.yaml: column dealer is there 2 times"],
    ),
    "dataset": (change(TILE_FILE, dataset_uuid=GONE), [f"{TILE_FILE}: {GONE} is not among the datasets"]),
    "column gone from the mart": (
        without("datasets/fct_order.yaml", "columns", 1),
        [f"{TABLE_FILE}: fct_order has no column order_number"],
    ),
    "column of a condition": (
        change(TILE_FILE, "params", adhoc_filters=[{"expressionType": "SIMPLE", "subject": "x"}]),
        [f"{TILE_FILE}: fct_order has no column x"],
    ),
    "column of an order": (
        change(TABLE_FILE, "params", order_by_cols=['["x", false]', '["dealer", true]']),
        [f"{TABLE_FILE}: fct_order has no column x"],
    ),
    "metric": (change(TILE_FILE, "params", metric="x"), [f"{TILE_FILE}: fct_order has no metric x"]),
    "metric of a chart": (
        change(TILE_FILE, "params", metric={"label": "COUNT(*)"}),
        [f"{TILE_FILE}: metric 'COUNT(*)' is made in the chart; define it in dbt"],
    ),
    "metric without description": (
        change("datasets/fct_order.yaml", "metrics", 0, description=""),
        [
            f"{path}: metric orders of fct_order has no description, so the chart has none"
            for path in (TILE_FILE, "charts/orders/trend.yaml")
        ],
    ),
    "label": (
        change("datasets/fct_order.yaml", "columns", 0, verbose_name=None),
        ["datasets/fct_order.yaml: dealer has no label"],
    ),
    "codes": (
        change(TABLE_FILE, "params", all_columns=["order_number", "status_code"]),
        [f"{TABLE_FILE}: it shows the codes of status_code; status_label has what they mean"],
    ),
    "search": (
        change(TABLE_FILE, "params", include_search=False),
        [f"{TABLE_FILE}: its pages cannot be searched (include_search)"],
    ),
    "nothing to search in": (
        change(TABLE_FILE, "params", all_columns=["units"]),
        [f"{TABLE_FILE}: it has no text column to search in"],
    ),
    "rows alike": (
        change(TABLE_FILE, "params", order_by_cols=['["order_number", false]']),
        [
            f"{TABLE_FILE}: rows that are alike in order_number may move between pages; add its key",
        ],
    ),
    "no name": (
        change(TILE_FILE, slice_name=""),
        [f"{BOARD_FILE}: 'Orders' is called '' in its file", "it has no name"],
    ),
    "slug": (without(BOARD_FILE, "slug"), [f"{BOARD_FILE}: it has no slug, and so no lasting address"]),
    "description": (without(BOARD_FILE, "description"), [f"{BOARD_FILE}: it has no description"]),
    "chart": (
        add(placed(GONE, "x"), *FIRST_ROW),
        [f"{BOARD_FILE}: {GONE} is not among the charts"],
    ),
    "chart twice": (add(placed(TILE, "Orders"), *FIRST_ROW), [f"{BOARD_FILE}: chart {TILE} is on it 2 times"]),
    "orphan": (without(*FIRST_ROW, 1), ["charts/orders/trend.yaml: it is on no dashboard", "has a date"]),
    "renamed": (
        change(*FIRST_ROW, 0, sliceName="Old"),
        [f"{BOARD_FILE}: 'Old' is called 'Orders' in its file"],
    ),
    "tab": (change(BOARD_FILE, "layout", 0, text=""), [f"{BOARD_FILE}: a tab has no name"]),
    "crowded": (eleven, [f"{BOARD_FILE}: tab 'Overview' has 11 charts, more than 10"]),
    "filter's name": (change(*PERIOD, name=""), [f"{BOARD_FILE}: filter F-1 has no name"]),
    "filter's dataset": (
        change(*DEALER, "targets", 0, datasetUuid=GONE),
        [f"{BOARD_FILE}: {GONE} is not among the datasets"],
    ),
    "filter's column": (
        change(*DEALER, "targets", 0, column={"name": "x"}),
        [f"{BOARD_FILE}: filter 'Dealer': dim_dealer has no column x", "no chart in its scope has a column x"],
    ),
    "filter of nothing": (
        without("datasets/fct_order.yaml", "columns", 0),
        [f"{BOARD_FILE}: filter 'Dealer': no chart in its scope has a column dealer"],
    ),
    "filter without charts": (
        change(*PERIOD, "scope", excluded=[TILE, TREND]),
        [f"{BOARD_FILE}: filter 'Period': no chart in its scope has a date"],
    ),
    "filter of codes": (
        change(*DEALER, targets=[{"datasetUuid": DATASET, "column": {"name": "status_code"}}]),
        [f"{BOARD_FILE}: filter 'Dealer' offers the codes of status_code; status_label has what they mean"],
    ),
    "scope": (
        change(*PERIOD, scope={"rootPath": ["TAB-1", "TAB-3"], "excluded": [DEALERS]}),
        [f"{BOARD_FILE}: filter 'Period': {place} is not on this dashboard" for place in (DEALERS, "TAB-3")],
    ),
    "cross-filter": (
        change(BOARD_FILE, cross_filters={"charts": {BOARD: {"excluded": [TABLE]}}, "scope": {"rootPath": ["ROW-9"]}}),
        [
            f"{BOARD_FILE}: cross-filter: ROW-9 is not on this dashboard",
            f"{BOARD_FILE}: {BOARD} is not on this dashboard",
        ],
    ),
    "address twice": (
        lambda files: files.update({"dashboards/z.yaml": files[BOARD_FILE] | {"uuid": GONE}}),
        [f"dashboards/z.yaml: has the slug of {BOARD_FILE}"],
    ),
}


def test_assets_that_hold_together_have_no_fault() -> None:
    assert faults(complete()) == []


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named(case: str) -> None:
    files, (break_it, expected) = complete(), FAULTS[case]
    break_it(files)
    found = faults(files)
    assert len(found) == len(expected)
    assert all(any(said in fault for fault in found) for said in expected), found


def test_the_assets_of_this_repository_have_no_fault() -> None:
    assert faults(importlib.import_module("provisioning.assets").read_files(SUPERSET / "assets")) == []


def test_a_file_in_another_order_is_not_in_normal_form() -> None:
    validation = importlib.import_module("provisioning.validation")
    tile = complete()[TILE_FILE]
    normal = validation.normalised(TILE_FILE, tile)
    assert validation.not_normal({TILE_FILE: normal}) == {}
    other = yaml.safe_dump(tile | {"cache_timeout": None}, sort_keys=False)
    assert validation.not_normal({TILE_FILE: other}) == {TILE_FILE: normal}


def test_both_writers_of_yaml_write_the_same_bytes() -> None:
    ours = importlib.import_module("provisioning.yaml_text").dump
    theirs = importlib.import_module("dictionary.yaml_text").dump
    for content in importlib.import_module("provisioning.assets").read_files(SUPERSET / "assets").values():
        assert ours(content) == theirs(content)
        assert yaml.safe_load(ours(content)) == content


def test_text_of_several_lines_stands_as_it_is() -> None:
    dump = importlib.import_module("provisioning.yaml_text").dump
    assert dump({"sql": "select 1\nfrom a\n", "a": {"z": 1, "b": [1, 2]}}) == (
        "a:\n  b: [1, 2]\n  z: 1\nsql: |\n  select 1\n  from a\n"
    )
    assert dump({"b": {"y": "ä", "x": None}}) == "b: {x: null, y: ä}\n"
    assert dump([{"a": "x" * 60, "b": "y" * 60}]) == f"- a: {'x' * 60}\n  b: {'y' * 60}\n"
