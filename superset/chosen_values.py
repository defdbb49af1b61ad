"""What people choose in a filter, left open in the SQL that is kept and filled in for whoever asks.

Each dealer chosen would be a query of its own, written anew, and only these words of it would differ.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import flask

OPERATORS = ("IN", "NOT IN")
# Superset makes something else of them.
SPECIAL = ("<NULL>", "<empty string>")


def left_open(query: dict[str, Any], dataset: Any) -> tuple[dict[str, Any], Mapping[str, str]]:
    """The query with marks for the words chosen in filters of columns of text, and the words by their marks."""
    values: dict[str, str] = {}
    mark = _mark()
    filters = []
    for each in query.get("filter") or ():
        if _are_words(each, dataset):
            marks = [f"{mark} {len(values) + place}." for place in range(len(each["val"]))]
            values.update(zip(marks, each["val"], strict=True))
            filters.append({**each, "val": marks})
        else:
            filters.append(each)
    return ({**query, "filter": filters} if values else query), values


def filled_in(sql: str, values: Mapping[str, str]) -> str:
    """The SQL with the words in place of their marks."""
    for mark, word in values.items():
        sql = sql.replace(f"'{mark}'", "'" + word.replace("'", "''") + "'")
    return sql


def _mark() -> str:
    """The same in every process, and nobody can write it into a request."""
    return hmac.new(str(flask.current_app.secret_key).encode(), b"chosen values", hashlib.sha256).hexdigest()


def _are_words(chosen: dict[str, Any], dataset: Any) -> bool:
    from superset.utils.core import GenericDataType  # the configuration is read before Superset is there

    column, words = chosen.get("col"), chosen.get("val")
    if chosen.get("op") not in OPERATORS or not isinstance(column, str) or not isinstance(words, list | tuple):
        return False
    if not all(isinstance(word, str) and word not in SPECIAL and word == word.strip("\t\n") for word in words):
        return False
    known = dataset.get_column(column)
    return known is not None and not known.advanced_data_type and known.type_generic == GenericDataType.STRING
