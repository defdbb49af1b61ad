"""A small set of assets that holds together, for tests that break one thing of it."""

from typing import Any

DATABASE, DATASET, DEALERS, TILE, TREND, TABLE, BOARD = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 8))
Files = dict[str, dict[str, Any]]


def column(name: str, data_type: str = "TEXT") -> dict[str, Any]:
    return {"column_name": name, "type": data_type, "verbose_name": name.title(), "is_dttm": data_type == "DATE"}


def chart(uuid: str, name: str, viz_type: str, **params: Any) -> dict[str, Any]:
    return {"uuid": uuid, "dataset_uuid": DATASET, "slice_name": name, "viz_type": viz_type, "params": params}


def placed(uuid: str, name: str) -> dict[str, Any]:
    return {"type": "CHART", "uuid": uuid, "sliceName": name, "width": 4, "height": 50}


def complete() -> Files:
    """A dashboard of two tabs with a period for the first and a dealer for both; every text is there."""
    orders = {
        "uuid": DATASET,
        "database_uuid": DATABASE,
        "table_name": "fct_order",
        "schema": "marts",
        "columns": [column(name) for name in ("dealer", "order_number", "status_code", "status_label")]
        + [column("ordered_on", "DATE"), column("units", "NUMERIC")],
        "metrics": [{"metric_name": "orders", "expression": "1", "verbose_name": "Orders", "description": "all"}],
    }
    dealers = {
        "uuid": DEALERS,
        "database_uuid": DATABASE,
        "table_name": "dim_dealer",
        "columns": [column("dealer")],
        "metrics": [],
    }
    table = {"server_pagination": True, "include_search": True, "query_mode": "raw"}
    tabs = [[placed(TILE, "Orders"), placed(TREND, "Orders per day")], [placed(TABLE, "All orders")]]
    board = {
        "uuid": BOARD,
        "dashboard_title": "Orders",
        "slug": "orders",
        "description": "Who ordered.",
        "filters": [
            {
                "id": "F-1",
                "name": "Period",
                "filterType": "filter_time",
                "scope": {"rootPath": ["TAB-1"], "excluded": [TILE]},
            },
            {
                "id": "F-2",
                "name": "Dealer",
                "filterType": "filter_select",
                "targets": [{"datasetUuid": DEALERS, "column": {"name": "dealer"}}],
            },
        ],
        "layout": [
            {"type": "TAB", "text": text, "children": [{"type": "ROW", "children": row}]}
            for text, row in zip(("Overview", "List"), tabs, strict=True)
        ],
    }
    return {
        "databases/w.yaml": {"uuid": DATABASE, "sqlalchemy_uri": "${WAREHOUSE_DEALER_READER_URL}"},
        "datasets/fct_order.yaml": orders,
        "datasets/dim_dealer.yaml": dealers,
        "charts/orders/tile.yaml": chart(TILE, "Orders", "big_number_total", metric="orders"),
        "charts/orders/trend.yaml": chart(
            TREND, "Orders per day", "echarts_timeseries_bar", metrics=["orders"], x_axis="ordered_on"
        ),
        "charts/orders/table.yaml": chart(
            TABLE, "All orders", "table", all_columns=["order_number", "status_label", "units"], **table
        ),
        "dashboards/orders.yaml": board,
    }
