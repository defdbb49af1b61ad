"""The commands that stand in the docs: shell blocks of the README and of docs/, cut into single commands."""

import re
import subprocess
from functools import cache
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def pages() -> list[str]:
    """All pages that may hold commands, by their path in the tree."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in found]


@cache
def commands(page: str) -> tuple[str, ...]:
    """The commands of a page in their order; one that goes over several lines is one."""
    found: list[str] = []
    for block in BLOCK.findall((ROOT / page).read_text()):
        pending: list[str] = []
        for line in dedent(block).splitlines():
            pending.append(line)
            text = "\n".join(pending)
            if _is_complete(text):
                if _without_comment(text):
                    found.append(text)
                pending = []
        assert not pending, f"{page}: not a command: {pending}"
    return tuple(found)


def _is_complete(text: str) -> bool:
    """Whether a shell would run the text and not wait for more of it."""
    if text.endswith("\\"):
        return False
    return subprocess.run(["sh", "-n", "-c", text], capture_output=True, check=False).returncode == 0


def _without_comment(text: str) -> bool:
    return not text.lstrip().startswith("#") and bool(text.strip())
