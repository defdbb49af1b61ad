"""What years of pulling leave in the databases: a few real runs, multiplied in Postgres.

Dagster runs a job that reports partitions as every pull does; its rows are then copied with other partitions, runs and
times. Twelve runs a day are kept, as the schedule makes them. Each partition has its newest materialization only, but
those of one week have all 24 that the schedule's polls of two days report. In raw, the calls of the days that main
dealers keep.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import psycopg2
from sqlalchemy import URL, make_url

from orchestration.pull.asked import Arrived, Failed, Partition, Pulled
from orchestration.reporting import Reporter, failure
from orchestration.settings import Settings

SCHEDULE = {"dagster/schedule_name": "pull_yesterday_and_today"}
# Of the last days before the newest ones, some dealers' partitions failed.
_FAILED_DEALERS, _FAILED_DAYS = 3, 10
FAILED = _FAILED_DEALERS * _FAILED_DAYS
_DAYS_AT_ONCE = 10
_PLACES = """
    create temp table place as
    select
        day::date as day, dealer.id as dealer_id, to_char(day, 'YYYY-MM-DD') || '|' || dealer.id as key,
        dealer.number between 2 and 1 + %(failed_dealers)s
            and %(last)s - day::date between 3 and 2 + %(failed_days)s as is_failed,
        case when %(last)s - day::date between 8 and 14 then 24 else 1 end as polls
    from generate_series(%(first)s::date, %(last)s::date, '1 day') as day
    cross join unnest(%(dealers)s::text[]) with ordinality as dealer (id, number);
    create index on place (day);
    -- Number 0 is the day's run of which something failed.
    create temp table day_run as
    select
        template.run_id as template, day::date as day, poll,
        md5(%(arrived)s || day || poll)::uuid::text as run_id,
        least(day + poll * interval '2 hours' - interval '7 hours', now() at time zone 'UTC') as at
    from generate_series(%(first)s::date, %(last)s::date, '1 day') as day
    cross join generate_series(0, 12) as poll
    cross join lateral (select case poll when 0 then %(failed)s else %(arrived)s end as run_id) as template
    where poll > 0 or %(last)s - day::date between 3 and 2 + %(failed_days)s;
    create index on day_run (day, poll);
    create temp table template as
    select
        run_id, event, dagster_event_type, step_key, asset_key, partition,
        substring(event from '"timestamp": ([0-9.]+)') as moment
    from event_logs where run_id in (%(arrived)s, %(failed)s);
    analyze place; analyze day_run; analyze template;
"""
_RUNS = """
    insert into runs (
        run_id, snapshot_id, pipeline_name, mode, status, run_body, partition, partition_set, create_timestamp,
        update_timestamp, start_time, end_time, backfill_id
    )
    select
        day_run.run_id, snapshot_id, pipeline_name, mode, status, replace(run_body, run.run_id, day_run.run_id),
        partition, partition_set, at, at, extract(epoch from at), extract(epoch from at) + 60, backfill_id
    from day_run join runs as run on run.run_id = day_run.template
    order by at;
    insert into run_tags (run_id, key, value)
    select day_run.run_id, key, value from day_run join run_tags as tag on tag.run_id = day_run.template
    order by at;
"""
# Rows are sorted before their texts are made: the texts are a kilobyte each.
_EVENTS = """
    insert into event_logs (run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition)
    select
        new.run_id,
        replace(
            replace(
                replace(event, template.run_id, new.run_id),
                '"timestamp": ' || moment, '"timestamp": ' || extract(epoch from new.at)
            ),
            coalesce(template.partition, '-'), coalesce(new.key, '-')
        ),
        dagster_event_type, new.at, step_key, asset_key, new.key
    from (
        select template, day_run.run_id, at, null as key, false as is_of_asset
        from day_run
        where day between %(first)s and %(last)s
        union all
        select template, day_run.run_id, at, key, true
        from place
        cross join generate_series(case when is_failed then 0 else 1 end, case when is_failed then 0 else polls end)
            as number
        join day_run on day_run.day = place.day + greatest(number - 1, 0) / 12
            and day_run.poll = case number when 0 then 0 else (number - 1) %% 12 + 1 end
        where place.day between %(first)s and %(last)s
        order by at, run_id, key
    ) as new
    join template on template.run_id = new.template and (template.asset_key is not null) = new.is_of_asset
