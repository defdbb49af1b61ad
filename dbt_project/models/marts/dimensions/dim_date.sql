select
    day::date as date_day,
    extract(year from day)::int as year_number,
    extract(quarter from day)::int as quarter_number,
    to_char(day, 'YYYY-"Q"Q') as year_quarter,
    extract(month from day)::int as month_number,
    to_char(day, 'YYYY-MM') as year_month,
    date_trunc('month', day)::date as first_day_of_month,
    date_trunc('week', day)::date as first_day_of_week,
    extract(week from day)::int as week_number,
    extract(isodow from day)::int as weekday_number,
    trim(to_char(day, 'Day')) as weekday_name,
    extract(isodow from day) >= 6 as is_weekend
from generate_series(timestamp '2015-01-01', timestamp '2035-12-31', interval '1 day') as day
