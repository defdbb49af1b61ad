{#- Not kode_pekerjaan: DGI publishes no list of its codes. -#}
{{ unknown_codes('prospect', [
    'sumber_prospect',
    'metode_follow_up',
    'test_ride_preference',
    'status_follow_up_prospecting',
    'status_prospect'
]) }}
