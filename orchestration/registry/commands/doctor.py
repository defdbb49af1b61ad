"""`dealers doctor`: whether everything is well, and the remedy for what is not."""

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.health import Finding, is_well, look
from orchestration.settings import load_settings

_STATES = {True: ("well", "green"), False: ("not well", "red"), None: ("cannot tell", "yellow")}


@click.command("doctor")
@click.pass_context
def doctor_command(ctx: click.Context) -> None:
    """Tell whether everything is well; exit with 1 when something is not."""
    findings = look(load_settings())
    print_findings(findings)
    ctx.exit(0 if is_well(findings) else 1)


def print_findings(findings: list[Finding]) -> None:
    """Print a row for each area, with the remedy below the sentence of what is not well."""
    table = Table(box=None, pad_edge=False)
    for heading in ("area", "state", "what is there"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        word, colour = _STATES[finding.ok]
        said = Text(finding.sentence)
        if finding.remedy and not finding.ok:
            said.append(f"\n→ {finding.remedy}")
        table.add_row(Text(finding.area), Text(word, colour), said)
    Console(highlight=False).print(table)
