"""Which dealers are late: what the freshness checks and the health page both ask the call log."""

# The schedule pulls every two hours; a day and a bit lets a main dealer be away for a night.
LATE_AFTER_HOURS = 26

# A call counts when it reached to within a day of when it was made: an old window that is pulled anew makes nothing
# fresh. A dealer that was just added is not late yet.
LAST_CALLS = """
    select
        module.name,
        dealer.id,
        extract(epoch from now() - last.called_at) / 3600,
        coalesce(last.called_at, dealer.created_at) < now() - make_interval(hours => %(late_after)s)
    from registry.dealer as dealer
    join registry.main_dealer as main_dealer on main_dealer.id = dealer.main_dealer_id and main_dealer.is_enabled
    join registry.api_key as api_key on api_key.id = dealer.api_key_id and api_key.is_enabled
    cross join unnest(main_dealer.modules) as module (name)
    left join lateral (
        select call.called_at
        from raw.api_call as call
        join raw._dlt_loads as load on load.load_id = call._dlt_load_id and load.status = 0
        where call.dealer_id = dealer.id
            and call.module = module.name
            and call.outcome in ('records', 'no_data')
            and call.window_to > call.called_at - interval '1 day'
        order by call.called_at desc
        limit 1
    ) as last on true
    where dealer.is_enabled
    order by last.called_at nulls first, dealer.id
"""
