"""dbt knows of each dashboard which marts it reads; what is written for a mart goes with it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dictionary import __main__ as command
from dictionary import datasets
from dictionary.datasets import dataset_uuid
from dictionary.exposures import EXPOSURES, write_exposures
from dictionary.marts import Column, DictionaryError, Mart, read_marts

ASSETS = Path(__file__).parents[2] / "superset" / "assets"
DEALER = Column("dealer_id", "text", "x", "x")
MARTS = {
    name: Mart(name, "x", columns, (), None)
    for name, columns in (("fct_order", (DEALER,)), ("dim_dealer", (DEALER,)), ("dim_date", ()), ("dim_part", ()))
}


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """A dashboard with a chart on a mart, one on a table that somebody made, and a filter."""
    tabs = [{"type": "TAB", "children": [{"type": "CHART", "uuid": uuid}]} for uuid in ("c1", "c2")]
    board = {
        "dashboard_title": "Orders",
        "description": "Who ordered.",
        "slug": "order-data",
        "layout": tabs,
        "filters": [{"targets": [{"datasetUuid": dataset_uuid("dim_date"), "column": {"name": "x"}}]}, {"name": "-"}],
    }
    write(tmp_path, "dashboards/order_data.yaml", board)
    write(tmp_path, "charts/order_data/one.yaml", {"uuid": "c1", "dataset_uuid": dataset_uuid("fct_order")})
    write(tmp_path, "charts/order_data/two.yaml", {"uuid": "c2", "dataset_uuid": "own"})
    write(tmp_path, "datasets/own.yaml", {"uuid": "own", "sql": "select 1 from marts.dim_part"})
    return tmp_path


def write(folder: Path, path: str, content: dict[str, Any]) -> None:
    folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
    folder.joinpath(path).write_text(yaml.safe_dump(content))


def test_a_dashboard_depends_on_the_marts_of_its_charts_and_filters(assets: Path) -> None:
    (exposure,) = yaml.safe_load(write_exposures(MARTS, assets)[EXPOSURES])["exposures"]
    assert exposure == {
        "name": "order_data",
        "label": "Orders",
        "type": "dashboard",
        "url": "/superset/dashboard/order-data/",
        "description": "Who ordered.",
        "owner": {"name": "Dealer dashboard"},
        "depends_on": ["ref('dim_date')", "ref('dim_dealer')", "ref('dim_part')", "ref('fct_order')"],
    }


@pytest.mark.parametrize(("dataset", "said"), [("gone", "dataset gone"), ("own", "dim_other")])
def test_what_no_mart_holds_is_refused(assets: Path, dataset: str, said: str) -> None:
    write(assets, "charts/order_data/one.yaml", {"uuid": "c1", "dataset_uuid": dataset})
    write(assets, "datasets/own.yaml", {"uuid": "own", "sql": "select 1 from marts.dim_other"})
    with pytest.raises(DictionaryError, match=said):
        write_exposures(MARTS, assets)


def test_every_dashboard_has_its_exposure() -> None:
    exposures = yaml.safe_load(EXPOSURES.read_text())["exposures"]
    assert [each["name"] for each in exposures] == sorted(path.stem for path in ASSETS.glob("dashboards/*.yaml"))
    assert all(each["depends_on"] and each["description"] for each in exposures)


def test_the_dataset_of_a_mart_that_is_gone_goes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(datasets, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "WRITERS", ())
    monkeypatch.setattr(command, "read_marts", lambda: MARTS)
    gone, made = tmp_path / "fct_gone.yaml", tmp_path / "made_by_hand.yaml"
    gone.write_text(datasets.HEADING + "a: 1\n")
    made.write_text("a: 1\n")
    (tmp_path / "fct_order.yaml").write_text(datasets.HEADING)
    assert command.main(["--check"]) == 1
    assert f"{gone}: its mart is gone" in capsys.readouterr().err
    assert command.main([]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"made_by_hand.yaml", "fct_order.yaml"}
    assert command.main(["--check"]) == 0


def test_sql_of_a_dataset_stands_as_it_is_in_its_file() -> None:
    text = (ASSETS / "datasets" / "fct_order.yaml").read_text()
    assert "\nsql: |\n  select\n      mart.*,\n" in text
    assert yaml.safe_load(text)["uuid"] == dataset_uuid("fct_order")
    assert "fct_order" in read_marts()
