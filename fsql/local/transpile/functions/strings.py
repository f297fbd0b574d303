"""String and URL functions. Source: Trino documentation, pages of those names."""

from __future__ import annotations

from fsql.local.transpile.functions.registry import SCALAR, Call, register
from fsql.local.transpile.sqltext import joined, raised, string, template

__all__: list[str] = []

_BLANKS = string(" \t\n\r\x0b\x0c")
"""What trim() takes away; DuckDB's takes spaces only."""


def _concatenated(call: Call) -> str:
    return f"({' || '.join(call.arguments)})"


def _lists_joined(call: Call) -> str:
    """Arrays in a row; DuckDB takes a NULL array for an empty one."""
    known = " AND ".join(f"{{{i}}} IS NOT NULL" for i in range(len(call.arguments)))
    listed = ", ".join(f"{{{i}}}" for i in range(len(call.arguments)))
    return template(f"CASE WHEN {known} THEN list_concat({listed}) END", call.arguments)


def _substring(call: Call) -> str:
    """Places count from 1, or from the end where negative; outside the text there is nothing."""
    start = call.given[1].literal
    length = ", greatest({2}, 0)" if len(call.arguments) == 3 else ""
    plain = f"substr({{0}}, {{1}}{length})"
    if isinstance(start, int) and start > 0:
        return template(plain, call.arguments)
    outside = "{1} = 0 OR -{1} > length({0})"
    return template(f"CASE WHEN {outside} THEN '' ELSE {plain} END", call.arguments)


def _whole_split(call: Call) -> str:
    plain = f"string_split({call.arguments[0]}, {call.arguments[1]})"
    if call.given[1].literal:
        return plain
    return f"CASE WHEN {call.arguments[1]} = '' THEN {_NO_DELIMITER} ELSE {plain} END"


def _split(call: Call) -> str:
    """Into so many parts at most, the last of which keeps the rest."""
    rest = joined("@p[{2}:]", "{1}", call.given[1].literal is not None)
    text = (
        f"invoke(lambda @p: CASE WHEN {{2}} < 1 THEN {_BAD_LIMIT}"
        f" WHEN {{1}} = '' THEN {_NO_DELIMITER} WHEN len(@p) <= {{2}} THEN @p"
        f" ELSE list_concat(@p[1:{{2}} - 1], [{rest}]) END, string_split({{0}}, {{1}}))"
    )
    return template(text, call.arguments)


def _padded(name: str) -> str:
    """An empty padding and a size below zero are errors."""
    empty = raised("INVALID_FUNCTION_ARGUMENT", "'Padding string must not be empty'", "VARCHAR")
    said = "'Target length must be in the range [0..2147483647]'"
    wrong = raised("INVALID_FUNCTION_ARGUMENT", said, "VARCHAR")
    return (
        f"CASE WHEN {{0}} IS NULL THEN NULL WHEN {{1}} NOT BETWEEN 0 AND 2147483647 THEN {wrong}"
        f" WHEN {{2}} = '' THEN {empty} ELSE {name}({{0}}, CAST({{1}} AS INTEGER), {{2}}) END"
    )


_CHR = (
    "CASE WHEN {0} NOT BETWEEN 0 AND 1114111 THEN "
    + raised("INVALID_FUNCTION_ARGUMENT", "'Not a valid Unicode code point: ' || {0}", "VARCHAR")
    + " ELSE chr(CAST({0} AS INTEGER)) END"
)
_CODEPOINT = (
    "CASE WHEN length({0}) <> 1 THEN "
    + raised("INVALID_FUNCTION_ARGUMENT", "'Input string must be a single character'", "INTEGER")
    + " ELSE unicode({0}) END"
)
_REPLACE = (
    "CASE WHEN {1} = '' THEN {2} || array_to_string(list_transform(string_split({0}, ''),"
    " lambda @c: @c || {2}), '') ELSE replace({0}, {1}, {2}) END"
)
"""An empty text is found before each letter and at the end."""
_BAD_INDEX = raised("INVALID_FUNCTION_ARGUMENT", "'Index must be greater than zero'", "VARCHAR")
_NO_DELIMITER = raised(
    "INVALID_FUNCTION_ARGUMENT", "'The delimiter may not be the empty string'", "VARCHAR[]"
)
_BAD_LIMIT = raised("INVALID_FUNCTION_ARGUMENT", "'Limit must be positive'", "VARCHAR[]")

