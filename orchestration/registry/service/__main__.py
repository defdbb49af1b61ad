"""Starts the service: `python -m orchestration.registry.service`."""

import os
import sys

import uvicorn

from orchestration.registry.service.app import create_app
from orchestration.settings import SettingError, load_settings


def main() -> None:
    """Serves until it is told to end; ends with a sentence when a setting is missing."""
    try:
        settings = load_settings()
        app = create_app(settings)
    except SettingError as error:
        sys.exit(str(error))
    # In a container 127.0.0.1 would be the container's own.
    host = os.environ.get("REGISTRY_HOST", "127.0.0.1")
    uvicorn.run(app, host=host, port=settings.registry_port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
