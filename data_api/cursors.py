"""Where a page ended, as a word for the next request: opaque to clients, of no use with another question.

It holds the last row's sort columns and a fingerprint of the question. It needs no signature: what it holds is used as
values to compare with, and whose rows are shown is decided anew for each request.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from data_api import values
from data_api.problems import malformed

_REMEDY = "cursor must be the `next` of an answer to the same question: leave it out to begin anew."


def encode(question: object, row: Sequence[Any]) -> str:
    """The cursor behind a row, given by the values of its sort columns."""
    content = [_fingerprint(question), *(values.write(value) for value in row)]
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def decode(question: object, cursor: str, kinds: Sequence[str]) -> list[Any]:
    """The values of the sort columns that a cursor holds. Raises Problem."""
    try:
        content = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise malformed("cursor", _REMEDY) from None
    if not isinstance(content, list) or len(content) != len(kinds) + 1 or content[0] != _fingerprint(question):
        raise malformed("cursor", _REMEDY)
    texts = content[1:]
    if any(not isinstance(text, str) for text in texts[1:]) or not isinstance(texts[0], str | None):
        raise malformed("cursor", _REMEDY)
    return [
        None if text is None else values.read("cursor", text, kind) for text, kind in zip(texts, kinds, strict=True)
    ]


def _fingerprint(question: object) -> str:
    return hashlib.sha256(repr(question).encode()).hexdigest()[:16]