register(
    SCALAR,
    {
        "chr(bigint) varchar": _CHR,
        "codepoint(varchar) integer": _CODEPOINT,
        "concat(array(E), array(E)...) array(E)": _lists_joined,
        "concat(varchar, varchar...) varchar": _concatenated,
        "concat(varbinary, varbinary...) varbinary": _concatenated,
        "concat_ws(varchar, array(varchar)) varchar": lambda call: joined(
            call.arguments[1], call.arguments[0], call.given[0].literal is not None
        ),
        "concat_ws(varchar, varchar...) varchar": lambda call: (
            f"concat_ws({', '.join(call.arguments)})"
        ),
        "hamming_distance(varchar, varchar) bigint": "fsql_hamming({0}, {1})",
        "length(varchar) bigint": "length({0})",
        "length(char) bigint": "length({0})",
        "length(varbinary) bigint": "octet_length({0})",
        "char_length(varchar) bigint": "length({0})",
        "character_length(varchar) bigint": "length({0})",
        "levenshtein_distance(varchar, varchar) bigint": (
            "CASE WHEN strlen({0}) = length({0}) AND strlen({1}) = length({1})"
            " THEN CAST(levenshtein({0}, {1}) AS BIGINT) ELSE fsql_levenshtein({0}, {1}) END"
        ),
        "lower(varchar) =0": "lower({0})",
        "upper(varchar) =0": "upper({0})",
        "reverse(varchar) =0": (
            "CASE WHEN strlen({0}) = length({0}) THEN reverse({0}) ELSE fsql_reverse({0}) END"
        ),
        "reverse(array(E)) array(E)": "list_reverse({0})",
        "lpad(varchar, bigint, varchar) varchar": _padded("lpad"),
        "rpad(varchar, bigint, varchar) varchar": _padded("rpad"),
        "trim(varchar) =0": f"trim({{0}}, {_BLANKS})",
        "trim(varchar, varchar) =0": "trim({0}, {1})",
        "ltrim(varchar) =0": f"ltrim({{0}}, {_BLANKS})",
        "ltrim(varchar, varchar) =0": "ltrim({0}, {1})",
        "rtrim(varchar) =0": f"rtrim({{0}}, {_BLANKS})",
        "rtrim(varchar, varchar) =0": "rtrim({0}, {1})",
        "replace(varchar, varchar) =0": "replace({0}, {1}, '')",
        "replace(varchar, varchar, varchar) varchar": _REPLACE,
        "split(varchar, varchar) array(varchar)": _whole_split,
        "split(varchar, varchar, bigint) array(varchar)": _split,
        "split_part(varchar, varchar, bigint) varchar": (
            f"CASE WHEN {{2}} < 1 THEN {_BAD_INDEX} ELSE string_split({{0}}, {{1}})[{{2}}] END"
        ),
        "split_to_map(varchar, varchar, varchar) map(varchar, varchar)": (
            "fsql_split_to_map({0}, {1}, {2})"
        ),
        "split_to_map(varchar, varchar, varchar, function(varchar, varchar, varchar, varchar))"
        " map(varchar, varchar)": (
            "map_from_entries(list_transform(map_entries(fsql_split_to_multimap({0}, {1}, {2})),"
            " lambda @e: struct_pack(key := @e.key, value := list_reduce(@e.value,"
            " lambda @x, @y: invoke({3}, @e.key, @x, @y)))))"
        ),
        "split_to_multimap(varchar, varchar, varchar) map(varchar, array(varchar))": (
            "fsql_split_to_multimap({0}, {1}, {2})"
        ),
        "soundex(varchar) varchar(4)": "fsql_soundex({0})",
        "luhn_check(varchar) boolean": "fsql_luhn_check({0})",
        "strpos(varchar, varchar, bigint) bigint": "fsql_strpos({0}, {1}, {2})",
        "from_utf8(varbinary, varchar) varchar": "fsql_from_utf8({0}, {1})",
        "from_utf8(varbinary, bigint) varchar": "fsql_from_utf8({0}, chr(CAST({1} AS INTEGER)))",
        "ends_with(varchar, varchar) boolean": "ends_with({0}, {1})",
        "starts_with(varchar, varchar) boolean": "starts_with({0}, {1})",
        "strpos(varchar, varchar) bigint": "strpos({0}, {1})",
        "substr(varchar, bigint) varchar": _substring,
        "substr(varchar, bigint, bigint) varchar": _substring,
        "substring(varchar, bigint) varchar": _substring,
        "substring(varchar, bigint, bigint) varchar": _substring,
        "translate(varchar, varchar, varchar) varchar": "fsql_translated({0}, {1}, {2})",
        "to_utf8(varchar) varbinary": "encode({0})",
        "from_utf8(varbinary) varchar": (
            "CASE WHEN {0} IS NOT NULL"
            " THEN coalesce(TRY(decode({0})), fsql_from_utf8({0}, chr(65533))) END"
        ),
    },
)

# ---- URLs --------------------------------------------------------------------------------------

_URL = r"^(?:([A-Za-z][\w+.-]*):)?(?://(?:[^/?#@]*@)?([^/?#:]*)(?::(\d+))?)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$"


def _url_part(group: int) -> str:
    return f"regexp_extract({{0}}, {string(_URL)}, {group})"


register(
    SCALAR,
    {
        "url_extract_protocol(varchar) varchar": _url_part(1),
        "url_extract_host(varchar) varchar": _url_part(2),
        "url_extract_port(varchar) bigint": f"TRY_CAST({_url_part(3)} AS BIGINT)",
        "url_extract_path(varchar) varchar": _url_part(4),
        "url_extract_query(varchar) varchar": _url_part(5),
        "url_extract_fragment(varchar) varchar": _url_part(6),
        "url_encode(varchar) varchar": "fsql_url_encoded({0})",
        "url_decode(varchar) varchar": "fsql_url_decoded({0})",
        "url_extract_parameter(varchar, varchar) varchar": "fsql_url_parameter({0}, {1})",
    },
)
