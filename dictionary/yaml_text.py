"""How YAML is written here: as superset/provisioning/yaml_text.py does, which stands in another environment.

A test holds the two to the same bytes.
"""

from typing import Any

import yaml

WIDTH = 120
# A mapping that is longer stands one key a line: a value that is broken in its middle reads badly.
ON_ONE_LINE = 114


class _Dumper(yaml.SafeDumper):
    """Short things on a line, text of several lines as it is, keys sorted, no references between parts."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.Node:
        """A text of several lines stands as it is."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    def represent_dict(self, data: Any) -> yaml.MappingNode:
        """On one line if all of it fits there."""
        node = super().represent_dict(data)
        inner = [value for _, value in node.value]
        scalar = all(isinstance(value, yaml.ScalarNode) and value.style != "|" for value in inner)
        length = sum(len(part.value) + 2 for pair in node.value for part in pair) if scalar else 0
        node.flow_style = scalar and length <= ON_ONE_LINE
        return node


_Dumper.add_representer(str, _Dumper.represent_text)
_Dumper.add_representer(dict, _Dumper.represent_dict)


def dump(content: Any) -> str:
    """Returns the text of a file with this content."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=True, default_flow_style=None, width=WIDTH, allow_unicode=True)
