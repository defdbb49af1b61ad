"""A dashboard's layout as a tree, as it stands in git, and as the flat map of ids that Superset stores.

In the tree an element holds its children; ids, parents and the numbers of charts are left out, for they follow from
where an element stands: the third row of the first tab is always `ROW-1-3`, so an export differs only where somebody
moved something.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Element = dict[str, Any]
# What Superset writes into an element that nobody has styled.
PLAIN = {"background": "BACKGROUND_TRANSPARENT"}
# Follow from elsewhere: the number from the import, the title of a tab's placeholder from Superset.
DERIVED = ("chartId", "defaultText", "placeholder", "parents", "id")


def flatten(title: str, layout: list[Element]) -> dict[str, Any]:
    """Returns `position` as Superset stores it, charts numbered from 1 in reading order.

    `layout` is the list of tabs, or of rows where a dashboard has none.
    """
    tabbed = bool(layout) and layout[0]["type"] == "TAB"
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["TABS-1" if tabbed else "GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": title}},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
    }
    if tabbed:
        _add(position, {"type": "TABS", "children": layout}, ["ROOT_ID"], "1")
    else:
        children = position["GRID_ID"]["children"]
        for number, element in enumerate(layout, 1):
            children.append(_add(position, element, ["ROOT_ID", "GRID_ID"], str(number)))
    return position


def _add(position: dict[str, Any], element: Element, parents: list[str], path: str) -> str:
    own_id = f"{element['type']}-{path}"
    meta = {key: value for key, value in element.items() if key not in ("type", "children")}
    if element["type"] in ("ROW", "COLUMN"):
        meta = PLAIN | meta
    if element["type"] == "CHART":
        meta["chartId"] = 1 + sum(node["type"] == "CHART" for node in _nodes(position))
    node = {"type": element["type"], "id": own_id, "children": [], "parents": parents, "meta": meta}
    position[own_id] = node
    for number, child in enumerate(element.get("children", []), 1):
        # tabs of the whole page stand alone at the top, so their own number says nothing
        child_path = str(number) if parents == ["ROOT_ID"] else f"{path}-{number}"
        node["children"].append(_add(position, child, [*parents, own_id], child_path))
    return own_id


def nest(position: dict[str, Any]) -> list[Element]:
    """The reverse of `flatten`, for a layout that somebody made in the browser too."""
    roots = position["ROOT_ID"]["children"]
    top = position[roots[0]] if roots else position["GRID_ID"]
    return [_element(position, child) for child in top["children"]]


def _element(position: dict[str, Any], node_id: str) -> Element:
    node = position[node_id]
    meta = {key: value for key, value in node.get("meta", {}).items() if key not in DERIVED}
    if node["type"] in ("ROW", "COLUMN"):
        meta = {key: value for key, value in meta.items() if PLAIN.get(key) != value}
    element: Element = {"type": node["type"], **{key: meta[key] for key in sorted(meta)}}
    if node.get("children"):
        element["children"] = [_element(position, child) for child in node["children"]]
    return element


def renamed(position: dict[str, Any]) -> dict[str, str]:
    """Returns id -> the id that the same element gets from its place, for references from elsewhere."""
    placed = list(_nodes(flatten("", nest(position))))
    walked = list(_walk(position))
    return {old: new["id"] for old, new in zip(walked, placed, strict=True)}


def charts(layout: list[Element]) -> Iterator[Element]:
    """Every CHART element, in reading order."""
    for element in layout:
        if element["type"] == "CHART":
            yield element
        yield from charts(element.get("children", []))


def _nodes(position: dict[str, Any]) -> Iterator[dict[str, Any]]:
    standing = ("ROOT_ID", "HEADER_ID", "GRID_ID", "DASHBOARD_VERSION_KEY")
    return (node for key, node in position.items() if key not in standing)


def chart_nodes(position: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of `position` that hold a chart that exists: one that was deleted has no UUID."""
    return (node for node in _nodes(position) if node["type"] == "CHART" and node["meta"].get("uuid"))


def kept(layout: list[Element], names: Mapping[str, str]) -> list[Element]:
    """The layout with only the charts whose UUID is in `names`, under those names, and without rows that held others.

    A chart that was deleted leaves its place behind; one that was renamed elsewhere, its old name.
    """
    found = []
    for element in layout:
        if element["type"] == "CHART":
            if name := names.get(element.get("uuid", "")):
                found.append(element | {"sliceName": name})
        elif "children" in element:
            children = kept(element["children"], names)
            if children:
                found.append(element | {"children": children})
            elif element["type"] not in ("ROW", "COLUMN"):
                found.append({key: value for key, value in element.items() if key != "children"})
        else:
            found.append(element)
    return found


def _walk(position: dict[str, Any]) -> Iterator[str]:
    """Ids below the root in the order in which `flatten` makes them."""

    def below(node_id: str) -> Iterator[str]:
        yield node_id
        for child in position[node_id].get("children", []):
            yield from below(child)

    for child in position["ROOT_ID"]["children"]:
        if child == "GRID_ID":
            for element in position["GRID_ID"]["children"]:
                yield from below(element)
        else:
            yield from below(child)
