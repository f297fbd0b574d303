"""Regular expressions that DuckDB's RE2 lacks or takes otherwise, by Python's `re`.

Java's pattern becomes Python's where both have the same, and is refused with NOT_SUPPORTED where
they don't. Source: Trino documentation, "Regular expression functions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from fsql.local.scalars.registry import Fault, scalar

__all__ = ["compiled"]


@lru_cache(512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A Java pattern as Python understands it; raises `Fault`."""
    try:
        return re.compile("".join(_pieces(pattern)))
    except re.error as error:
        if re.search("look-behind|global flags|bad inline flags|unknown extension", error.msg):
            raise _refused(pattern) from None
        message = f"Invalid regular expression: {error.msg}: {pattern}"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message) from None
    except OverflowError:
        raise _refused(pattern) from None


def _refused(pattern: str) -> Fault:
    return Fault("NOT_SUPPORTED", f"The regular expression is not supported: {pattern}")


_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|$)"
    r"|\\x\{(?P<code>[0-9A-Fa-f]+)\}"
    r"|\\k<(?P<reference>\w+)>"
    r"|\\(?P<class>[pP])(?:\{(?P<name>[^}]*)\}|(?P<letter>\w))"
    r"|(?P<escape>\\.)"
    r"|\(\?<(?P<group>[A-Za-z]\w*)>"
    r"|\(\?(?P<flags>[a-zA-Z-]+)(?=[):])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_SPACE = r" \t\n\x0b\f\r"
_OUTSIDE = {
    "d": "[0-9]",
    "w": "[A-Za-z0-9_]",
    "s": f"[{_SPACE}]",
    "h": r"[ \t\xa0\u2000-\u200a]",
    "D": "[^0-9]",
    "W": "[^A-Za-z0-9_]",
    "S": f"[^{_SPACE}]",
    "z": r"\Z",
    "Z": r"(?=\n?\Z)",
    "e": r"\x1b",
}
_INSIDE = {"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACE, "e": r"\x1b"}
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "A-Za-z",
    "Digit": "0-9",
    "Alnum": "A-Za-z0-9",
    "XDigit": "0-9A-Fa-f",
    "Space": _SPACE,
    "Blank": r" \t",
    "ASCII": r"\x00-\x7f",
    "Punct": r"!-/:-@\[-`{-~",
}


def _pieces(pattern: str) -> Iterator[str]:
    inside = start = False
    many = bool(re.match(r"\(\?[a-z]*m", pattern))
    for found in _TOKEN.finditer(pattern):
        text = _special(found, pattern, inside)
        other = found["other"]
        if text is not None:
            yield text
        elif inside:
            if (other == "[" or (other == "&" and pattern[found.start() :][:2] == "&&")) or (
                other is None
            ):
                raise _refused(pattern)
            inside = other != "]" or start
            yield other
        else:
            inside = other == "["
            yield r"\Z" if other == "$" and not many else other
        start = inside and other in ("[", "^") and (other == "[" or start)


def _special(found: re.Match[str], pattern: str, inside: bool) -> str | None:
    """What is more than a letter; None for a letter."""
    if found["quoted"] is not None and not inside:
        return re.escape(found["quoted"])
    if found["code"]:
        return re.escape(chr(int(found["code"], 16)))
    if found["class"]:
        return _posix(found, pattern, inside)
    if found["escape"]:
        return _escape(found["escape"], pattern, inside)
    if found["other"] or inside:
        return None
    if found["reference"]:
        return f"(?P={found['reference']})"
    if found["group"]:
        return f"(?P<{found['group']}>"
    if found["flags"] and set(found["flags"]) <= set("imsx-"):
        return found[0]
    raise _refused(pattern)


def _posix(found: re.Match[str], pattern: str, inside: bool) -> str:
    known = _POSIX.get(found["name"] or "")
    if known is None or (inside and found["class"] == "P"):
        raise _refused(pattern)
    return known if inside else f"[{'^' * (found['class'] == 'P')}{known}]"


