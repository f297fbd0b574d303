"""What of SQLAlchemy's tests Athena can do, and why it cannot do the rest.

A test is left out for what Athena is, never for a fault of fsql's. `docs/compliance.md` is made of
these reasons.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements
from sqlalchemy.util import OrderedSet

__all__ = ["SUPPORTED", "UNSUITABLE", "UNSUPPORTED", "Requirements", "unsuitable"]

SUPPORTED = (
    "array_type",
    "boolean_col_expressions",
    "comment_reflection",
    "comment_reflection_full_unicode",
    "create_or_replace_view",
    "create_table_as",
    "ctes",
    "ctes_with_values",
    "date_historic",
    "datetime_historic",
    "datetime_literals",
    "except_",
    "fetch_first",
    "fetch_no_order_by",
    "fetch_offset_with_options",
    "float_or_double_precision_behaves_generically",
    "foreign_key_ddl",
    "implicit_default_schema",
    "infinity_floats",
    "intersect",
    "mod_operator_as_percent_sign",
    "nullsordering",
    "order_by_label_with_expression",
    "percent_schema_names",
    "precision_numerics_enotation_small",
    "precision_numerics_many_significant_digits",
    "precision_numerics_retains_significant_digits",
    "reflect_table_options",
    "regexp_match",
    "regexp_replace",
    "schema_create_delete",
    "schemas",
    "supports_bitwise_and",
    "supports_bitwise_not",
    "supports_bitwise_or",
    "supports_bitwise_shift",
    "supports_bitwise_xor",
    "table_ddl_if_exists",
    "table_value_constructor",
    "timestamp_microseconds",
    "tuple_in",
    "unicode_ddl",
    "update_where_target_in_subquery",
    "views",
    "window_functions",
    "window_range",
    "window_range_non_numeric",
    "window_range_numeric",
)

_COMMENT_ON = "Athena has no COMMENT ON"
_LOWER, _NULLS = "Athena lowers names", "Athena has no NOT NULL"

_REASONS = {
    "Athena has no primary keys, foreign keys or other constraints": """
        check_constraint_reflection cross_schema_fk_reflection
        deferrable_fks duplicate_key_raises_integrity_error
        fk_constraint_option_reflection_ondelete_noaction
        fk_constraint_option_reflection_ondelete_restrict
        fk_constraint_option_reflection_onupdate_restrict
        foreign_key_constraint_name_reflection foreign_key_constraint_option_reflection_ondelete
        foreign_key_constraint_option_reflection_onupdate foreign_key_constraint_reflection
        foreign_keys foreign_keys_reflect_as_index implicitly_named_constraints
        inline_check_constraint_reflection named_constraints non_updating_cascade
        on_update_cascade primary_key_constraint_reflection recursive_fk_cascade
        reflects_pk_names self_referential_foreign_keys unique_constraint_reflection
        unique_constraints_reflect_as_index unique_index_reflect_as_unique_constraints""",
    "Athena has no indexes": """
        index_ddl_if_exists index_reflection index_reflects_included_columns
        indexes_check_column_order indexes_with_ascdesc indexes_with_expressions
        reflect_indexes_with_ascdesc reflect_indexes_with_ascdesc_as_expression
        reflect_indexes_with_expressions temp_table_reflect_indexes""",
    "Athena's columns have no defaults and are not computed": """
        autoincrement_insert autoincrement_without_sequence computed_columns
        computed_columns_default_persisted computed_columns_reflect_persisted
        computed_columns_stored computed_columns_virtual empty_inserts empty_inserts_executemany
        expression_server_defaults identity_columns identity_columns_standard server_defaults""",
    "Athena has no sequences": "sequences sequences_optional",
    "Athena makes up no row ids": "dbapi_lastrowid emulated_lastrowid supports_lastrowid",
    "Athena has no RETURNING": """
        delete_returning insert_executemany_returning insert_returning insertmanyvalues
        update_returning""",
    "Athena has no transactions": """
        autocommit dialect_level_isolation_level_param get_isolation_level_values
        isolation_level savepoints skip_autocommit_rollback two_phase_transactions""",
    "Athena has no temporary tables": """
        create_temp_table_as has_temp_table temp_table_comment_reflection temp_table_names
        temp_table_reflection temporary_tables temporary_views""",
    "Athena has no materialized views": "materialized_views materialized_views_reflect_pk",
    "Athena's tables have no column of type time": "time time_microseconds time_timezone",
    "Athena's tables have no column of type timestamp with time zone": """
        datetime_timezone datetime_timezone_historic""",
    "Athena's tables have no column of type JSON": """
        json_array_indexes json_deserializer_binary json_type legacy_unconditional_json_extract""",
    "Athena's tables have no column of type UUID": "uuid_data_type",
    "Athena's tables have no column of type interval": "datetime_interval",
    "Athena has no comments on constraints": "constraint_comment_reflection",
    "Athena's LIMIT and OFFSET take numbers, no expressions": """
        fetch_expression sql_expression_limit_offset""",
    "Athena's SELECT has OFFSET and LIMIT; of FETCH it documents nothing more": """
        fetch_percent fetch_ties""",
    "Athena's UPDATE has no FROM": "update_from",
    "Athena's DELETE has no USING": "delete_from",
    "Athena has no WITH before UPDATE, DELETE and INSERT": "ctes_on_dml ctes_with_update_delete",
    "Athena has no DISTINCT ON": "supports_distinct_on",
    "Athena has no collations": "column_collation_reflection order_by_collation",
    "Athena's strings have one type": "nvarchar_types",
    "Athena writes no timestamp to a column of dates": "date_coerces_from_datetime",
    "A connection to Athena has one database": "default_schema_name_switch",
    "Athena's results are read in pages, with no cursor in the server": "server_side_cursors",
    "Athena has no table without columns": "reflect_tables_no_columns",
    _LOWER: "denormalized_names",
    "the driver is not asynchronous": "async_dialect",
    "SQLAlchemy tests this with dialects of other names": "sqlite",
}

UNSUPPORTED = {name: reason for reason, names in _REASONS.items() for name in names.split()}

# Tests that need what no requirement of SQLAlchemy's stands for, by the beginnings of their names.
UNSUITABLE = {
    "ComponentReflectionTest.test_get_multi_columns[False-ObjectKind.ANY-": _NULLS,
    "ComponentReflectionTest.test_get_multi_columns[False-ObjectKind.TABLE": _NULLS,
    "ComponentReflectionTest.test_get_multi_columns[True-ObjectKind.ANY-": _NULLS,
    "ComponentReflectionTest.test_get_multi_columns[True-ObjectKind.TABLE": _NULLS,
    "ComponentReflectionTestExtra.test_nullable_reflection": _NULLS,
    "ComponentReflectionTestExtra.test_string_length_reflection": (
        "Iceberg's strings have no length"
    ),
    "FutureTableDDLTest.test_add_table_comment": _COMMENT_ON,
    "FutureTableDDLTest.test_drop_table_comment": _COMMENT_ON,
    "LongNameBlowoutTest.test_long_convention_name[ix": "Athena has no indexes",
    "NameDenormalizeTest.test_cols_driver_cols[not_use_driver_cols-driver_sql": _LOWER,
    "NameDenormalizeTest.test_cols_driver_cols[not_use_driver_cols-text": _LOWER,
    "NameDenormalizeTest.test_cols_driver_cols[use_driver_cols-driver_sql": _LOWER,
    "NameDenormalizeTest.test_cols_driver_cols[use_driver_cols-text": _LOWER,
    "QuotedNameArgumentTest": "Athena's names have no quotes and spaces in them",
    "TableDDLTest.test_add_table_comment": _COMMENT_ON,
    "TableDDLTest.test_drop_table_comment": _COMMENT_ON,
    "TrueDivTest.test_truediv_divisor[numeric_38_digit_divisor": (
        "Athena's integer literals are of type bigint at most"
    ),
    "UnicodeSchemaTest.test_reflect": _LOWER,
    "WindowFunctionTest.test_window_range": "the test wants an order that it does not ask for",
}


def unsuitable(nodeid: str) -> str | None:
    """Why a test cannot pass, by pytest's id ``file::Class_fsql+athena::test[…]``; else None."""
    name = ".".join(nodeid.split("::")[1:]).replace("_fsql+athena", "")
    return next((why for start, why in UNSUITABLE.items() if name.startswith(start)), None)


def _never(reason: str) -> Any:
    return property(lambda self: exclusions.skip_if(lambda config: True, reason))


def _always() -> Any:
    return property(lambda self: exclusions.open())


def _in_order(rule: Any) -> None:
    """SQLAlchemy keeps reasons in sets; so of several the same one is told in each run."""
    rule.fails, rule.skips, rule.warns = OrderedSet(), OrderedSet(), {}


exclusions.compound.__init__ = _in_order  # type: ignore[method-assign]

Requirements = type(
    "Requirements",
    (SuiteRequirements,),
    {name: _never(reason) for name, reason in UNSUPPORTED.items()}
    | {name: _always() for name in SUPPORTED},
)
