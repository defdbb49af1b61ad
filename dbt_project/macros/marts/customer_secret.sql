{#-
    A secret of this warehouse, made once: without it, keys of customers could be computed from identity numbers, which
    can all be tried. Only the owner of the warehouse can read it. Losing it gives all customers other keys, no more.
-#}
{% macro create_customer_secret() -%}
    do $$
    begin
        perform pg_advisory_xact_lock(hashtextextended('restricted.customer_secret', 0));
        create schema if not exists restricted;
        create table if not exists restricted.customer_secret (
            only_row boolean primary key default true check (only_row),
            secret text not null default gen_random_uuid()::text || gen_random_uuid()::text
        );
        insert into restricted.customer_secret default values on conflict do nothing;
        revoke all on restricted.customer_secret from public;
    end
    $$
{%- endmacro %}
