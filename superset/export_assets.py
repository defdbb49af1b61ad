"""Brings what people changed or built in the browser back as files: `.venv/bin/python export_assets.py [--dry-run]`.

Reads Superset's own database, so nobody types a password. Writes into assets/, where `git diff` then shows the change;
exit code 1 when an object has changed in both places, which is left as it is.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import yaml

import postgres_url
from provisioning import state
from provisioning.assets import Assets, is_generated, read_texts
from provisioning.export_plan import Plan, after_export, plan
from provisioning.validation import faults

HERE = Path(__file__).resolve().parent
ASSETS = HERE / "assets"
REQUIRED_SETTINGS = ("SUPERSET_SECRET_KEY", "SUPERSET_DATABASE_URL", "SUPERSET_ADMIN_USER")


def exported() -> Iterator[tuple[str, dict[str, object]]]:
    """Everything that Superset holds, as its own export has it: kind and content."""
    os.environ.setdefault("SUPERSET_CONFIG_PATH", str(HERE / "superset_config.py"))
    from superset.app import create_app

    with create_app().app_context():
        # these need the application
        from superset import security_manager
        from superset.commands.export.assets import ExportAssetsCommand
        from superset.utils.core import override_user

        with override_user(security_manager.find_user(os.environ["SUPERSET_ADMIN_USER"])):
            for path, content in ExportAssetsCommand().run():
                yield path.split("/")[0], yaml.safe_load(content())


def apply(changes: Plan, files: Assets, dry: bool) -> None:
    """Does what the plan says, or only prints it."""
    for path in changes.removals:
        print(f"{'would remove' if dry else 'removed'} {path}")
        if not dry:
            ASSETS.joinpath(path).unlink()
    for path, text in sorted(changes.writes.items()):
        print(f"{'would write' if dry else 'wrote'} {path}{'' if path in files else ' (new)'}")
        if not dry:
            ASSETS.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            ASSETS.joinpath(path).write_text(text)
    for note in changes.notes:
        print(f"note: {note}")
    for conflict in changes.conflicts:
        print(f"CONFLICT: {conflict}; left as it is (docs/dashboards.md)")
    if not (changes.removals or changes.writes):
        print("the files have all that Superset has")


def complaints(changes: Plan, files: Assets) -> list[str]:
    """What `make lint` will say of the files when the plan is done, and does not say yet."""
    after = {path: asset for path, asset in files.items() if path not in changes.removals}
    after |= {path: yaml.safe_load(text) for path, text in changes.writes.items()}
    known = set(faults(files))
    return [fault for fault in faults(after) if fault not in known]


def main() -> int:
    """Exports; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be written and removed")
    dry = parser.parse_args().dry_run
    if missing := [name for name in REQUIRED_SETTINGS if not os.environ.get(name)]:
        print(f"missing settings: {', '.join(missing)}", file=sys.stderr)
        return 2
    texts = read_texts(ASSETS)
    files = {path: yaml.safe_load(text) for path, text in texts.items()}
    generated = [path for path, text in texts.items() if is_generated(text)]
    try:
        with state.exclusive_connection(postgres_url.for_libpq(os.environ["SUPERSET_DATABASE_URL"])) as connection:
            imported = state.imported_assets(connection)
            if not imported:
                print("It is not known which files Superset has: run make up once, then this again.", file=sys.stderr)
                return 1
            changes = plan(files, generated, exported(), imported)
            apply(changes, files, dry)
            if not dry:
                state.remember_assets(connection, after_export(imported, files, changes))
    except (postgres_url.PostgresUrlError, psycopg2.OperationalError) as error:
        print(error, file=sys.stderr)
        return 1
    for complaint in complaints(changes, files):
        print(f"make lint will refuse: {complaint}")
    return 1 if changes.conflicts else 0


if __name__ == "__main__":
    sys.exit(main())
