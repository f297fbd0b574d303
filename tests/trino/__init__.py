"""Trino's functions and operators, case by case, by what Trino's documentation says of them.

**To add cases**, open ``cases/<topic>.py`` (a topic is a page of Trino's documentation) and add to
the function's or operator's list in ``CASES``. A case is a tuple::

    CASES: Cases = {
        "abs": [
            ("abs(-5)", 5, "integer"),                     # expression, value, Trino's type
            ("abs(TINYINT '-128')", "NUMERIC_VALUE_OUT_OF_RANGE"),     # fails with this code
            ("abs('a')", "FUNCTION_NOT_FOUND: line 1:8: Unexpected …"),  # … and this message
        ],
        "rank": [
            ("SELECT rank() OVER (ORDER BY x) FROM (VALUES 1, 1) AS t(x)", column(1, 1), "bigint"),
            ("SELECT a, b FROM …", rows((1, "x"), (2, None)), "integer, varchar(1)"),
        ],
    }

* The text is an expression (it may go on with ``FROM …``), or a whole query that starts with
  SELECT, WITH, VALUES or TABLE. A query of one value is like an expression; others expect
  `column(…)` or `rows(…)`, in order.
* The value is the Python value that DuckDB hands out: `Decimal` for decimal, `bytes` for
  varbinary, `datetime` for times, text for json, a dict with ``field0`` for a row without names.
  Its Python type counts too. A floating-point number that may differ in its last digits is
  ``pytest.approx(…)``, one that isn't the same each time is compared within the expression
  (``random() < 1``).
* The value comes from the documentation's meaning, never from what the engine happens to print.
* `PARTLY` of a topic says by name what a function lacks, as the page shows it:
  ``PARTLY = {"approx_percentile": "the percentage has to be constant"}``. Each such name needs a
  case that fails with NOT_SUPPORTED, and each name with such a case needs a line there.

`test_cases.py` runs each case by translation and DuckDB, `test_athena.py` runs them all through
the embedded Athena by boto3 and checks the texts and types that GetQueryResults gives.
`test_functions.py` fails for a function without a case, for a documented one (`documented.py`)
that is neither translated nor in `fsql.local.transpile.functions.missing`, and for a stale page:
``python -m tests.trino docs/trino.md`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Case", "Cases", "Rows", "column", "rows"]

Case = tuple[str, Any, str] | tuple[str, str]
"""An expression or query with its value and Trino type, or with the error it fails with."""

Cases = Mapping[str, Sequence[Case]]
"""By the name of a function or operator."""


class Rows(tuple[tuple[Any, ...], ...]):
    """What a query gives that gives more than one value, in order."""


def rows(*found: tuple[Any, ...]) -> Rows:
    """The rows of a query."""
    return Rows(found)


def column(*values: Any) -> Rows:
    """The rows of a query with one column."""
    return Rows((value,) for value in values)
