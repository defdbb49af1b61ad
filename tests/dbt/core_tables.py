"""The core tables as the registry of endpoints says they must be, and a warehouse to try them in."""

import itertools
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dgi_columns import AUDIT, FROM_RAW, IDENTITY, TYPES, column_name
from psycopg2.extensions import connection

from dlt_sources.dgi.endpoints import ENDPOINTS, Endpoint

DOCUMENT_TABLES = {
    "prsp": "prospect",
    "spk": "spk",
    "bast": "delivery",
    "inv1": "billing",
    "lsng": "leasing",
    "doch": "document_handling",
    "uinb": "unit_inbound",
    "mdinvh1": "unit_invoice",
    "pkb": "work_order",
    "inv2": "workshop_invoice",
    "unpaidhlo": "unpaid_hlo",
    "dphlo": "dp_hlo",
    "pinb": "parts_inbound",
    "prsl": "parts_sale",
    "mdinvh3": "parts_invoice",
}
LINE_TABLES = {
    ("prsp", "unit"): "prospect_unit",
    ("spk", "unit"): "spk_unit",
    ("spk", "dataAnggotaKeluarga"): "spk_family_member",
    ("bast", "detail"): "delivery_detail",
    ("doch", "unit"): "document_handling_unit",
    ("uinb", "unit"): "unit_inbound_unit",
    ("mdinvh1", "unit"): "unit_invoice_unit",
    ("pkb", "services"): "work_order_service",
    ("pkb", "parts"): "work_order_part",
    ("inv2", "njb"): "workshop_invoice_service",
    ("inv2", "nsc"): "workshop_invoice_part",
    ("unpaidhlo", "parts"): "unpaid_hlo_part",
    ("dphlo", "parts"): "dp_hlo_part",
    ("pinb", "po"): "parts_inbound_item",
    ("prsl", "parts"): "parts_sale_part",
    ("mdinvh3", "parts"): "parts_invoice_part",
}
TABLES = [*DOCUMENT_TABLES.values(), *LINE_TABLES.values()]
DEALER, OTHER_DEALER = "09417", "00123"
MAIN_DEALERS = {DEALER: "Q7X", OTHER_DEALER: "K2B"}
_numbers = itertools.count(1)


def document_columns(endpoint: Endpoint) -> dict[str, str]:
    """Column -> type of a document table, in order."""
    return {"id": "uuid"} | IDENTITY | _fields(endpoint.fields) | AUDIT


def line_columns(module: str, child: str) -> dict[str, str]:
    """Column -> type of a table of lines, in order."""
    identity = {"id": "uuid", f"{DOCUMENT_TABLES[module]}_id": "uuid", "line_number": "integer"}
    times = dict.fromkeys(("created_time", "modified_time"), TYPES["timestamp"])
    return identity | IDENTITY | _fields(ENDPOINTS[module].children[child]) | times


def _fields(fields: Mapping[str, str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for name, kind in fields.items():
        if name not in FROM_RAW:
            columns[column_name(name)] = TYPES[kind]
            if kind == "code":
                columns[f"{column_name(name)}_label"] = "text"
    return columns


def new_key(prefix: str = "D") -> str:
    """A document key that no other test uses."""
    return f"{prefix}/{next(_numbers)}"


@dataclass
class Core:
    """A warehouse with core tables: put versions of documents into raw, run dbt, look at the rows."""

    connection: connection
    dbt: Callable[..., Any]
    start: Callable[..., subprocess.Popen[str]]
    called_at: Iterator[datetime] = field(
        default_factory=lambda: (datetime(2024, 5, 21, tzinfo=UTC) + timedelta(seconds=n) for n in itertools.count())
    )

    def execute(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement; its rows, if it gives any."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def rows(self, table: str, key: str) -> list[dict[str, Any]]:
        """The rows of a document in a core table, lines in order."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"select * from core.{table} where document_key = %s", [key])
            names = [column.name for column in cursor.description or ()]
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return sorted(found, key=lambda row: row.get("line_number", 0))

    def everything(self) -> dict[str, list[str]]:
        """Every row of every core table, as text and in order."""
        return {
            table: [row for (row,) in self.execute(f"select t::text from core.{table} as t order by t.id")]
            for table in ["dealer", "main_dealer", *TABLES]
        }

    def add_dealer(self, dealer_id: str, main_dealer_id: str) -> None:
        """Enter a dealer, and its main dealer when it is new, into the registry."""
        self.execute(
            """insert into registry.main_dealer (id, name, base_url, modules)
                values (%s, 'A main dealer', 'http://x', '{}') on conflict do nothing""",
            [main_dealer_id],
        )
        self.execute(
            "insert into registry.dealer (id, name, main_dealer_id) values (%s, 'A dealer', %s)",
            [dealer_id, main_dealer_id],
        )

    def put(
        self,
        load: str,
        module: str,
        key: str,
        document: Mapping[str, Any],
        dealer: str = DEALER,
        *,
        deleted: bool = False,
        main_dealer: str | None = None,
    ) -> None:
        """Put a version of a document, the newest so far, into raw; its load need not be committed."""
        self.execute(
            f"""insert into raw.{module}
                (call_id, main_dealer_id, dealer_id, document_key, content_hash, payload, is_deleted, time_zone,
                 called_at, received_at, _dlt_load_id)
                values ('call', %s, %s, %s, md5(%s), %s, %s, 'Asia/Jakarta', %s, %s, %s)""",
            [
                main_dealer or MAIN_DEALERS.get(dealer, "Q7X"),
                dealer,
                key,
                json.dumps(document),
                json.dumps(document),
                deleted,
                *[next(self.called_at)] * 2,
                load,
            ],
        )

    def commit(self, load: str) -> None:
        """Let the rows of a load exist for readers."""
        self.execute("insert into raw._dlt_loads (load_id, schema_name, status) values (%s, 'dgi', 0)", [load])

    def load(self, module: str, key: str, document: Mapping[str, Any], dealer: str = DEALER, **how: Any) -> str:
        """Put a version of a document into raw with a load of its own, and return that."""
        load = new_key("load")
        self.put(load, module, key, document, dealer, **how)
        self.commit(load)
        return load

    def run(self, *tables: str, full_refresh: bool = False) -> None:
        """Run the models of these tables, or of all."""
        self.dbt("run", "--select", *(tables or ["core"]), *(["--full-refresh"] if full_refresh else []))

    @contextmanager
    def labels(self, rows: Sequence[tuple[str, str, str, str | None]]) -> Iterator[None]:
        """More labels in the seed's table, for a while: list, code, label, main dealer."""
        for row in rows:
            self.execute("insert into core.code_label (list, code, label, main_dealer_id) values (%s, %s, %s, %s)", row)
        yield
        for row in rows:
            self.execute("delete from core.code_label where (list, code, label) = (%s, %s, %s)", row[:3])
