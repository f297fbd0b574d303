"""JSON functions. Source: Trino documentation, "JSON functions and operators"."""

from __future__ import annotations

import re

from fsql.local.transpile.functions.registry import SCALAR, Call, Emit, register
from fsql.local.transpile.places import fault
from fsql.local.transpile.sqltext import string, template

__all__: list[str] = []


def _path(call: Call) -> str:
    """A constant JSON path in DuckDB's form: ``$['a']`` becomes ``$."a"``."""
    path = call.given[1].literal
    if not isinstance(path, str):
        return call.arguments[1]
    rewritten = re.sub(r"""\[(?:"([^"]*)"|'([^']*)')\]""", _member, path)
    if not re.fullmatch(r"""\$(\.?("[^"]*"|[\w*@:$ -]+)|\[(\d+|\*)\])*""", rewritten):
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", f"Invalid JSON path: '{path}'")
    return string(rewritten)


def _member(found: re.Match[str]) -> str:
    return f'."{found[1] if found[1] is not None else found[2]}"'


def _extracted(text: str) -> Emit:
    """``{1}`` is the path; a text that is no JSON gives NULL."""

    def made(call: Call) -> str:
        valid = f"CASE WHEN json_valid({{0}}) THEN {text} END"
        plain = text if call.types[0].base == "json" else valid
        return template(plain, [call.arguments[0], _path(call)])

    return made


_SCALAR = (
    "CASE WHEN json_type(json_extract({0}, {1})) NOT IN ('OBJECT', 'ARRAY')"
    " THEN json_extract_string({0}, {1}) END"
)
_SIZE = (
    "CAST(CASE json_type(json_extract({0}, {1})) WHEN 'OBJECT'"
    " THEN len(json_keys(json_extract({0}, {1}))) WHEN 'ARRAY'"
    " THEN json_array_length(json_extract({0}, {1})) ELSE 0 END AS BIGINT)"
)


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
        **_both(
            "json_array_get(#, bigint) json",
            "CASE WHEN json_valid({0}) AND json_type({0}) = 'ARRAY'"
            " THEN json_extract({0}, CASE WHEN {1} < 0 THEN '$[#' || {1} || ']'"
            " ELSE '$[' || {1} || ']' END) END",
        ),
        **_both(
            "json_array_contains(#, boolean) boolean",
            "CASE WHEN json_valid({0}) THEN json_contains({0}, to_json({1})) END",
        ),
        **_both(
            "json_array_contains(#, bigint) boolean",
            "CASE WHEN json_valid({0}) THEN json_contains({0}, to_json({1})) END",
        ),
        **_both(
            "json_array_contains(#, varchar) boolean",
            "CASE WHEN json_valid({0}) THEN json_contains({0}, to_json({1})) END",
        ),
        **_both("is_json_scalar(#) boolean", "json_type({0}) NOT IN ('OBJECT', 'ARRAY')"),
    },
)
