"""The functions of schema staging that read DGI's fields: right values for every form seen, and never an error."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection

FUNCTIONS = ("text", "number", "coordinate", "date", "time", "duration", "local_time", "lines")
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NEARLY_RIGHT = st.from_regex(
    r"\s?[+-]?[0-9]{0,4}[-/.,:]?[0-9]{0,3}[-/.,:]?[0-9]{0,4}([ TeE][0-9:.,+-]{0,12})?", fullmatch=True
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
patiently = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def read(warehouse: connection, function: str, value: Any) -> Any:
    """What a typing function makes of a JSON value; a `str` here is a JSON text."""
    with warehouse.cursor() as cursor:
        cursor.execute(f"select staging.dgi_{function}(%s::jsonb)", [json.dumps(value)])
        ((result,),) = cursor.fetchall()
        return result


def read_all(warehouse: connection, value: Any) -> None:
    calls = ", ".join(f"staging.dgi_{function}(value)" for function in FUNCTIONS)
    with warehouse.cursor() as cursor:
        cursor.execute(
            f"""select {calls}, staging.dgi_latitude(value, value), staging.dgi_longitude(value, value),
                staging.dgi_timestamp(value, 'Asia/Jakarta') from (select %s::jsonb as value) as sent""",
            [json.dumps(value)],
        )


@patiently
@given(value=NEARLY_RIGHT | ANY_TEXT | ANY_JSON)
def test_no_value_makes_a_function_raise(warehouse: connection, value: Any) -> None:
    read_all(warehouse, value)


@pytest.mark.parametrize(
    "value", ["9" * 400, "-" + "9" * 400, "1." + "9" * 400, 10**400, "\u0662\u0661/05/2024", "1e999999", "{}"]
)
def test_extreme_values_are_no_numbers_and_no_times(warehouse: connection, value: Any) -> None:
    read_all(warehouse, value)
    assert read(warehouse, "number", value) is None
    assert read(warehouse, "date", value) is None


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (" JB22 ", "JB22"),
        ("\tBA082\n", "BA082"),
        ("H 4271 XYZ", "H 4271 XYZ"),
        ("\u00a0x\u00a0", "x"),
        ("", None),
        ("   ", None),
        (None, None),
        (50249, "50249"),
        ("00123", "00123"),
    ],
)
def test_text_is_trimmed_and_empty_is_no_value(warehouse: connection, sent: Any, text: str | None) -> None:
    assert read(warehouse, "text", sent) == text


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("18000000", "18000000"),
        (18000000, "18000000"),
        (18000000.0, "18000000"),
        ("36400000.0", "36400000"),
        ("20,5", "20.5"),
        ("-6,985210", "-6.985210"),
        ("0,0", "0"),
        (" 75000 ", "75000"),
        ("+5", "5"),
        ("1.234.567", "1234567"),
        ("1.234,5", "1234.5"),
        ("500.000", "500000"),
        ("0.500", "0.5"),
        ("75000.000", "75000"),
        ("1.85E7", "18500000"),
        (1.234, "1.234"),
        (12.125, "12.125"),
    ],
)
def test_numbers_are_read_exactly_in_every_form(warehouse: connection, sent: Any, number: str) -> None:
    assert read(warehouse, "number", sent) == Decimal(number)


@pytest.mark.parametrize(
    "sent",
    ["", "-", "tujuh", "1,234,567", "1.23.456", "Rp 5.000", "5 %", "NaN", "Infinity", "0x1F", "1_000", ",", True],
)
def test_what_is_no_number_is_null(warehouse: connection, sent: Any) -> None:
    assert read(warehouse, "number", sent) is None


@patiently
@given(amount=st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_an_amount_is_the_same_in_english_and_indonesian_writing(warehouse: connection, amount: Decimal) -> None:
    plain = f"{amount:f}"
    indonesian = f"{amount:,f}".translate(str.maketrans(",.", ".,"))
    assert read(warehouse, "number", plain) == read(warehouse, "number", indonesian) == amount


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("21/05/2024", datetime(2024, 5, 21)),
        ("21-05-2024", datetime(2024, 5, 21)),
        ("21/05/2024 09:14", datetime(2024, 5, 21, 9, 14)),
        (" 21/05/2024 09:14:07 ", datetime(2024, 5, 21, 9, 14, 7)),
        ("2024/05/21", datetime(2024, 5, 21)),
        ("2024/05/21 09:14:07", datetime(2024, 5, 21, 9, 14, 7)),
        ("2024-05-21 09:14:07", datetime(2024, 5, 21, 9, 14, 7)),
        ("2024-05-21T09:14:07", datetime(2024, 5, 21, 9, 14, 7)),
        ("2024-05-21 09:14:07.123", datetime(2024, 5, 21, 9, 14, 7)),
        ("29/02/2024", datetime(2024, 2, 29)),
        ("29/02/2000", datetime(2000, 2, 29)),
        ("21/05/2024 09:14:07", datetime(2024, 5, 21, 9, 14, 7)),
        ("29/02/2024 23:59:59", datetime(2024, 2, 29, 23, 59, 59)),
        ("2024/12/31 00:00:00", datetime(2024, 12, 31)),
    ],
)
def test_days_and_times_are_read_in_every_form(warehouse: connection, sent: str, moment: datetime) -> None:
    assert read(warehouse, "local_time", sent) == moment
    assert read(warehouse, "date", sent) == moment.date()


@pytest.mark.parametrize(
    "sent",
    [
        "31/02/2024",
        "29/02/2023",
        "29/02/1900",
        "31/04/2024",
        "00/05/2024",
        "05/13/2024",
        "0000-00-00",
        "01/01/0001",
        "kemarin",
        "21/05/24",
        "31/02/2024 09:14:07",
        "2023/02/29 09:14:07",
        "00/05/2024 09:14:07",
        "2024/00/21 09:14:07",
        "21/05/1899 09:14:07",
        "21/05/2024 09:14:60",
        "2024/05/21 24:00:00",
        "+1/05/2024 09:14:07",
        "21/05/2024 +9:14:07",
        "21/05/2024  9:14:07",
        "21/05/2024 24:00",
        "21/05/2024 09:60",
        "21/05/2024x09:14",
        "2024-05-21T09:14:07Z",
        20240521,
        "",
    ],
)
def test_days_that_do_not_exist_are_null(warehouse: connection, sent: Any) -> None:
    assert read(warehouse, "date", sent) is None


@patiently
@given(day=st.dates(date(1900, 1, 1), date(2099, 12, 31)), form=st.sampled_from(["%d/%m/%Y", "%Y/%m/%d", "%Y-%m-%d"]))
def test_every_day_of_two_centuries_is_read(warehouse: connection, day: date, form: str) -> None:
    assert read(warehouse, "date", day.strftime(form)) == day


@patiently
@given(
    moment=st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31, 23, 59, 59)),
    form=st.sampled_from(["%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]),
)
def test_every_second_of_two_centuries_is_read(warehouse: connection, moment: datetime, form: str) -> None:
    assert read(warehouse, "local_time", moment.strftime(form)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    ("zone", "utc"), [("Asia/Jakarta", "02:14:07"), ("Asia/Makassar", "01:14:07"), ("Asia/Jayapura", "00:14:07")]
)
def test_a_time_is_a_moment_in_the_main_dealers_zone(warehouse: connection, zone: str, utc: str) -> None:
    with warehouse.cursor() as cursor:
        cursor.execute(
            """select staging.dgi_timestamp('"21/05/2024 09:14:07"', %s) = %s::timestamptz""",
            [zone, f"2024-05-21 {utc}+00"],
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize(
    ("sent", "clock"),
    [
        ("15:30", time(15, 30)),
        ("09.00", time(9)),
        ("9:05", time(9, 5)),
        ("15:30:59", time(15, 30, 59)),
        ("24:00", None),
        ("15:60", None),
        ("15", None),
        ("siang", None),
    ],
)
def test_times_of_day_have_a_colon_or_a_dot(warehouse: connection, sent: str, clock: time | None) -> None:
    assert read(warehouse, "time", sent) == clock


@pytest.mark.parametrize(
    ("sent", "duration"),
    [
        ("01:10", timedelta(hours=1, minutes=10)),
        ("01.10", timedelta(hours=1, minutes=10)),
        ("36:30", timedelta(hours=36, minutes=30)),
        ("0:00", timedelta()),
        ("00:01:30", timedelta(minutes=1, seconds=30)),
        ("01:75", None),
        ("70", None),
    ],
)
def test_durations_may_pass_a_day(warehouse: connection, sent: str, duration: timedelta | None) -> None:
    assert read(warehouse, "duration", sent) == duration


@pytest.mark.parametrize(
    ("latitude", "longitude", "read_as"),
    [
        ("-6,985210", "110,412345", ("-6.985210", "110.412345")),
        ("110,412345", "-6,985210", ("-6.985210", "110.412345")),
        ("5.55", "95.32", ("5.55", "95.32")),
        ("-6.985", "110.412", ("-6.985", "110.412")),
        ("140.7", "-2.53", ("-2.53", "140.7")),
        ("0", "0", ("0", "0")),
        ("110,4", "", ("110.4", None)),
        ("utara", "110,4", (None, "110.4")),
    ],
)
def test_coordinates_are_put_right_when_the_pair_is_swapped(
    warehouse: connection, latitude: str, longitude: str, read_as: tuple[str | None, str | None]
) -> None:
    with warehouse.cursor() as cursor:
        sent = {"latitude": json.dumps(latitude), "longitude": json.dumps(longitude)}
        cursor.execute(
            """select staging.dgi_latitude(%(latitude)s, %(longitude)s),
                staging.dgi_longitude(%(latitude)s, %(longitude)s)""",
            sent,
        )
        assert cursor.fetchone() == tuple(None if text is None else Decimal(text) for text in read_as)


@pytest.mark.parametrize(
    ("sent", "lines"), [([{"a": 1}], [{"a": 1}]), ([], []), ({"a": 1}, [{"a": 1}]), ("", None), (None, None), (3, None)]
)
def test_a_single_line_needs_no_array(warehouse: connection, sent: Any, lines: Any) -> None:
    assert read(warehouse, "lines", sent) == lines


def test_runs_that_start_at_once_do_not_disturb_each_other(
    warehouse: connection, connect: Callable[[], connection], dbt: Callable[..., Any]
) -> None:
    create_functions = dbt("compile", "--inline", "{{ create_typing_functions() }}").results[0].node.compiled_code

    def create(_: int) -> None:
        with closing(connect()) as opened, opened.cursor() as cursor:
            cursor.execute(create_functions)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(create, range(20)))