def _escape(text: str, pattern: str, inside: bool) -> str:
    letter = text[1]
    known = (_INSIDE if inside else _OUTSIDE).get(letter)
    if known is not None:
        return known
    allowed = "tnrfaxu" if inside else "tnrfaxuAbB123456789"
    if letter.isascii() and letter.isalnum() and letter not in allowed:
        raise _refused(pattern)
    return text


# ---- the functions -----------------------------------------------------------------------------


def _checked(pattern: str, group: int) -> re.Pattern[str]:
    made = compiled(pattern)
    if group < 0:
        raise Fault("INVALID_FUNCTION_ARGUMENT", "Group cannot be negative")
    if group > made.groups:
        message = f"Pattern has {made.groups} groups. Cannot access group {group}"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    return made


@scalar("VARCHAR", "VARCHAR", "BOOLEAN")
def re_like(text: str, pattern: str) -> bool:
    return compiled(pattern).search(text) is not None


@scalar("VARCHAR", "VARCHAR", "BIGINT", "VARCHAR")
def re_extract(text: str, pattern: str, group: int) -> str | None:
    found = _checked(pattern, group).search(text)
    return found[group] if found else None


@scalar("VARCHAR", "VARCHAR", "BIGINT", "VARCHAR[]")
def re_extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    return [found[group] for found in _checked(pattern, group).finditer(text)]


@scalar("VARCHAR", "VARCHAR", "BIGINT")
def re_count(text: str, pattern: str) -> int:
    return sum(1 for _ in compiled(pattern).finditer(text))


@scalar("VARCHAR", "VARCHAR", "VARCHAR[]")
def re_split(text: str, pattern: str) -> list[str]:
    """What lies between the matches, one piece more than those."""
    pieces, at = [], 0
    for found in compiled(pattern).finditer(text):
        pieces.append(text[at : found.start()])
        at = found.end()
    return [*pieces, text[at:]]


@scalar("VARCHAR", "VARCHAR", "VARCHAR[][]")
def re_groups(text: str, pattern: str) -> list[list[str | None]]:
    return [list(found.groups()) for found in compiled(pattern).finditer(text)]


@scalar("VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "BIGINT")
def re_position(text: str, pattern: str, start: int, occurrence: int) -> int:
    """The place of a match at or behind `start`, counted from 1, or -1."""
    if start < 1:
        raise Fault("INVALID_FUNCTION_ARGUMENT", "start position cannot be smaller than 1")
    if occurrence < 1:
        raise Fault("INVALID_FUNCTION_ARGUMENT", "occurrence cannot be smaller than 1")
    for count, found in enumerate(compiled(pattern).finditer(text, start - 1), 1):
        if count == occurrence:
            return found.start() + 1
    return -1


@scalar("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
def re_replace(text: str, pattern: str, replacement: str) -> str:
    made = compiled(pattern)
    return made.sub(_replacement(made, replacement), text)


def _replacement(made: re.Pattern[str], text: str) -> Callable[[re.Match[str]], str]:
    """``$1`` and ``${name}`` stand for groups; a backslash takes what follows as it is."""
    parts: list[str | int] = []
    for piece in re.finditer(r"\\(.)|\$(\d+)|\$\{(\w+)\}|(.)", text, re.DOTALL):
        literal, number, name, other = piece.groups()
        if number is not None:
            parts += _numbered(made, number)
        elif name is not None:
            if name not in made.groupindex:
                raise Fault("INVALID_FUNCTION_ARGUMENT", f"Illegal replacement sequence: {text}")
            parts.append(made.groupindex[name])
        elif other in ("$", "\\"):
            raise Fault("INVALID_FUNCTION_ARGUMENT", f"Illegal replacement sequence: {text}")
        else:
            parts.append(literal or other)
    return lambda found: "".join(
        part if isinstance(part, str) else found[part] or "" for part in parts
    )


def _numbered(made: re.Pattern[str], digits: str) -> list[str | int]:
    """The longest number that a group has; the digits behind it are text."""
    for size in range(len(digits), 0, -1):
        if int(digits[:size]) <= made.groups:
            return [int(digits[:size]), digits[size:]]
    message = f"Illegal replacement sequence: unknown group {digits[0]}"
    raise Fault("INVALID_FUNCTION_ARGUMENT", message)
