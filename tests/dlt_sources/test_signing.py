"""Tokens as DGI 1.3 wants them, and secrets that show nowhere."""

import hashlib

import pytest
from asking import DEMO_KEY, own_call, own_server

from dlt_sources.dgi.server import Key

TIME = 1716257647
TOKEN = "31fcf3409435e748a822371f424e3d1762b0a79b47c55f9b740616ea071d363d"


def test_the_token_of_the_test_vector() -> None:
    assert DEMO_KEY.token(TIME) == TOKEN


@pytest.mark.parametrize("separator", [":", "|", " "])
def test_what_joins_the_three_is_a_setting(separator: str) -> None:
    text = separator.join(("key-demo-01", "secret-demo-01", str(TIME)))
    assert DEMO_KEY.token(TIME, separator) == hashlib.sha256(text.encode()).hexdigest()


def test_stray_spaces_around_key_and_secret_do_not_count() -> None:
    assert Key("g", " key-demo-01\t", "\n secret-demo-01 ").token(TIME) == TOKEN


def test_the_secret_shows_in_no_representation() -> None:
    call = own_call("http://127.0.0.1:9")
    for shown in (repr(DEMO_KEY), str(DEMO_KEY), f"{call}", repr(own_server("http://127.0.0.1:9")), str(call.body())):
        assert "secret-demo-01" not in shown
