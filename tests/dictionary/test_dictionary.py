"""dbt's YAML says each metric once and whole, its SQL runs, and what is written from it is up to date."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from dictionary import __main__ as command
from dictionary.marts import DictionaryError, Metric, label_of, read_marts
from dictionary.metrics_page import write_metrics_page

ORDERS = {
    "name": "orders",
    "label": "Orders",
    "kind": "period",
    "unit": "count",
    "definition": "number of `spk`",
    "expression": "count(*)",
}
AGAIN = {"name": "orders", "expression": "coalesce(sum(orders), 0)"}


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Writes marts with the metrics given, and beside them unit tests and a step without columns."""
    folder = tmp_path / "models" / "marts"
    folder.mkdir(parents=True)

    def write(**marts: list[dict[str, Any]]) -> Path:
        columns = [
            {"name": "ordered_on", "data_type": "date", "description": "{{ doc('day') }}"},
            {
                "name": "customer_initials",
                "data_type": "text",
                "description": "x",
                "config": {"meta": {"label": "Customer"}},
            },
        ]
        for name, metrics in marts.items():
            meta = {"date": "ordered_on", "metrics": metrics}
            model = {"name": name, "description": "Orders.", "config": {"meta": meta}, "columns": columns}
            (folder / f"{name}.yml").write_text(yaml.safe_dump({"models": [model]}))
        (folder / "days.md").write_text("{% docs day %}\nDay of\nthe order\n{% enddocs %}")
        (folder / "unit_tests.yml").write_text(yaml.safe_dump({"unit_tests": [{"name": "a", "model": "b"}]}))
        (folder / "steps.yml").write_text(yaml.safe_dump({"models": [{"name": "step", "description": "x"}]}))
        return tmp_path

    return write


def test_a_mart_repeats_a_metric_by_its_name(project: Callable[..., Path]) -> None:
    marts = read_marts(project(fct_order=[ORDERS], agg_order_daily=[AGAIN]))
    assert set(marts) == {"fct_order", "agg_order_daily"}
    (metric,) = marts["agg_order_daily"].metrics
    assert (metric.label, metric.date, metric.expression) == ("Orders", "ordered_on", AGAIN["expression"])
    assert [mart.metrics[0].is_defined_here for mart in marts.values()] == [False, True]
    day, customer = marts["fct_order"].columns
    assert (day.description, day.label, customer.label) == ("Day of the order", "Ordered on", "Customer")


def test_a_column_that_is_named_as_a_metric_is_called_the_same(project: Callable[..., Path]) -> None:
    order = read_marts(project(fct_order=[ORDERS | {"name": "ordered_on"}]))["fct_order"]
    assert [column.label for column in order.columns] == ["Orders", "Customer"]


@pytest.mark.parametrize(
    ("fact", "daily", "wrong"),
    [
        ([ORDERS], [ORDERS], "defined elsewhere"),
        ([], [AGAIN], "no definition"),
        ([{key: ORDERS[key] for key in ORDERS if key != "unit"}], [], "lacks unit"),
        ([{key: ORDERS[key] for key in ORDERS if key != "expression"}], [], "lacks expression"),
        ([ORDERS | {"kind": "later"}], [], "kind 'later'"),
        ([ORDERS | {"unit": "EUR"}], [], "'EUR'"),
        ([ORDERS | {"lable": "x"}], [], "lable"),
        ([ORDERS | {"date": "gone_on"}], [], "no column gone_on"),
        ([ORDERS], [AGAIN | {"label": "Orders"}], "repeats label"),
        ([ORDERS], [AGAIN, AGAIN], "twice"),
        ([ORDERS | {"name": "customer_initials"}], [], "column customer_initials is called 'Customer'"),
    ],
)
def test_what_does_not_hold_together_is_refused(
    project: Callable[..., Path], fact: list[dict[str, str]], daily: list[dict[str, str]], wrong: str
) -> None:
    with pytest.raises(DictionaryError, match=wrong):
        read_marts(project(fct_order=fact, agg_order_daily=daily))


