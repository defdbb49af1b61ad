{#- The job type of a DGI module, as the jobs are known to those who run them. -#}
{% macro job_type(module) -%}
    {%- set job_types = {
        'prsp': 'prospect', 'lsng': 'leasing', 'doch': 'doch_read', 'uinb': 'uinb_read', 'bast': 'bast_read',
        'inv1': 'inv1_read', 'mdinvh1': 'mdinvh1_read', 'pinb': 'parts_inbound', 'prsl': 'prsl_read',
        'dphlo': 'dphlo_read', 'inv2': 'inv2_read', 'unpaidhlo': 'unpaidhlo_read', 'mdinvh3': 'mdinvh3_read',
    } -%}
    case {{ module }}
        {%- for name, job in job_types.items() %}
        when '{{ name }}' then '{{ job }}'
        {%- endfor %}
        else {{ module }}
    end
{%- endmacro %}

{#- The documents of a DGI module, by the name of their dashboard. -#}
{% macro job_type_label(module) -%}
    {%- set labels = {
        'prsp': 'Prospect Data', 'spk': 'Orders (SPK)', 'bast': 'Delivery Process', 'inv1': 'Billing Process',
        'lsng': 'Leasing Data', 'doch': 'Document Handling', 'uinb': 'Unit Inbound', 'mdinvh1': 'Unit Invoice',
        'pkb': 'PKB Data', 'inv2': 'Workshop Invoice', 'unpaidhlo': 'Unpaid HLO', 'dphlo': 'DP HLO',
        'pinb': 'Parts Inbound', 'prsl': 'Parts Sales', 'mdinvh3': 'Parts Invoice',
    } -%}
    case {{ module }}
        {%- for name, label in labels.items() %}
        when '{{ name }}' then '{{ label }}'
        {%- endfor %}
        else {{ module }}
    end
{%- endmacro %}
