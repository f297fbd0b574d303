"""Regular expressions that clients send: matched in linear time, whatever they are.

Python's own engine takes time exponential in the text for some, and holds up every thread
meanwhile. Arrow has RE2, whose expressions lack backreferences and lookaround only:
https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re

__all__ = ["NamePattern"]

_END = re.compile(r"(?<!\\)((?:\\\\)*)\\Z")


class NamePattern:
    """A filter of names.

    Args:
        text: what a whole name has to match.
        any_case: whether letters match in upper and lower case.

    Raises:
        ValueError: it is no regular expression, saying why.
    """

    def __init__(self, text: str, any_case: bool = False) -> None:
        ends = _END.sub(r"\1\\z", text)  # Java's and Python's \Z, which RE2 lacks
        self._text = rf"\A(?:{ends})\z"
        self._any_case = any_case
        self._takes_all = text == ".*"
        self.fullmatch("")

    def fullmatch(self, name: str) -> bool:
        """Whether a name is one of those meant."""
        if self._takes_all:
            return True
        import pyarrow as pa  # late: most stores are never asked for names by pattern
        import pyarrow.compute as pc

        found = pc.match_substring_regex(pa.array([name]), self._text, ignore_case=self._any_case)
        return bool(found[0].as_py())
