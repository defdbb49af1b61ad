"""dbt on the warehouse that the environment names, as a transform runs it."""

import subprocess
import sys
from pathlib import Path

from orchestration.settings import ROOT


def build(scratch: Path, *selected: str) -> int:
    """Build the models selected and run their tests. Returns dbt's exit code; what went wrong is printed."""
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "build", "--select", *selected]
    command += ["--exclude-resource-type", "unit_test", "--exclude", "tag:quality"]
    command += ["--project-dir", str(ROOT / "dbt_project"), "--profiles-dir", str(ROOT / "dbt_project")]
    command += ["--target-path", str(scratch), "--log-path", str(scratch)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    print(done.stdout[-3000:], end="")
    return done.returncode
