{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    table_type='iceberg',
    unique_key='order_id',
    partitioned_by=['day(ordered_at)'],
    format='parquet'
) }}
select
    order_id,
    amount,
    cast(ordered_at as timestamp(6)) as ordered_at,
    {% if is_incremental() %}'paid'{% else %}'new'{% endif %} as state
from {{ ref('orders') }}
{% if is_incremental() %}
where order_id <= 2
union all
select 5, decimal '1.00', timestamp '2024-01-04 00:00:00.000000', 'new'
{% endif %}