def test_no_date_range_applies_to_the_state_of_now(project: Callable[..., Path]) -> None:
    marts = read_marts(project(fct_order=[ORDERS | {"kind": "now"}]))
    assert marts["fct_order"].metrics[0].date is None


@pytest.mark.parametrize(
    ("name", "label"),
    [("stnk_lead_days", "STNK lead days"), ("status_label", "Status"), ("is_on_time", "On time"), ("day", "Day")],
)
def test_a_column_is_called_what_a_reader_would_call_it(name: str, label: str) -> None:
    assert label_of(name) == label


def test_a_page_has_a_table_for_the_metrics_of_every_mart(project: Callable[..., Path], tmp_path: Path) -> None:
    marts = read_marts(project(fct_order=[ORDERS], agg_order_daily=[AGAIN]))
    page = tmp_path / "metrics.md"
    page.write_text("# Orders\n\n<!-- metrics fct_order -->\nold\n<!-- end -->\nBy hand.\n")
    table = (
        "| metric | label | kind | unit | definition |\n|---|---|---|---|---|\n"
        "| `orders` | Orders | period | count | number of `spk` |"
    )
    written = f"# Orders\n\n<!-- metrics fct_order -->\n\n{table}\n\n<!-- end -->\nBy hand.\n"
    assert write_metrics_page(marts, page) == {page: written}
    page.write_text(written)
    assert write_metrics_page(marts, page) == {page: written}, "written again it stays as it is"


@pytest.mark.parametrize("tables", [[], ["fct_order", "fct_order"], ["fct_order", "agg_order_daily"]])
def test_a_page_without_one_place_for_each_metric_is_refused(
    project: Callable[..., Path], tmp_path: Path, tables: list[str]
) -> None:
    marts = read_marts(project(fct_order=[ORDERS], agg_order_daily=[AGAIN]))
    page = tmp_path / "metrics.md"
    page.write_text("\n".join(f"<!-- metrics {table} -->\n<!-- end -->" for table in tables))
    with pytest.raises(DictionaryError, match=r"metrics\.md"):
        write_metrics_page(marts, page)


def test_nothing_that_is_written_from_dbt_is_out_of_date() -> None:
    assert command.main(["--check"]) == 0


def test_the_check_names_what_is_out_of_date_and_writing_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "new" / "page.md"
    monkeypatch.setattr(command, "WRITERS", (lambda marts: {page: f"{len(marts) > 40}\n"},))
    assert command.main(["--check"]) == 1
    assert str(page) in capsys.readouterr().err
    assert not page.exists()
    assert command.main([]) == 0
    assert page.read_text() == "True\n"
    assert command.main(["--check"]) == 0


@pytest.mark.slow
def test_every_expression_runs_and_of_nothing_counts_nothing(new_database: Callable[[str], str]) -> None:
    # The tables are those that the enforced contracts promise: dbt refuses a model whose columns differ from its YAML.
    marts = [mart for mart in read_marts().values() if mart.metrics]
    wrong: dict[str, Any] = {}
    with closing(psycopg2.connect(new_database("metrics"))) as connection, connection.cursor() as cursor:
        cursor.execute("create schema marts")
        for mart in marts:
            columns = ", ".join(f"{column.name} {column.data_type}" for column in mart.columns)
            cursor.execute(f"create table marts.{mart.name} ({columns})")
            cursor.execute(f"select {', '.join(metric.expression for metric in mart.metrics)} from marts.{mart.name}")
            (values,) = cursor.fetchall()
            wrong |= {
                f"{mart.name}.{metric.name}": value
                for metric, value in zip(mart.metrics, values, strict=True)
                if value not in of_nothing(metric)
            }
    assert len(marts) > 45
    assert wrong == {}


def of_nothing(metric: Metric) -> set[int | str | None]:
    """Counts and sums of nothing are 0; a share, an average or a moment is empty; a sentence says so."""
    if metric.unit == "text":
        return {"No dealer is chosen, or none that you may see."}
    if metric.unit == "count" or (metric.unit == "Rp" and not metric.name.startswith("average_")):
        return {0}
    return {0, None} if metric.unit == "hours" else {None}
