"""Hashes stay what they were when the documents in raw were hashed, however the text is fed to them."""

import hashlib

import pytest

from dlt_sources.dgi.hashes import content_hash, text_hash


@pytest.mark.parametrize("length", [0, 1, 2046, 2047, 2048, 4094, 4095, 10_000])
def test_a_long_text_has_the_hash_of_the_whole(length: int) -> None:
    text = bytes(n % 251 for n in range(length))
    assert text_hash(text) == hashlib.blake2b(text, digest_size=16).hexdigest()


def test_the_order_of_keys_makes_no_difference() -> None:
    assert content_hash({"b": 1, "a": [{"d": 2, "c": 3}]}) == content_hash({"a": [{"c": 3, "d": 2}], "b": 1})
    assert content_hash({"a": 1}) == "2c6b113b8dd15ffbded9860b43eb0c6c"
