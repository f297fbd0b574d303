{% snapshot order_history %}
{{ config(
    target_schema='shop',
    unique_key='order_id',
    strategy='check',
    check_cols=['state'],
    table_type='iceberg'
) }}
select order_id, state from {{ ref('order_states') }}
{% endsnapshot %}
