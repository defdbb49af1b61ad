"""Hashes by which documents and rejected records are known again."""

import hashlib
from typing import Any

import msgspec

# Python lets go of its lock to hash 2048 bytes and more; to get it back takes longer than to hash them.
_PIECE = 2047
_encode_sorted = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


def content_hash(value: Any) -> str:
    """The hash of a document's content, without regard to the order of its keys; 32 hexadecimal digits."""
    return text_hash(_encode_sorted(value))


def text_hash(text: bytes) -> str:
    """The hash of a text as it is; 32 hexadecimal digits."""
    digest = hashlib.blake2b(text[:_PIECE], digest_size=16)
    for start in range(_PIECE, len(text), _PIECE):
        digest.update(text[start : start + _PIECE])
    return digest.hexdigest()
