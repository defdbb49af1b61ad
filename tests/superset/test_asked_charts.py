"""Which requests are kept to be asked again, and how many."""

import importlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

SUPERSET = Path(__file__).parents[2] / "superset"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SUPERSET))
    return importlib.import_module("asked_charts").AskedCharts(tmp_path / "asked")


def request(limit: int = 10, **more: Any) -> dict[str, Any]:
    return {"datasource": {"id": 1, "type": "table"}, "queries": [{"row_limit": limit}]} | more


def note(asked: Any, payload: dict[str, Any]) -> bool:
    """Whether the request was looked at further than its text."""
    looked = []
    asked.note(payload, lambda: not looked.append(True))
    return bool(looked)


def test_the_same_chart_is_kept_once_and_looked_at_once_an_hour(asked: Any) -> None:
    assert note(asked, request())
    assert not note(asked, request(force=True))
    assert not note(asked, request() | {"queries": [{"row_limit": 10}]})
    (file,) = asked.newest_first()
    assert json.loads(file.read_bytes()) == request()
    os.utime(file, (time.time() - 3700,) * 2)
    assert note(asked, request())
    assert time.time() - file.stat().st_mtime < 60


def test_what_hangs_on_the_moment_is_not_kept(asked: Any) -> None:
    note(asked, request(form_data={"viz_type": "pie", "force": True, "url_params": {"ref": "mail"}}))
    (file,) = asked.newest_first()
    assert json.loads(file.read_bytes()) == request(form_data={"viz_type": "pie"})


@pytest.mark.parametrize(
    "passing",
    [
        request(result_format="csv"),
        request(result_type="samples"),
        request(queries=[{"row_limit": 10}, {"row_offset": 10}]),
        request(queries=[{"filters": [{"col": "plate", "op": "ILIKE", "val": "D 12%"}]}]),
    ],
    ids=["an export", "samples", "a later page", "a typed search"],
)
def test_what_nobody_would_ask_again_is_left_out(asked: Any, passing: dict[str, Any]) -> None:
    assert not note(asked, passing)
    assert asked.newest_first() == []


def test_what_not_all_may_see_is_left_out(asked: Any) -> None:
    asked.note(request(), lambda: False)
    assert asked.newest_first() == []


def test_the_newest_500_of_a_month_are_kept(asked: Any) -> None:
    for limit in range(500):
        note(asked, request(limit))
    for age, file in enumerate(sorted(asked.folder.iterdir())):
        os.utime(file, (time.time() - 60 - age,) * 2)
    oldest = asked.newest_first()[-1]
    note(asked, request(501))
    kept = asked.newest_first()
    assert len(kept) == 500
    assert oldest not in kept
    assert json.loads(next(asked.payloads())[1]) == request(501)
    os.utime(kept[0], (time.time() - 31 * 86_400,) * 2)
    assert kept[0] not in asked.newest_first()
