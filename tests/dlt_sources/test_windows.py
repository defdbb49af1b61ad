"""From dates to windows: contiguous, within range and age, in the main dealer's zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from asking import own_server
from hypothesis import given
from hypothesis import strategies as st

from dlt_sources.dgi.server import complete_base
from dlt_sources.dgi.timestamps import read_local_time, to_utc
from dlt_sources.dgi.windows import AGE_MARGIN, group_dates, oldest_date, today, window_of

MAY = [date(2026, 5, day) for day in range(1, 32)]
JAKARTA = own_server("http://h", max_age_days=30)
JAYAPURA = own_server("http://h", time_zone="Asia/Jayapura")


def test_contiguous_dates_are_grouped_up_to_the_range() -> None:
    assert group_dates(MAY[:16], 7) == [MAY[:7], MAY[7:14], MAY[14:16]]
    assert group_dates([MAY[0], MAY[2], MAY[3]], 7) == [[MAY[0]], [MAY[2], MAY[3]]]
    assert group_dates([], 7) == []


@given(st.lists(st.sampled_from(MAY)), st.integers(1, 31))
def test_groups_hold_every_date_once_and_nothing_else(dates: list[date], most: int) -> None:
    groups = group_dates(dates, most)
    assert [day for group in groups for day in group] == sorted(set(dates))
    for group in groups:
        assert len(group) <= most
        assert (group[-1] - group[0]).days == len(group) - 1


def test_a_window_is_whole_local_days() -> None:
    window = window_of(MAY[2:5], JAKARTA, datetime(2026, 5, 20, tzinfo=UTC))
    assert (window.start.isoformat(), window.end.isoformat()) == (
        "2026-05-03T00:00:00+07:00",
        "2026-05-05T23:59:59+07:00",
    )
    assert window.dates == tuple(MAY[2:5])


def test_a_window_ends_now_at_the_latest_in_whole_seconds() -> None:
    now = datetime(2026, 5, 5, 3, 4, 5, 678, tzinfo=UTC)
    assert window_of(MAY[3:5], JAKARTA, now).end.isoformat() == "2026-05-05T10:04:05+07:00"


def test_a_window_starts_within_the_age_limit_and_a_little_later() -> None:
    now = datetime(2026, 5, 31, 5, tzinfo=UTC)  # noon in Jakarta
    assert oldest_date(JAKARTA, now) == MAY[0]
    window = window_of(MAY[:7], JAKARTA, now)
    assert window.start == now - timedelta(days=30) + AGE_MARGIN
    assert window.dates == tuple(MAY[:7])


def test_just_before_midnight_the_oldest_date_is_given_up() -> None:
    now = datetime(2026, 5, 31, 16, 59, tzinfo=UTC)  # 23:59 in Jakarta
    assert oldest_date(JAKARTA, now) == MAY[1]


@pytest.mark.parametrize(
    ("moment", "jakarta", "jayapura"),
    [("14:59:59", MAY[3], MAY[3]), ("15:00:00", MAY[3], MAY[4]), ("17:00:00", MAY[4], MAY[4])],
)
def test_days_begin_at_the_main_dealers_own_midnight(moment: str, jakarta: date, jayapura: date) -> None:
    now = datetime.fromisoformat(f"2026-05-04T{moment}+00:00")
    assert (today(JAKARTA, now), today(JAYAPURA, now)) == (jakarta, jayapura)


def test_the_last_second_of_a_day_east_of_jakarta_belongs_to_that_day() -> None:
    window = window_of([MAY[3]], JAYAPURA, datetime(2026, 5, 20, tzinfo=UTC))
    assert (window.start.astimezone(UTC), window.end.astimezone(UTC)) == (
        datetime(2026, 5, 3, 15, tzinfo=UTC),
        datetime(2026, 5, 4, 14, 59, 59, tzinfo=UTC),
    )
    moment = to_utc(read_local_time("04/05/2026 23:59:59"), JAYAPURA.zone)
    assert moment == window.end


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("04/05/2026 23:59:59", datetime(2026, 5, 4, 23, 59, 59)),
        (" 04/05/2026 23:59:59 ", datetime(2026, 5, 4, 23, 59, 59)),
        ("2026/05/04 23:59:59", datetime(2026, 5, 4, 23, 59, 59)),
        ("2026-05-04 23:59:59", datetime(2026, 5, 4, 23, 59, 59)),
        ("2026-05-04T23:59:59", datetime(2026, 5, 4, 23, 59, 59)),
        ("04/05/2026 09:05", datetime(2026, 5, 4, 9, 5)),
        ("04/05/2026", datetime(2026, 5, 4)),
        ("31/02/2026 00:00:00", None),
        ("04/05/2026 24:00:00", None),
        ("00/00/0000 00:00:00", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_times_in_the_forms_seen_in_use(text: str, time: datetime | None) -> None:
    assert read_local_time(text) == time


def test_the_first_moment_there_is_stands_for_no_time() -> None:
    assert to_utc(read_local_time("01/01/0001 00:00:00"), JAKARTA.zone) is None


@pytest.mark.parametrize(
    ("base", "complete"),
    [
        ("https://h", "https://h/dgi-api/v1.3"),
        ("https://h:8443/", "https://h:8443/dgi-api/v1.3"),
        (" https://h/x/dgi_api ", "https://h/x/dgi_api/v1.3"),
        ("https://h/dgi-api/v2", "https://h/dgi-api/v2"),
        ("https://h/dgi-api/V1.2/", "https://h/dgi-api/V1.2"),
        ("https://h/v1/dgi-api", "https://h/v1/dgi-api/v1.3"),
    ],
)
def test_bases_are_completed(base: str, complete: str) -> None:
    assert complete_base(base, "v1.3") == complete


def test_the_workshop_may_lie_elsewhere() -> None:
    server = own_server("https://h/sales/dgi_api", h23_base_url="https://w/dgi-api/v1.5", version="v1")
    assert server.url("prsp") == "https://h/sales/dgi_api/v1/prsp/read"
    assert server.url("pkb") == "https://w/dgi-api/v1.5/pkb/read"
    assert own_server("https://h").url("pkb") == "https://h/dgi-api/v1.3/pkb/read"
