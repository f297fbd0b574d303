"""Functions of text. Source: Trino documentation, "String functions", "URL functions".

Places and lengths count code points.
"""

from __future__ import annotations

import unicodedata
from typing import Literal
from urllib.parse import unquote_to_bytes

from fsql.local.scalars.registry import Fault, scalar

__all__: list[str] = []


@scalar("VARCHAR", "VARCHAR", "BIGINT")
def levenshtein(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != other))
    return row[-1]


@scalar("VARCHAR", "VARCHAR", "BIGINT")
def hamming(first: str, second: str) -> int:
    if len(first) != len(second):
        message = "The input strings to hamming_distance function must have the same length"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    return sum(a != b for a, b in zip(first, second, strict=True))


@scalar("VARCHAR", "VARCHAR")
def reverse(text: str) -> str:
    return text[::-1]


@scalar("VARCHAR", "VARCHAR", "VARCHAR")
def normalize(text: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> str:
    return unicodedata.normalize(form, text)


@scalar("VARCHAR", "BOOLEAN")
def luhn_check(digits: str) -> bool:
    """Whether the last digit is right for the ones before it."""
    if not digits.isascii() or not digits.isdecimal():
        raise Fault("INVALID_FUNCTION_ARGUMENT", "Input must be string of digits")
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


_SOUNDS = {
    **dict.fromkeys("BFPV", "1"),
    **dict.fromkeys("CGJKQSXZ", "2"),
    **dict.fromkeys("DT", "3"),
    "L": "4",
    **dict.fromkeys("MN", "5"),
    "R": "6",
}


@scalar("VARCHAR", "VARCHAR")
def soundex(text: str) -> str:
    """A letter and three digits; H and W between two letters of one sound hide the second."""
    letters = [letter for letter in text.upper() if letter.isalpha()]
    if any(not "A" <= letter <= "Z" for letter in letters):
        wrong = next(letter for letter in letters if not "A" <= letter <= "Z")
        raise Fault("INVALID_FUNCTION_ARGUMENT", f"The character is not mapped: {wrong}")
    if not letters:
        return ""
    code, last = letters[0], _SOUNDS.get(letters[0], "")
    for letter in letters[1:]:
        sound = _SOUNDS.get(letter, "")
        if sound and sound != last:
            code += sound
        if letter not in "HW":
            last = sound
    return code[:4].ljust(4, "0")


@scalar("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
def translated(text: str, old: str, new: str) -> str:
    """Each letter of `old` by the one of `new` at its place; one without such is left out."""
    table: dict[int, str] = {}
    for place, letter in enumerate(old):
        table.setdefault(ord(letter), new[place] if place < len(new) else "")
    return text.translate(table)


@scalar("VARCHAR", "VARCHAR", "VARCHAR", "MAP(VARCHAR, VARCHAR)")
def split_to_map(text: str, entries: str, keys: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in _entries(text, entries, keys):
        if key in found:
            message = f"Duplicate keys ({key}) are not allowed"
            raise Fault("INVALID_FUNCTION_ARGUMENT", message)
        found[key] = value
    return found


@scalar("VARCHAR", "VARCHAR", "VARCHAR", "MAP(VARCHAR, VARCHAR[])")
def split_to_multimap(text: str, entries: str, keys: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in _entries(text, entries, keys):
        found.setdefault(key, []).append(value)
    return found


def _entries(text: str, entries: str, keys: str) -> list[tuple[str, str]]:
    if not entries or not keys:
        which = "key-value" if entries else "entry"
        raise Fault("INVALID_FUNCTION_ARGUMENT", f"{which}Delimiter is empty")
    if entries == keys:
        message = "entryDelimiter and keyValueDelimiter must not be the same"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    pieces = text.split(entries)
    if pieces[-1] == "":
        pieces.pop()
    return [_pair(piece, keys) for piece in pieces]


def _pair(piece: str, keys: str) -> tuple[str, str]:
    pair = piece.split(keys)
    if len(pair) != 2:
        said = f"Key-value delimiter must appear exactly once in each entry. Bad input: '{piece}'"
        raise Fault("INVALID_FUNCTION_ARGUMENT", said)
    return pair[0], pair[1]


@scalar("VARCHAR", "VARCHAR", "BIGINT", "BIGINT")
def strpos(text: str, part: str, instance: int) -> int:
    """Where `part` stands for the n-th time, counted from the end if `instance` is negative."""
    if instance == 0:
        raise Fault("INVALID_FUNCTION_ARGUMENT", "'instance' must not be 0.")
    at = -1 if instance > 0 else len(text)
    for _ in range(abs(instance)):
        at = text.find(part, at + 1) if instance > 0 else text.rfind(part, 0, at + len(part) - 1)
        if at < 0:
            return 0
    return at + 1


@scalar("BLOB", "VARCHAR", "VARCHAR")
def from_utf8(data: bytes, replacement: str) -> str:
    if len(replacement) > 1:
        message = "Replacement character string must empty or a single character"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    return data.decode("utf-8", "replace").replace("\ufffd", replacement)


@scalar("VARCHAR", "VARCHAR")
def char2hexint(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


# ---- URLs --------------------------------------------------------------------------------------


@scalar("VARCHAR", "VARCHAR")
def url_encoded(text: str) -> str:
    """As HTML forms write a value: a blank is ``+``."""
    return "".join(_URL_BYTES[byte] for byte in text.encode())


_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.*")
_URL_BYTES = [
    chr(byte) if byte in _PLAIN else "+" if byte == 0x20 else f"%{byte:02X}" for byte in range(256)
]


@scalar("VARCHAR", "VARCHAR")
def url_decoded(text: str) -> str:
    pieces = text.split("%")[1:]
    if any(len(p) < 2 or not set(p[:2]) <= set("0123456789abcdefABCDEF") for p in pieces):
        raise Fault("INVALID_FUNCTION_ARGUMENT", "Illegal hex characters in an escape (%) pattern")
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "replace")


@scalar("VARCHAR", "VARCHAR", "VARCHAR")
def url_parameter(url: str, name: str) -> str | None:
    """The first value of a parameter in the query of a URL."""
    query = url.partition("#")[0].partition("?")[2]
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if url_decoded(key) == name:
            return url_decoded(value)
    return None
