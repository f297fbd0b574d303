{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    table_type='hive',
    partitioned_by=['day'],
    format='parquet'
) }}
select count(*) as orders, sum(amount) as spent, date(ordered_at) as day
from {{ ref('orders') }}
{% if is_incremental() %}where date(ordered_at) >= date '2024-01-03'{% endif %}
group by date(ordered_at)
