import os
import socket

import pytest

from stack import ports
from stack.errors import StackError


def test_a_free_port_is_fine(port: int) -> None:
    ports.check("SUPERSET_PORT", port)


def test_a_port_in_use_is_one_sentence_with_the_holder_and_the_setting(port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(StackError) as refusal:
            ports.check("SUPERSET_PORT", port)
    said = refusal.value.message
    assert f"Port {port} is in use" in said
    assert "SUPERSET_PORT" in said
    assert f"process {os.getpid()}" in said
    assert "\n" not in said


def test_a_port_that_the_kernel_hands_out_is_refused() -> None:
    with pytest.raises(StackError, match="DAGSTER_PORT=58088"):
        ports.check("DAGSTER_PORT", 58_088)
