"""Signatures of functions as Trino's documentation writes them, and which one a call means.

``"element_at(array(T), bigint) T"``: a capital letter is any type, the same one everywhere;
a type without sizes takes any of its kind; ``=0`` as the result is the first argument's type;
``varchar...`` may be repeated; ``function(T, U)`` is a lambda from T to U.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fsql.local.transpile.coercion import can_coerce, common_type
from fsql.local.transpile.types import UNKNOWN, InvalidType, Type, TypeReader

__all__ = ["Argument", "Lambda", "Match", "Signature", "match", "read_signature"]

FUNCTION = "function"


@dataclass(frozen=True)
class Signature:
    """One overload's name, parameters and result."""

    name: str
    parameters: tuple[Type, ...]
    result: Type | int
    """A type, or the number of the argument whose type it is."""
    variadic: bool = False

    def __str__(self) -> str:
        """As Trino lists the functions of a name that it has."""
        return (
            f"{self.name}({', '.join(map(str, self.parameters))}{'...' if self.variadic else ''})"
        )

    def parameters_for(self, count: int) -> tuple[Type, ...] | None:
        """The parameters for a call with `count` arguments; None if it can't have so many."""
        if not self.variadic:
            return self.parameters if len(self.parameters) == count else None
        more = count - len(self.parameters)
        return self.parameters + self.parameters[-1:] * more if more >= 0 else None


class _SignatureReader(TypeReader):
    """Reads types with letters in them, and sizes left out."""

    def type(self) -> Type:
        if re.fullmatch("[A-Z]", self.peek()):
            return Type(self.next())
        if self.take(FUNCTION, "("):
            items = [self.type()]
            while self.take(","):
                items.append(self.type())
            self.expect(")")
            return Type(FUNCTION, items=tuple(items))
        return super().type()

    def scalar(self, base: str, sizes: tuple[int, ...]) -> Type:
        if base in ("row", "array", "map"):
            return Type(base)
        known = super().scalar(base, sizes)
        return known if sizes else Type(known.base)


def read_signature(text: str) -> Signature:
    """The signature that `text` writes."""
    found = re.fullmatch(r"(\w+)\((.*?)(\.\.\.)?\) (\S.*)", text)
    if not found:
        raise InvalidType(text)
    reader = _SignatureReader(found[2])
    parameters = []
    while reader.peek():
        parameters.append(reader.type())
        reader.take(",")
    result = found[4]
    own = int(result[1:]) if result.startswith("=") else _SignatureReader(result).type()
    return Signature(found[1], tuple(parameters), own, bool(found[3]))


Lambda = Callable[[tuple[Type, ...]], Type]
"""A lambda argument: from its parameters' types to its result's type; translates its body."""


@dataclass
class Argument:
    """One argument of a call: a value of a type, or a lambda."""

    type: Type = UNKNOWN
    function: Lambda | None = None
    arity: int = 0


@dataclass
class Match:
    """A call that fits a signature: what each argument becomes, and the result's type."""

    types: list[Type]
    result: Type
    bindings: dict[str, Type] = field(default_factory=dict)


def match(signature: Signature, arguments: Sequence[Argument], exact: bool) -> Match | None:
    """The types of a call of `signature`; None if `arguments` don't fit.

    `exact` allows no implicit coercion. Lambdas are translated on the way.
    """
    parameters = signature.parameters_for(len(arguments))
    if parameters is None:
        return None
    bindings: dict[str, Type] = {}
    pairs = list(zip(parameters, arguments, strict=True))
    if not all(_unify(p, a.type, bindings) for p, a in pairs if a.function is None):
        return None
    types: list[Type] = []
    for parameter, argument in pairs:
        type_ = _concrete(parameter, argument, bindings, exact)
        if type_ is None:
            return None
        types.append(type_)
    result = signature.result
    own = types[result] if isinstance(result, int) else _filled(result, bindings)
    return Match(types, own, bindings)


def _is_letter(type_: Type) -> bool:
    return len(type_.base) == 1


def _unify(parameter: Type, given: Type, bindings: dict[str, Type]) -> bool:
    """Find what the letters in `parameter` stand for; False if `given` rules it out."""
    if _is_letter(parameter):
        known = bindings.get(parameter.base, UNKNOWN)
        wider = common_type(known, given)
        if wider is None:
            return False
        bindings[parameter.base] = wider
        return True
    if given == UNKNOWN:
        return all(_unify(item, UNKNOWN, bindings) for item in parameter.items)
    if parameter.items:
        same = given.base == parameter.base and len(given.items) == len(parameter.items)
        pairs = zip(parameter.items, given.items, strict=False)
        return same and all(_unify(p, g, bindings) for p, g in pairs)
    return True


def _concrete(
    parameter: Type, argument: Argument, bindings: dict[str, Type], exact: bool
) -> Type | None:
    """The type that an argument is coerced to."""
    if parameter.base == FUNCTION or argument.function is not None:
        return _lambda(parameter, argument, bindings)
    wanted = _sized(_filled(parameter, bindings), argument.type)
    if wanted is None or not can_coerce(argument.type, wanted):
        return None
    return wanted if wanted == argument.type or not exact else None


def _sized(wanted: Type, given: Type) -> Type | None:
    """A type without sizes takes those of what is given."""
    if wanted.items or wanted.sizes or wanted.base not in _SIZED:
        return wanted if wanted.items or wanted.base not in _NESTED else _same(wanted, given)
    if wanted.base == given.base:
        return given
    if given == UNKNOWN:
        return Type(wanted.base, _SIZED[wanted.base])
    wider = common_type(given, Type(wanted.base, _SIZED[wanted.base]))
    return wider if wider is not None and wider.base == wanted.base else None


_NESTED = ("row", "array", "map")
_SIZED = {
    "varchar": (0,),
    "char": (0,),
    "decimal": (1, 0),
    "time": (0,),
    "time with time zone": (0,),
    "timestamp": (0,),
    "timestamp with time zone": (0,),
}
"""The narrowest sizes, which a coercion widens as needed."""


def _same(wanted: Type, given: Type) -> Type | None:
    return given if given.base == wanted.base else None


def _lambda(parameter: Type, argument: Argument, bindings: dict[str, Type]) -> Type | None:
    if parameter.base != FUNCTION or argument.function is None:
        return None
    if argument.arity != len(parameter.items) - 1:
        return None
    takes = tuple(_filled(item, bindings) for item in parameter.items[:-1])
    gives = argument.function(takes)
    wanted = parameter.items[-1]
    if _is_letter(wanted) and wanted.base not in bindings:
        bindings[wanted.base] = gives
    wanted = _filled(wanted, bindings)
    return Type(FUNCTION, items=(*takes, wanted)) if can_coerce(gives, wanted) else None


def _filled(type_: Type, bindings: dict[str, Type]) -> Type:
    if _is_letter(type_):
        return bindings.get(type_.base, UNKNOWN)
    if not type_.items:
        return type_
    items = tuple(_filled(item, bindings) for item in type_.items)
    return Type(type_.base, type_.sizes, items, type_.names, type_.zone)
