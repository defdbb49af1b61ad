"""Turns a canonical record into the records a main dealer sends, by its `Differences`.

What is decided once for a main dealer and a module (which converters a field goes through) is compiled when first
needed; a record then takes one pass.
"""

from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from sandbox.contract import NUMERIC_TYPES, Field, Module
from sandbox.differences import BY_THE_BOOK, Differences

Record = dict[str, Any]
Convert = Callable[[Any], Any]

WORDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("inv1", "status"): {"1": "New", "2": "Process", "3": "Accepted", "4": "Closed"},
    ("inv1", "tipePembayaran"): {"1": "Credit", "2": "Cash"},
    ("spk", "tipePembayaran"): {"1": "Cash", "2": "Credit"},
    ("pkb", "statusWorkOrder"): {"1": "Start", "2": "Pause", "3": "Pending", "4": "Finish", "5": "Cancel"},
    ("bast", "statusDeliveryDocument"): {"1": "Ready", "2": "In Progress", "3": "Back to Dealer", "4": "Completed"},
}
"""(module, field) -> national code -> word."""

DIRECTIONS = (
    " (masuk dari jalan besar sekitar 300 meter, gang kedua sebelah kiri setelah masjid, rumah pagar hijau di depan "
    "warung makan, mohon telepon dahulu sebelum datang)"
)
EXTRA_KEYS = {"idSystem": "DMS", "flagSync": 1, "remark": None}
CHASSIS_KEYS = frozenset({"noRangka", "nomorRangka"})
REFERENCES = frozenset(
    {"idSPK", "idProspect", "idJob", "noWorkOrder", "idHLODocument", "noInvoice", "poId", "noPO", "idSalesPeople"}
)
_COORDINATES = {"latitude": "longitude", "longitude": "latitude"}
_MISSING = object()


def _converters(differences: Differences, module: Module, field: Field, header: bool) -> list[Convert]:
    steps: list[Convert] = []
    if field.type in NUMERIC_TYPES:
        if field.type == "float" and differences.decimal_comma:
            steps.append(lambda value: f"{value:.2f}".replace(".", ","))
        elif differences.numbers_as_text:
            steps.append(str)
        return steps
    codes = differences.own_codes.get(field.name)
    if codes is None and differences.words:
        codes = WORDS.get((module.name, field.name))
    if codes is not None:
        steps.append(lambda value: codes.get(value, value))
    if field.type == "time" and differences.time_separator:
        steps.append(lambda value: value.replace(".", ":").replace(":", differences.time_separator))
    if field.type == "date" and differences.dates_with_time:
        steps.append(lambda value: f"{value} 00:00:00")
    if field.name in ("createdTime", "modifiedTime") and differences.year_first:
        steps.append(lambda value: f"{value[6:10]}/{value[3:5]}/{value[:2]}{value[10:]}")
    if field.name in CHASSIS_KEYS and differences.long_chassis:
        steps.append(lambda value: "MH1" + value)
    if field.name.startswith("alamat") and differences.over_long:
        steps.append(lambda value: value + DIRECTIONS)
    if differences.padded_ids and (field.name in REFERENCES or field.name in module.key):
        own = header and field.name in module.key
        steps.append(lambda value: " " + value if own else value + " ")
    return steps


def _chain(steps: list[Convert]) -> Convert | None:
    if len(steps) < 2:
        return steps[0] if steps else None
    first, rest = steps[0], _chain(steps[1:])
    assert rest is not None
    return lambda value: rest(first(value))


def _stands_for_nothing(differences: Differences, name: str) -> object:
    choice = differences.no_value
    if choice == "mixed":
        choice = ("", "null", "missing")[crc32(name.encode()) % 3]
    return {"": "", "null": None, "missing": _MISSING}[choice]


class _Level:
    """A record's header, or one of its arrays: field by field, where the value comes from and goes to."""

    def __init__(self, differences: Differences, module: Module, fields: tuple[Field, ...], header: bool) -> None:
        self.fields = []
        for field in fields:
            if field.name == "modifiedTime" and differences.modified_time == "missing":
                continue
            if field.name == "nomorRangka" and differences.doch_without_chassis:
                continue
            source = _COORDINATES.get(field.name, field.name) if differences.swapped_coordinates else field.name
            self.fields.append(
                (
                    source,
                    differences.key_spelling.get(field.name, field.name),
                    _chain(_converters(differences, module, field, header)),
                    _stands_for_nothing(differences, field.name),
                )
            )
        self.blank_unchanged = differences.modified_time == "empty_until_changed"

    def send(self, record: Record) -> Record:
        sent: Record = {}
        for source, name, convert, nothing in self.fields:
            value = record[source]
            if value == "":
                if nothing is not _MISSING:
                    sent[name] = nothing
            else:
                sent[name] = convert(value) if convert is not None else value
        if self.blank_unchanged and record["modifiedTime"] == record["createdTime"]:
            sent["modifiedTime"] = ""
        return sent


class Sender:
    """Sends the records of one module of one main dealer."""

    def __init__(self, differences: Differences, module: Module) -> None:
        self.differences = differences
        self.module = module
        self.header = _Level(differences, module, module.fields, True)
        self.children = {name: _Level(differences, module, fields, False) for name, fields in module.children.items()}

    def send(self, record: Record, *, prospect: str, dealer_asked: bool) -> list[Record]:
        """The records sent for one document.

        `prospect` is the number of the prospect it came from; `dealer_asked` says whether the request named the dealer.
        """
        differences = self.differences
        if differences is BY_THE_BOOK:
            return [record]
        if differences.customer_is_prospect and self.module.name == "inv1":
            record = {**record, "idCustomer": prospect}
        if differences.sales_order_is_spk and self.module.name == "bast":
            record = {**record, "detail": [{**line, "noSO": line["idSPK"]} for line in record["detail"]]}
        sent = self.header.send(record)
        if differences.without_dealer_id and dealer_asked:
            del sent["dealerId"]
        if differences.extra_keys:
            sent.update(EXTRA_KEYS)
        for name, level in self.children.items():
            sent[name] = [level.send(line) for line in record[name]]
        return self._split(sent)

    def _split(self, sent: Record) -> list[Record]:
        """One document as several records, where the main dealer sends it so."""
        if self.differences.delivery_row_per_record and self.module.name == "bast":
            return [{**sent, "detail": [line]} for line in sent["detail"]]
        if self.differences.work_order_pairs and self.module.name == "pkb":
            services = [[line] for line in sent["services"]] or [[]]
            parts = [[line] for line in sent["parts"]] or [[]]
            return [{**sent, "services": service, "parts": part} for service in services for part in parts]
        return [sent]
