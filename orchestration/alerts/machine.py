"""What this machine is short of: room on its disks, a backup that is new enough."""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2

from orchestration.alerts.finding import Finding, Kind
from orchestration.backup import complete_backups
from orchestration.settings import Settings

_BACKUP_EVERY = timedelta(days=2)
_GB = 1024**3
# A new stack has not had a night yet.
_OLDEST_DEALER = "select min(created_at) from registry.dealer"


def disks(settings: Settings) -> list[Finding]:
    """Disks of the stack's folders with less room than ALERT_DISK_FREE_PERCENT."""
    found = []
    for folder in _one_of_each_disk([settings.var, settings.var / "postgres", settings.backups]):
        usage = shutil.disk_usage(folder)
        free = 100 * usage.free / usage.total
        if free >= settings.alert_disk_free_percent:
            continue
        found.append(
            Finding(
                kind=Kind.DISK,
                cause=str(folder),
                title="a disk is nearly full",
                error=f"{usage.free / _GB:,.1f} GB, {free:.0f} %, are left where {folder} lies",
                remedy="Make room or enlarge the disk. When it is full, Postgres stops and nothing is fetched. Older "
                "backups (BACKUP_KEEP) and logs in VAR_DIR can go; raw documents cannot be fetched again.",
            )
        )
    return found


def backups(settings: Settings, connection: "psycopg2.extensions.connection") -> list[Finding]:
    """That the newest backup is older than two nights, or that there is none."""
    folder = settings.backups
    complete = complete_backups(folder) if folder.is_dir() else []
    if complete:
        made_at = datetime.strptime(complete[-1].name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        error = f"the newest backup is of {made_at:%Y-%m-%d %H:%M} UTC"
    else:
        with connection.cursor() as cursor:
            cursor.execute(_OLDEST_DEALER)
            (made_at,) = cursor.fetchone() or (None,)
        error = f"there is no complete backup in {folder}"
    if made_at is None or made_at > datetime.now(UTC) - _BACKUP_EVERY:
        return []
    return [
        Finding(
            kind=Kind.BACKUP,
            cause="backup",
            title="there is no recent backup",
            error=error,
            remedy="See the last runs of the job back_up in Dagster for why, and that the schedule back_up_daily is "
            "on; then run `make backup`.",
            since=made_at,
            rerun=("back_up",),
        )
    ]


def _one_of_each_disk(folders: Iterable[Path]) -> list[Path]:
    found: dict[int, Path] = {}
    for folder in folders:
        try:
            found.setdefault(folder.stat().st_dev, folder)
        except OSError:
            continue  # not made yet, or another account's
    return list(found.values())
