"""Starts a program of an image: `python entrypoint.py [--pipeline] PROGRAM ARGUMENT...`.

For every variable NAME_FILE it sets NAME to what that file holds, so that secrets stand in files (compose mounts them
in /run/secrets) and the programs read settings from their environment as everywhere else. `--pipeline` adds what
`make up` gives Dagster, dbt and dlt. Then the program takes this process's place.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

SUFFIX = "_FILE"
# Whose NAME_FILE means something to the program itself.
NOT_OURS = ("SSL_CERT_FILE",)


def with_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the files' contents, line ends cut off. Raises OSError, and ValueError for an empty file."""
    found = dict(environment)
    for name, path in environment.items():
        if not name.endswith(SUFFIX) or name in NOT_OURS or not path:
            continue
        value = Path(path).read_text().strip("\r\n")
        if not value:
            raise ValueError(f"{path} is empty")
        found[name.removesuffix(SUFFIX)] = value
        del found[name]
    return found


def pipeline_environment() -> dict[str, str]:
    """What the pipeline's programs are given besides; provides Dagster's home, which may be an empty volume."""
    from orchestration.settings import ROOT, SettingError, load_settings  # only one of the images has these
    from stack.credentials import SECRETS
    from stack.secret_rules import complaints

    try:
        settings = load_settings()
        environment = settings.environment()
    except SettingError as error:
        sys.exit(str(error))
    given = {name: os.environ[name] for name in SECRETS if os.environ.get(name)}
    if not settings.demo and (weak := complaints(given)):
        sys.exit("\n".join(f"{complaint}." for complaint in weak))
    link = Path(environment["DAGSTER_HOME"]) / "dagster.yaml"
    link.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # another container may share it
        link.symlink_to(ROOT / "orchestration" / "dagster.yaml")
    return environment


def main(arguments: list[str]) -> None:
    """Becomes the program; ends with a sentence when it cannot."""
    try:
        environment = with_secrets(os.environ)
    except (OSError, ValueError) as error:
        sys.exit(f"A secret cannot be read: {error}")
    if arguments[:1] == ["--pipeline"]:
        del arguments[0]
        os.environ |= environment
        environment |= pipeline_environment()
    if not arguments:
        sys.exit("entrypoint.py needs a program to start")
    try:
        os.execvpe(arguments[0], arguments, environment)  # noqa: S606  (there is no shell in it)
    except OSError as error:
        sys.exit(f"{arguments[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
