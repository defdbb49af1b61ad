"""The pull itself: from the partitions asked for to committed rows in raw and a verdict for each partition."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import partial

from dlt_sources.dgi.groups import KeyName, put_together
from dlt_sources.dgi.loading import Loaded, LoadedCall
from dlt_sources.dgi.processes import Processes, worth
from dlt_sources.dgi.server import Call, Server
from dlt_sources.dgi.shares import CallEnded, Share
from dlt_sources.dgi.windows import group_dates, oldest_date, today, window_of
from orchestration.pull.asked import Arrived, Asked, Failed, Partition, Pulled
from orchestration.pull.call_log import arrived_since, asked_apart
from orchestration.pull.locks import Locks, open_locks
from orchestration.registry.credentials import Access, NoAccess, read_access
from orchestration.registry.quota import open_quota
from orchestration.settings import Settings

Progress = Callable[[int, int, CallEnded], None]


class Pull:
    """One run's pull. `progress` hears of every call that ended: (ended, planned, the call)."""

    def __init__(self, settings: Settings, asked: Asked, run_id: str | None, progress: Progress | None = None) -> None:
        self._settings = settings
        self._url = settings.loader().set(drivername="postgresql").render_as_string(hide_password=False)
        self._asked = asked
        self._run_id = run_id
        self._progress = progress or (lambda ended, planned, call: None)
        self._now = datetime.now(UTC)
        self._access: Mapping[str, Access | NoAccess] = {}
        self.result = Pulled()

    def run(self) -> Pulled:
        """Bring everything that is asked for. Dealers that another run is loading wait for it, the others do not."""
        self._access = read_access(self._settings)
        waiting = self._possible()
        partitions = sum(len(days) for days in self._asked.dates.values())
        others = worth(partitions, self._settings.pull_processes) - 1
        with Processes(others) as processes, open_locks(self._url) as locks:
            while waiting:
                with locks.dealers(waiting) as held:
                    self._pull_dealers(held, locks, processes)
                waiting = [dealer_id for dealer_id in waiting if dealer_id not in set(held)]
        return self.result

    def _possible(self) -> list[str]:
        """The dealers that can be asked for; partitions that cannot arrive get their verdict here."""
        possible: dict[str, None] = {}
        for partition in self._asked.partitions():
            access = self._access.get(partition.dealer_id)
            if access is None:
                reason = f"dealer {partition.dealer_id} is not in the registry: `uv run dealers add`"
                self.result.failed[partition] = Failed(reason)
            elif isinstance(access, NoAccess):
                self.result.failed[partition] = Failed(access.reason)
            elif partition.module not in access.server.modules:
                self.result.skipped[partition] = f"main dealer {access.server.id} does not serve {partition.module}"
            elif partition.day > today(access.server, self._now):
                # The zones of the country begin a date at different times; it will be asked for when it has begun.
                self.result.skipped[partition] = f"{partition.day} has not begun at the main dealer"
            else:
                possible[partition.dealer_id] = None
        return list(possible)

    def _pull_dealers(self, dealers: list[str], locks: Locks, processes: Processes) -> None:
        calls = self._plan(set(dealers))
        if not calls:
            return
        known: dict[str, set[str]] = {}
        for dealer_id, access in self._access.items():
            if isinstance(access, Access):
                known.setdefault(access.server.id, set()).add(dealer_id)
        key_ids = {(a.server.id, a.key.name): a.key_id for a in self._access.values() if isinstance(a, Access)}
        servers: dict[Server, int] = {}
        for call in calls:
            servers[call.server] = servers.get(call.server, 0) + 1
        planned = sum(len(call.members) or 1 for call in calls)
        ended = 0

        def tell(told: CallEnded | Loaded) -> None:
            nonlocal ended
            if isinstance(told, CallEnded):
                ended += 1
                self._progress(ended, planned, told)
                return
            locks.check()
            if told.load_id:
                self.result.load_ids.append(told.load_id)
            for loaded in told.calls:
                self._judge(loaded, told.miscounted.get(loaded.call.id))

        with ExitStack() as stack:
            threads = {
                server.id: stack.enter_context(
                    locks.slots(server.id, server.concurrency, min(count, self._slots(server)))
                )
                for server, count in sorted(servers.items(), key=lambda item: item[0].id)
            }
            whole = Share(
                calls=tuple(calls),
                known_dealers={main_dealer: frozenset(some) for main_dealer, some in known.items()},
                threads=threads,
                warehouse_url=self._url,
                run_id=self._run_id,
                permission=partial(open_quota, self._url, key_ids, self._asked.quota_share),
            )
            processes.pull(whole, tell)

    def _plan(self, dealers: set[str]) -> list[Call]:
        """The calls that are still needed for the dealers held. What arrived since it was asked for is settled."""
        satisfied = arrived_since(self._url, self._asked.asked_at, dealers)
        calls = []
        for (module, dealer_id), wanted in self._asked.dates.items():
            access = self._access.get(dealer_id)
            if dealer_id not in dealers or not isinstance(access, Access) or module not in access.server.modules:
                continue
            server, there = access.server, satisfied.get((module, dealer_id), {})
            missing: set[date] = set()
            for day in wanted:
                partition = Partition(module, dealer_id, day)
                if day in there:
                    self.result.arrived[partition] = there[day].arrived(partition)
                elif day < oldest_date(server, self._now):
                    reason = f"{day} is older than the {server.max_age_days} days that main dealer {server.id} keeps"
                    self.result.failed[partition] = Failed(reason)
                elif partition not in self.result.skipped:
                    missing.add(day)
            if not missing:
                continue
            around = self._asked.around.get((module, dealer_id), frozenset())
            askable = (oldest_date(server, self._now), today(server, self._now))
            extra = {day for day in around if askable[0] <= day <= askable[1]}
            for group in group_dates(missing | extra, server.range_days):
                for stretch in group_dates([day for day in group if day not in there], server.range_days):
                    if missing.intersection(stretch):
                        window = window_of(stretch, server, self._now)
                        calls.append(Call(server, access.key, module, dealer_id, window))
        # Oldest first, since that is what closes first; dealers take turns, so that a quota that ends is shared by all.
        calls.sort(key=lambda call: (call.window.start, call.module, call.dealer_id))
        if not any(call.server.whole_group_calls for call in calls):
            return calls
        return put_together(calls, self._groups(), asked_apart(self._url))

    def _groups(self) -> dict[KeyName, frozenset[str]]:
        """All dealers that the registry has of each key, those that are disabled too: a group's answer has them all."""
        names = {a.key_id: (a.server.id, a.key.name) for a in self._access.values() if isinstance(a, Access)}
        groups: dict[KeyName, set[str]] = {}
        for dealer_id, access in self._access.items():
            if name := names.get(access.key_id or 0):
                groups.setdefault(name, set()).add(dealer_id)
        return {name: frozenset(dealers) for name, dealers in groups.items()}

    def _slots(self, server: Server) -> int:
        return max(1, server.concurrency // 2) if self._asked.yields else server.concurrency

    def _judge(self, ended: LoadedCall, miscount: str | None) -> None:
        call, result = ended.call, self.result
        result.calls += 1
        result.requests += ended.attempts
        result.documents += ended.documents
        result.added += ended.added
        result.rejected += ended.rejected
        wanted = self._asked.dates[call.module, call.dealer_id]
        for day in wanted.intersection(call.window.dates):
            partition = Partition(call.module, call.dealer_id, day)
            if not ended.outcome.arrived or miscount:
                result.failed[partition] = Failed(miscount or ended.reason or str(ended.outcome), call.id)
            else:
                documents, size = ended.by_day.get((call.dealer_id, day), (0, 0))
                result.arrived[partition] = Arrived(call.id, ended.called_at, documents, size, ended.seconds)
