"""Superset's datasets: one for each mart, with dbt's descriptions of its columns and metrics.

Each adds the names of the dealer and of its main dealer, which a filter can then offer: the marts hold numbers, so that
a dealer can be renamed without touching them. Postgres drops the join from queries that ask for neither name. Dealers
that were disabled keep their data in the marts, and are left out here: in lists, filters and figures alike. They are
few, so Postgres looks each row's dealer up among them as it reads, where `not exists` is a join of its own.
"""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dictionary.marts import Column, Mart, Metric
from dictionary.yaml_text import dump

FOLDER = Path(__file__).resolve().parents[1] / "superset" / "assets" / "datasets"
WAREHOUSE = "6f0a3c1e-4a57-4f0c-9a43-6a1d2f7d9b01"  # superset/assets/databases/warehouse.yaml
# Fixed for ever: a dataset keeps its UUID, and with it the charts on it, for as long as its mart keeps its name.
NAMESPACE = uuid.UUID("d0b7f7a4-3c3b-4c0e-8f0e-5b8f3a6c2e11")
NAMES = """\
select
    mart.*,
    dealer.dealer_name as dealer,
    dealer.main_dealer_name as main_dealer
from marts.{mart} as mart
left join marts.dim_dealer as dealer on mart.dealer_id = dealer.dealer_id
where mart.dealer_id not in (
    select hidden.dealer_id from marts.dim_dealer as hidden where not hidden.is_active
)
"""
NAME_COLUMNS = (
    Column("dealer", "text", "Name of the dealer", "Dealer"),
    Column("main_dealer", "text", "Name of the main dealer", "Main dealer"),
)
# d3's formats; the sign and the separators of rupiah are settings of Superset.
FORMATS = {"Rp": "$,.0f", "count": ",d", "share": ",.1%", "text": None, "time": None}
OTHER_FORMAT = ",.1f"  # days, hours and the like
ASKED = {"now": "as of now", "period": "in the period"}
HEADING = "# Written by `make dictionary` from dbt's description of the mart: edit that instead.\n"


def write_datasets(marts: Mapping[str, Mart]) -> dict[Path, str]:
    """Returns the file of each mart's dataset with its content."""
    return {FOLDER / f"{mart.name}.yaml": HEADING + dump(_dataset(mart)) for mart in marts.values()}


def datasets_of_gone_marts(marts: Mapping[str, Mart]) -> list[Path]:
    """The files that were written for marts that are no more."""
    written = (path for path in sorted(FOLDER.glob("*.yaml")) if path.read_text().startswith(HEADING))
    return [path for path in written if path.stem not in marts]


def dataset_uuid(mart: str) -> str:
    """The UUID of a mart's dataset."""
    return str(uuid.uuid5(NAMESPACE, f"datasets/{mart}"))


def _dataset(mart: Mart) -> dict[str, Any]:
    named = "dealer_id" in mart.column_names()
    columns = mart.columns + (NAME_COLUMNS if named else ())
    dataset: dict[str, Any] = {
        "columns": [_column(column) for column in sorted(columns, key=lambda column: column.name)],
        "database_uuid": WAREHOUSE,
        "description": mart.description,
        "metrics": [_metric(metric) for metric in sorted(mart.metrics, key=lambda metric: metric.name)],
        "schema": "marts",
        "table_name": mart.name,
        "uuid": dataset_uuid(mart.name),
    }
    if mart.date:
        dataset["main_dttm_col"] = mart.date
    if named:
        dataset["sql"] = NAMES.format(mart=mart.name)
    return dataset


def _column(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {
        "column_name": column.name,
        "description": column.description,
        "type": column.data_type.upper(),
        "verbose_name": column.label,
    }
    if column.data_type == "date" or column.data_type.startswith("timestamp"):
        described["is_dttm"] = True
    return described


def _metric(metric: Metric) -> dict[str, Any]:
    written: dict[str, Any] = {
        "description": f"{metric.definition} ({ASKED[metric.kind]})",
        "expression": metric.expression,
        "metric_name": metric.name,
        "verbose_name": metric.label,
    }
    if number_format := FORMATS.get(metric.unit, OTHER_FORMAT):
        written["d3format"] = number_format
    return written
