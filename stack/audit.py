"""Refuses packages with known vulnerabilities: `python -m stack.audit`, for both environments, with pip-audit.

Advisories come from a service on the internet. Where it cannot be reached (a machine without a way out, an index that
holds none) it says so in one line and passes: whoever builds without network is not to be stopped by it.
PIP_AUDIT_SERVICE (osv, pypi) and PIP_AUDIT_OSV_URL name another one.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from orchestration.settings import ROOT

NOT_REACHED = "No advisories can be reached: the packages were not checked for known vulnerabilities."
# Whether advisories are there at all is asked with one package that both environments have.
_PROBE = "certifi"


def main() -> int:
    """Checks both environments; the exit status is 1 when one holds a package that is known to be vulnerable."""
    pipeline = Path(sys.prefix)
    if _probe(pipeline) is None:
        print(NOT_REACHED)
        return 0
    found = []
    for environment in (pipeline, ROOT / "superset" / ".venv"):
        for folder in environment.glob("lib/python*/site-packages"):
            report = _audit("--path", str(folder))
            if report is None:
                print(NOT_REACHED)
                return 0
            found += [_sentence(one) for one in report if one.get("vulns")]
            checked = sum("vulns" in one for one in report)
            print(f"{checked} of {len(report)} packages of {environment.relative_to(ROOT)} were checked.")
    for sentence in found:
        print(sentence)
    return 1 if found else 0


def _probe(environment: Path) -> list[dict[str, Any]] | None:
    (info, *_) = environment.glob(f"lib/python*/site-packages/{_PROBE}-*.dist-info")
    version = info.name.removeprefix(f"{_PROBE}-").removesuffix(".dist-info")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(f"{_PROBE}=={version}\n")
        file.flush()
        return _audit("--requirement", file.name, "--no-deps", "--disable-pip")


def _audit(*options: str) -> list[dict[str, Any]] | None:
    """What pip-audit found of each package; None when it got no advisories for any."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    command += ["--vulnerability-service", os.environ.get("PIP_AUDIT_SERVICE", "pypi"), *options]
    if url := os.environ.get("PIP_AUDIT_OSV_URL"):
        command += ["--osv-url", url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return report if any("vulns" in one for one in report) else None


def _sentence(package: dict[str, Any]) -> str:
    ids = ", ".join(one["id"] for one in package["vulns"])
    fixed = sorted({version for one in package["vulns"] for version in one.get("fix_versions", [])})
    remedy = f"a version that is not: {', '.join(fixed)}" if fixed else "no version is named that is not"
    return f"{package['name']} {package['version']} is known to be vulnerable ({ids}); {remedy}."


if __name__ == "__main__":
    sys.exit(main())
