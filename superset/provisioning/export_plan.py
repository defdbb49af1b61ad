"""What an export changes in the assets' folder. Needs no Superset: it compares three states of each object.

Those are the object in Superset, its file, and the file as it was when it was last imported (`imported`, digests). So a
file that is newer than Superset is not overwritten by what Superset still has, and what is missing in Superset is told
apart from what has not come there yet.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from provisioning import layout, normal_form
from provisioning.chart_texts import is_derived
from provisioning.control_defaults import untouched
from provisioning.yaml_text import dump

Asset = dict[str, Any]
STYLE = "dashboard.css"
KINDS = ("datasets", "charts", "dashboards")
NAMES = {"datasets": "table_name", "charts": "slice_name", "dashboards": "dashboard_title"}


@dataclass
class Plan:
    """Path in the assets' folder -> its new text; paths to remove; lines for the person; whether something is left."""

    writes: dict[str, str] = field(default_factory=dict)
    removals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def digests(files: Mapping[str, Asset], style: str) -> dict[str, str]:
    """What is remembered of an import: UUID -> digest of the file, and the style of all dashboards."""
    found = {str(asset["uuid"]): _digest(path, asset) for path, asset in files.items() if path.split("/")[0] in KINDS}
    return found | {STYLE: _hashed(style)}


def after_export(imported: Mapping[str, str], files: Mapping[str, Asset], done: Plan) -> dict[str, str]:
    """What is remembered when the plan has been carried out."""
    gone = {str(files[path]["uuid"]) for path in done.removals}
    written = {path: yaml.safe_load(text) for path, text in done.writes.items()}
    kept = {uuid: digest for uuid, digest in imported.items() if uuid not in gone}
    return kept | {str(asset["uuid"]): _digest(path, asset) for path, asset in written.items()}


def plan(
    files: Mapping[str, Asset],
    generated: Iterable[str],
    exported: Iterable[tuple[str, Asset]],
    imported: Mapping[str, str],
) -> Plan:
    """Compares the files with what Superset exports (kind, asset).

    `generated` are the paths of files that are written from dbt and so never by an export.
    """
    result = Plan()
    found = _normal(exported, imported.get(STYLE, ""))
    path_of = {str(asset["uuid"]): path for path, asset in files.items()}
    for path, asset in files.items():
        if path.split("/")[0] not in KINDS:
            continue
        present = found.get(str(asset["uuid"]))
        if present and present[0] == "dashboards" and asset.get("slug"):  # the browser does not ask for one
            present[1]["slug"] = present[1].get("slug") or asset["slug"]
        if present and present[0] == "charts":
            _drop_untouched(present[1], asset.get("params", {}))
        if path in set(generated):
            result.notes += _of_generated(path, asset, present, imported)
        elif present is None:
            _take_removal(result, path, asset, imported)
        else:
            _take_change(result, path, asset, present[1], imported)
    _take_new(result, path_of, found, imported)
    return result


def _digest(path: str, asset: Asset) -> str:
    return _hashed(dump(normal_form.compact(path, normal_form.expand(path, asset))))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _normal(exported: Iterable[tuple[str, Asset]], style_digest: str) -> dict[str, tuple[str, Asset]]:
    """UUID -> kind and asset in normal form, without what the import itself adds."""
    found = {str(asset["uuid"]): (kind, asset) for kind, asset in exported if kind in KINDS}
    datasets = {uuid: asset for uuid, (kind, asset) in found.items() if kind == "datasets"}
    names = {uuid: str(asset["slice_name"]) for uuid, (kind, asset) in found.items() if kind == "charts"}
    return {
        uuid: (kind, _without_additions(kind, asset, datasets, names, style_digest))
        for uuid, (kind, asset) in found.items()
    }


def _without_additions(
    kind: str, asset: Asset, datasets: Mapping[str, Asset], names: Mapping[str, str], style_digest: str
) -> Asset:
    normal = normal_form.compact(f"{kind}/", asset)
    if kind == "charts" and is_derived(normal.get("description", ""), datasets.get(str(asset.get("dataset_uuid")))):
        normal.pop("description", None)
    if kind == "dashboards":
        if _hashed(normal.get("css", "")) == style_digest:
            normal.pop("css", None)
        normal["layout"] = layout.kept(normal["layout"], names)
        for native in normal.get("filters", []):
            if "scope" in native:
                native["scope"]["excluded"] = [uuid for uuid in native["scope"]["excluded"] if uuid in names]
    return normal


