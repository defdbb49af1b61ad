"""Enters the sandbox's main dealers and dealers in the registry (compose profile `demo`)."""

import requests

from orchestration.registry.fleet import register
from orchestration.settings import load_settings


def main() -> None:
    """Does it; raises requests.RequestException when the sandbox does not answer."""
    settings = load_settings()
    answer = requests.get(f"http://127.0.0.1:{settings.sandbox_port}/sandbox/fleet", timeout=60)
    answer.raise_for_status()
    print(f"{register(settings, answer.json())} entries of the registry are new or changed")


if __name__ == "__main__":
    main()
