{{ config(materialized='incremental', incremental_strategy='append', table_type='iceberg') }}
select order_id, '{{ invocation_id }}' as run from {{ ref('orders') }}