def _of_generated(path: str, asset: Asset, present: tuple[str, Asset] | None, imported: Mapping[str, str]) -> list[str]:
    """What a person is told about a dataset that dbt describes."""
    if present is None:
        return []
    now, before = present[1], imported.get(str(asset["uuid"]))
    if _hashed(dump(now)) == before or _digest(path, asset) == _hashed(dump(now)):
        return []
    told = []
    for items, name, remedy in (
        ("metrics", "metric_name", "metrics belong in dbt: add it to config.meta.metrics of the mart"),
        ("columns", "column_name", "columns belong in dbt: add it to the mart's SQL and YAML"),
    ):
        known = {item[name] for item in asset[items]}
        told += [
            f"{path}: {item[name]} was added in the browser; {remedy}, then run make dictionary"
            for item in now[items]
            if item[name] not in known
        ]
    return told or [
        f"{path}: changed in the browser, but written from dbt: change the mart's YAML, then make dictionary"
    ]


def _take_removal(result: Plan, path: str, asset: Asset, imported: Mapping[str, str]) -> None:
    before = imported.get(str(asset["uuid"]))
    if before is None:
        result.notes.append(f"{path}: not in Superset yet; make up brings it there")
    elif before == _digest(path, asset):
        result.removals.append(path)
    else:
        result.conflicts.append(f"{path}: was deleted in the browser, and its file has changed since its import")


def _take_change(result: Plan, path: str, asset: Asset, present: Asset, imported: Mapping[str, str]) -> None:
    now, file = _hashed(dump(present)), _digest(path, asset)
    before = imported.get(str(asset["uuid"]), file)
    if now == file:
        return
    if now == before:
        result.notes.append(f"{path}: newer than what Superset has; make up brings it there")
    elif file == before:
        result.writes[path] = dump(present)
    else:
        result.conflicts.append(f"{path}: has changed in the browser and in its file since its import")


def _take_new(
    result: Plan, path_of: Mapping[str, str], found: Mapping[str, tuple[str, Asset]], imported: Mapping[str, str]
) -> None:
    """Files for the dashboards that people made, for their charts, and for the datasets of those."""
    new = {uuid: pair for uuid, pair in sorted(found.items()) if uuid not in path_of and uuid not in imported}
    boards = {uuid: asset for uuid, (kind, asset) in new.items() if kind == "dashboards"}
    result.notes += [
        f"{kind[:-1]} {asset[NAMES[kind]]!r} has no file any more; make up removes it"
        for uuid, (kind, asset) in found.items()
        if uuid not in path_of and uuid in imported
    ]
    slugs = {asset["slug"] for kind, asset in found.values() if kind == "dashboards" and asset.get("slug")}
    taken = set(path_of.values())
    for board in sorted(boards.values(), key=lambda board: str(board["dashboard_title"])):
        if not board.get("slug"):
            board["slug"] = _free(_slug(board["dashboard_title"], "-"), slugs, "-")
            slugs.add(board["slug"])
        _write_new(result, taken, f"dashboards/{_slug(board['slug'], '_')}.yaml", board)
    placed: dict[str, str] = {}
    read: set[str] = set()
    for board in [asset for kind, asset in found.values() if kind == "dashboards"]:
        read |= {target["datasetUuid"] for target in _targets(board)}
        for element in layout.charts(board["layout"]):
            placed.setdefault(element["uuid"], _slug(board.get("slug") or board["dashboard_title"], "_"))
            read.add(str(found[element["uuid"]][1].get("dataset_uuid")))
    for uuid, (kind, asset) in new.items():
        if kind == "charts" and uuid in placed:
            _drop_untouched(asset, {})
            _write_new(result, taken, f"charts/{placed[uuid]}/{_slug(asset['slice_name'], '_')}.yaml", asset)
        elif kind == "datasets" and uuid in read:
            _write_new(result, taken, f"datasets/{_slug(asset['table_name'], '_')}.yaml", asset)
        elif kind != "dashboards":
            result.notes.append(f"{kind[:-1]} {asset[NAMES[kind]]!r} is on no dashboard: left out")


def _drop_untouched(chart: Asset, before: Asset) -> None:
    """Takes out what the editor added by itself."""
    added = untouched(chart["params"], before)
    chart["params"] = {key: value for key, value in chart["params"].items() if key not in added}


def _targets(dashboard: Asset) -> list[Asset]:
    targets = [target for native in dashboard.get("filters", []) for target in native.get("targets", [])]
    return [target for target in targets if "datasetUuid" in target]


def _write_new(result: Plan, taken: set[str], path: str, asset: Asset) -> None:
    path = _free(path.removesuffix(".yaml"), {other.removesuffix(".yaml") for other in taken}, "_") + ".yaml"
    taken.add(path)
    result.writes[path] = dump(asset)


def _slug(name: str, between: str) -> str:
    return re.sub(r"[^a-z0-9]+", between, str(name).lower()).strip(between) or "unnamed"


def _free(name: str, taken: Iterable[str], between: str) -> str:
    number, free = 1, name
    while free in set(taken):
        number += 1
        free = f"{name}{between}{number}"
    return free
