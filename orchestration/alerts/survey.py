"""Everything that is wrong at the moment, from all who know."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import dagster as dg
import psycopg2

from orchestration.alerts.coverage import late, unreachable
from orchestration.alerts.finding import Finding, Kind
from orchestration.alerts.machine import backups, disks
from orchestration.alerts.pull_failures import pull_failures
from orchestration.alerts.records import drift, rejected
from orchestration.alerts.runs import failed_checks, failed_runs
from orchestration.settings import Settings


@dataclass
class Survey:
    """What was found. `unknown` are the kinds that could not be looked at: nothing of them is over because of that."""

    findings: list[Finding] = field(default_factory=list)
    unknown: dict[Kind, str] = field(default_factory=dict)

    def look(self, kinds: Sequence[Kind], find: Callable[[], list[Finding] | None]) -> None:
        """Take what `find` finds; None when it cannot say now. One that fails does not keep the others from looking."""
        try:
            found, why = find(), "cannot be told now"
        except Exception as error:
            found, why = None, type(error).__name__
        if found is None:
            self.unknown |= dict.fromkeys(kinds, why)
        else:
            self.findings += found


def survey(
    settings: Settings,
    connection: "psycopg2.extensions.connection",
    instance: dg.DagsterInstance,
    jobs: Iterable[str],
    checks: Iterable[dg.AssetCheckKey],
) -> Survey:
    """All findings. `connection` commits by itself; `jobs` and `checks` are those of the code location."""
    found = Survey()
    found.look([Kind.FAILING, Kind.REFUSED, Kind.QUOTA], lambda: pull_failures(connection))
    found.look([Kind.LATE], lambda: late(connection))
    found.look([Kind.UNREACHABLE], lambda: unreachable(connection))
    found.look([Kind.REJECTED], lambda: rejected(connection))
    found.look([Kind.DRIFT], lambda: drift(connection))
    found.look([Kind.RUN], lambda: failed_runs(instance, jobs))
    found.look([Kind.QUALITY], lambda: failed_checks(instance, checks))
    found.look([Kind.DISK], lambda: disks(settings))
    found.look([Kind.BACKUP], lambda: backups(settings, connection))
    return found
