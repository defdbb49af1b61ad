"""What DGI 1.3 says about its 15 modules: path group, key, filters, fields and their types.

The lists themselves are data (`fields.json`); this module gives them names. A field's type is one of string, code,
date (DD/MM/YYYY), datetime (DD/MM/YYYY HH:MM:SS), time, number, int, float, decimal_text (a decimal sent as text with
a comma).
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NUMERIC_TYPES = frozenset({"number", "int", "float"})


@dataclass(frozen=True, slots=True)
class Field:
    """One documented field: JSON key, type and, when documented, its greatest length."""

    name: str
    type: str
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """One DGI module: `group` is H1 (sales) or H23 (workshop and parts)."""

    name: str
    group: str
    label: str
    key: tuple[str, ...]
    filters: tuple[str, ...]
    fields: tuple[Field, ...]
    children: dict[str, tuple[Field, ...]]

    def key_of(self, document: dict[str, Any]) -> str:
        """The document's key values, joined by '|' when there are two."""
        return "|".join(document[name] for name in self.key)


@cache
def modules() -> dict[str, Module]:
    """All modules by name, in the documentation's order."""
    raw = json.loads(Path(__file__).with_name("fields.json").read_text())
    return {
        name: Module(
            name,
            spec["group"],
            spec["label"],
            tuple(spec["key"]),
            tuple(spec["filters"]),
            tuple(Field(*field) for field in spec["fields"]),
            {child: tuple(Field(*field) for field in fields) for child, fields in spec["children"].items()},
        )
        for name, spec in raw.items()
    }
