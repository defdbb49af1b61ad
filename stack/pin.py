"""Refreshes the pins of uv projects: `python -m stack.pin FOLDER...` (the root is `.`, Superset's project `superset`).

The tested versions of all direct and transitive packages stand in `[tool.uv] constraint-dependencies` of the project's
own pyproject.toml, and uv resolves to just that set everywhere. uv.lock would do the same, but it records the address
of the package index of whoever made it, so it stays out of git.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument

from stack.install import provide_uv, var_dir

NOTE = "every version of the tested set, written by stack/pin.py"


def resolve(project: TOMLDocument) -> list[str]:
    """Resolves the project afresh, dependency groups and extras included, as if it had no pins.

    Returns requirement lines with their markers, sorted by name; raises CalledProcessError when uv finds no solution.
    """
    unpinned = tomlkit.parse(project.as_string())
    uv_table: Any = unpinned.get("tool", {}).get("uv", {})
    uv_table.pop("constraint-dependencies", None)
    with tempfile.TemporaryDirectory() as folder:
        # in a folder of its own, so that neither the old uv.lock nor an enclosing project has a say
        Path(folder, "pyproject.toml").write_text(unpinned.as_string())
        command = [provide_uv(var_dir() / "tools"), "export", "--quiet", "--project", folder, "--no-emit-project"]
        command += ["--all-groups", "--all-extras", "--no-hashes", "--no-header", "--no-annotate"]
        exported = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [line.strip() for line in exported.splitlines() if "==" in line]


def write_pins(project: TOMLDocument, pins: list[str]) -> None:
    """Puts the pins into the parsed pyproject.toml and leaves the rest of it as it is."""
    lines = tomlkit.array()
    lines.add_line(comment=NOTE)
    for pin in pins:
        lines.add_line(pin)
    lines.add_line(indent="")
    tool: Any = project.setdefault("tool", tomlkit.table(is_super_table=True))
    tool.setdefault("uv", tomlkit.table())["constraint-dependencies"] = lines


def main() -> int:
    """Pins each folder named on the command line and says how many packages that were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="+", help="folder of a pyproject.toml")
    for folder in parser.parse_args().folder:
        path = folder / "pyproject.toml"
        project = tomlkit.parse(path.read_text())
        pins = resolve(project)
        write_pins(project, pins)
        path.write_text(project.as_string())
        print(f"{path}: {len(pins)} packages pinned")
    return 0


if __name__ == "__main__":
    sys.exit(main())
