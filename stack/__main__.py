"""The commands behind `make up`, `down`, `status`, `logs`, `psql` and `dashboards-export`."""

import errno
import os
import sys
from pathlib import Path

import click

from orchestration.postgres_programs import connection_environment, wheel_binaries
from orchestration.settings import ROOT, SettingError, load_settings
from stack import leftovers, logs, status
from stack.errors import DISK_FULL, StackError
from stack.programs import inherited
from stack.sites import alone, prepare
from stack.supervisor import Supervisor


@click.group()
def stack() -> None:
    """Run the stack on this machine."""


@stack.command()
def up() -> None:
    """Start everything that is not running and do what has not been done yet."""
    from stack.up import up as bring_up

    with alone(load_settings().var):
        bring_up()


@stack.command()
def down() -> None:
    """Stop everything; data stays."""
    var = load_settings().var
    with alone(var):
        supervisor = Supervisor(var)
        if supervisor.is_running():
            supervisor.stop()
        if left := leftovers.end(var):
            names = ", ".join(f"{process.name()} ({process.pid})" for process in left)
            raise StackError(f"Still running, and not ours to end: {names}.")
    click.echo("Nothing is running.")


@stack.command("status")
def show_status() -> None:
    """Show the programs and whether all is well; the exit status is 0 if all of them run and it is."""
    settings = load_settings()
    sys.exit(0 if status.show(Supervisor(settings.var), settings) else 1)


@stack.command("logs")
@click.argument("program", required=False)
def show_logs(program: str | None) -> None:
    """Follow the logs of all programs, or of one."""
    supervisor = Supervisor(load_settings().var)
    names = list(supervisor.addresses())
    if program and program not in names:
        raise StackError(f"There is no program {program}: choose one of {', '.join(names)}.")
    logs.follow(supervisor.log, [program] if program else names)


@stack.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the warehouse as its owner, or run what comes on standard input."""
    url = load_settings().warehouse().render_as_string(hide_password=False)
    os.environ |= connection_environment(url)
    program = str(wheel_binaries() / "psql")
    as_script = () if sys.stdin.isatty() else ("-X", "-v", "ON_ERROR_STOP=1")
    os.execv(program, [program, *as_script, *arguments])


@stack.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(folder: Path) -> None:
    """Fill the empty databases of a new machine from a backup."""
    from stack.restore import restore_here

    with alone(load_settings().var):
        restore_here(folder)


@stack.command("dashboards-export")
@click.option("--dry-run", is_flag=True, help="only say what would be written and removed")
def dashboards_export(dry_run: bool) -> None:
    """Bring what was built or changed in Superset back as files (superset/export_assets.py)."""
    site = prepare()
    folder = ROOT / "superset"
    python = str(folder / ".venv" / "bin" / "python")
    os.chdir(folder)
    env = {**inherited(os.environ), **site.environment}
    os.execve(python, [python, "export_assets.py", *(["--dry-run"] if dry_run else [])], env)


def main() -> None:
    """Run a command; a full disk and an interrupt end in one sentence as well."""
    try:
        stack(prog_name="python -m stack")
    except SettingError as reason:
        sys.exit(str(reason))
    except OSError as reason:
        if reason.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.exit(DISK_FULL)


if __name__ == "__main__":
    main()
