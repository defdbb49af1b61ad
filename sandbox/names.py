"""Names to choose from (`names.json`): given and family names, streets, dealers."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Names(NamedTuple):
    """Lists of names by what they name."""

    women: list[str]
    men: list[str]
    family: list[str]
    streets: list[str]
    dealers: list[str]


@cache
def names() -> Names:
    """All names."""
    return Names(**json.loads(Path(__file__).with_name("names.json").read_text(encoding="utf-8")))