"""
_CALLS = """
    create temp table poll as
    select at, 'load ' || extract(epoch from at) as load_id, (at + interval '7 hours')::date as day
    from (
        select day + number * interval '2 hours' - interval '7 hours' as at
        from generate_series(%(last)s::date - 33, %(last)s::date, '1 day') as day
        cross join generate_series(1, 11) as number
    ) as each
    where at < now() at time zone 'UTC';
    insert into raw._dlt_loads (load_id, schema_name, status, inserted_at)
    select load_id, 'dgi', 0, at at time zone 'UTC' from poll;
    insert into raw.api_call (
        call_id, run_id, main_dealer_id, api_key_name, dealer_id, module, window_from, window_to, date_from, date_to,
        called_at, answered_at, duration_ms, attempts, http_status, outcome, records, documents, new_versions, deleted,
        rejected, answer_bytes, _dlt_load_id
    )
    select
        gen_random_uuid()::text, md5(load_id)::uuid::text, dealer.main_dealer_id, 'GROUP', dealer.id, module,
        at - interval '1 day', at, day - 1, day, at, at, 200, 1, 200, 'records', 5, 5, 1, 0, 0, 9000, load_id
    from poll
    cross join registry.dealer as dealer
    join registry.main_dealer as main_dealer on main_dealer.id = dealer.main_dealer_id
    cross join unnest(main_dealer.modules) as module
    -- Not in the order of time: several indexes are filled much faster so.
    order by dealer.id, module, at;
"""


@dataclass(frozen=True)
class History:
    """Dates of a history."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1


def history_of(days: int) -> History:
    """So many days that end today, in Jakarta."""
    today = (datetime.now(UTC) + timedelta(hours=7)).date()
    return History(today - timedelta(days=days - 1), today)


def fill(settings: Settings, dealers: list[str], history: History, modules: list[str]) -> None:
    """Put a history of some modules into both databases of a stack that has none."""
    with dg.DagsterInstance.get() as instance:
        arrived = _run(instance, _arrived(history.first, dealers[0], modules))
        failed_on = history.last - timedelta(days=2 + _FAILED_DAYS)
        failed = _run(instance, _failed(failed_on, dealers[1], modules))
        values = {
            "first": history.first, "last": history.last, "dealers": dealers, "arrived": arrived, "failed": failed,
            "failed_dealers": _FAILED_DEALERS, "failed_days": _FAILED_DAYS,
        }  # fmt: skip
        _multiply(make_url(settings.require("dagster_database_url")), history, values)
        # So Dagster itself writes what each asset's newest event is.
        _run(instance, _arrived(history.last, dealers[0], modules))
    with closing(psycopg2.connect(_libpq(settings.warehouse()))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(_CALLS, values)
        cursor.execute("vacuum analyze raw.api_call")


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _multiply(url: URL, history: History, values: Mapping[str, object]) -> None:
    with closing(psycopg2.connect(_libpq(url))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("set synchronous_commit = off")
        cursor.execute(_PLACES, values)
        cursor.execute(_RUNS)
        for number in range(0, history.days, _DAYS_AT_ONCE):
            first = history.first + timedelta(days=number)
            last = min(history.last, first + timedelta(days=_DAYS_AT_ONCE - 1))
            cursor.execute(_EVENTS, {"first": first, "last": last})
        # As autovacuum has done in two years.
        cursor.execute("vacuum analyze event_logs")
        cursor.execute("vacuum analyze runs")
        cursor.execute("vacuum analyze run_tags")


def _run(instance: dg.DagsterInstance, pulled: Pulled) -> str:
    """A run of a job that reports what a pull would. Returns its id."""

    @dg.op
    def dgi(context: dg.OpExecutionContext) -> None:
        Reporter(context.instance, context.run, "dgi", planned=False).report(pulled)
        if pulled.failed:
            raise failure(pulled)

    @dg.job(name="pull")
    def pull() -> None:
        dgi()

    quietly = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return pull.execute_in_process(quietly, instance, tags=SCHEDULE, raise_on_error=False).run_id


def _arrived(day: date, dealer_id: str, modules: list[str]) -> Pulled:
    one = Arrived("01k0000000-0000-7000-8000-000000000000", datetime.now(UTC), 5, 9000, 0.2)
    return Pulled(arrived={Partition(module, dealer_id, day): one for module in modules})


def _failed(day: date, dealer_id: str, modules: list[str]) -> Pulled:
    one = Failed("the server answered 500: Internal Server Error", "01k0000000-0000-7000-8000-000000000000")
    return Pulled(failed={Partition(module, dealer_id, day): one for module in modules})
