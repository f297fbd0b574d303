"""A Great Expectations data source by the URL; its verdicts are printed as JSON."""

import json
import sys

import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.checkpoint import Checkpoint
from great_expectations.core import ExpectationSuite, ValidationDefinition

EXPECTATIONS = [
    gxe.ExpectTableRowCountToEqual(value=3),
    gxe.ExpectTableColumnsToMatchOrderedList(column_list=["id", "name", "at", "x"]),
    gxe.ExpectColumnValuesToNotBeNull(column="id"),
    gxe.ExpectColumnValuesToBeUnique(column="id"),
    gxe.ExpectColumnValuesToBeBetween(column="x", min_value=0, max_value=5),
    gxe.ExpectColumnValuesToBeInSet(column="name", value_set=["ann", "eve"]),
    gxe.ExpectColumnDistinctValuesToEqualSet(column="name", value_set=["ann", "eve"]),
    gxe.ExpectColumnMeanToBeBetween(column="id", min_value=2, max_value=2),
    gxe.ExpectColumnMedianToBeBetween(column="id", min_value=2, max_value=2),
    gxe.ExpectColumnStdevToBeBetween(column="id", min_value=0.9, max_value=1.1),
    gxe.ExpectColumnValuesToBeOfType(column="id", type_="BIGINT"),
    gxe.ExpectColumnValuesToNotBeNull(column="name"),  # one is
]

context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
source = context.data_sources.add_sql("store", connection_string=sys.argv[1])
whole = source.add_table_asset("plain", table_name="plain").add_batch_definition_whole_table("all")
suite = context.suites.add(ExpectationSuite("plain", expectations=EXPECTATIONS))
validation = context.validation_definitions.add(
    ValidationDefinition(name="plain", data=whole, suite=suite)
)
checked = context.checkpoints.add(
    Checkpoint(name="plain", validation_definitions=[validation])
).run()
[result] = checked.run_results.values()
verdicts = [
    [one.expectation_config.type, one.success, one.exception_info.get("exception_message")]
    for one in result.results
]
json.dump(verdicts, sys.stdout)
