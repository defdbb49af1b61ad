"""`make status`: a table of the programs, and whether everything is well."""

from datetime import timedelta

from rich.console import Console
from rich.table import Table

from orchestration.alerts.commands import state_in_words
from orchestration.health import is_well, look
from orchestration.registry.commands.doctor import print_findings
from orchestration.settings import Settings
from stack.supervisor import Supervisor

REPORTS = "Reports by e-mail are off here: they need Redis, a worker and a mail server (docs/server.md)."
COLOURS = {"RUNNING": "green", "STARTING": "yellow", "STOPPED": "dim"}


def show(supervisor: Supervisor, settings: Settings) -> bool:
    """Print state, process, uptime and address of each program, then health; True if all run and everything is well."""
    addresses, states = supervisor.addresses(), supervisor.states()
    table = Table("program", "state", "process", "up for", "address", box=None, pad_edge=False)
    for name, address in addresses.items():
        info = states.get(name, {})
        state = str(info.get("statename", "STOPPED"))
        uptime = str(timedelta(seconds=info["now"] - info["start"])) if state == "RUNNING" else ""
        pid = str(info["pid"]) if info.get("pid") else ""
        table.add_row(name, f"[{COLOURS.get(state, 'red')}]{state}[/]", pid, uptime, address)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"\n{REPORTS}\n{state_in_words(settings)}", style="dim", soft_wrap=True)
    if not states:
        return False
    console.print()
    findings = look(settings)
    print_findings(findings)
    return is_well(findings) and all(states.get(name, {}).get("statename") == "RUNNING" for name in addresses)
