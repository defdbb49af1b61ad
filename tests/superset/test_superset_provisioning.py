"""What Superset's bootstrap decides without Superset: assets that hold together, a change noticed, reads not logged."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

SUPERSET = Path(__file__).parents[2] / "superset"
SETTINGS = {
    "WAREHOUSE_DEALER_READER_URL": "postgresql://dealer_reader:p%2Fw@127.0.0.1:15432/warehouse",
    "WAREHOUSE_PEOPLE_READER_URL": "postgresql://people_reader:p%2Fw@127.0.0.1:15432/warehouse",
}
DATABASE, DATASET, CHART = ("00000000-0000-4000-8000-00000000000" + digit for digit in "123")


@pytest.fixture(autouse=True)
def superset_folder_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SUPERSET))


def write(folder: Path, path: str, **content: Any) -> None:
    folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
    folder.joinpath(path).write_text(yaml.safe_dump(content))


def test_the_assets_in_git_hold_together_and_read_as_dealer_reader() -> None:
    assets = importlib.import_module("provisioning.assets").read_assets(SUPERSET / "assets", SETTINGS)
    warehouse = assets["databases/warehouse.yaml"]
    assert warehouse["sqlalchemy_uri"] == "postgresql+psycopg2://dealer_reader:p%2Fw@127.0.0.1:15432/warehouse"
    assert warehouse["allow_dml"] is False


def test_assets_that_would_break_are_refused_with_all_that_is_wrong(tmp_path: Path) -> None:
    write(tmp_path, "databases/w.yaml", uuid=DATABASE, sqlalchemy_uri="${UNSET_URL}")
    write(tmp_path, "datasets/d.yaml", uuid=DATASET, database_uuid=CHART)
    write(tmp_path, "charts/c.yaml", uuid=DATASET, dataset_uuid=DATASET, is_managed_externally=False)
    write(
        tmp_path,
        "dashboards/b.yaml",
        uuid=CHART,
        slug="b",
        layout=[{"type": "ROW", "children": [{"type": "CHART", "uuid": DATABASE}]}],
        filters=[{"id": "f", "name": "Dealer", "targets": [{"datasetUuid": CHART}]}],
    )
    with pytest.raises(importlib.import_module("provisioning").ProvisioningError) as raised:
        importlib.import_module("provisioning.assets").read_assets(tmp_path, SETTINGS)
    assert sorted(str(raised.value).splitlines()) == [
        "charts/c.yaml: has the uuid of datasets/d.yaml",
        "charts/c.yaml: is_managed_externally is set by the import, which tells by it what came from a file",
        f"dashboards/b.yaml: {DATABASE} is not among the charts",
        f"dashboards/b.yaml: {CHART} is not among the datasets",
        "databases/w.yaml: setting UNSET_URL is missing",
        f"datasets/d.yaml: {CHART} is not among the databases",
    ]


def test_fingerprint_follows_files_settings_and_key_but_not_what_is_generated(tmp_path: Path) -> None:
    fingerprint = importlib.import_module("provisioning.state").fingerprint
    write(tmp_path, "charts/c.yaml", uuid=CHART)
    first = fingerprint(tmp_path, SETTINGS, "key")
    for generated in (".venv/x", "provisioning/__pycache__/x", "uv.lock"):
        write(tmp_path, generated)
    assert fingerprint(tmp_path, SETTINGS, "key") == first
    assert fingerprint(tmp_path, SETTINGS, "other key") != first
    assert fingerprint(tmp_path, SETTINGS | {"SUPERSET_ADMIN_PASSWORD": "new"}, "key") != first
    write(tmp_path, "charts/c.yaml", uuid=DATASET)
    assert fingerprint(tmp_path, SETTINGS, "key") != first


@pytest.mark.parametrize(
    ("action", "record", "drawn"),
    [
        ("ChartDataRestApi.data", {"queries": [{}], "result_format": "json"}, True),
        ("ChartDataRestApi.data", {"queries": [{}], "result_format": "csv"}, False),
        ("ChartDataRestApi.data", {"form_data": {}}, False),
        ("ChartDataRestApi.get_data", {"format": "xlsx"}, False),
        ("ChartRestApi.get_list", {}, True),
        ("ChartRestApi.put", {}, False),
        ("execute_sql", {"form_data": {}}, True),
        ("dashboard", {}, False),
        ("log", {"event_name": "load_chart"}, True),
        ("log", {"event_name": "export_csv_dashboard_chart"}, False),
    ],
)
def test_only_what_draws_a_page_stays_out_of_the_action_log(
    action: str, record: dict[str, Any], drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("superset", "superset.utils", "superset.utils.log"):  # not in this environment
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(sys.modules["superset.utils.log"], "DBEventLogger", object, raising=False)
    monkeypatch.delitem(sys.modules, "event_log", raising=False)
    assert importlib.import_module("event_log").draws_page(action, [record]) is drawn


def test_every_dashboard_is_opened_to_somebody_and_superset_closes_what_postgres_closes() -> None:
    security = yaml.safe_load((SUPERSET / "assets" / "security.yaml").read_text())
    boards = [yaml.safe_load(file.read_text())["slug"] for file in (SUPERSET / "assets" / "dashboards").glob("*.yaml")]
    assert sorted(security["dashboards"]) == sorted(boards)
    assert {role for roles in security["dashboards"].values() for role in roles} <= set(security["roles"])
    marts = yaml.safe_load((SUPERSET.parent / "dbt_project" / "dbt_project.yml").read_text())["vars"]
    rules = {rule["name"]: rule for rule in security["rows"]}
    assert rules["Shared by dealers"]["datasets"] == marts["closed_to_dealers"]
    assert rules["Belongs to no dealer"]["datasets"] == marts["open_to_dealers"]
    assert (rules["Shared by dealers"]["clause"], rules["Own dealers"]["column"]) == ("1 = 0", "dealer_id")
