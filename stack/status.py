"""`make status`: a table of the programs."""

from datetime import timedelta

from rich.console import Console
from rich.table import Table

from orchestration.alerts.commands import state_in_words
from orchestration.settings import load_settings
from stack.supervisor import Supervisor

REPORTS = "Reports by e-mail are off here: they need Redis, a worker and a mail server (docs/server.md)."
COLOURS = {"RUNNING": "green", "STARTING": "yellow", "STOPPED": "dim"}


def show(supervisor: Supervisor) -> bool:
    """Print state, process, uptime and address of each program; True if all of them run."""
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
    console.print(f"\n{REPORTS}\n{state_in_words(load_settings())}", style="dim", soft_wrap=True)
    return all(states.get(name, {}).get("statename") == "RUNNING" for name in addresses)
