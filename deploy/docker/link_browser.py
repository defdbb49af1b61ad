"""Has Playwright start a browser that is installed already: `python link_browser.py /usr/bin/chromium`.

Superset starts Playwright's own build, which would be downloaded past the package manager and never updated with the
system. Playwright itself says where it looks for it (below PLAYWRIGHT_BROWSERS_PATH); a link goes there.
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright


def main(browser: str) -> None:
    """Makes the link and starts the browser once through it; ends with Playwright's message when that fails."""
    with sync_playwright() as playwright:
        try:
            playwright.chromium.launch(args=["--no-sandbox"]).close()
        except Error as error:
            sought = re.search(r"Executable doesn't exist at (\S+)", error.message)
            if not sought:
                raise
            link = Path(sought[1])
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(browser)
            playwright.chromium.launch(args=["--no-sandbox"]).close()


if __name__ == "__main__":
    main(sys.argv[1])
