"""Regular expressions. Source: Trino documentation, "Regular expression functions".

A constant pattern that RE2 takes as Java does is matched by DuckDB; any other one by Python
(`fsql.local.scalars.patterns`), which knows lookarounds, references and possessive quantifiers.
"""

from __future__ import annotations

import re

from fsql.local.scalars.patterns import compiled
from fsql.local.scalars.registry import Fault
from fsql.local.transpile.functions.registry import SCALAR, Call, register
from fsql.local.transpile.places import fault
from fsql.local.transpile.sqltext import once, string, template

__all__: list[str] = []

_BEYOND_RE2 = re.compile(
    r"\(\?[=!>]|\(\?<|\(\?[a-zA-Z]*[Uudx]|[*+?}]\+|\\[1-9]|\\[kGZhHvVRXeuc0]|&&|\[\^?[^\]]*\["
    r"|\\[pP]\{(?!L|N|P|S|Z|M|C|Greek|Latin|Cyrillic|Han|Hiragana|Katakana)"
    r"|\\[pP]\{(?:Lower|Punct|Space)"
)
_OPTIONAL = re.compile(r"\)[?*{]|\|")
"""A group that may be left out of a match is NULL; DuckDB gives an empty text."""


def _pattern(call: Call) -> str | None:
    """The pattern if DuckDB can match it; None if Python has to."""
    pattern = call.given[1].literal
    if not isinstance(pattern, str) or _BEYOND_RE2.search(pattern):
        return None
    return pattern


def _matches_nothing(pattern: str) -> bool:
    """Whether a pattern may match an empty text, which DuckDB passes over."""
    try:
        return compiled(pattern).search("") is not None
    except Fault:
        return False


def _like(call: Call) -> str:
    if _pattern(call) is None:
        return f"fsql_re_like({', '.join(call.arguments)})"
    return f"regexp_matches({', '.join(call.arguments)})"


def _group(call: Call) -> int | None:
    """The number of the group if it is one that DuckDB can take."""
    pattern = _pattern(call)
    number = call.given[2].literal if len(call.given) > 2 else 0
    if pattern is None or not isinstance(number, int) or not 0 <= number <= 9:
        return None
    if number:
        _check_group(call, pattern, number)
    return None if number and _OPTIONAL.search(pattern) else number


def _check_group(call: Call, pattern: str, number: int) -> None:
    try:
        known = compiled(pattern).groups
    except Fault:
        return
    if number > known:
        message = f"Pattern has {known} groups. Cannot access group {number}"
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", message)


def _extracted(call: Call) -> str:
    """NULL where nothing matches; DuckDB gives an empty text."""
    group, pattern = _group(call), call.arguments[1]
    if group is None:
        return f"fsql_re_extract({', '.join([*call.arguments, '0'][:3])})"
    return once(
        call.arguments[0],
        lambda text: (
            f"CASE WHEN regexp_matches({text}, {pattern})"
            f" THEN regexp_extract({text}, {pattern}, {group}) END"
        ),
    )


def _all_extracted(call: Call) -> str:
    group = _group(call)
    if group is None or _matches_nothing(str(_pattern(call))):
        return f"fsql_re_extract_all({', '.join([*call.arguments, '0'][:3])})"
    return f"regexp_extract_all({call.arguments[0]}, {call.arguments[1]}, {group})"


def _counted(call: Call) -> str:
    pattern = _pattern(call)
    if pattern is None or _matches_nothing(pattern):
        return f"fsql_re_count({', '.join(call.arguments)})"
    return f"len(regexp_extract_all({', '.join(call.arguments)}))"


def _split(call: Call) -> str:
    pattern = _pattern(call)
    if pattern is None or _matches_nothing(pattern):
        return f"fsql_re_split({', '.join(call.arguments)})"
    return f"regexp_split_to_array({', '.join(call.arguments)})"


def _replaced(call: Call) -> str:
    """``$1`` in the replacement is Java's; DuckDB writes ``\\1``."""
    replacement = call.given[2].literal if len(call.given) == 3 else ""
    text, pattern = call.arguments[:2]
    plain = isinstance(replacement, str) and re.fullmatch(r"(?:[^$\\]|\$\d(?!\d))*", replacement)
    known = _pattern(call)
    if not plain or known is None or _matches_nothing(known) or not _has_groups(known, replacement):
        return f"fsql_re_replace({', '.join([*call.arguments, chr(39) * 2][:3])})"
    return f"regexp_replace({text}, {pattern}, {string(_re2(str(replacement)))}, 'g')"


def _has_groups(pattern: str, replacement: str | int | None) -> bool:
    numbers = [int(digit) for digit in re.findall(r"\$(\d)", str(replacement))]
    try:
        return max(numbers, default=0) <= compiled(pattern).groups
    except Fault:
        return True


def _re2(replacement: str) -> str:
    return re.sub(r"\$(\d)", r"\\\1", replacement)


def _replaced_by_lambda(call: Call) -> str:
    text = (
        "array_to_string(list_transform(fsql_re_split({0}, {1}), lambda @p, @i:"
        " @p || coalesce(CASE WHEN @i <= len(fsql_re_groups({0}, {1}))"
        " THEN invoke({2}, fsql_re_groups({0}, {1})[@i]) END, '')), '')"
    )
    return template(text, call.arguments)


register(
    SCALAR,
    {
        "regexp_like(varchar, varchar) boolean": _like,
        "regexp_extract(varchar, varchar) varchar": _extracted,
        "regexp_extract(varchar, varchar, bigint) varchar": _extracted,
        "regexp_extract_all(varchar, varchar) array(varchar)": _all_extracted,
        "regexp_extract_all(varchar, varchar, bigint) array(varchar)": _all_extracted,
        "regexp_replace(varchar, varchar) varchar": _replaced,
        "regexp_replace(varchar, varchar, varchar) varchar": _replaced,
        "regexp_replace(varchar, varchar, function(array(varchar), varchar)) varchar": (
            _replaced_by_lambda
        ),
        "regexp_split(varchar, varchar) array(varchar)": _split,
        "regexp_count(varchar, varchar) bigint": _counted,
        "regexp_position(varchar, varchar) integer": (
            "CAST(fsql_re_position({0}, {1}, 1, 1) AS INTEGER)"
        ),
        "regexp_position(varchar, varchar, bigint) integer": (
            "CAST(fsql_re_position({0}, {1}, {2}, 1) AS INTEGER)"
        ),
        "regexp_position(varchar, varchar, bigint, bigint) integer": (
            "CAST(fsql_re_position({0}, {1}, {2}, {3}) AS INTEGER)"
        ),
    },
)
