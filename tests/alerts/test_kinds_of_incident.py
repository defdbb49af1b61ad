"""Every other kind of incident: what opens it, what its message says, what ends it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg2
import pytest
from alerts_support import BOOK, MIXED, Mailbox, Sandbox, Stack, Tick, dates_back, text_of, today
from dagster._core.storage.tags import MAX_RETRIES_TAG

from orchestration.alerts.finding import Kind
from orchestration.settings import load_settings

pytestmark = pytest.mark.slow


def test_what_nobody_fetches_is_late(tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox) -> None:
    stack.rows("update raw.api_call set called_at = now() - interval '27 hours' where main_dealer_id = %s", BOOK)
    tick()
    dealers = len(sandbox.dealers(BOOK))
    assert mailbox.subjects == [f"{BOOK}: nothing is fetched ({dealers} dealers, 15 modules)"]
    assert "job pull: http" in text_of(mailbox.messages[0])
    stack.pull(sandbox.dealers(BOOK), dates_back(2))
    tick()
    assert mailbox.subjects[1:] == [f"Recovered: {mailbox.subjects[0]}"]


def test_what_is_tried_in_vain_is_not_late_as_well(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    dealer = sandbox.dealers(BOOK)[0]
    stack.rows("update raw.api_call set called_at = now() - interval '27 hours' where dealer_id = %s", dealer)
    sandbox.fault("http_500", dealer=dealer)
    stack.pull([dealer], dates_back(2))
    tick()
    assert [subject.split(": ")[1][:10] for subject in mailbox.subjects] == ["calls fail"]


def test_dates_are_told_of_before_they_are_lost_and_after(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    """Nothing was fetched of 29 and of 28 days ago."""
    dealer, oldest = sandbox.dealers(BOOK)[0], today() - timedelta(days=30)
    stack.rows("delete from raw.api_call where dealer_id = %s and module = 'prsp'", dealer)
    stack.rows("update registry.dealer set created_at = now() - interval '10 days' where id = %s", dealer)
    _backup(load_settings().backups / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for first, last in ((oldest - timedelta(days=10), oldest), (oldest + timedelta(days=3), today())):
        _arrived(stack, dealer, "prsp", first, last)
    tick()
    assert mailbox.subjects == [f"{BOOK}: dates are about to be lost (1 dealer, 1 module)"]
    text = text_of(mailbox.messages[0])
    command = f"uv run dealers pull --from {oldest + timedelta(days=1)} --to {oldest + timedelta(days=2)} "
    assert f"{command}--dealer {dealer} --module prsp" in text
    assert "will not give" in text and "in 2 days" in text

    stack.edit(BOOK, max_age_days=27)
    tick()
    assert len(mailbox.messages) == 1, "it is still open: now they are lost"
    assert "cannot be fetched any more" in stack.one("select details ->> 'error' from registry.incident")
    stack.edit(BOOK, max_age_days=30)
    tick()
    stack.pull([dealer], [oldest + timedelta(days=1), oldest + timedelta(days=2)], ["prsp"])
    tick()
    assert mailbox.subjects[1:] == [f"Recovered: {mailbox.subjects[0]}"]


def test_dates_that_were_lost_have_not_recovered(tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox) -> None:
    dealer, oldest = sandbox.dealers(BOOK)[0], today() - timedelta(days=30)
    stack.rows("delete from raw.api_call where dealer_id = %s and module = 'prsp'", dealer)
    _arrived(stack, dealer, "prsp", oldest + timedelta(days=1), today())
    tick()
    stack.edit(BOOK, max_age_days=29)
    stack.rows("update registry.dealer set created_at = created_at - interval '1 day'")
    tick()
    stack.edit(BOOK, max_age_days=26)
    tick()
    (first, last) = mailbox.subjects
    assert first == f"{BOOK}: dates are about to be lost (1 dealer, 1 module)"
    assert last == f"Over: {BOOK}: dates are lost (1 dealer, 1 module)"


def test_a_call_that_left_on_a_date_did_not_fetch_it_whole(
    tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    dealer, day = sandbox.dealers(BOOK)[0], today() - timedelta(days=29)
    stack.rows("delete from raw.api_call where dealer_id = %s and module = 'prsp'", dealer)
    _arrived(stack, dealer, "prsp", today() - timedelta(days=40), day, called_at=f"{day} 12:00+07")
    _arrived(stack, dealer, "prsp", day + timedelta(days=1), today())
    tick()
    assert f"--from {day} --to {day} " in text_of(mailbox.messages[0])


def test_a_quota_that_is_used_up(tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox) -> None:
    dealer = sandbox.dealers(BOOK)[0]
    stack.rows("update registry.api_key set daily_quota = 3 where id = (select api_key_id from registry.dealer "
               "where id = %s)", dealer)  # fmt: skip
    stack.pull([dealer], dates_back(2))
    tick()
    assert mailbox.subjects == [f"{BOOK}: a key's quota is used up (1 dealer, 12 modules)"]
    stack.rows("update registry.api_key set daily_quota = null")
    stack.pull([dealer], dates_back(2))
    tick()
    assert mailbox.subjects[1:] == [f"Recovered: {mailbox.subjects[0]}"]


def test_a_quota_is_told_of_before_a_call_is_refused(tick: Tick, stack: Stack, mailbox: Mailbox) -> None:
    stack.rows("update registry.api_key set daily_quota = 5")
    stack.rows("insert into registry.key_usage select id, (now() at time zone 'Asia/Jakarta')::date, 5 "
               "from registry.api_key where main_dealer_id = %s limit 1", BOOK)  # fmt: skip
    tick()
    assert mailbox.subjects == [f"{BOOK}: a key's quota is used up"]
    assert "5 of 5 requests of today are used up" in text_of(mailbox.messages[0])


def test_new_fields_are_told_once_each(tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox) -> None:
    dealer = sandbox.dealers(MIXED)[0]

    def arrives(*fields: str) -> None:
        _arrived(stack, dealer, "prsp", today(), today(), undocumented=json.dumps(fields))
        tick()

    arrives("warnaFavorit")
    arrives("warnaFavorit")
    assert mailbox.subjects == [f"{MIXED}: new fields that DGI does not know (1 module)"]
    arrives("warnaFavorit", "3171234567890123")
    assert len(mailbox.messages) == 2
    assert "prsp.(odd)" in text_of(mailbox.messages[1]) and "3171" not in text_of(mailbox.messages[1])
    assert stack.open == [], "it is a notice: there is nothing to wait for"


def test_rejected_records_that_rise(tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox) -> None:
    dealer = sandbox.dealers(BOOK)[0]

    def rejected(count: int, days_ago: float) -> None:
        stack.rows(
            "insert into raw.rejected_record (call_id, main_dealer_id, dealer_id, module, reason, payload,"
            " content_hash, received_at, _dlt_load_id) select 'call', %s, %s, 'prsp', 'no idProspect', 'canary',"
            " n::text, now() - make_interval(hours => %s), 'before' from generate_series(1, %s) as n",
            BOOK, dealer, round(24 * days_ago), count,
        )  # fmt: skip

    rejected(28, 3)  # four a day
    rejected(11, 0.1)
    tick()
    assert mailbox.subjects == []
    rejected(2, 0.1)
    tick()
    assert mailbox.subjects == [f"{BOOK}: more records than usual cannot be used (1 dealer, 1 module)"]
    assert "canary" not in text_of(mailbox.messages[0])


def test_a_job_that_fails(tick: Tick, stack: Stack, mailbox: Mailbox) -> None:
    """The job's newest run counts; its error's text stays on its page."""
    _run(tick.instance, "transform", fails=True)
    tick()
    _run(tick.instance, "transform", fails=True)
    tick()
    assert mailbox.subjects == ["the job transform has failed"]
    text = text_of(mailbox.messages[0])
    assert "ended with ValueError" in text and "canary" not in text and "/runs/" in text
    _run(tick.instance, "transform", fails=False)
    tick()
    assert mailbox.subjects[1:] == ["Recovered: the job transform has failed"]


def test_a_transform_that_dagster_launches_again_is_told_when_it_does_no_more(
    tick: Tick, stack: Stack, mailbox: Mailbox, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ALERT_AFTER_MINUTES", "15")
    again = tick.repository.get_job("transform").tags
    _run(tick.instance, "transform", fails=True, tags=again)
    tick()
    assert mailbox.subjects == []
    for _ in range(2):
        _run(tick.instance, "transform", fails=True, tags={**again, MAX_RETRIES_TAG: "0"})
        tick()
    assert mailbox.subjects == ["the job transform has failed"]
    _run(tick.instance, "transform", fails=False)


def test_partitions_that_fail_are_no_failed_job(tick: Tick, stack: Stack, mailbox: Mailbox) -> None:
    _run(tick.instance, "retry_failed", fails=True, of_partitions=True)
    tick()
    assert mailbox.subjects == []
    _run(tick.instance, "retry_failed", fails=False)


def test_a_disk_and_backups(tick: Tick, stack: Stack, mailbox: Mailbox, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ALERT_DISK_FREE_PERCENT", "100")
    stack.rows("update registry.dealer set created_at = now() - interval '3 days'")
    tick()
    assert sorted(mailbox.subjects) == ["a disk is nearly full", "there is no recent backup"]
    environment.setenv("ALERT_DISK_FREE_PERCENT", "0")
    old, new = (load_settings().backups / f"{datetime.now(UTC) - timedelta(days=n):%Y%m%dT%H%M%SZ}" for n in (3, 1))
    _backup(old)
    tick()
    assert sorted(mailbox.subjects[2:]) == ["Recovered: a disk is nearly full"]
    _backup(new)
    tick()
    assert mailbox.subjects[3:] == ["Recovered: there is no recent backup"]


def test_one_that_cannot_look_ends_nothing(tick: Tick, stack: Stack, sandbox: Sandbox, mailbox: Mailbox) -> None:
    """Half a survey must not say that the other half has recovered."""
    dealer = sandbox.dealers(BOOK)[0]
    sandbox.fault("http_500", dealer=dealer)
    stack.pull([dealer], dates_back(2), ["prsp"])
    tick()
    stack.rows("alter table raw.api_call rename column outcome to result")
    try:
        said = tick()
    finally:
        stack.rows("alter table raw.api_call rename column result to outcome")
    assert "failing could not be looked at (UndefinedColumn)" in said
    assert stack.open == [("failing", f"{BOOK}/failing")]
    tick()
    assert len(mailbox.messages) == 1


def test_every_kind_is_described() -> None:
    from orchestration.settings import ROOT

    text = (ROOT / "docs" / "alerts.md").read_text()
    assert [kind for kind in Kind if f"| `{kind}` |" not in text] == []


def _arrived(stack: Stack, dealer: str, module: str, first: Any, last: Any, **what: Any) -> None:
    """A call that arrived, as the loader logs it."""
    stack.rows(
        """insert into raw.api_call (call_id, main_dealer_id, api_key_name, dealer_id, module, window_from, window_to,
            date_from, date_to, called_at, answered_at, duration_ms, attempts, outcome, records, documents,
            new_versions, deleted, rejected, answer_bytes, undocumented_fields, _dlt_load_id)
        select gen_random_uuid(), main_dealer_id, 'key', id, %s, %s, now(), %s, %s, coalesce(%s, now()), now(), 1, 1,
            'records', 0, 0, 0, 0, 0, 0, %s, 'before'
        from registry.dealer where id = %s""",
        module, first, first, last, what.get("called_at"), what.get("undocumented"), dealer,
    )  # fmt: skip


def _backup(folder: Any) -> None:
    folder.mkdir(parents=True)
    (folder / "backup.json").write_text("{}")


def _run(
    instance: dg.DagsterInstance,
    job: str,
    fails: bool,
    of_partitions: bool = False,
    tags: Mapping[str, str] | None = None,
) -> None:
    """A real run of a job of this name, that ends as asked for."""

    @dg.op
    def work() -> None:
        if of_partitions:
            raise dg.Failure("2 of 3 partitions failed", metadata={"failed": 2, "arrived": 1}, allow_retries=False)
        if fails:
            raise ValueError("canary")

    @dg.job(name=job)
    def made() -> None:
        work()

    result = made.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    assert result.success is not fails


def test_the_queries_use_their_indexes(stack: Stack) -> None:
    """Looking every minute must not read the whole log of calls."""
    from orchestration.alerts.pull_failures import _OPEN_FAILURES
    from orchestration.alerts.records import _REJECTED, _UNDOCUMENTED

    with psycopg2.connect(stack.url) as connection, connection.cursor() as cursor:
        cursor.execute("analyze raw.api_call, raw._dlt_loads, raw.rejected_record")
        cursor.execute("set enable_seqscan = off")
        for query, index in (
            (_OPEN_FAILURES, "api_call_not_arrived"),
            (_UNDOCUMENTED, "api_call_undocumented"),
            (_REJECTED, "rejected_record_received"),
        ):
            cursor.execute(f"explain {query}")
            assert index in "\n".join(row[0] for row in cursor.fetchall()), query
    connection.close()
