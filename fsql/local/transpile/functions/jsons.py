"""JSON functions. Source: Trino documentation, "JSON functions and operators"."""

from __future__ import annotations

import re

from fsql.local.transpile.functions.registry import SCALAR, Call, Emit, register
from fsql.local.transpile.places import fault
from fsql.local.transpile.sqltext import string, template

__all__: list[str] = []


def _path(call: Call) -> str:
    """A constant JSON path in DuckDB's form: ``$['a'].b`` becomes ``$."a"."b"``."""
    path = call.given[1].literal
    if not isinstance(path, str):
        return call.arguments[1]
    if not re.fullmatch(rf"\$({_STEP.pattern})*", path):
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", f"Invalid JSON path: '{path}'")
    return string("$" + "".join(map(_step, _STEP.finditer(path, 1))))


_STEP = re.compile(
    r"""\.(?:[\w:$@/|#-]+|"(?:[^"\\]|\\.)*")|\[(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')\]"""
)


def _step(found: re.Match[str]) -> str:
    inside = found[0][1:] if found[0].startswith(".") else found[0][1:-1]
    if found[0].startswith("[") and inside.isdecimal():
        return found[0]
    return f'."{inside.strip(_QUOTES)}"'


_QUOTES = "\"'"


def _extracted(text: str) -> Emit:
    """``{1}`` is the path; a text that is no JSON gives NULL."""

    def made(call: Call) -> str:
        json = call.arguments[0]
        if call.types[0].base != "json":
            json = template("CASE WHEN json_valid({0}) THEN {0} END", [json])
        return template(text, [json, _path(call)])

    return made


_SCALAR = (
    "CASE WHEN json_type(json_extract({0}, {1})) NOT IN ('OBJECT', 'ARRAY')"
    " THEN json_extract_string({0}, {1}) END"
)
_SIZE = (
    "CAST(CASE json_type(json_extract({0}, {1})) WHEN 'OBJECT'"
    " THEN len(json_keys(json_extract({0}, {1}))) WHEN 'ARRAY'"
    " THEN json_array_length(json_extract({0}, {1}))"
    " ELSE CASE WHEN json_extract({0}, {1}) IS NOT NULL THEN 0 END END AS BIGINT)"
)


_PLACE = "CASE WHEN {1} < 0 THEN '$[#' || {1} || ']' ELSE '$[' || {1} || ']' END"
_ITEM = (
    "CASE WHEN json_valid({0}) AND json_type({0}) = 'ARRAY'"
    f" THEN json_extract_string({{0}}, {_PLACE}) END"
)
"""Trino documents that a text among the items comes without its quotes."""
_CONTAINS = "fsql_json_contains(CAST({0} AS VARCHAR), CAST(to_json({1}) AS VARCHAR))"


def _both(signature: str, emit: Emit) -> dict[str, Emit]:
    """The same for JSON and for a text that holds it."""
    return {signature.replace("#", kind): emit for kind in ("json", "varchar")}


register(
    SCALAR,
    {
        "json_parse(varchar) json": "CAST(json_normalize({0}) AS JSON)",
        "json_format(json) varchar": "CAST({0} AS VARCHAR)",
        **_both("json_extract(#, varchar) json", _extracted("json_extract({0}, {1})")),
        **_both("json_extract_scalar(#, varchar) varchar", _extracted(_SCALAR)),
        **_both("json_size(#, varchar) bigint", _extracted(_SIZE)),
        **_both(
            "json_array_length(#) bigint",
            "CASE WHEN json_valid({0}) AND json_type({0}) = 'ARRAY'"
            " THEN CAST(json_array_length({0}) AS BIGINT) END",
        ),
        **_both("json_array_get(#, bigint) json", _ITEM),
        **_both("json_array_contains(#, boolean) boolean", _CONTAINS),
        **_both("json_array_contains(#, bigint) boolean", _CONTAINS),
        **_both("json_array_contains(#, double) boolean", _CONTAINS),
        **_both("json_array_contains(#, varchar) boolean", _CONTAINS),
        **_both("is_json_scalar(#) boolean", "json_type({0}) NOT IN ('OBJECT', 'ARRAY')"),
    },
)
