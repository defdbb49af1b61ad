"""The graph of Dagster's assets as text, a line an asset: `python tests/pipeline/asset_graph.py` writes it anew."""

import os
import sys
import tempfile
from pathlib import Path

SNAPSHOT = Path(__file__).with_name("asset_graph.txt")


def graph(var: Path) -> str:
    """`key [group, partitions] checks <- what it rests on`, by key. dbt's manifest is made in `var`."""
    os.environ["VAR_DIR"] = str(var)
    from orchestration.definitions import build_definitions
    from orchestration.pull.watcher import Watcher

    assets = build_definitions(Watcher()).resolve_asset_graph()
    lines = []
    for key in sorted(assets.get_all_asset_keys(), key=lambda key: key.to_user_string()):
        node = assets.get(key)
        partitions = ", date x dealer" if node.partitions_def else ""
        what = f"{node.group_name}{partitions}" if node.is_executable else "source"
        parents = ", ".join(sorted(parent.to_user_string() for parent in node.parent_keys))
        lines.append(f"{key.to_user_string()} [{what}] {len(node.check_keys)} checks <- {parents or 'nothing'}\n")
    return "".join(lines)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    with tempfile.TemporaryDirectory() as folder:
        SNAPSHOT.write_text(graph(Path(folder)))
    print(SNAPSHOT)
