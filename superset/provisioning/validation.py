"""Everything that can be told to be wrong with the assets by reading them: `python -m provisioning.validation`.

Needs neither Superset nor a database. That a column is in dbt's mart is seen to by `python -m dictionary --check`,
which compares the datasets with the marts' YAML.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from provisioning import normal_form
from provisioning.conventions import untidy
from provisioning.references import Files, breaks
from provisioning.yaml_text import dump

WRITTEN_BY_HAND = ("charts/", "dashboards/")


def faults(files: Files) -> Iterator[str]:
    """Yields a line for each fault, beginning with the file."""
    yield from breaks(files)
    yield from untidy(files)


def normalised(path: str, asset: Mapping[str, Any]) -> str:
    """The text that an export would write for the same content."""
    return dump(normal_form.compact(path, normal_form.expand(path, dict(asset))))


def not_normal(texts: Mapping[str, str]) -> dict[str, str]:
    """Path -> text in normal form, of the charts and dashboards that are written in another way."""
    found = {
        path: normalised(path, yaml.safe_load(text)) for path, text in texts.items() if path.startswith(WRITTEN_BY_HAND)
    }
    return {path: text for path, text in found.items() if text != texts[path]}


def main(arguments: list[str]) -> int:
    """Prints the faults and returns 1 if there are any; with `--write` brings files into normal form first."""
    from provisioning.assets import read_texts

    folder = Path(__file__).resolve().parents[1] / "assets"
    texts = read_texts(folder)
    found = list(faults({path: yaml.safe_load(text) for path, text in texts.items()}))
    if not found:
        for path, text in not_normal(texts).items():
            if "--write" in arguments:
                folder.joinpath(path).write_text(text)
                print(path)
            else:
                found.append(f"{path}: not in normal form; make dashboards-format")
    print("\n".join(found) if found else "the dashboards hold together")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
