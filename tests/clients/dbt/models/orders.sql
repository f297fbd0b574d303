{{ config(materialized='table', persist_docs={'relation': true, 'columns': true}) }}
select order_id, customer, amount, ordered_at, date(ordered_at) as day
from {{ ref('raw_orders') }}
