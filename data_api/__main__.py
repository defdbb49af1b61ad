"""Command line: `python -m data_api` serves until it is stopped."""

import logging
import sys

import uvicorn

from data_api.app import create_app
from data_api.settings import SettingError, load_settings


def main() -> None:
    """Serves; ends with a sentence when a setting is missing."""
    try:
        settings = load_settings()
    except SettingError as error:
        sys.exit(str(error))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        http="httptools",
        access_log=False,  # addresses hold what people search for
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        server_header=False,
    )


if __name__ == "__main__":
    main()
