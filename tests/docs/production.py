"""A stack as its new owner has it, and how the docs' commands are run on it."""

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

# The docs' examples: their newest date is today here, their main dealer is the sandbox.
NEWEST_DATE = date(2026, 11, 1)
DATE = re.compile(r"\b2026-1[01]-\d\d\b")


@dataclass(frozen=True)
class Production:
    """The running stack, and how the docs' commands are run on it."""

    folder: Path
    env: dict[str, str]
    base_url: str
    plain_url: str  # the same main dealer without TLS, for what takes no authority of a stand-in
    api_key: str
    secret: str

    def run(self, *commands: str) -> str:
        """Run commands one after the other, as a person types them; what they said. Raises AssertionError."""
        (self.folder / "secret.txt").write_text(self.secret)
        script = "\n".join(["set -eu", *map(self.here, commands)])
        done = subprocess.run(
            ["sh"], input=script, cwd=self.folder, env=self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n\n{done.stdout[-4000:]}"
        assert self.secret not in done.stdout
        return done.stdout

    def here(self, command: str) -> str:
        """A command with the example's main dealer, keys and dates turned into this one's."""
        if "dlt_sources.dgi" in command:
            command = re.sub(r"https://host/dgi-api/v1\.3", f"{self.plain_url} --stand-in", command)
        command = re.sub(r"https://(dgi\.example\.com|host/dgi-api/v1\.3)", self.base_url, command)
        command = re.sub(r"\bkey-demo-0\d\b", self.api_key, command)
        command = command.replace("DGI_API_KEY=...", f"DGI_API_KEY={self.api_key}")
        command = command.replace("DGI_SECRET_KEY=...", "DGI_SECRET_KEY=$(cat secret.txt)")
        later = (datetime.now(UTC) + timedelta(hours=7)).date() - NEWEST_DATE
        return DATE.sub(lambda found: str(date.fromisoformat(found[0]) + later), command)
