"""What the assets are and what each rests on: a change of it is seen in review, a line an asset."""

from pathlib import Path

import pytest
from asset_graph import SNAPSHOT, graph
from parsed_dbt import give


def test_the_snapshot_has_every_asset_as_it_is(
    dbt_target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(dbt_target, tmp_path)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    assert graph(tmp_path).splitlines() == SNAPSHOT.read_text().splitlines(), "run make asset-graph"
